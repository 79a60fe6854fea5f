// Text encodings, strict in what they accept: no padding variants, no ignored characters, no overlong
// UTF-8. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace countersign {

// RFC 4648 section 5 without padding.
std::string base64url(std::span<const std::byte> bytes);
// Empty on a foreign character, padding, an impossible length or non-zero trailing bits.
std::optional<std::vector<std::byte>> parse_base64url(std::string_view text);

std::string hex(std::span<const std::byte> bytes);

// RFC 3986: everything but unreserved characters is escaped.
std::string percent_encode(std::string_view text);
// Empty on a bad escape. `plus_is_space` is the form encoding's rule, never a path's.
enum class Plus { kLiteral, kSpace };
std::optional<std::string> percent_decode(std::string_view text, Plus plus = Plus::kLiteral);

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);
// Number of code points of valid UTF-8.
std::size_t code_points(std::string_view text);

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace countersign
