#include "catalog/read_server.h"

#include <algorithm>
#include <array>

#include "base/closest.h"
#include "catalog/read_target.h"
#include "catalog/read_values.h"

namespace countersign::catalog {
namespace {

using domain::AuthTemplate;
using domain::OAuthServer;
using domain::OAuthSpec;
using domain::TextPart;

struct Endpoint {
  std::string_view key;
  std::string OAuthServer::*member;
};
constexpr std::array<Endpoint, 8> kEndpoints{{
    {"authorization_endpoint", &OAuthServer::authorization_endpoint},
    {"token_endpoint", &OAuthServer::token_endpoint},
    {"refresh_endpoint", &OAuthServer::refresh_endpoint},
    {"revocation_endpoint", &OAuthServer::revocation_endpoint},
    {"registration_endpoint", &OAuthServer::registration_endpoint},
    {"pushed_authorization_request_endpoint", &OAuthServer::par_endpoint},
    {"jwks_uri", &OAuthServer::jwks_uri},
    {"userinfo_endpoint", &OAuthServer::userinfo_endpoint},
}};

struct Fact {
  std::string_view key;
  bool OAuthServer::*member;
};
constexpr std::array<Fact, 3> kFacts{{
    {"require_pushed_authorization_requests", &OAuthServer::par_required},
    {"authorization_response_iss_parameter_supported", &OAuthServer::iss_in_callback},
    {"client_id_metadata_document_supported", &OAuthServer::client_id_metadata},
}};

void check_fields(const JsonObject& from, std::string_view key, std::string_view url, const AuthTemplate& form) {
  const auto parts = domain::split_text(url);
  std::vector<std::string_view> known;
  for (const domain::Field& field : form.fields) known.push_back(field.name);
  for (const TextPart& part : *parts) {
    if (part.kind != TextPart::Kind::kField || form.find_field(part.text)) continue;
    throw from.error(key,
                     "{" + std::string(part.text) + "} is no field of this template" + did_you_mean(part.text, known));
  }
}

// One provider has the client's id in the path of its revocation endpoint, as a whole segment; it is put in when the
// request is made. What is left is judged like any other URL.
std::string without_client_id(std::string_view key, std::string_view url) {
  constexpr std::string_view kSegment = "/:client_id/";
  std::string rest(url);
  const auto at = rest.find(kSegment, std::string_view("https://").size());  // not the host
  if (key == "revocation_endpoint" && at != std::string::npos) rest.replace(at, kSegment.size(), "/");
  return rest;
}

std::string read_url(const JsonObject& from, std::string_view key, Targets targets, Query query,
                     const AuthTemplate& form) {
  std::string url = from.optional_text(key, kUrlLimit);
  if (url.empty()) return url;
  const std::string judged = without_client_id(key, url);
  if (!is_server_url(judged, targets, query)) {
    throw from.error(key,
                     "must be https:// with a lower-case host, where a whole label may be a {field} but not one of "
                     "the last two, and perhaps a port and a path" +
                         std::string(query == Query::kAllowed ? " and a query" : ""));
  }
  check_fields(from, key, judged, form);
  return url;
}

// The server's own document says it, and only that is asked.
void refuse_what_is_discovered(const JsonObject& from) {
  const auto refuse = [&](std::string_view key) {
    if (from.has(key)) throw from.error(key, "must be left out where the server's metadata says it (\"discover\")");
  };
  for (const Endpoint& endpoint : kEndpoints) refuse(endpoint.key);
  for (const Fact& fact : kFacts) refuse(fact.key);
}

// The template of any provider: the endpoints are those of the client it is used with.
void refuse_half_a_server(const JsonObject& from) {
  const auto refuse = [&](std::string_view key) {
    if (from.has(key)) throw from.error(key, "means nothing without a token_endpoint");
  };
  refuse("issuer");
  for (const Endpoint& endpoint : kEndpoints) refuse(endpoint.key);
  for (const Fact& fact : kFacts) refuse(fact.key);
}

void check_discovery(const JsonObject& from, const OAuthSpec& spec) {
  if (spec.server.issuer.empty() == spec.protected_resource.empty()) {
    throw from.error("discover", "needs either \"issuer\" or \"protected_resource\": where to ask");
  }
  refuse_what_is_discovered(from);
}

void check_stated(const JsonObject& from, const OAuthSpec& spec) {
  if (!spec.protected_resource.empty()) throw from.error("protected_resource", "needs \"discover\": true");
  if (spec.server.token_endpoint.empty()) return refuse_half_a_server(from);
  const bool code =
      std::find(spec.grants.begin(), spec.grants.end(), domain::OAuthGrant::kAuthorizationCode) != spec.grants.end();
  if (code == spec.server.authorization_endpoint.empty()) {
    throw from.error("authorization_endpoint", code ? "is missing: the grant authorization_code begins there"
                                                    : "is not used by the grants of this template");
  }
  if (spec.server.par_required && spec.server.par_endpoint.empty()) {
    throw from.error("require_pushed_authorization_requests", "needs pushed_authorization_request_endpoint");
  }
  if (spec.server.iss_in_callback && spec.server.issuer.empty()) {
    throw from.error("authorization_response_iss_parameter_supported", "needs the issuer it is compared with");
  }
}

}  // namespace

std::string read_server_url(const JsonObject& from, std::string_view key, Targets targets, const AuthTemplate& form) {
  return read_url(from, key, targets, Query::kAllowed, form);
}

void read_server(const JsonObject& from, Targets targets, const AuthTemplate& form, OAuthSpec& spec) {
  OAuthServer& server = spec.server;
  // RFC 8414 section 2: an issuer has neither query nor fragment.
  server.issuer = read_url(from, "issuer", targets, Query::kNone, form);
  spec.discover = from.flag("discover", false);
  spec.protected_resource = read_server_url(from, "protected_resource", targets, form);
  for (const auto& [key, member] : kEndpoints) server.*member = read_server_url(from, key, targets, form);
  for (const auto& [key, member] : kFacts) server.*member = from.flag(key, false);
  server.s256 = spec.pkce == domain::Pkce::kS256;
  spec.discover ? check_discovery(from, spec) : check_stated(from, spec);
}

}  // namespace countersign::catalog
