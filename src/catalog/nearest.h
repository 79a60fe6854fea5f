// "Did you mean …": the known word that is closest to a mistyped one. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace countersign::catalog {

// Empty when nothing is near enough to be a typing error (more than a third of the word differs).
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);
// `; did you mean "fields"?`, or nothing: to be appended to a message.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace countersign::catalog
