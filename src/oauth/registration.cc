// Dynamic client registration (RFC 7591). What the server settled on is what counts, not what was asked for.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "oauth/answer_body.h"
#include "oauth/client_auth.h"
#include "oauth/server_calls.h"

namespace countersign::oauth {
namespace {

using domain::ClientAuth;
using domain::OAuthGrant;

constexpr std::size_t kLongestClientId = 2048;
constexpr std::int64_t kLatest = 253402300799;  // the end of the year 9999, in seconds

Error refused(std::string message, std::string detail) {
  return Error(ErrorCode::kUpstream, "registration_refused", std::move(message), std::move(detail));
}
Error unusable(std::string_view why) {
  return refused("The authorization server registered a client that cannot be used: " + std::string(why) + ".", {});
}

bool wants_code(const RegistrationRequest& wanted) {
  return std::find(wanted.grants.begin(), wanted.grants.end(), OAuthGrant::kAuthorizationCode) != wanted.grants.end();
}

// RFC 7591 section 2.
Json body_of(const RegistrationRequest& wanted) {
  Json grants = Json::array();
  for (const OAuthGrant grant : wanted.grants) grants.push_back(domain::kOAuthGrantNames[grant]);
  if (wants_code(wanted)) grants.push_back("refresh_token");
  Json body = {{"client_name", "Countersign"},
               {"application_type", wanted.native ? "native" : "web"},
               {"redirect_uris", Json::array({wanted.redirect_uri})},
               {"grant_types", std::move(grants)},
               {"response_types", wants_code(wanted) ? Json::array({"code"}) : Json::array()},
               {"token_endpoint_auth_method", domain::kClientAuthNames[wanted.auth]}};
  std::string scope;
  for (const std::string& one : wanted.scopes) (scope += scope.empty() ? "" : " ") += one;
  if (!scope.empty()) body["scope"] = scope;
  if (wanted.auth == ClientAuth::kPrivateKeyJwt) {
    body["jwks"] = {{"keys", Json::array({parse_json(wanted.public_jwk)})}};
  }
  return body;
}

// RFC 7591 section 3.2.2.
Error refusal(const http::ClientResponse& response) {
  const TokenRefusal refusal = read_refusal(response);
  const bool about_redirect = refusal.error == "invalid_redirect_uri" ||
                              refusal.error.find("redirect") != std::string::npos ||
                              refusal.words.find("redirect") != std::string::npos;
  const std::string detail = refusal.error + ", status " + std::to_string(refusal.status);
  if (about_redirect) {
    return refused(
        "The authorization server refuses our redirect URI. Some take only an address on this machine itself "
        "(http://127.0.0.1), others only https: change the public URL, or register the client at the provider by hand.",
        detail);
  }
  return refused("The authorization server did not register us. Register the client at the provider by hand.", detail);
}

ClientAuth auth_of(const SecretJson& json, const RegistrationRequest& wanted) {
  if (!json.has("/token_endpoint_auth_method")) return wanted.auth;
  const auto name = json.text("/token_endpoint_auth_method");
  const auto auth = name ? domain::kClientAuthNames.parse(*name) : std::nullopt;
  // A key is made only for whom we asked to use one.
  if (!auth || (*auth == ClientAuth::kPrivateKeyJwt && wanted.auth != *auth)) {
    throw unusable("it would have to authenticate in a way that is not known here");
  }
  return *auth;
}

// RFC 7591 section 3.2.1: what was registered is said in the answer; a server that says nothing is believed.
void check_redirect(const SecretJson& json, const RegistrationRequest& wanted) {
  if (!json.has("/redirect_uris")) return;
  const auto uris = json.texts("/redirect_uris");
  if (!uris || std::find(uris->begin(), uris->end(), wanted.redirect_uri) == uris->end()) {
    throw unusable("its redirect URI is not ours");
  }
}

Instant secret_end(const SecretJson& json) {
  if (!json.has("/client_secret_expires_at")) return {};
  const auto seconds = json.integer("/client_secret_expires_at");
  if (!seconds || *seconds < 0 || *seconds > kLatest) throw unusable("the end of its secret is no date");
  return Instant(std::chrono::seconds(*seconds));  // 0: never
}

Registered read_registration(const http::ClientResponse& response, const RegistrationRequest& wanted) {
  const auto json = json_of(response);
  if (!json) throw unusable("the answer is not what it must be");
  Registered registered;
  const auto id = json->text("/client_id");
  if (!id || !is_token_text(*id) || id->size() > kLongestClientId) throw unusable("it has no client_id");
  registered.client_id = *id;
  registered.auth = auth_of(*json, wanted);
  check_redirect(*json, wanted);
  registered.registration_token = token_at(*json, "/registration_access_token");
  if (registered.auth != ClientAuth::kBasic && registered.auth != ClientAuth::kPost) return registered;
  registered.client_secret = token_at(*json, "/client_secret");
  if (registered.client_secret.empty()) throw unusable("it has no client_secret");
  registered.secret_expires_at = secret_end(*json);
  return registered;
}

}  // namespace

Registered ServerCalls::register_client(const RegistrationRequest& wanted) const {
  http::ClientRequest request = request_to(wanted.registration_endpoint, {});
  request.headers.push_back({"Content-Type", "application/json", {}});
  append(request.body, dump_json(body_of(wanted)));
  const http::ClientResponse response = client_.send(std::move(request));
  if (response.status != 200 && response.status != 201) throw refusal(response);
  return read_registration(response, wanted);
}

}  // namespace countersign::oauth
