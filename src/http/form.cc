#include "http/form.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "base/wipe.h"

namespace countersign::http {
namespace {

[[noreturn]] void refuse(std::string_view reason, std::size_t field, std::string_view why) {
  throw Error(ErrorCode::kInvalidArgument, reason,
              "Field " + std::to_string(field) + " of the form or query " + std::string(why) + ".");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Not base's percent_decode: that one returns a std::string, and a value here may be a secret.
WipingBuffer decode(std::string_view encoded, std::size_t field) {
  WipingBuffer decoded;
  decoded.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    char c = encoded[i] == '+' ? ' ' : encoded[i];
    if (c == '%') {
      const int high = i + 2 < encoded.size() ? hex_digit(encoded[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(encoded[i + 2]) : -1;
      if (low < 0) refuse("bad_percent_encoding", field, "has a '%' that two hexadecimal digits do not follow");
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (c == '\0') refuse("nul_character", field, "contains the character NUL");
    decoded.push_back(c);
  }
  if (!is_utf8(view(decoded))) refuse("invalid_utf8", field, "is not valid UTF-8");
  return decoded;
}

std::string decode_name(std::string_view encoded, std::size_t field) {
  if (encoded.size() > kMaxFieldName * 3) refuse("name_too_long", field, "has too long a name");
  std::string name(view(decode(encoded, field)));
  if (name.empty()) refuse("empty_name", field, "has no name");
  if (name.size() > kMaxFieldName) refuse("name_too_long", field, "has too long a name");
  return name;
}

// Calls take(name, value) for each pair in order; both are checked, the value lies in wiped memory.
template <class Take>
void for_each_field(std::string_view text, Take take) {
  std::set<std::string, std::less<>> seen;
  std::size_t field = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (++field > kMaxFields) refuse("too_many_fields", field, "is one too many");
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string name = decode_name(pair.substr(0, equals), field);
    if (!seen.insert(name).second) refuse("duplicate_name", field, "has the name of an earlier one");
    const WipingBuffer value = decode(pair.substr(std::min(equals + 1, pair.size())), field);
    take(std::move(name), view(value));
  }
}

bool names(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
    if (!pattern.ends_with('*')) return name == pattern;
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  });
}

}  // namespace

std::string_view Form::field(std::string_view name) const {
  const auto found = fields_.find(name);
  return found != fields_.end() ? std::string_view(found->second) : std::string_view();
}

Secret Form::take_secret(std::string_view name) {
  const auto found = secrets_.find(name);
  if (found == secrets_.end()) return {};
  return std::move(secrets_.extract(found).mapped());
}

Form parse_form(std::string_view body, const std::vector<std::string>& secret_fields) {
  Form form;
  for_each_field(body, [&](std::string name, std::string_view value) {
    if (names(secret_fields, name)) {
      form.add_secret(std::move(name), Secret::copy_of(value));
    } else {
      form.add(std::move(name), std::string(value));
    }
  });
  return form;
}

std::map<std::string, std::string, std::less<>> parse_query(std::string_view query) {
  std::map<std::string, std::string, std::less<>> parameters;
  for_each_field(query, [&](std::string name, std::string_view value) { parameters.emplace(std::move(name), value); });
  return parameters;
}

}  // namespace countersign::http
