// Checks a value against the part of JSON Schema 2020-12 that our own tools are declared in (schema.h):
// type, properties, required, additionalProperties (yes, no, or a schema for all of them), enum, minLength,
// maxLength, minimum, maximum, items, maxItems. No $ref, no patterns: nothing is fetched, and the work is
// bounded by the value's size.
//
// A problem says where and what is asked for; it never repeats a value, which may be a secret in the
// wrong place. Pure; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace countersign::mcp {

struct Problem {
  std::string pointer;  // RFC 6901 into the value; empty for the value itself
  std::string message;
};

inline constexpr std::size_t kMostProblems = 20;  // enough to correct a call; the rest is not reported

// Empty when the value fits.
std::vector<Problem> check_schema(const Json& schema, const Json& value);

// Throws Error kInternal when the schema uses a keyword that check_schema would ignore: what is listed
// must be what is enforced.
void require_enforceable(const Json& schema);

}  // namespace countersign::mcp
