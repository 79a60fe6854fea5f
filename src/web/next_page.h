// Where a person goes after sign-in: a word of ours or the token of a handoff link, never a URL, so that
// nobody can be sent elsewhere (abuse case 71).
#pragma once

#include <string>
#include <string_view>

#include "web/services.h"

namespace countersign::web {

// Words: a known first segment of a path ("agents"), that and an object's id ("agents.ag_…"), or a handoff's link.
// The word for a page somebody wanted to see: its path, still encoded.
std::string next_word(std::string_view path);
// The path a word stands for. Throws kNotFound for a word that is none and no genuine link either.
std::string next_path(const Services& services, std::string_view word);
// `?next=…` for a link of ours; nothing for the home page.
std::string next_query(std::string_view word);
// Whether the word is a handoff's link: the sign-in page then says what comes after it.
bool is_handoff(std::string_view word);

}  // namespace countersign::web
