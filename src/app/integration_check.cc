#include "app/integration_check.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "oauth/authorization_request.h"

namespace countersign::app {
namespace {

using domain::AuthTemplate;
using domain::OAuthGrant;
using domain::OAuthServer;
using domain::OAuthSpec;
using domain::Pkce;

struct Endpoint {
  std::string_view key;
  std::string OAuthServer::*member;
  bool told;  // by a server's metadata
};
constexpr std::array<Endpoint, 9> kEndpoints{{
    {"issuer", &OAuthServer::issuer, false},
    {"authorization_endpoint", &OAuthServer::authorization_endpoint, true},
    {"token_endpoint", &OAuthServer::token_endpoint, true},
    {"refresh_endpoint", &OAuthServer::refresh_endpoint, false},
    {"revocation_endpoint", &OAuthServer::revocation_endpoint, true},
    {"registration_endpoint", &OAuthServer::registration_endpoint, true},
    {"pushed_authorization_request_endpoint", &OAuthServer::par_endpoint, true},
    {"jwks_uri", &OAuthServer::jwks_uri, true},
    {"userinfo_endpoint", &OAuthServer::userinfo_endpoint, true},
}};

template <class Enum, std::size_t N>
std::string listed(const domain::Names<Enum, N>& names, const std::vector<Enum>& values) {
  std::string line;
  for (const Enum value : values) (line += line.empty() ? "" : ", ") += names[value];
  return line;
}

bool has(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::vector<std::string> asked_scopes(const OAuthSpec& spec) {
  std::vector<std::string> scopes;
  for (const domain::OAuthScope& scope : spec.scopes) {
    if (scope.asked) scopes.push_back(scope.name);
  }
  return scopes;
}

// A host label that a person would type.
std::string with_examples(std::string_view url) {
  std::string filled;
  const auto parts = domain::split_text(url);
  if (!parts) return std::string(url);
  for (const domain::TextPart& part : *parts) {
    filled += part.kind == domain::TextPart::Kind::kField ? "example" : part.text;
  }
  return filled;
}

bool has_field(std::string_view url) { return url.find('{') != std::string_view::npos; }

std::string authorization_url(const OAuthSpec& spec, const std::string& endpoint, const std::string& redirect_uri) {
  const bool code =
      std::find(spec.grants.begin(), spec.grants.end(), OAuthGrant::kAuthorizationCode) != spec.grants.end();
  if (endpoint.empty() || !code) return {};
  const std::vector<std::string> scopes = asked_scopes(spec);
  const std::string resource = spec.resource_use == domain::ResourceUse::kOmit ? "" : spec.resource;
  const oauth::AuthorizationRequest request{
      "CLIENT-ID", redirect_uri, "STATE", "CODE-CHALLENGE", has(scopes, "openid") ? "NONCE" : "", resource, scopes};
  return oauth::with_query(with_examples(endpoint), oauth::authorization_parameters(spec, request));
}

using Facts = std::vector<std::pair<std::string, std::string>>;

void add(Facts& facts, std::string_view name, std::string_view value) {
  if (!value.empty()) facts.emplace_back(name, value);
}

bool is_stated(const OAuthSpec& spec) { return !spec.discover && !spec.server.token_endpoint.empty(); }

std::string where(const OAuthSpec& spec) {
  if (spec.discover) return "the provider's metadata says it";
  return spec.server.token_endpoint.empty() ? "the client it is used with says it" : "this file says it";
}

std::string pkce(const OAuthSpec& spec) {
  const std::string word(domain::kPkceNames[spec.pkce]);
  return spec.pkce == Pkce::kS256 ? word + ", required" : word + ", a waiver: " + spec.pkce_reason;
}

std::string iss(const OAuthSpec& spec) {
  if (!is_stated(spec)) return "as the server says";
  return spec.server.iss_in_callback ? "required in the callback" : "not promised by the provider";
}

std::string par(const OAuthSpec& spec) {
  if (!is_stated(spec)) return "as the server says";
  if (spec.server.par_endpoint.empty()) return "not offered";
  return spec.server.par_required ? "required" : "offered";
}

Facts facts_of(const OAuthSpec& spec, const std::string& redirect_uri) {
  Facts facts;
  add(facts, "server", where(spec));
  add(facts, "protected_resource", spec.protected_resource);
  for (const auto& [key, member, told] : kEndpoints) add(facts, key, spec.server.*member);
  add(facts, "grants", listed(domain::kOAuthGrantNames, spec.grants));
  add(facts, "client_auth", listed(domain::kClientAuthNames, spec.client_auth));
  add(facts, "pkce", pkce(spec));
  add(facts, "iss", iss(spec));
  add(facts, "pushed_authorization_requests", par(spec));
  const bool omitted = spec.resource_use == domain::ResourceUse::kOmit;
  add(facts, "resource",
      omitted ? "not sent" : std::string(domain::kResourceUseNames[spec.resource_use]) + "=" + spec.resource);
  add(facts, "account", domain::kAccountFromNames[spec.account.from]);
  add(facts, "redirect_uri", redirect_uri);
  return facts;
}

Facts facts_of(const domain::WebhookSpec& spec) {
  Facts facts;
  add(facts, "scheme", domain::kWebhookSchemeNames[spec.scheme]);
  add(facts, "signature_header", spec.signature_header);
  add(facts, "signature_prefix", spec.signature_prefix);
  add(facts, "id_header", spec.id_header);
  return facts;
}

// --- what the provider says ---

OAuthServer ask(const OAuthSpec& spec, const oauth::Discovery& discovery) {
  if (!spec.protected_resource.empty()) return discovery.resource(spec.protected_resource).server;
  return discovery.server(spec.server.issuer);
}

// Why nobody can be asked; empty: somebody can.
std::string reason_not_to_ask(const OAuthSpec& spec) {
  const std::string& place = spec.protected_resource.empty() ? spec.server.issuer : spec.protected_resource;
  if (!place.empty()) return has_field(place) ? "the issuer is another one for every customer" : "";
  return spec.server.token_endpoint.empty() ? "the server is the client's" : "the file names no issuer to ask";
}

class Comparison {
 public:
  void wrong(std::string_view what, std::string_view file, std::string_view provider) {
    found.push_back({Difference::Kind::kWrong, std::string(what), std::string(file), std::string(provider)});
  }
  void unused(std::string_view what, std::string_view provider) {
    found.push_back({Difference::Kind::kUnused, std::string(what), "", std::string(provider)});
  }
  void flag(std::string_view what, bool file, bool provider) {
    if (file != provider) wrong(what, file ? "true" : "false", provider ? "true" : "false");
  }
  void endpoint(std::string_view what, const std::string& file, const std::string& provider) {
    if (file == provider) return;
    if (file.empty()) return unused(what, provider);
    wrong(what, file, provider);
  }

  std::vector<Difference> found;
};

void compare_stated(const OAuthServer& file, const OAuthServer& provider, Comparison& comparison) {
  for (const auto& [key, member, told] : kEndpoints) {
    if (told) comparison.endpoint(key, file.*member, provider.*member);
  }
  comparison.flag("require_pushed_authorization_requests", file.par_required, provider.par_required);
  comparison.flag("authorization_response_iss_parameter_supported", file.iss_in_callback, provider.iss_in_callback);
  if (file.client_id_metadata == provider.client_id_metadata) return;
  if (!file.client_id_metadata) return comparison.unused("client_id_metadata_document_supported", "true");
  comparison.wrong("client_id_metadata_document_supported", "true", "false");
}

// A waiver that is not needed any more is as wrong as one that is missing.
void compare_pkce(const OAuthSpec& spec, const OAuthServer& provider, Comparison& comparison) {
  if ((spec.pkce == Pkce::kS256) == provider.s256) return;
  comparison.wrong("pkce", domain::kPkceNames[spec.pkce],
                   provider.s256 ? "code_challenge_methods_supported has S256"
                                 : "code_challenge_methods_supported does not have S256");
}

// RFC 8414 section 2: left out, it is client_secret_basic; but many that leave it out take others too.
void compare_client_auth(const OAuthSpec& spec, const OAuthServer& provider, Comparison& comparison) {
  if (provider.auth_methods.empty()) return;
  for (const domain::ClientAuth auth : spec.client_auth) {
    const std::string_view name = domain::kClientAuthNames[auth];
    if (!has(provider.auth_methods, name)) comparison.wrong("client_auth", name, "not among its methods");
  }
}

}  // namespace

std::vector<Difference> differences(const OAuthSpec& spec, const OAuthServer& provider) {
  Comparison comparison;
  if (!spec.discover) compare_stated(spec.server, provider, comparison);
  compare_pkce(spec, provider, comparison);
  compare_client_auth(spec, provider, comparison);
  return std::move(comparison.found);
}

TemplateCheck check_template(const AuthTemplate& form, const std::string& redirect_uri) {
  TemplateCheck check;
  check.slug = form.slug;
  check.kind = domain::kTemplateKindNames[form.kind];
  check.label = form.label;
  std::string fields;
  for (const domain::Field& field : form.fields) (fields += fields.empty() ? "" : ", ") += field.name;
  add(check.facts, "fields", fields);
  Facts more;
  if (form.oauth) more = facts_of(*form.oauth, redirect_uri);
  if (form.webhook) more = facts_of(*form.webhook);
  check.facts.insert(check.facts.end(), more.begin(), more.end());
  if (form.oauth) {
    check.authorization_url = authorization_url(*form.oauth, form.oauth->server.authorization_endpoint, redirect_uri);
  }
  return check;
}

TemplateCheck check_template_online(const AuthTemplate& form, const std::string& redirect_uri,
                                    const oauth::Discovery& discovery) {
  TemplateCheck check = check_template(form, redirect_uri);
  if (!form.oauth) return check;
  const OAuthSpec& spec = *form.oauth;
  check.not_asked = reason_not_to_ask(spec);
  if (!check.not_asked.empty()) return check;
  try {
    const OAuthServer provider = ask(spec, discovery);
    check.asked = provider.issuer;
    check.differences = differences(spec, provider);
    if (spec.discover) {
      check.authorization_url = authorization_url(spec, provider.authorization_endpoint, redirect_uri);
    }
  } catch (const Error& error) {
    check.problem = error.message();
  }
  return check;
}

bool is_good(const TemplateCheck& check) {
  return check.problem.empty() &&
         std::none_of(check.differences.begin(), check.differences.end(),
                      [](const Difference& one) { return one.kind == Difference::Kind::kWrong; });
}

}  // namespace countersign::app
