#include "oauth/client_rules.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "oauth/authorization_request.h"
#include "oauth/clients.h"
#include "vault/field_check.h"

namespace countersign::oauth {
namespace {

using domain::OAuthServer;

constexpr std::array kUrls{
    &OAuthServer::issuer,
    &OAuthServer::authorization_endpoint,
    &OAuthServer::token_endpoint,
    &OAuthServer::refresh_endpoint,
    &OAuthServer::revocation_endpoint,
    &OAuthServer::registration_endpoint,
    &OAuthServer::par_endpoint,
    &OAuthServer::jwks_uri,
    &OAuthServer::userinfo_endpoint,
};

constexpr std::size_t kLongestSlug = 64;
constexpr std::size_t kMostScopes = 100;
constexpr std::size_t kLongestScope = 256;
constexpr std::size_t kLongestCodePoint = 4;                // bytes
constexpr std::string_view kClientIdSegment = "client_id";  // of a revocation endpoint

Error bad_endpoint() {
  return Error(ErrorCode::kInvalidArgument, "bad_endpoint",
               "An endpoint is an https URL without a fragment (plain http only on this machine itself).");
}

// The catalogue lets no other text in; what came from outside was checked, too.
std::vector<domain::TextPart> parts_of(std::string_view url) {
  if (auto parts = domain::split_text(url)) return std::move(*parts);
  throw bad_endpoint();
}

const std::string* find(const domain::Parameters& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? nullptr : &found->second;
}

Error bad_host_label(std::string_view name) {
  return Error(ErrorCode::kInvalidArgument, "bad_host_label",
               "The " + std::string(name) +
                   " must be one part of a host name: lower-case letters, digits and hyphens, without a hyphen at "
                   "either end.");
}

enum class Unsaid { kKeepOpen, kRefuse };

std::string filled_url(std::string_view url, const domain::Parameters& fields, Unsaid unsaid) {
  std::string result;
  for (const domain::TextPart& part : parts_of(url)) {
    if (part.kind == domain::TextPart::Kind::kLiteral) {
      result += part.text;
      continue;
    }
    const std::string* label = find(fields, part.text);
    // A segment of a path, which the call itself puts in: no label of a host, and nothing to ask a person for.
    if (part.text == kClientIdSegment || (label == nullptr && unsaid == Unsaid::kKeepOpen)) {
      result += "{" + std::string(part.text) + "}";
      continue;
    }
    if (label == nullptr || !domain::is_host_label(*label)) throw bad_host_label(part.text);
    result += *label;
  }
  return result;
}

OAuthServer filled_server(OAuthServer server, const domain::Parameters& fields, Unsaid unsaid) {
  for (const auto url : kUrls) server.*url = filled_url(server.*url, fields, unsaid);
  return server;
}

bool is_slug_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

// RFC 6749 section 3.3: scope-token.
bool is_scope_character(char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; }

bool is_scope(std::string_view scope, std::string_view separator) {
  return !scope.empty() && scope.size() <= kLongestScope &&
         std::all_of(scope.begin(), scope.end(), is_scope_character) &&
         (separator.empty() || scope.find(separator) == std::string_view::npos);
}

}  // namespace

OAuthServer filled(const OAuthServer& server, const domain::Parameters& plain_fields) {
  return filled_server(server, plain_fields, Unsaid::kRefuse);
}

OAuthServer partly_filled(const OAuthServer& server, const domain::Parameters& plain_fields) {
  return filled_server(server, plain_fields, Unsaid::kKeepOpen);
}

std::vector<std::string> open_labels(const OAuthServer& server) {
  std::vector<std::string> names;
  for (const auto url : kUrls) {
    for (const domain::TextPart& part : parts_of(server.*url)) {
      const bool open = part.kind == domain::TextPart::Kind::kField && part.text != kClientIdSegment;
      if (open && std::find(names.begin(), names.end(), part.text) == names.end()) names.emplace_back(part.text);
    }
  }
  return names;
}

std::string host_label(std::string_view typed) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = std::min(typed.find_first_not_of(kSpace), typed.size());
  std::string label(typed.substr(first, typed.find_last_not_of(kSpace) + 1 - first));
  std::transform(label.begin(), label.end(), label.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return label;
}

std::string problem_with_label(const domain::Field& field, const std::string& label) {
  if (label.empty() || domain::is_host_label(label)) return vault::problem_with(field, std::string_view(label));
  return "The " + field.label +
         " is one part of a host name: letters, digits and hyphens, no dots, no hyphen at either end";
}

const domain::AuthTemplate* find_oauth_template(const domain::Integration* integration, std::string_view slug) {
  if (integration == nullptr) return nullptr;
  for (const domain::AuthTemplate& form : integration->templates) {
    const bool named = slug.empty() || form.slug == slug;
    if (named && form.kind == domain::TemplateKind::kOAuth2 && form.oauth) return &form;
  }
  return nullptr;
}

const domain::AuthTemplate& oauth_template(const domain::Integration& integration, std::string_view slug) {
  if (const auto* form = find_oauth_template(&integration, slug)) return *form;
  throw Error(ErrorCode::kNotFound, "unknown_template",
              slug.empty() ? integration.slug + " has no template for OAuth."
                           : integration.slug + " has no template of that name for OAuth.")
      .recovery("integrations.list");
}

bool names_endpoints(const OAuthServer& server) {
  return !server.authorization_endpoint.empty() || !server.token_endpoint.empty();
}

bool is_learned(const domain::OAuthSpec& spec) { return spec.discover || !spec.protected_resource.empty(); }

bool has_other_endpoints(const OAuthServer& proposed, const OAuthServer& known) {
  return std::any_of(kUrls.begin(), kUrls.end(),
                     [&](const auto url) { return !(proposed.*url).empty() && proposed.*url != known.*url; });
}

OAuthServer merged(const OAuthServer& known, const OAuthServer& proposed) {
  OAuthServer result = names_endpoints(known) ? known : proposed;
  for (const auto url : kUrls) result.*url = (proposed.*url).empty() ? known.*url : proposed.*url;
  return result;
}

void check_endpoints(const OAuthServer& server) {
  for (const auto url : kUrls) {
    const std::string& text = server.*url;
    if (!text.empty() && (!is_endpoint(text) || text.find_first_of("{}#") != std::string::npos)) throw bad_endpoint();
  }
}

std::string shown_host(std::string_view url) {
  if (std::string host = host_of(url); !host.empty()) return host;
  const auto begin = url.find("://");
  if (begin == std::string_view::npos) return {};
  url.remove_prefix(begin + 3);
  return std::string(url.substr(0, url.find_first_of("/?#")));
}

std::vector<std::string> hosts_of(const OAuthServer& server) {
  std::vector<std::string> hosts;
  for (const auto url : kUrls) {
    std::string host = shown_host(server.*url);
    if (!host.empty() && std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(std::move(host));
  }
  return hosts;
}

bool fits(const domain::OAuthClient& client, const domain::Integration& integration, const domain::AuthTemplate& form) {
  if (client.integration == integration.slug && client.auth_template == form.slug) return true;
  // A client of another integration is for that one: its tokens must not be sent where this one's go.
  if (!client.integration.empty() && client.integration != integration.slug) return false;
  const domain::OAuthSpec& spec = *form.oauth;
  if (!spec.protected_resource.empty()) return client.resource == spec.protected_resource;
  if (spec.discover) return !spec.server.issuer.empty() && client.server.issuer == spec.server.issuer;
  if (!names_endpoints(spec.server)) return true;
  const OAuthServer own = partly_filled(spec.server, client.plain_fields);
  return client.server.authorization_endpoint == own.authorization_endpoint &&
         client.server.token_endpoint == own.token_endpoint;
}

bool secret_has_ended(const domain::OAuthClient& client, Instant now) {
  return client.secret_expires_at != Instant() && client.secret_expires_at <= now;
}

bool acts_for_org(const domain::OAuthClient& client) {
  return client.grant == domain::OAuthGrant::kClientCredentials && client.owner.kind == domain::OwnerKind::kOrg;
}

void check_slug(std::string_view slug) {
  if (!slug.empty() && slug.size() <= kLongestSlug && slug.front() != '-' &&
      std::all_of(slug.begin(), slug.end(), is_slug_character)) {
    return;
  }
  throw Error(ErrorCode::kInvalidArgument, "bad_slug",
              "The name of a client has 1 to 64 lower-case letters, digits, hyphens and underscores.")
      .at("/slug");
}

void check_scopes(const std::vector<std::string>& scopes, std::string_view separator, std::string_view pointer) {
  const bool good = scopes.size() <= kMostScopes && std::all_of(scopes.begin(), scopes.end(), [&](const auto& scope) {
                      return is_scope(scope, separator);
                    });
  if (good) return;
  throw Error(ErrorCode::kInvalidArgument, "bad_scope",
              "A scope is one word of visible characters without quotes; at most 100 can be asked for.")
      .at(pointer);
}

Error unknown_client() {
  return Error(ErrorCode::kNotFound, "unknown_client", "There is no such OAuth client.").recovery("oauth.clients.list");
}

Error admin_needed(std::string_view what) {
  return Error(ErrorCode::kPermissionDenied, "admin_needed", "Only an admin can " + std::string(what) + ".");
}

void require_admin(const handoff::Opener& opener, std::string_view what) {
  if (opener.role != domain::Role::kAdmin) throw admin_needed(what);
}

std::string cut(std::string_view words, std::size_t most) {
  std::string text;
  std::size_t taken = 0;
  while (!words.empty() && taken < most) {
    // The shortest piece that is text; what begins none is left out.
    std::size_t size = 1;
    while (size < kLongestCodePoint && !is_utf8(words.substr(0, size))) ++size;
    const std::string_view piece = words.substr(0, size);
    const bool is_text = is_utf8(piece) && piece.front() != '\0';
    if (is_text) text += piece;
    if (is_text) ++taken;
    words.remove_prefix(is_text ? piece.size() : 1);
  }
  return text;
}

}  // namespace countersign::oauth
