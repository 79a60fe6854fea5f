#include "http/media_type.h"

#include <algorithm>

namespace countersign::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// Cuts the text up to the next `separator` off.
std::string_view next(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trimmed(piece);
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_media_type(std::string_view content_type, std::string_view wanted) {
  if (!equal_ignoring_case(next(content_type, ';'), wanted)) return false;
  while (!content_type.empty()) {
    std::string_view value = next(content_type, ';');
    if (!equal_ignoring_case(next(value, '='), "charset")) continue;
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (!equal_ignoring_case(value, "utf-8")) return false;
  }
  return true;
}

}  // namespace countersign::http
