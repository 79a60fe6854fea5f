// WWW-Authenticate (RFC 9110 section 11.6.1): challenges separated by commas, and so are their parameters.
#include <algorithm>
#include <optional>
#include <utility>

#include "http/media_type.h"
#include "oauth/server_metadata.h"

namespace countersign::oauth {
namespace {

constexpr std::size_t kLongestField = 8192;

bool is_token_character(char c) {
  constexpr std::string_view kAlso = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kAlso.find(c) != std::string_view::npos;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  void skip(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }
  std::string_view token() {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_character);
    return take(static_cast<std::size_t>(end - rest_.begin()));
  }
  bool take_equals() {
    skip(" \t");
    if (!rest_.starts_with('=')) return false;
    rest_.remove_prefix(1);
    skip(" \t");
    return true;
  }
  // A token or a quoted text.
  std::optional<std::string> value() {
    if (rest_.starts_with('"')) return quoted();
    const std::string_view plain = token();
    return plain.empty() ? std::nullopt : std::optional(std::string(plain));
  }
  // RFC 9110 section 11.2: what some schemes have in place of parameters.
  void skip_token68() { skip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/="); }
  bool at_separator() {
    skip(" \t");
    return rest_.empty() || rest_.starts_with(',');
  }

 private:
  std::string_view take(std::size_t size) {
    const std::string_view head = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return head;
  }
  std::optional<std::string> quoted() {
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return text;
      }
      if (rest_[i] == '\\' && ++i == rest_.size()) break;
      text += rest_[i];
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

std::string* place_of(BearerChallenge& challenge, std::string_view name) {
  if (http::equal_ignoring_case(name, "resource_metadata")) return &challenge.resource_metadata;
  if (http::equal_ignoring_case(name, "scope")) return &challenge.scope;
  if (http::equal_ignoring_case(name, "error")) return &challenge.error;
  return nullptr;
}

// False when it is malformed, or says something twice (RFC 9110 section 11.2).
bool read_challenges(Reader reader, BearerChallenge& challenge) {
  bool bearer = false;
  while (true) {
    reader.skip(" \t,");
    if (reader.at_end()) return true;
    const std::string_view name = reader.token();
    if (name.empty()) return false;
    Reader before = reader;
    if (!reader.take_equals()) {  // a scheme
      reader = before;
      bearer = http::equal_ignoring_case(name, "bearer");
      reader.skip(" \t");
      Reader ahead = reader;
      ahead.skip_token68();
      if (!bearer && ahead.at_separator()) reader = ahead;
      continue;
    }
    auto value = reader.value();
    if (!value || !reader.at_separator()) return false;
    std::string* const place = bearer ? place_of(challenge, name) : nullptr;
    if (place == nullptr) continue;
    if (!place->empty()) return false;
    *place = std::move(*value);
  }
}

}  // namespace

BearerChallenge parse_bearer_challenge(std::string_view www_authenticate) {
  BearerChallenge challenge;
  if (www_authenticate.size() > kLongestField || !read_challenges(Reader(www_authenticate), challenge)) return {};
  return challenge;
}

}  // namespace countersign::oauth
