#include "oauth/authorization_request.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/encoding.h"
#include "base/error.h"
#include "oauth/url.h"

namespace countersign::oauth {
namespace {

using domain::OAuthSpec;
using domain::Parameters;

// Ours even where they are not sent: with one of them a spec, or the server's own URL, would decide who is asked for
// what. RFC 9101 section 4 brings in `request`, which overrides all the others.
constexpr std::array<std::string_view, 9> kOurs{"response_type", "client_id",      "redirect_uri",
                                                "state",         "code_challenge", "code_challenge_method",
                                                "nonce",         "request",        "request_uri"};

bool has(const Parameters& parameters, std::string_view name) {
  return std::any_of(parameters.begin(), parameters.end(), [&](const auto& one) { return one.first == name; });
}

void add(Parameters& to, std::string_view name, std::string_view value) {
  if (!value.empty()) to.emplace_back(name, value);
}

std::string joined(const std::vector<std::string>& texts, std::string_view separator) {
  std::string line;
  for (const std::string& text : texts) {
    if (!line.empty()) line += separator;
    line += text;
  }
  return line;
}

// The name of one "name=value" of a query, decoded; nothing when it cannot be.
std::optional<std::string> name_of(std::string_view pair) {
  return percent_decode(pair.substr(0, pair.find('=')), Plus::kSpace);
}

bool is_ours(std::string_view name) { return std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end(); }

// RFC 6749 section 3.1: no parameter twice. Where the endpoint's query has one of ours, ours it is, sent or not.
std::string own_query(std::string_view query, const Parameters& parameters) {
  std::string kept;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto name = name_of(pair);
    if (pair.empty() || !name || is_ours(*name) || has(parameters, *name)) continue;
    if (!kept.empty()) kept += '&';
    kept += pair;
  }
  return kept;
}

}  // namespace

Parameters authorization_parameters(const OAuthSpec& spec, const AuthorizationRequest& request) {
  Parameters parameters;
  add(parameters, "response_type", "code");
  add(parameters, "client_id", request.client_id);
  add(parameters, "redirect_uri", request.redirect_uri);
  add(parameters, spec.scope_parameter, joined(request.scopes, spec.scope_separator));
  add(parameters, "state", request.state);
  if (spec.pkce != domain::Pkce::kNotSent && !request.code_challenge.empty()) {
    add(parameters, "code_challenge", request.code_challenge);
    add(parameters, "code_challenge_method", "S256");
  }
  add(parameters, "nonce", request.nonce);
  if (spec.resource_use == domain::ResourceUse::kResource) add(parameters, "resource", request.resource);
  if (spec.resource_use == domain::ResourceUse::kAudience) add(parameters, "audience", request.resource);
  for (const auto& [name, value] : spec.authorization_parameters) {
    if (!is_ours(name) && !has(parameters, name)) parameters.emplace_back(name, value);
  }
  return parameters;
}

std::string with_query(std::string_view endpoint, const Parameters& parameters) {
  endpoint = endpoint.substr(0, endpoint.find('#'));
  if (!is_endpoint(endpoint)) {
    throw Error(ErrorCode::kInvalidArgument, "bad_endpoint",
                "An address of the authorization server is no https URL. Correct it where the client is set up.");
  }
  const std::size_t mark = endpoint.find('?');
  std::string url(endpoint.substr(0, mark));
  const std::string own =
      mark == std::string_view::npos ? std::string() : own_query(endpoint.substr(mark + 1), parameters);
  const std::string ours = form_encoded(parameters);
  if (!own.empty() || !ours.empty()) url += '?';
  url += own;
  if (!own.empty() && !ours.empty()) url += '&';
  return url + ours;
}

std::string form_encoded(const Parameters& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters) {
    if (!text.empty()) text += '&';
    ((text += percent_encode(name)) += '=') += percent_encode(value);
  }
  return text;
}

bool is_endpoint(std::string_view url) {
  const auto parts = parse_url(url);
  return parts && !parts->has_fragment && (parts->scheme == "https" || is_loopback(parts->host));
}

std::string host_of(std::string_view url) {
  const auto parts = parse_url(url);
  if (!parts) return {};
  std::string host(parts->authority);
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return host;
}

}  // namespace countersign::oauth
