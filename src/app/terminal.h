// What a command prints. An export that a full disk cut short must not look complete.
#pragma once

#include <string_view>

namespace countersign::app {

// On standard output, at once. Throws kUnavailable `output_unwritable` when it did not get there.
void print(std::string_view text);
// On standard error; when that is gone there is nobody left to tell.
void complain(std::string_view text) noexcept;

}  // namespace countersign::app
