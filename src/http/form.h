// application/x-www-form-urlencoded, of bodies and queries, strict: what a browser never sends is
// refused, because two readers could understand it differently (abuse cases 74, 101).
//
// Refused with kInvalidArgument and one of the reasons bad_percent_encoding, invalid_utf8,
// nul_character, duplicate_name, empty_name, name_too_long, too_many_fields. The message names a field by
// its number only: name and value may be a secret in the wrong place. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/router.h"

namespace countersign::http {

inline constexpr std::size_t kMaxFields = 64;
inline constexpr std::size_t kMaxFieldName = 128;  // bytes, decoded

// A field that `secret_fields` names goes from the body into its Secret through wiped memory alone.
Form parse_form(std::string_view body, const std::vector<std::string>& secret_fields);
std::map<std::string, std::string, std::less<>> parse_query(std::string_view query);

}  // namespace countersign::http
