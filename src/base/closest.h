// "Did you mean …?": the known word nearest to a mistyped one. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace countersign {

// Nothing when none is near enough to be worth saying. Case, '_', '-' and '.' do not count.
std::optional<std::string_view> closest(std::string_view word, std::span<const std::string_view> known);

// `; did you mean "listen"?`, or nothing: to be put behind a message.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace countersign
