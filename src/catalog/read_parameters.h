// What an integration file adds to the requests of OAuth: parameters and headers. None of them can take the place of
// what the broker itself says there. Pure.
#pragma once

#include <string_view>

#include "catalog/json_object.h"
#include "domain/oauth.h"

namespace countersign::catalog {

// All four keys of `oauth` that add something; the rest of `spec` has been read.
void read_parameters(const JsonObject& from, domain::OAuthSpec& spec);

// The name of a parameter of a query or of a form.
bool is_parameter_name(std::string_view text);

}  // namespace countersign::catalog
