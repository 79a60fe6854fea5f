#include "base/ids.h"

namespace countersign::base {
namespace {
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford: no i, l, o, u
constexpr std::size_t kLength = 13;                                       // 65 bits hold 63
}  // namespace

std::string id_text(std::string_view prefix, std::int64_t value) {
  std::string text(prefix);
  text += '_';
  for (std::size_t i = 0; i < kLength; ++i) {
    text += kDigits[static_cast<std::size_t>(value >> (5 * (kLength - 1 - i))) & 31U];
  }
  return text;
}

std::optional<std::int64_t> parse_id(std::string_view prefix, std::string_view text) {
  if (text.size() != prefix.size() + 1 + kLength || !text.starts_with(prefix) || text[prefix.size()] != '_') {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : text.substr(prefix.size() + 1)) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos || value >> 58 != 0) return std::nullopt;
    value = value << 5 | digit;
  }
  if (value == 0) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace countersign::base
