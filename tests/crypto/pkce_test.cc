#include "crypto/pkce.h"

#include <gtest/gtest.h>

namespace countersign::crypto {
namespace {

// RFC 7636 appendix B.
constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr std::string_view kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

TEST(Pkce, AgreesWithTheRfc) {
  const Secret verifier = Secret::copy_of(kVerifier);
  EXPECT_EQ(s256_challenge(verifier), kChallenge);
  EXPECT_TRUE(s256_matches(verifier, kChallenge));
}

TEST(Pkce, AnotherVerifierDoesNotMatch) {
  std::string other(kVerifier);
  other.back() = 'l';
  EXPECT_FALSE(s256_matches(Secret(std::move(other)), kChallenge));
  EXPECT_FALSE(s256_matches(Secret(), kChallenge));
  EXPECT_FALSE(s256_matches(Secret::copy_of(kVerifier), ""));
}

TEST(Pkce, AVerifierHasTheLengthOfTheRfc) {
  for (const std::size_t length : {42U, 129U}) {
    const Secret verifier(std::string(length, 'a'));
    EXPECT_FALSE(s256_matches(verifier, s256_challenge(verifier))) << length;
  }
  for (const std::size_t length : {43U, 128U}) {
    const Secret verifier(std::string(length, 'a'));
    EXPECT_TRUE(s256_matches(verifier, s256_challenge(verifier))) << length;
  }
}

TEST(Pkce, AChallengeIsExactlyADigestInBase64url) {
  EXPECT_TRUE(is_s256_challenge(kChallenge));
  const std::string text(kChallenge);
  for (const std::string& bad : {std::string(), text.substr(1), text + "A", text + "=", "+" + text.substr(1),
                                 text.substr(0, 42) + "N"}) {  // the last one has bits behind the digest's end
    EXPECT_FALSE(is_s256_challenge(bad)) << bad;
  }
}

}  // namespace
}  // namespace countersign::crypto
