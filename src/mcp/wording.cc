#include "mcp/wording.h"

#include "base/closest.h"

namespace countersign::mcp {

std::string quoted_name(std::string_view name) {
  if (name.size() <= kLongestName) return '"' + std::string(name) + '"';
  std::size_t end = kLongestName;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return '"' + std::string(name.substr(0, end)) + "...\"";
}

std::string unknown(std::string_view kind, std::string_view word, std::span<const std::string_view> known) {
  std::string text = "unknown ";
  text.append(kind).append(" ").append(quoted_name(word));
  text += did_you_mean(word, known);
  return text;
}

}  // namespace countersign::mcp
