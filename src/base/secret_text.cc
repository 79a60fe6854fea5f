#include "base/secret_text.h"

#include <cstdint>

namespace countersign {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUpperHex = "0123456789ABCDEF";

constexpr bool unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void append_hex(WipingBuffer& to, unsigned char byte) {
  to.push_back(kUpperHex[byte >> 4]);
  to.push_back(kUpperHex[byte & 15]);
}

}  // namespace

Secret base64(std::string_view bytes) {
  WipingBuffer text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> std::uint32_t {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
    };
    const std::uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    text.push_back(kBase64[group >> 18]);
    text.push_back(kBase64[group >> 12 & 63]);
    text.push_back(i + 1 < bytes.size() ? kBase64[group >> 6 & 63] : '=');
    text.push_back(i + 2 < bytes.size() ? kBase64[group & 63] : '=');
  }
  return Secret::copy_of(view(text));
}

void append_percent_encoded(WipingBuffer& to, std::string_view text) {
  for (const char c : text) {
    if (unreserved(c)) {
      to.push_back(c);
      continue;
    }
    to.push_back('%');
    append_hex(to, static_cast<unsigned char>(c));
  }
}

void append_json_quoted(WipingBuffer& to, std::string_view text) {
  to.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      to.push_back('\\');
      to.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      append(to, "\\u00");
      append_hex(to, static_cast<unsigned char>(c));
    } else {
      to.push_back(c);
    }
  }
  to.push_back('"');
}

}  // namespace countersign
