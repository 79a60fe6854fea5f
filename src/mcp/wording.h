// How a refusal names what the caller wrote: short, in quotes, with the nearest word we know. Only names
// (methods, tools, properties) pass through here, never values: a value may be a secret in the wrong place.
// Pure; thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace countersign::mcp {

inline constexpr std::size_t kLongestName = 64;

// In double quotes, cut at kLongestName bytes (on a character boundary) with "..." behind.
std::string quoted_name(std::string_view name);

// `unknown member "metod"; did you mean "method"?`
std::string unknown(std::string_view kind, std::string_view word, std::span<const std::string_view> known);

}  // namespace countersign::mcp
