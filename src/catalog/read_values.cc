#include "catalog/read_values.h"

#include <algorithm>

namespace countersign::catalog {
namespace {

void check_page_url(const JsonObject& from, std::string_view key, std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  const std::string_view rest = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  const std::string_view host = rest.substr(0, rest.find('/'));
  const bool printable = std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (host.empty() || !is_lower(host, ".-:") || !printable || url.find_first_of("\\\"<>") != std::string_view::npos) {
    throw from.error(key, "must be an https:// URL with a lower-case host");
  }
}

}  // namespace

bool is_lower(std::string_view text, std::string_view also) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || also.find(c) != std::string_view::npos;
  });
}

bool is_slug(std::string_view text) {
  return !text.empty() && is_lower(text, "-") && text.front() != '-' && text.back() != '-';
}

std::string read_slug(const JsonObject& from, std::string_view key) {
  std::string word = from.text(key, kSlugLimit);
  if (!is_slug(word)) throw from.error(key, "must be lower-case letters, digits and hyphens");
  return word;
}

std::string read_page_url(const JsonObject& from, std::string_view key) {
  std::string url = from.text(key, kUrlLimit);
  check_page_url(from, key, url);
  return url;
}

std::string read_optional_page_url(const JsonObject& from, std::string_view key) {
  return from.has(key) ? read_page_url(from, key) : std::string();
}

}  // namespace countersign::catalog
