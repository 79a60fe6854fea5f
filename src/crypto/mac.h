// Keyed and plain digests, and the comparison that does not tell where two differ. Pure; thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

#include "crypto/key.h"

namespace countersign::crypto {

using Mac = std::array<std::byte, 32>;
using Digest = std::array<std::byte, 32>;

// Keyed BLAKE2b-256 (RFC 7693). Every part goes in behind its length: ("ab","c") and ("a","bc") differ.
// Start with a word that names the use, so that two uses of one key never meet.
Mac mac(const Key& key, std::initializer_list<std::string_view> parts);
// The same with the naming word apart: mac(key, "a", {"b"}) is mac(key, {"a", "b"}).
Mac mac(const Key& key, std::string_view use, std::span<const std::string_view> parts);

Digest sha256(std::string_view bytes);

// RFC 2104 with SHA-256, over the parts one after the other and nothing between them: what other programs sign
// with. For keys of theirs; two uses of one key of ours are told apart by mac(). The caller wipes `key`.
Mac hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts);

// Takes as long for any two inputs of one length. Different lengths are unequal at once.
bool equal(std::span<const std::byte> a, std::span<const std::byte> b);

}  // namespace countersign::crypto
