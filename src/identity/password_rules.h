// What a password must be: long, not guessable, not the login. No rules about kinds of characters: they
// make passwords worse (OWASP ASVS 5.0 V6.2). Pure; thread-safe.
//
// Guessability is estimated in the manner of zxcvbn, much simplified: the password is cut into the pieces
// that an attacker would try, common words, keyboard runs, years, repeats, and what the cheapest cut costs
// decides. It knows English words and Latin keyboards only; it finds the lazy choice, it is no proof.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace countersign::identity {

inline constexpr std::size_t kShortestPassword = 12;   // code points
inline constexpr std::size_t kLongestPassword = 1024;  // bytes
inline constexpr double kLeastPasswordBits = 38;       // twelve random digits pass, two common words do not

// What is wrong, as a sentence for the person that repeats nothing of the password. Empty: nothing.
std::string password_weakness(std::string_view password, std::string_view login);

// Estimated work to guess `password`, as a power of two.
double guess_bits(std::string_view password);

}  // namespace countersign::identity
