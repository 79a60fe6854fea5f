// Proof Key for Code Exchange (RFC 7636), S256 alone: whoever asks first keeps a verifier and shows its digest.
// Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"

namespace countersign::crypto {

// 43 base64url characters of 32 bytes, as s256_challenge() writes them.
bool is_s256_challenge(std::string_view text);
std::string s256_challenge(const Secret& verifier);
// Constant time. False for a verifier of a length that section 4.1 does not allow.
bool s256_matches(const Secret& verifier, std::string_view challenge);

}  // namespace countersign::crypto
