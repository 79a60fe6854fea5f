// Words that people choose as passwords: 3,400 of them, part of the program, read-only. Thread-safe.
//
// Most are shorter than the least length we accept. They are what longer weak passwords are made of, and
// that is how password_rules.cc uses them.
#pragma once

#include <cstddef>
#include <string_view>

namespace countersign::identity {

inline constexpr std::size_t kShortestCommonPassword = 3;
inline constexpr std::size_t kLongestCommonPassword = 13;

// `word` in lower case.
bool is_common_password(std::string_view word);
std::size_t common_password_count();

}  // namespace countersign::identity
