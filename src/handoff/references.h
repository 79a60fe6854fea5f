// What a connection made of provider items must look like: one reference for each secret field of the template,
// and nothing that only a person could fill in. Used by this folder only. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "domain/connection.h"
#include "domain/integration.h"

namespace countersign::handoff {

using References = std::vector<domain::ProviderReference>;

// A reference that names no field is for the template's only secret. In the order of the template's fields.
References complete_references(const domain::AuthTemplate& form, References references);
// Throws kInvalidArgument `bad_reference` with what is wrong.
void check_references(const domain::Integration& integration, const domain::AuthTemplate& form,
                      const References& references);
bool fits(const domain::Integration& integration, const domain::AuthTemplate& form, const References& references);

// The plain fields, which have to be optional, as a person would leave them.
std::vector<std::pair<std::string, std::string>> empty_plain_fields(const domain::AuthTemplate& form);

}  // namespace countersign::handoff
