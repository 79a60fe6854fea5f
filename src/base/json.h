// The strict gate: the only place where JSON text becomes a value and a value becomes text.
//
// What is shown to a person must be what is executed (abuse cases 81, 105). So it refuses, before a value
// is built: more than the limits, duplicate keys, invalid UTF-8, lone surrogates, NUL (raw or escaped), a
// byte order mark, trailing bytes, NaN, and every number whose value would change on the way:
//   - an integer above `largest_integer` in magnitude (and always one that no 64-bit integer holds);
//   - the integer `-0`, whose sign an integer loses; `-0.0` is a float and stays -0.0;
//   - a fraction that a double turns into infinity (1e400) or into zero (1e-400).
// A fraction is otherwise kept as the nearest double, and that double is what is shown and sent.
// Pure; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace countersign {

using Json = nlohmann::json;

struct JsonLimits {
  std::size_t bytes = 64 * 1024;
  std::size_t depth = 16;
  std::size_t values = 10'000;  // keys and values together, containers included
  // 2^53 - 1: above it a receiver that computes in doubles reads a neighbouring number (RFC 7493 section
  // 2.2). Text that only this program writes and reads may raise it up to the 64-bit range.
  std::uint64_t largest_integer = (std::uint64_t{1} << 53) - 1;
};

// Throws Error kInvalidArgument, reason `invalid_json`, with the byte offset in the message
// and never a piece of the text: it may be a secret in the wrong place.
Json parse_json(std::string_view text, const JsonLimits& limits = {});
// For base/secret_json.cc: `text` in which every string that is a value is ""; the first becomes "0", the next "1".
Json parse_masked_json(std::string_view text, const JsonLimits& limits);

// Compact, keys sorted. Invalid UTF-8 in a string becomes U+FFFD instead of an exception, NaN becomes null.
std::string dump_json(const Json& value);
// `text` as a quoted JSON string: for hot answers that are put together by hand.
std::string json_quote(std::string_view text);

}  // namespace countersign
