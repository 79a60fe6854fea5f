// What a password must be: long, not guessable, not the login. No rules about kinds of characters: they
// make passwords worse (OWASP ASVS 5.0 V6.2). Guessability is zxcvbn's estimate, which knows common
// passwords, words, keyboard runs, dates and repeats. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace countersign::identity {

inline constexpr std::size_t kShortestPassword = 12;   // code points
inline constexpr std::size_t kLongestPassword = 1024;  // bytes
inline constexpr double kLeastPasswordBits = 38;       // twelve random digits pass, two common words do not

// What is wrong, as a sentence for the person that repeats nothing of the password. Empty: nothing.
std::string password_weakness(const Secret& password, std::string_view login);

}  // namespace countersign::identity
