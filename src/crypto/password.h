// Passwords: argon2id (RFC 9106) with a random salt, kept as one self-describing PHC string.
//
// Each call blocks for tens of milliseconds and holds `memory` bytes: never on a request thread, identity
// runs it on a worker of its own. Only passwords need this; a random token gets a plain keyed hash.
// Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace countersign::crypto {

struct PasswordCost {
  unsigned passes = 3;
  std::size_t memory = std::size_t{64} * 1024 * 1024;
};
// The least that argon2id accepts: for tests only.
inline constexpr PasswordCost kCheapPasswordCost{1, 8 * 1024};

// Throws Error kUnavailable when the memory cannot be had.
std::string hash_password(const Secret& password, const PasswordCost& cost = {});

// False for a wrong password and for a hash that is not one of ours.
bool password_matches(const Secret& password, const std::string& hash);

// True when the hash was made with other parameters than `cost`, or is not one of ours: hash again while
// the password is at hand, after a successful sign-in.
bool needs_rehash(const std::string& hash, const PasswordCost& cost = {});

}  // namespace countersign::crypto
