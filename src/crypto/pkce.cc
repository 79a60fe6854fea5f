#include "crypto/pkce.h"

#include "base/encoding.h"
#include "crypto/mac.h"

namespace countersign::crypto {
namespace {
constexpr std::size_t kShortestVerifier = 43;
constexpr std::size_t kLongestVerifier = 128;
}  // namespace

bool is_s256_challenge(std::string_view text) {
  const auto bytes = parse_base64url(text);
  return bytes && bytes->size() == sizeof(Digest);
}

std::string s256_challenge(const Secret& verifier) { return base64url(sha256(verifier.reveal())); }

bool s256_matches(const Secret& verifier, std::string_view challenge) {
  if (verifier.size() < kShortestVerifier || verifier.size() > kLongestVerifier) return false;
  return equal(as_bytes(s256_challenge(verifier)), as_bytes(challenge));
}

}  // namespace countersign::crypto
