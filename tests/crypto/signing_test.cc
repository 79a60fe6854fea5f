#include "crypto/signing.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/test_keys.h"
#include "crypto/unhex.h"

namespace countersign::crypto {
namespace {

struct Vector {
  std::string_view seed, public_key, message, signature;
};

SigningKey signing_key(std::string_view seed_hex) {
  const std::string seed = unhex(seed_hex);
  return SigningKey(Key::copy_of(as_bytes(seed).first<Key::kSize>()));
}

// RFC 8032 section 7.1, tests 1 to 3.
TEST(Signing, GivesThePublishedValues) {
  constexpr Vector kVectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
       "465"
       "5141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302ae"
       "eb0"
       "0d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
       "dc0"
       "27beceea1ec40a"},
  };
  for (const Vector& vector : kVectors) {
    const SigningKey key = signing_key(vector.seed);
    EXPECT_EQ(hex(key.public_key()), vector.public_key);
    EXPECT_EQ(hex(key.sign(unhex(vector.message))), vector.signature);
    EXPECT_TRUE(verify(key.public_key(), unhex(vector.message), as_bytes(unhex(vector.signature))));
  }
}

TEST(Signing, RefusesAnyChange) {
  const SigningKey key(test_key());
  const Signature signature = key.sign("message");
  EXPECT_TRUE(verify(key.public_key(), "message", signature));
  EXPECT_FALSE(verify(key.public_key(), "Message", signature));
  EXPECT_FALSE(verify(SigningKey(test_key(1)).public_key(), "message", signature));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    Signature changed = signature;
    changed[i] ^= std::byte{1};
    EXPECT_FALSE(verify(key.public_key(), "message", changed)) << i;
  }
}

TEST(Signing, RefusesASignatureOfAnotherLength) {
  const SigningKey key(test_key());
  const Signature signature = key.sign("message");
  EXPECT_FALSE(verify(key.public_key(), "message", std::span(signature).first<63>()));
  EXPECT_FALSE(verify(key.public_key(), "message", {}));
}

TEST(Signing, RefusesAPublicKeyOfSmallOrder) {
  PublicKey identity{};
  identity[0] = std::byte{1};
  Signature forged{};
  forged[0] = std::byte{1};
  EXPECT_FALSE(verify(identity, "anything", forged));
}

}  // namespace
}  // namespace countersign::crypto
