#include "catalog/read_obtained.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "catalog/read_parameters.h"
#include "catalog/read_server.h"
#include "catalog/read_target.h"
#include "catalog/read_values.h"

namespace countersign::catalog {
namespace {

using domain::AccountFrom;
using domain::AccountSource;
using domain::AuthTemplate;
using domain::KeptValue;
using domain::OAuthSpec;

constexpr std::size_t kMostKept = 10;
constexpr std::size_t kMostHosts = 10;
constexpr std::size_t kLongestBody = 2000;
constexpr std::string_view kAccessToken = "access_token";
constexpr std::array<std::string_view, 6> kObtained{kAccessToken, "refresh_token", "id_token",
                                                    "client_id",  "client_secret", "base_url"};
// Parameters of the callback that are one-time secrets or the broker's own to judge (RFC 6749 section 4.1.2).
constexpr std::array<std::string_view, 6> kNotKept{"code", "state", "iss", "error", "error_description", "id_token"};

KeptValue read_kept(const JsonObject& from) {
  KeptValue kept{from.text("from", kNameLimit), from.text("field", kSlugLimit)};
  if (!is_lower(kept.field, "_") || is_obtained_name(kept.field)) {
    throw from.error("field", "must be lower-case letters, digits and underscores, and no name that a token has");
  }
  return kept;
}

std::vector<KeptValue> read_kept_list(const JsonObject& from, std::string_view key) {
  std::vector<KeptValue> list;
  if (!from.has(key)) return list;
  for (const JsonObject& one : from.objects(key, kKeptKeys)) list.push_back(read_kept(one));
  if (list.size() > kMostKept) throw from.error(key, "has more than 10 entries");
  return list;
}

// A kept value is plain and is shown: no token may become one.
void check_kept_of_answer(const JsonObject& from, const OAuthSpec& spec) {
  for (const JsonObject& one : from.objects("keep", kKeptKeys)) {
    const std::string pointer = read_pointer(one, "from");
    if (pointer == spec.answer.access_token || pointer == spec.answer.refresh_token || pointer == "/id_token") {
      throw one.error("from", "is a token: it is kept sealed anyway, and never as a plain field");
    }
  }
}

void check_kept_of_callback(const JsonObject& from) {
  for (const JsonObject& one : from.objects("keep_callback", kKeptKeys)) {
    const std::string name = one.text("from", kNameLimit);
    if (!is_parameter_name(name)) throw one.error("from", "must be the name of a parameter of the callback");
    if (std::find(kNotKept.begin(), kNotKept.end(), name) == kNotKept.end()) continue;
    throw one.error("from", "is a parameter of OAuth itself, which is never kept");
  }
}

void check_names_once(const JsonObject& from, const AuthTemplate& form, const OAuthSpec& spec) {
  std::set<std::string_view> names;
  for (const domain::Field& field : form.fields) names.insert(field.name);
  const auto check = [&](std::string_view key, const std::vector<KeptValue>& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!names.insert(list[i].field).second) {
        throw from.error(key, i, "has the name of another field, \"" + list[i].field + "\"");
      }
    }
  };
  check("keep", spec.keep);
  check("keep_callback", spec.keep_callback);
}

void read_told_base_url(const JsonObject& from, OAuthSpec& spec) {
  const auto stated = from.optional_object("base_url", kToldBaseUrlKeys);
  if (!stated) return;
  spec.base_url.from = read_pointer(*stated, "from");
  spec.base_url_hosts = stated->texts("hosts", kNameLimit);
  const auto& hosts = spec.base_url_hosts;
  if (hosts.empty()) throw stated->error("hosts", "must name at least one host: the answer alone decides nothing");
  if (hosts.size() > kMostHosts) throw stated->error("hosts", "has more than 10 hosts");
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (is_host_suffix(hosts[i])) continue;
    throw stated->error("hosts", i,
                        "must be a host in lower case, or the end of one from a dot on, of two labels at least");
  }
}

