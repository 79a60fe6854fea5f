// Authenticated encryption of one value: XChaCha20-Poly1305 (IETF construction, 24 random bytes of nonce,
// so that any number of seals under one key is safe).
//
// A seal is `version 1 | nonce 24 | ciphertext | tag 16`. What it belongs to is not inside it but in the
// associated data: a seal copied to another row, field or version does not open. Pure; thread-safe.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/key.h"

namespace countersign::crypto {

inline constexpr std::size_t kSealOverhead = 1 + 24 + 16;

// Joins the parts so that none can be shifted into its neighbour.
std::string associated_data(std::initializer_list<std::string_view> parts);

// The result is no secret. The length of the plaintext shows in it.
std::string seal(const Key& key, const Secret& plaintext, std::string_view associated_data, Random& random);

// Empty when it does not authenticate: wrong key, other associated data, changed, cut or foreign bytes.
// Which of them it was cannot be told, and nothing is decrypted before that is decided.
std::optional<Secret> open(const Key& key, std::string_view sealed, std::string_view associated_data);

}  // namespace countersign::crypto
