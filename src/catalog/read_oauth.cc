#include "catalog/read_oauth.h"

#include <algorithm>
#include <set>

#include "catalog/read_obtained.h"
#include "catalog/read_parameters.h"
#include "catalog/read_server.h"
#include "catalog/read_values.h"

namespace countersign::catalog {
namespace {

using domain::AuthTemplate;
using domain::ClientAuth;
using domain::OAuthGrant;
using domain::OAuthScope;
using domain::OAuthSpec;
using domain::Pkce;
using domain::ResourceUse;

constexpr std::size_t kMostScopes = 100;
constexpr std::size_t kScopeNameLimit = 200;
constexpr std::size_t kMostSources = 20;
constexpr std::size_t kLongestLifetime = 315'360'000;  // ten years
constexpr std::size_t kLongestLeeway = 3600;

template <class Enum, std::size_t N>
Enum optional_word(const JsonObject& from, std::string_view key, const domain::Names<Enum, N>& names, Enum otherwise) {
  const std::string word = from.optional_text(key, kSlugLimit);
  return word.empty() ? otherwise : one_of(from, key, names, word);
}

// A list of words, each once; left out: `otherwise`.
template <class Enum, std::size_t N>
std::vector<Enum> read_words(const JsonObject& from, std::string_view key, const domain::Names<Enum, N>& names,
                             std::vector<Enum> otherwise) {
  if (!from.has(key)) return otherwise;
  std::vector<Enum> values;
  for (const std::string& word : from.texts(key, kSlugLimit)) {
    const Enum value = one_of(from, key, names, word);
    if (std::find(values.begin(), values.end(), value) != values.end()) {
      throw from.error(key, "has \"" + word + "\" twice");
    }
    values.push_back(value);
  }
  if (values.empty()) throw from.error(key, "must have at least one entry");
  return values;
}

void read_grants(const JsonObject& from, OAuthSpec& spec) {
  spec.grants = read_words(from, "grants", domain::kOAuthGrantNames, spec.grants);
  spec.client_auth = read_words(from, "client_auth", domain::kClientAuthNames, spec.client_auth);
  const bool machine =
      std::find(spec.grants.begin(), spec.grants.end(), OAuthGrant::kClientCredentials) != spec.grants.end();
  // RFC 6749 section 4.4: only for confidential clients.
  if (machine && spec.client_auth == std::vector{ClientAuth::kNone}) {
    throw from.error("client_auth", "must prove who the client is for the grant client_credentials");
  }
}

// RFC 6749 section 3.3: what a scope is made of. The separator that the provider chose must not be in one.
bool is_scope(std::string_view name, std::string_view separator) {
  const bool made_right =
      std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  return made_right && name.find(separator) == std::string_view::npos;
}

void read_scopes(const JsonObject& from, OAuthSpec& spec) {
  if (!from.has("scopes")) return;
  std::set<std::string> names;
  for (const JsonObject& one : from.objects("scopes", kScopeKeys)) {
    const std::string name = one.text("name", kScopeNameLimit);
    if (!is_scope(name, spec.scope_separator)) {
      throw one.error("name", "must be visible ASCII without a quotation mark, a backslash or the separator");
    }
    if (!names.insert(name).second) throw one.error("name", "stands here twice");
    spec.scopes.push_back({name, one.optional_text("words", kSentenceLimit), one.flag("asked", true)});
  }
  if (spec.scopes.size() > kMostScopes) throw from.error("scopes", "has more than 100 scopes");
}

std::string read_separator(const JsonObject& from, std::string_view key, std::string_view otherwise) {
  const std::string text = from.optional_text(key, 1);
  if (text.empty()) return std::string(otherwise);
  if (std::string_view(" ,+;|").find(text) == std::string_view::npos) {
    throw from.error(key, "must be a space, or one of , + ; |");
  }
  return text;
}

void read_scope_rules(const JsonObject& from, OAuthSpec& spec) {
  if (from.has("scope_parameter")) spec.scope_parameter = from.text("scope_parameter", kSlugLimit);
  if (!is_parameter_name(spec.scope_parameter)) throw from.error("scope_parameter", "is no name of a parameter");
  spec.scope_separator = read_separator(from, "scope_separator", spec.scope_separator);
  read_scopes(from, spec);
}

// A waiver is said with its reason, or not at all.
void read_pkce(const JsonObject& from, OAuthSpec& spec) {
  spec.pkce = optional_word(from, "pkce", domain::kPkceNames, spec.pkce);
  spec.pkce_reason = from.optional_text("pkce_reason", kSentenceLimit);
  if (spec.pkce == Pkce::kS256 && !spec.pkce_reason.empty()) {
    throw from.error("pkce_reason", "is for a waiver, and \"s256\" is none");
  }
  if (spec.pkce != Pkce::kS256 && spec.pkce_reason.empty()) {
    throw from.error("pkce_reason", "is missing: people are shown why this provider is not asked for S256");
  }
}

// RFC 8707 section 2: an absolute URI without a fragment. An audience is whatever its server calls one.
void read_resource(const JsonObject& from, OAuthSpec& spec) {
  spec.resource_use = optional_word(from, "resource_use", domain::kResourceUseNames, spec.resource_use);
  spec.resource = from.optional_text("resource", kUrlLimit);
  if (spec.resource_use == ResourceUse::kOmit) {
    if (!spec.resource.empty()) throw from.error("resource", "is not sent: say how with \"resource_use\"");
    return;
  }
  if (spec.resource.empty()) throw from.error("resource", "is missing: \"resource_use\" says that it is sent");
  const bool visible =
      std::all_of(spec.resource.begin(), spec.resource.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
  const bool absolute = spec.resource.find(':') != std::string::npos && spec.resource.find(':') != 0;
  if (!visible || (spec.resource_use == ResourceUse::kResource && !absolute)) {
    throw from.error("resource", "must be an absolute URI without a fragment");
  }
}

void read_answer(const JsonObject& from, domain::TokenShape& shape) {
  const auto pointer = [&](std::string_view key, std::string& target) {
    if (from.has(key)) target = read_pointer(from, key);
  };
  pointer("access_token", shape.access_token);
  pointer("refresh_token", shape.refresh_token);
  pointer("expires_in", shape.expires_in);
  pointer("scope", shape.scope);
  pointer("token_type", shape.token_type);
  pointer("ok", shape.ok);
  shape.scope_separator = read_separator(from, "scope_separator", shape.scope_separator);
  shape.token_type_optional = from.flag("token_type_optional", shape.token_type_optional);
  shape.milliseconds = from.flag("milliseconds", shape.milliseconds);
  shape.numeric_text = from.flag("numeric_text", shape.numeric_text);
}

void read_times(const JsonObject& from, OAuthSpec& spec) {
  const auto seconds = [&](std::string_view key, std::chrono::seconds otherwise, std::size_t limit) {
    return std::chrono::seconds(from.count(key, static_cast<std::size_t>(otherwise.count()), limit));
  };
  spec.lifetime = seconds("lifetime_seconds", spec.lifetime, kLongestLifetime);
  spec.leeway = seconds("leeway_seconds", spec.leeway, kLongestLeeway);
  if (spec.lifetime.count() != 0 && spec.leeway >= spec.lifetime) {
    throw from.error("leeway_seconds", "must be shorter than lifetime_seconds: each token would be renewed at once");
  }
}

void read_pages(const JsonObject& from, OAuthSpec& spec) {
  spec.client_help_url = read_optional_page_url(from, "client_help_url");
  spec.client_hint = from.optional_text("client_hint", kSentenceLimit);
  spec.sources = read_page_urls(from, "sources");
  if (spec.sources.empty()) throw from.error("sources", "must name at least one public page that says all this");
  if (spec.sources.size() > kMostSources) throw from.error("sources", "has more than 20 pages");
}

void check_fields(const JsonObject& from, const AuthTemplate& form) {
  for (std::size_t i = 0; i < form.fields.size(); ++i) {
    if (!is_obtained_name(form.fields[i].name)) continue;
    throw from.error("fields", i, "is named \"" + form.fields[i].name + "\", which no person types");
  }
}

OAuthSpec read_spec(const JsonObject& from, Targets targets, const AuthTemplate& form) {
  OAuthSpec spec;
  read_grants(from, spec);
  read_scope_rules(from, spec);
  read_pkce(from, spec);
  read_server(from, targets, form, spec);
  read_resource(from, spec);
  read_parameters(from, spec);
  spec.token_body = optional_word(from, "token_body", domain::kTokenBodyNames, spec.token_body);
  if (const auto answer = from.optional_object("answer", kAnswerKeys)) read_answer(*answer, spec.answer);
  read_obtained(from, targets, form, spec);
  spec.revocation = optional_word(from, "revocation", domain::kRevocationStyleNames, spec.revocation);
  read_times(from, spec);
  read_pages(from, spec);
  return spec;
}

}  // namespace

OAuthSpec read_oauth(const JsonObject& from, Targets targets, const AuthTemplate& form) {
  const auto stated = from.optional_object("oauth", kOAuthKeys);
  if (!stated) throw from.error("oauth", "is missing: it says how the provider is spoken to");
  check_fields(from, form);
  return read_spec(*stated, targets, form);
}

}  // namespace countersign::catalog
