// What an OAuth connection learns while it is made, beside its tokens: values that later calls need, the address of
// the API, and whose account it is. Pure.
#pragma once

#include <array>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/json_object.h"
#include "domain/integration.h"

namespace countersign::catalog {

inline constexpr std::array<std::string_view, 2> kKeptKeys{"from", "field"};
inline constexpr std::array<std::string_view, 2> kToldBaseUrlKeys{"from", "hosts"};
inline constexpr std::array<std::string_view, 5> kAccountKeys{"from", "url", "body", "id", "label"};

// `keep`, `keep_callback`, `base_url` and `account`; the rest of `spec` has been read.
void read_obtained(const JsonObject& from, Targets targets, const domain::AuthTemplate& form, domain::OAuthSpec& spec);

// The template with what it obtains as fields beside those that a person types: what its placement may name.
domain::AuthTemplate with_obtained_fields(const domain::AuthTemplate& form);

// A field's name that a token has, or the form itself; no field of an oauth2 template may have it.
bool is_obtained_name(std::string_view name);

}  // namespace countersign::catalog