void read_request(const JsonObject& from, Targets targets, const AuthTemplate& form, AccountSource& account) {
  account.url = read_server_url(from, "url", targets, form);
  account.body = from.optional_text("body", kLongestBody);
  if (account.from != AccountFrom::kRequest) {
    for (const std::string_view key : {"url", "body"}) {
      if (from.has(key)) throw from.error(key, "is for \"from\": \"request\" alone");
    }
    return;
  }
  if (account.url.empty()) throw from.error("url", "is missing: the account is asked for there");
  if (account.body.empty()) return;
  try {
    parse_json(account.body);
  } catch (const Error& error) {
    throw from.error("body", "must be a JSON text: " + error.message());
  }
}

// An ID token's account is its `sub` and nothing else (OpenID Connect Core section 2).
void check_id(const JsonObject& from, AccountSource& account) {
  switch (account.from) {
    case AccountFrom::kNowhere:
      for (const std::string_view key : {"id", "label"}) {
        if (from.has(key)) throw from.error(key, "must be left out when it comes from nowhere");
      }
      return;
    case AccountFrom::kIdToken:
      if (account.id.empty()) account.id = {"/sub"};
      if (account.id != std::vector<std::string>{"/sub"}) throw from.error("id", "of an ID token is /sub alone");
      return;
    case AccountFrom::kTokenAnswer:
    case AccountFrom::kRequest:
      if (account.id.empty()) throw from.error("id", "is missing: without it one account cannot be told from another");
  }
}

// Signed by keys that the server names, for an issuer that is known.
void check_id_token(const JsonObject& from, const OAuthSpec& spec) {
  if (spec.account.from != AccountFrom::kIdToken || spec.discover || spec.server.token_endpoint.empty()) return;
  if (spec.server.issuer.empty() || spec.server.jwks_uri.empty()) {
    throw from.error("account", "from an ID token needs \"issuer\" and \"jwks_uri\" to check it by");
  }
}

void read_account(const JsonObject& from, Targets targets, const AuthTemplate& form, OAuthSpec& spec) {
  const auto stated = from.optional_object("account", kAccountKeys);
  if (!stated) return;
  AccountSource& account = spec.account;
  account.from = one_of(*stated, "from", domain::kAccountFromNames, stated->text("from", kSlugLimit));
  account.id = read_pointers(*stated, "id");
  account.label = read_pointers(*stated, "label");
  read_request(*stated, targets, form, account);
  check_id(*stated, account);
  check_id_token(from, spec);
}

domain::Field obtained(std::string_view name, domain::Sensitivity sensitivity) {
  domain::Field field;
  field.name = name;
  field.label = name;
  field.sensitivity = sensitivity;
  return field;
}

}  // namespace

bool is_obtained_name(std::string_view name) {
  return std::find(kObtained.begin(), kObtained.end(), name) != kObtained.end();
}

void read_obtained(const JsonObject& from, Targets targets, const AuthTemplate& form, OAuthSpec& spec) {
  spec.keep = read_kept_list(from, "keep");
  spec.keep_callback = read_kept_list(from, "keep_callback");
  if (!spec.keep.empty()) check_kept_of_answer(from, spec);
  if (!spec.keep_callback.empty()) check_kept_of_callback(from);
  check_names_once(from, form, spec);
  read_told_base_url(from, spec);
  read_account(from, targets, form, spec);
}

AuthTemplate with_obtained_fields(const AuthTemplate& form) {
  AuthTemplate whole = form;
  whole.fields.push_back(obtained(kAccessToken, domain::Sensitivity::kSecret));
  for (const auto* list : {&form.oauth->keep, &form.oauth->keep_callback}) {
    for (const KeptValue& kept : *list) whole.fields.push_back(obtained(kept.field, domain::Sensitivity::kPlain));
  }
  return whole;
}

}  // namespace countersign::catalog
