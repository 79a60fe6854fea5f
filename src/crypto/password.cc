#include "crypto/password.h"

#include <sodium.h>

#include <array>

#include "base/error.h"

namespace countersign::crypto {
namespace {

// An empty Secret has no bytes at all, and the library demands a pointer to some.
const char* bytes_of(const Secret& password) { return password.empty() ? "" : password.reveal().data(); }

}  // namespace

std::string hash_password(const Secret& password, const PasswordCost& cost) {
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (crypto_pwhash_str_alg(hash.data(), bytes_of(password), password.size(), cost.passes, cost.memory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw Error(ErrorCode::kUnavailable, "password_memory", "The server is too busy to check passwords.",
                "argon2id did not get " + std::to_string(cost.memory) + " bytes");
  }
  return hash.data();
}

bool password_matches(const Secret& password, const std::string& hash) {
  // The library reads the hash as a C string, up to a fixed size.
  if (hash.size() >= crypto_pwhash_STRBYTES || hash.find('\0') != std::string::npos) return false;
  return crypto_pwhash_str_verify(hash.c_str(), bytes_of(password), password.size()) == 0;
}

bool needs_rehash(const std::string& hash, const PasswordCost& cost) {
  if (hash.size() >= crypto_pwhash_STRBYTES) return true;
  return crypto_pwhash_str_needs_rehash(hash.c_str(), cost.passes, cost.memory) != 0;
}

}  // namespace countersign::crypto
