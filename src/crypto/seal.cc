#include "crypto/seal.h"

#include <sodium.h>

#include <span>
#include <utility>

#include "crypto/length_prefix.h"

namespace countersign::crypto {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(kSealOverhead == 1 + kNonce + kTag);
static_assert(Key::kSize == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

unsigned char* octets(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* octets(const char* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }
const unsigned char* octets(const Key& key) { return reinterpret_cast<const unsigned char*>(key.reveal().data()); }

// The version is authenticated with the rest: a later format cannot be passed off as this one.
std::string bound(std::string_view associated_data) {
  std::string bytes(1, kVersion);
  bytes += associated_data;
  return bytes;
}

}  // namespace

std::string associated_data(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const std::string_view part : parts) {
    const LengthPrefix prefix = length_prefix(part.size());
    joined.append(prefix.begin(), prefix.end());
    joined += part;
  }
  return joined;
}

std::string seal(const Key& key, const Secret& plaintext, std::string_view associated_data, Random& random) {
  std::string sealed(kSealOverhead + plaintext.size(), '\0');
  sealed[0] = kVersion;
  char* const nonce = sealed.data() + 1;
  random.fill(std::as_writable_bytes(std::span(nonce, kNonce)));
  const std::string data = bound(associated_data);
  crypto_aead_xchacha20poly1305_ietf_encrypt(octets(nonce + kNonce), nullptr, octets(plaintext.reveal().data()),
                                             plaintext.size(), octets(data.data()), data.size(), nullptr, octets(nonce),
                                             octets(key));
  return sealed;
}

std::optional<Secret> open(const Key& key, std::string_view sealed, std::string_view associated_data) {
  if (sealed.size() < kSealOverhead || sealed[0] != kVersion) return std::nullopt;
  const char* const nonce = sealed.data() + 1;
  const std::string data = bound(associated_data);
  std::string plaintext(sealed.size() - kSealOverhead, '\0');
  const int refused = crypto_aead_xchacha20poly1305_ietf_decrypt(
      octets(plaintext.data()), nullptr, nullptr, octets(nonce + kNonce), sealed.size() - 1 - kNonce,
      octets(data.data()), data.size(), octets(nonce), octets(key));
  if (refused != 0) return std::nullopt;
  return Secret(std::move(plaintext));
}

}  // namespace countersign::crypto
