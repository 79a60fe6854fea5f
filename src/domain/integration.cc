#include "domain/integration.h"

#include <algorithm>
#include <array>

namespace countersign::domain {
namespace {

constexpr std::size_t kLongestLabel = 63;
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

bool is_in(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool is_field_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return is_in(c, kLower) || is_in(c, kDigits) || c == '_'; });
}

// One entry of a character set: a single character, or the ends of a range.
struct Range {
  char first;
  char last;
  std::size_t size;  // in the text of the set
};

Range range_at(std::string_view set, std::size_t at) {
  if (at + 2 < set.size() && set[at + 1] == '-') return {set[at], set[at + 2], 3};
  return {set[at], set[at], 1};
}

bool is_sound(const Range& range) {
  if (range.size == 1) return range.first > 0x20 && range.first < 0x7f;
  const std::array alphabets{kLower, kUpper, kDigits};
  return range.first < range.last && std::any_of(alphabets.begin(), alphabets.end(), [&](std::string_view letters) {
           return is_in(range.first, letters) && is_in(range.last, letters);
         });
}

bool holds(std::string_view set, char c) {
  for (std::size_t at = 0; at < set.size();) {
    const Range range = range_at(set, at);
    if (c >= range.first && c <= range.last) return true;
    at += range.size;
  }
  return false;
}

}  // namespace

const Field* AuthTemplate::find_field(std::string_view field_name) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == field_name; });
  return found == fields.end() ? nullptr : &*found;
}

const AuthTemplate* Integration::find_template(std::string_view template_slug) const {
  if (template_slug.empty()) return templates.empty() ? nullptr : &templates.front();
  for (const AuthTemplate& one : templates) {
    if (one.slug == template_slug) return &one;
  }
  return nullptr;
}

std::optional<std::vector<TextPart>> split_text(std::string_view text) {
  std::vector<TextPart> parts;
  while (!text.empty()) {
    const auto brace = std::min(text.find_first_of("{}"), text.size());
    if (brace != 0) {
      parts.push_back({TextPart::Kind::kLiteral, text.substr(0, brace)});
      text.remove_prefix(brace);
      continue;
    }
    const auto end = text.find('}');
    if (text.front() != '{' || end == std::string_view::npos || !is_field_name(text.substr(1, end - 1)))
      return std::nullopt;
    parts.push_back({TextPart::Kind::kField, text.substr(1, end - 1)});
    text.remove_prefix(end + 1);
  }
  return parts;
}

bool is_host_label(std::string_view text) {
  return !text.empty() && text.size() <= kLongestLabel && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_in(c, kLower) || is_in(c, kDigits) || c == '-'; });
}

bool same_header(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return is_in(c, kUpper) ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool is_placeable_header(std::string_view name) {
  constexpr std::string_view kAlso = "!#$%&'*+-.^_`|~";
  constexpr std::array<std::string_view, 17> kOthers{"host",
                                                     "content-length",
                                                     "content-type",
                                                     "content-encoding",
                                                     "transfer-encoding",
                                                     "connection",
                                                     "keep-alive",
                                                     "expect",
                                                     "te",
                                                     "trailer",
                                                     "upgrade",
                                                     "range",
                                                     "cookie",
                                                     "accept-encoding",
                                                     "proxy-authorization",
                                                     "proxy-connection",
                                                     "set-cookie"};
  const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_in(c, kLower) || is_in(c, kUpper) || is_in(c, kDigits) || is_in(c, kAlso);
  });
  return token &&
         std::none_of(kOthers.begin(), kOthers.end(), [&](std::string_view other) { return same_header(name, other); });
}

bool is_character_set(std::string_view set) {
  for (std::size_t at = 0; at < set.size();) {
    const Range range = range_at(set, at);
    if (!is_sound(range)) return false;
    at += range.size;
  }
  return true;
}

bool made_of(std::string_view set, std::string_view text) {
  return set.empty() || std::all_of(text.begin(), text.end(), [&](char c) { return holds(set, c); });
}

}  // namespace countersign::domain
