// Looks at what a person typed before it is sealed: here, because looking needs reveal(). Pure.
#pragma once

#include <string>

#include "base/secret.h"
#include "domain/integration.h"

namespace countersign::vault {

// Surrounding white space is what a paste brings along; it is removed, and the person is told.
enum class Trimmed { kNo, kYes };
Trimmed trim(Secret& value);

// What is wrong with the value, in words that never repeat it; empty when nothing is.
std::string problem_with(const domain::Field& field, const Secret& value);
std::string problem_with(const domain::Field& field, std::string_view plain_value);

}  // namespace countersign::vault
