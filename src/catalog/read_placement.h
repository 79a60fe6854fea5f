// Where a template's credential stands in a request (`placement`), and the headers that are the same for
// everybody (`headers`). What is refused here could otherwise only fail when a call is made. Pure.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "catalog/json_object.h"
#include "domain/integration.h"

namespace countersign::catalog {

inline constexpr std::array<std::string_view, 2> kPlacementKeys{"headers", "basic"};
inline constexpr std::array<std::string_view, 2> kBasicKeys{"user", "password"};

// `from` is the template, `form` what has been read of it: its kind and fields. Left out, a placement is the
// usual one of its kind. Every secret field is placed somewhere.
domain::Placement read_placement(const JsonObject& from, const domain::AuthTemplate& form);

// The integration's own headers, without fields in them.
std::vector<domain::PlacedHeader> read_fixed_headers(const JsonObject& from);
// Once the templates are read: no header is sent twice.
void check_headers_once(const JsonObject& from, const domain::Integration& integration);

}  // namespace countersign::catalog
