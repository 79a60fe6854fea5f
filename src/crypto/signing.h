// Ed25519 (RFC 8032): what others shall be able to check without our keys, audit checkpoints first.
// A const SigningKey is safe to share between threads.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "crypto/key.h"

namespace countersign::crypto {

using PublicKey = std::array<std::byte, 32>;
using Signature = std::array<std::byte, 64>;

class SigningKey {
 public:
  // The pair that belongs to this seed; the same seed always gives the same pair.
  explicit SigningKey(Key seed);

  const PublicKey& public_key() const { return public_key_; }
  // Deterministic. Start the message with a word that names its use.
  Signature sign(std::string_view message) const;

 private:
  Key seed_;  // expanded for each signature, so that guarded memory holds the only lasting copy
  PublicKey public_key_{};
};

// False also for a signature of another length and for a public key of small order.
bool verify(const PublicKey& public_key, std::string_view message, std::span<const std::byte> signature);

}  // namespace countersign::crypto
