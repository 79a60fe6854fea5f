#include "catalog/read_values.h"

#include <algorithm>

namespace countersign::catalog {
namespace {

constexpr std::size_t kMostPointers = 5;
constexpr std::string_view kWhatAPageIs = "must be an https:// URL with a lower-case host";
constexpr std::string_view kWhatAPointerIs = "must be a JSON Pointer, like /user/email";

bool is_page_url(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  const std::string_view rest = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  const std::string_view host = rest.substr(0, rest.find('/'));
  const bool printable = std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  return !host.empty() && is_lower(host, ".-:") && printable && url.find_first_of("\\\"<>") == std::string_view::npos;
}

bool is_pointer(std::string_view text) {
  if (!text.starts_with('/')) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  }
  return true;
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
  if (!is_page_url(url)) throw from.error(key, kWhatAPageIs);
  return url;
}

std::string read_optional_page_url(const JsonObject& from, std::string_view key) {
  return from.has(key) ? read_page_url(from, key) : std::string();
}

std::vector<std::string> read_page_urls(const JsonObject& from, std::string_view key) {
  std::vector<std::string> urls = from.texts(key, kUrlLimit);
  for (std::size_t i = 0; i < urls.size(); ++i) {
    if (!is_page_url(urls[i])) throw from.error(key, i, kWhatAPageIs);
  }
  return urls;
}

std::string read_pointer(const JsonObject& from, std::string_view key) {
  std::string pointer = from.text(key, kNameLimit);
  if (!is_pointer(pointer)) throw from.error(key, kWhatAPointerIs);
  return pointer;
}

std::vector<std::string> read_pointers(const JsonObject& from, std::string_view key) {
  std::vector<std::string> pointers = from.texts(key, kNameLimit);
  for (std::size_t i = 0; i < pointers.size(); ++i) {
    if (!is_pointer(pointers[i])) throw from.error(key, i, kWhatAPointerIs);
  }
  if (pointers.size() > kMostPointers) throw from.error(key, "has more than 5 pointers");
  return pointers;
}

}  // namespace countersign::catalog
