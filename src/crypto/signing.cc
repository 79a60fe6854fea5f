#include "crypto/signing.h"

#include <sodium.h>

#include <utility>

#include "base/wipe.h"

namespace countersign::crypto {
namespace {

using ExpandedKey = std::array<unsigned char, crypto_sign_SECRETKEYBYTES>;

unsigned char* octets(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* octets(const std::byte* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }
const unsigned char* octets(const char* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }

}  // namespace

SigningKey::SigningKey(Key seed) : seed_(std::move(seed)) {
  ExpandedKey expanded;
  crypto_sign_seed_keypair(octets(public_key_.data()), expanded.data(), octets(seed_.reveal().data()));
  base::wipe(expanded.data(), expanded.size());
}

Signature SigningKey::sign(std::string_view message) const {
  PublicKey ignored;
  ExpandedKey expanded;
  crypto_sign_seed_keypair(octets(ignored.data()), expanded.data(), octets(seed_.reveal().data()));
  Signature signature;
  crypto_sign_detached(octets(signature.data()), nullptr, octets(message.data()), message.size(), expanded.data());
  base::wipe(expanded.data(), expanded.size());
  return signature;
}

bool verify(const PublicKey& public_key, std::string_view message, std::span<const std::byte> signature) {
  return signature.size() == sizeof(Signature) &&
         crypto_sign_verify_detached(octets(signature.data()), octets(message.data()), message.size(),
                                     octets(public_key.data())) == 0;
}

}  // namespace countersign::crypto
