#include "catalog/read_parameters.h"

#include <algorithm>
#include <array>

#include "catalog/read_values.h"
#include "domain/integration.h"

namespace countersign::catalog {
namespace {

using domain::OAuthSpec;
using domain::Parameters;

constexpr std::size_t kMostParameters = 20;

// What the protocol says itself (RFC 6749, 7521, 7636, 9101, 9126, OpenID Connect Core): a second value beside ours
// would be a request that two servers read in two ways.
constexpr std::array<std::string_view, 23> kReserved{"client_id",
                                                     "client_secret",
                                                     "client_assertion",
                                                     "client_assertion_type",
                                                     "redirect_uri",
                                                     "response_type",
                                                     "state",
                                                     "scope",
                                                     "nonce",
                                                     "resource",
                                                     "code",
                                                     "code_verifier",
                                                     "grant_type",
                                                     "refresh_token",
                                                     "access_token",
                                                     "id_token",
                                                     "token",
                                                     "token_type_hint",
                                                     "request",
                                                     "request_uri",
                                                     "assertion",
                                                     "username",
                                                     "password"};

bool is_reserved(std::string_view name, const OAuthSpec& spec) {
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end() || name.starts_with("code_challenge") ||
         name == spec.scope_parameter || (spec.resource_use == domain::ResourceUse::kAudience && name == "audience");
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

Parameters read_values(const JsonObject& from) {
  Parameters values;
  for (const std::string& name : from.keys()) {
    values.emplace_back(name, from.text(name, kUrlLimit));
    if (!is_printable(values.back().second)) throw from.error(name, "must be printable ASCII");
  }
  if (values.size() > kMostParameters) throw from.error("", "has more than 20 entries");
  return values;
}

Parameters read_added(const JsonObject& from, std::string_view key, const OAuthSpec& spec) {
  const auto stated = from.optional_map(key);
  if (!stated) return {};
  Parameters values = read_values(*stated);
  for (const auto& [name, value] : values) {
    if (!is_parameter_name(name)) throw stated->error(name, "is no name of a parameter");
    if (is_reserved(name, spec)) throw stated->error(name, "must not stand here: the broker itself says what it is");
  }
  return values;
}

Parameters read_headers(const JsonObject& from, std::string_view key) {
  const auto stated = from.optional_map(key);
  if (!stated) return {};
  Parameters headers = read_values(*stated);
  for (const auto& [name, value] : headers) {
    if (!domain::is_placeable_header(name)) {
      throw stated->error(name, "is no header name, or one that the broker itself sets");
    }
    // The client's own credential stands there, or nothing.
    if (domain::same_header(name, "authorization")) throw stated->error(name, "must not hold a credential");
  }
  return headers;
}

}  // namespace

bool is_parameter_name(std::string_view text) {
  return !text.empty() && is_lower(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._");
}

void read_parameters(const JsonObject& from, OAuthSpec& spec) {
  spec.authorization_parameters = read_added(from, "authorization_parameters", spec);
  spec.token_parameters = read_added(from, "token_parameters", spec);
  spec.refresh_parameters = read_added(from, "refresh_parameters", spec);
  spec.token_headers = read_headers(from, "token_headers");
}

}  // namespace countersign::catalog
