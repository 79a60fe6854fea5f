// The names that people give to accounts and agents: free text, shown on pages, never compared. Pure.
#pragma once

#include <string>
#include <string_view>

namespace countersign::identity {

// Without the spaces around it. Throws kInvalidArgument `bad_name`: empty, over 100 characters, not UTF-8, or
// with control characters, which could forge a line of a terminal or a log.
std::string checked_name(std::string_view typed);

}  // namespace countersign::identity
