#include "crypto/mac.h"

#include <sodium.h>

#include "base/encoding.h"
#include "base/wipe.h"
#include "crypto/length_prefix.h"

namespace countersign::crypto {
namespace {

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

class Hasher {
 public:
  explicit Hasher(const Key& key) {
    crypto_generichash_init(&state_, octets(as_text(key.reveal())), Key::kSize, sizeof(Mac));
  }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  ~Hasher() { base::wipe(&state_, sizeof state_); }  // holds the key block and the last bytes of the message

  void add(std::string_view part) {
    const LengthPrefix prefix = length_prefix(part.size());
    crypto_generichash_update(&state_, prefix.data(), prefix.size());
    crypto_generichash_update(&state_, octets(part), part.size());
  }
  Mac finish() {
    Mac result;
    crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(result.data()), result.size());
    return result;
  }

 private:
  crypto_generichash_state state_;
};

}  // namespace

// libsodium's return values are not looked at: with these constant sizes there is no way to fail.
Mac mac(const Key& key, std::initializer_list<std::string_view> parts) {
  Hasher hasher(key);
  for (const std::string_view part : parts) hasher.add(part);
  return hasher.finish();
}

Mac mac(const Key& key, std::string_view use, std::span<const std::string_view> parts) {
  Hasher hasher(key);
  hasher.add(use);
  for (const std::string_view part : parts) hasher.add(part);
  return hasher.finish();
}

Digest sha256(std::string_view bytes) {
  Digest digest;
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(digest.data()), octets(bytes), bytes.size());
  return digest;
}

Mac hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, octets(key), key.size());
  for (const std::string_view part : parts) crypto_auth_hmacsha256_update(&state, octets(part), part.size());
  Mac result;
  crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(result.data()));
  base::wipe(&state, sizeof state);  // holds the key's two pads
  return result;
}

bool equal(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace countersign::crypto
