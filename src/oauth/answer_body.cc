#include "oauth/answer_body.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/one_line.h"
#include "http/media_type.h"

namespace countersign::oauth {
namespace {

constexpr std::size_t kLongestToken = 16 * 1024;
constexpr std::size_t kLongestId = 512;     // bytes, of all its parts together
constexpr std::size_t kLongestLabel = 120;  // code points

bool is_json_type(std::string_view content_type) {
  constexpr std::array<std::string_view, 4> kTypes{"application/json", "text/json", "text/javascript",
                                                   "application/javascript"};
  const std::string_view essence = content_type.substr(0, content_type.find_first_of("; \t"));
  // RFC 6839 section 3.1: "application/vnd.example+json"
  if (essence.ends_with("+json")) return http::is_media_type(content_type, essence);
  return std::any_of(kTypes.begin(), kTypes.end(),
                     [&](std::string_view type) { return http::is_media_type(content_type, type); });
}

// None said is taken; two of them are not.
bool may_be_json(const http::ClientResponse& response) {
  const auto only = response.header("content-type");
  if (only) return only->empty() || is_json_type(*only);
  return std::none_of(response.headers.begin(), response.headers.end(),
                      [](const http::Header& header) { return header.name == "content-type"; });
}

}  // namespace

std::optional<SecretJson> json_of(const http::ClientResponse& response, std::size_t most) {
  if (!may_be_json(response)) return std::nullopt;
  JsonLimits limits;
  limits.bytes = most;
  try {
    SecretJson json = parse_secret_json(view(response.body), limits);
    if (json.is_object()) return json;
  } catch (const Error&) {  // HTML, nothing, a mark at its begin, a key twice: all the same to the caller
  }
  return std::nullopt;
}

bool is_token_text(std::string_view text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

Secret token_at(const SecretJson& answer, std::string_view pointer) {
  const auto text = answer.text(pointer);
  return text && is_token_text(*text) ? Secret::copy_of(*text) : Secret();
}

std::optional<std::string> plain_text_at(const SecretJson& answer, std::string_view pointer) {
  if (const auto text = answer.text(pointer)) return std::string(*text);
  if (const auto number = answer.integer(pointer)) return std::to_string(*number);
  return std::nullopt;
}

NamedAccount account_in(const SecretJson& answer, const domain::AccountSource& source) {
  NamedAccount account;
  bool whole = !source.id.empty();
  for (const std::string& pointer : source.id) {
    const auto part = plain_text_at(answer, pointer);
    // Cleaned of nothing: two accounts must not become one. So what would have to be cleaned is none.
    whole = whole && part && !part->empty() && one_line(*part, kLongestId) == *part;
    if (!whole) break;
    if (!account.id.empty()) account.id += '|';
    account.id += *part;
  }
  if (!whole || account.id.size() > kLongestId) account.id.clear();
  for (const std::string& pointer : source.label) {
    const auto text = plain_text_at(answer, pointer);
    if (text) account.label = one_line(*text, kLongestLabel);
    if (!account.label.empty()) break;
  }
  return account;
}

}  // namespace countersign::oauth
