// How accounts read on pages. Pure.
#pragma once

#include <string>
#include <string_view>

#include "domain/people.h"
#include "web/badge.h"

namespace countersign::web {

// What a role lets somebody do, in one sentence.
std::string_view words_of(domain::Role role);
Badge badge_of(const domain::Person& person);
// "Firefox on Linux" where that much can be told, else what it called itself.
std::string browser_of(std::string_view user_agent);

}  // namespace countersign::web
