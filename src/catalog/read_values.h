// The values that more than one part of an integration file has: a slug, one word of several, a page's URL.
// Used by this folder only; pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/closest.h"
#include "catalog/json_object.h"
#include "domain/state_machine.h"

namespace countersign::catalog {

// In code points.
inline constexpr std::size_t kNameLimit = 80;
inline constexpr std::size_t kSentenceLimit = 400;
inline constexpr std::size_t kUrlLimit = 300;
inline constexpr std::size_t kSlugLimit = 40;

// Lower-case letters, digits and what `also` lists.
bool is_lower(std::string_view text, std::string_view also);
// Lower-case letters, digits and hyphens, none of these at an end.
bool is_slug(std::string_view text);
std::string read_slug(const JsonObject& from, std::string_view key);

// A page that a person is sent to: https, a host, nothing that hides another host.
std::string read_page_url(const JsonObject& from, std::string_view key);
std::string read_optional_page_url(const JsonObject& from, std::string_view key);
std::vector<std::string> read_page_urls(const JsonObject& from, std::string_view key);

// A JSON Pointer (RFC 6901 section 3) below the root, or a list of five at most.
std::string read_pointer(const JsonObject& from, std::string_view key);
std::vector<std::string> read_pointers(const JsonObject& from, std::string_view key);

template <class Enum, std::size_t N>
Enum one_of(const JsonObject& from, std::string_view key, const domain::Names<Enum, N>& names,
            const std::string& word) {
  if (const auto value = names.parse(word)) return *value;
  std::string listed;
  for (const std::string_view name : names.names) {
    listed += listed.empty() ? "\"" : ", \"";
    listed += std::string(name) + "\"";
  }
  throw from.error(key, "must be one of " + listed + did_you_mean(word, names.names));
}

}  // namespace countersign::catalog
