// Whose account it is, asked with the fresh token: the provider's own request, or OpenID Connect's user info.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "domain/integration.h"
#include "oauth/answer_body.h"
#include "oauth/authorization_request.h"
#include "oauth/client_auth.h"
#include "oauth/server_calls.h"

namespace countersign::oauth {
namespace {

using domain::TextPart;

constexpr std::chrono::seconds kPatience{10};
constexpr std::size_t kLargestAnswer = 256 * 1024;

const std::string* find(const domain::Parameters& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? nullptr : &found->second;
}

// The access token goes there: a value within the host must be one label of it, and one behind it stays in its
// segment. Nothing when a value is missing or would do more.
std::optional<std::string> filled_url(std::string_view text, const domain::Parameters& fields) {
  const auto parts = domain::split_text(text);
  if (!parts) return std::nullopt;
  std::string url;
  for (const TextPart& part : *parts) {
    if (part.kind == TextPart::Kind::kLiteral) {
      url += part.text;
      continue;
    }
    const std::string* const value = find(fields, part.text);
    const bool in_host = url.find('/', std::min(url.size(), std::string_view("https://").size())) == std::string::npos;
    if (value == nullptr || value->empty() || (in_host && !domain::is_host_label(*value))) return std::nullopt;
    url += in_host ? *value : percent_encode(*value);
  }
  return is_endpoint(url) ? std::optional(url) : std::nullopt;
}

http::ClientRequest request_with(const Secret& access_token, const std::string& url, const domain::OAuthSpec& spec) {
  http::ClientRequest request = request_to(url, spec);
  request.method = http::Method::kGet;
  request.limits.total = kPatience;
  request.limits.body_bytes = kLargestAnswer;
  request.headers.push_back({"Authorization", "Bearer ", Secret::copy_of(access_token.reveal())});
  return request;
}

// Whatever goes wrong here, the connection itself is made: it only has no name.
Account ask(http::Client& client, http::ClientRequest request, const domain::AccountSource& source) {
  try {
    const http::ClientResponse response = client.send(std::move(request));
    const auto json = response.status == 200 ? json_of(response, kLargestAnswer) : std::nullopt;
    if (!json) return {};
    auto [id, label] = account_in(*json, source);
    return {std::move(id), std::move(label)};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUpstream && error.code() != ErrorCode::kUnavailable) throw;
    return {};
  }
}

}  // namespace

Account ServerCalls::account(const Target& target, const Secret& access_token,
                             const domain::Parameters& plain_fields) const {
  const domain::AccountSource& source = target.spec.account;
  if (source.from != domain::AccountFrom::kRequest) return {};
  const auto url = filled_url(source.url, plain_fields);
  if (!url) return {};
  http::ClientRequest request = request_with(access_token, *url, target.spec);
  if (!source.body.empty()) request.method = http::Method::kPost;
  if (!source.body.empty() && source.body != "null") {
    request.headers.push_back({"Content-Type", "application/json", {}});
    append(request.body, source.body);
  }
  return ask(client_, std::move(request), source);
}

Account ServerCalls::userinfo(const Target& target, const Secret& access_token) const {
  if (!is_endpoint(target.server.userinfo_endpoint)) return {};
  domain::AccountSource source;
  source.id = {"/sub"};
  source.label = target.spec.account.label;
  // OpenID Connect Core section 5.1; the address only names the account for people, it never tells accounts apart.
  if (source.label.empty()) source.label = {"/email", "/preferred_username", "/name"};
  return ask(client_, request_with(access_token, target.server.userinfo_endpoint, {}), source);
}

}  // namespace countersign::oauth
