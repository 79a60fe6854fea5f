// Free text that names people, agents and browsers: shown on pages, never compared. Pure.
#pragma once

#include <string>
#include <string_view>

namespace countersign::identity {

// Spaces here are the two that pages show as such: the usual one and U+00A0. Every other has a chip
// (web/visible_text.h).
std::string_view without_outer_spaces(std::string_view text);

// Without the spaces around it. Throws kInvalidArgument `bad_name`: empty, over 100 characters, not UTF-8, or
// with control characters or separators of lines, which could forge a line of a terminal or a log.
std::string checked_name(std::string_view typed);

// What a browser calls itself, cut to 200 characters, without what is not UTF-8 or a control character: hostile text
// that must not make a sign-in fail.
std::string browser_words(std::string_view user_agent);

}  // namespace countersign::identity
