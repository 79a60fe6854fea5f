#include "web/connect_words.h"

#include <array>

namespace countersign::web {
namespace {

struct Known {
  std::string_view problem;
  std::string_view what_happened;  // behind the service's name
  std::string_view what_to_do;
};

constexpr std::string_view kTryAgain = "Nothing was saved. Try again in a moment.";
constexpr std::string_view kAskAdmin = "Nothing was saved. An admin has to mend the OAuth client under Integrations.";
constexpr std::string_view kStartAgain = "Nothing was saved. Start again from here.";
constexpr std::string_view kOver = "Nothing was saved.";  // it takes a new link; the page says how to get one

constexpr std::array<Known, 53> kKnown{{
    {"wrong_account", " was signed in to another account than the one this connection is for.",
     "Nothing was changed. Sign out there, or choose the right account, and try again."},
    {"account_unknown", " did not say which account it is, and this connection is for one in particular.",
     "Nothing was changed. Try again in a moment; if it stays so, connect the account anew."},
    {"other_server", " was reached at another address than the one this connection was made at.",
     "Nothing was changed. Fill in the right address and try again, or connect that account under a name of its own."},
    {"left_behind", " may have agreed, but this server was stopped before it could finish.", kStartAgain},
    {"issuer_mismatch", "’s answer did not name the server that you were sent to.",
     "Nothing was sent there and nothing was saved. Tell an admin: this can be an attack."},
    {"metadata_changed", " now names other addresses than when it was set up.",
     "Nothing was sent there. An admin has to look at the OAuth client under Integrations."},
    {"pkce_missing", " does not say that it protects sign-ins by PKCE (S256).",
     "Nothing was sent there. An admin can find the reason under Integrations."},
    {"no_code", " sent you back without an answer.", kOver},
    {"invalid_grant", " did not accept its own answer any more: it was used, or too old.", kOver},
    {"invalid_client", " does not accept our OAuth client.", kAskAdmin},
    {"unauthorized_client", " does not let our OAuth client do this.", kAskAdmin},
    {"invalid_target", " does not know the resource that was asked for.", kAskAdmin},
    {"invalid_request", " found our request wrong.", kAskAdmin},
    {"invalid_scope", " does not grant what was asked for.", kAskAdmin},
    {"unsupported_response_type", " does not offer this kind of sign-in.", kAskAdmin},
    {"server_error", " had an error of its own.", kTryAgain},
    {"temporarily_unavailable", " is not available right now.", kTryAgain},
    {"upstream_timeout", " took too long to answer.", kTryAgain},
    {"upstream_unreachable", " could not be reached.", kTryAgain},
    {"upstream_lost", " broke the connection off.", kTryAgain},
    {"upstream_tls", " could not be reached safely (TLS).", kTryAgain},
    {"bad_answer", " answered with something that is no answer of OAuth.", kTryAgain},
    {"upstream_malformed", " answered with something that is not HTTP.", kTryAgain},
    {"upstream_too_large", " answered with more than is taken from a provider.", kTryAgain},
    {"upstream_address_refused", " has an address that is not public, so nothing was sent there.",
     "Nothing was saved. An operator can admit it (outbound.allowed)."},
    {"redirect_refused", " answered with a redirect, and secrets are never sent where that leads.", kAskAdmin},
    {"rate_limited", " takes no more requests for the moment.", kTryAgain},
    {"ratelimited", " takes no more requests for the moment.", kTryAgain},
    {"slow_down", " takes no more requests for the moment.", kTryAgain},
    {"bad_token", " sent something that cannot be a token.", kOver},
    {"missing_token_type", " did not say what kind of token it sent.", kOver},
    {"unknown_token_type", " sent a kind of token that cannot be used here: only bearer tokens can.", kOver},
    {"bad_expires_in", " named a lifetime of its token that cannot be true.", kOver},
    {"bad_scope", " said in no readable way what it grants.", kOver},
    {"bad_kept_value", " told something that later calls need, but not in a form that can be used.", kOver},
    {"bad_base_url", " named an address for calls that is none of its own.",
     "Nothing was saved. Tell an admin: this can be an attack."},
    {"login_required", " wants you to sign in there first.", kOver},
    {"consent_required", " wants your consent there first.", kOver},
    {"interaction_required", " wants to ask you something first.", kOver},
    {"account_selection_required", " wants you to choose an account first.", kOver},
    {"unsupported_grant_type", " does not let our OAuth client do this.", kAskAdmin},
    {"provider_paused", " failed several times in a row, so it is left alone for a moment.", kTryAgain},
    {"no_refresh_token", " gave nothing that its token could be renewed with.", kOver},
    {"seal_broken", " was not asked: what is stored for it here cannot be opened.", kAskAdmin},
    {"bad_id_token", "’s proof of who you are did not hold.",
     "Nothing was saved. Tell an admin: this can be an attack."},
    {"account_mismatch", "’s two answers named two different accounts.",
     "Nothing was saved. Tell an admin: this can be an attack."},
    {"client_removed", " cannot be reached with an OAuth client that was removed meanwhile.", kAskAdmin},
    {"integration_changed", " is connected in another way now than when this began.", kOver},
    {"connection_revoked", " agreed, but the connection was removed meanwhile.", kOver},
    {"unknown_error", " answered with an error that it gave no proper name.", kOver},
    {"storage_unavailable", " agreed, but this server could not save it.", kTryAgain},
    {"outbound_busy", " could not be asked: too many requests are on their way.", kTryAgain},
    {"name_taken", " agreed, but the connection could not be saved: its name was taken meanwhile.", kOver},
}};

}  // namespace

ProblemWords problem_words(std::string_view problem, std::string_view service) {
  for (const Known& known : kKnown) {
    if (known.problem == problem) {
      return {std::string(service) + std::string(known.what_happened), std::string(known.what_to_do)};
    }
  }
  return {std::string(service) + " answered with the error “" + std::string(problem) + "”.", std::string(kOver)};
}

std::string_view origin_words(domain::ClientOrigin origin) {
  switch (origin) {
    case domain::ClientOrigin::kManual:
      return "entered by hand";
    case domain::ClientOrigin::kMetadataDocument:
      return "a document that this server publishes";
    case domain::ClientOrigin::kDynamic:
      return "registered by itself";
  }
  return "";
}

std::string_view auth_words(domain::ClientAuth auth) {
  switch (auth) {
    case domain::ClientAuth::kNone:
      return "No secret (public client, PKCE)";
    case domain::ClientAuth::kBasic:
      return "Secret in the header (client_secret_basic)";
    case domain::ClientAuth::kPost:
      return "Secret in the body (client_secret_post)";
    case domain::ClientAuth::kPrivateKeyJwt:
      return "Signature by our key (private_key_jwt)";
  }
  return "";
}

std::string_view grant_words(domain::OAuthGrant grant) {
  switch (grant) {
    case domain::OAuthGrant::kAuthorizationCode:
      return "A person signs in and consents";
    case domain::OAuthGrant::kClientCredentials:
      return "The application itself, without a person";
  }
  return "";
}

}  // namespace countersign::web
