#include "crypto/seal.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cstring>
#include <set>

#include "base/encoding.h"
#include "crypto/test_keys.h"
#include "crypto/unhex.h"
#include "support/seeded_random.h"

namespace countersign::crypto {
namespace {

const std::string kPlain = "sk_live_canary_0123456789";

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string openssl_encrypt(const EVP_CIPHER* cipher, std::string_view key, std::string_view iv, std::string_view data,
                            std::string_view plain, std::size_t tag_size) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  std::string out(plain.size() + tag_size, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  int length = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(context, cipher, nullptr, octets(key), octets(iv)), 1);
  if (!data.empty()) {
    EXPECT_EQ(EVP_EncryptUpdate(context, nullptr, &length, octets(data), static_cast<int>(data.size())), 1);
  }
  EXPECT_EQ(EVP_EncryptUpdate(context, bytes, &length, octets(plain), static_cast<int>(plain.size())), 1);
  EXPECT_EQ(EVP_EncryptFinal_ex(context, bytes + length, &length), 1);
  if (tag_size != 0) {
    EXPECT_EQ(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_size), bytes + plain.size()), 1);
  }
  EVP_CIPHER_CTX_free(context);
  return out;
}

// HChaCha20 out of OpenSSL's ChaCha20: a key-stream block is the final state plus the initial one, so
// what the subkey needs (words 0-3 and 12-15 of the final state) comes back by subtraction.
std::string hchacha20(std::string_view key, std::string_view nonce16) {
  const std::string block = openssl_encrypt(EVP_chacha20(), key, nonce16, {}, std::string(64, '\0'), 0);
  const std::string first = std::string("expand 32-byte k") + std::string(key) + std::string(nonce16);
  std::string subkey;
  for (const std::size_t word : {0, 1, 2, 3, 12, 13, 14, 15}) {
    std::uint32_t sum = 0;
    std::uint32_t start = 0;
    std::memcpy(&sum, block.data() + word * 4, 4);
    std::memcpy(&start, first.data() + word * 4, 4);
    sum -= start;
    subkey.append(reinterpret_cast<const char*>(&sum), 4);
  }
  return subkey;
}

// A second implementation of XChaCha20-Poly1305, on OpenSSL (draft-irtf-cfrg-xchacha, section 2.3).
std::string reference_aead(std::string_view key, std::string_view nonce24, std::string_view data,
                           std::string_view plain) {
  const std::string nonce = std::string(4, '\0') + std::string(nonce24.substr(16));
  return openssl_encrypt(EVP_chacha20_poly1305(), hchacha20(key, nonce24.substr(0, 16)), nonce, data, plain, 16);
}

std::string sealed_with(const Key& key, std::string_view plain, std::string_view data, std::uint64_t seed = 1) {
  support::SeededRandom random(seed);
  return seal(key, Secret::copy_of(plain), data, random);
}

std::string opened(const Key& key, std::string_view sealed, std::string_view data) {
  const auto secret = open(key, sealed, data);
  return secret ? std::string(secret->reveal()) : "refused";
}

// draft-irtf-cfrg-xchacha-03, appendix A.3.1: the reference is right before it judges.
TEST(Seal, ReferenceGivesThePublishedValue) {
  EXPECT_EQ(hex(as_bytes(reference_aead(
                unhex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
                unhex("404142434445464748494a4b4c4d4e4f5051525354555657"), unhex("50515253c0c1c2c3c4c5c6c7"),
                "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
                "sunscreen would be it."))),
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c"
            "54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da97688"
            "12f615c68b13b52ec0875924c1c7987947deafd8780acf49");
}

TEST(Seal, IsXChaCha20Poly1305OverTheVersionAndTheData) {
  const std::string sealed = sealed_with(test_key(), kPlain, "data");
  ASSERT_EQ(sealed.size(), kSealOverhead + kPlain.size());
  EXPECT_EQ(sealed[0], 1);
  const std::string key(as_text(test_key().reveal()));
  EXPECT_EQ(sealed.substr(25), reference_aead(key, sealed.substr(1, 24),
                                              "\x01"
                                              "data",
                                              kPlain));
}

TEST(Seal, OpensToWhatWasSealed) {
  for (const std::size_t size : {0, 1, 15, 16, 17, 63, 64, 65, 10'000}) {
    const std::string plain(size, 'p');
    EXPECT_EQ(opened(test_key(), sealed_with(test_key(), plain, "data"), "data"), plain);
  }
}

TEST(Seal, NeverShowsThePlaintext) {
  EXPECT_EQ(sealed_with(test_key(), kPlain, kPlain).find(kPlain.substr(0, 8)), std::string::npos);
}

TEST(Seal, UsesAFreshNonceEachTime) {
  support::SeededRandom random;
  std::set<std::string> nonces;
  for (int i = 0; i < 100; ++i) nonces.insert(seal(test_key(), Secret(), "", random).substr(1, 24));
  EXPECT_EQ(nonces.size(), 100U);
}

TEST(Seal, RefusesAnyChangedByte) {
  const std::string sealed = sealed_with(test_key(), kPlain, "data");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    for (const int bit : {1, 0x80}) {
      std::string changed = sealed;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      EXPECT_EQ(opened(test_key(), changed, "data"), "refused") << i;
    }
  }
}

TEST(Seal, RefusesAnyCutAndAnyAddition) {
  const std::string sealed = sealed_with(test_key(), kPlain, "data");
  for (std::size_t i = 0; i < sealed.size(); ++i) EXPECT_EQ(opened(test_key(), sealed.substr(0, i), "data"), "refused");
  EXPECT_EQ(opened(test_key(), sealed + '\0', "data"), "refused");
  EXPECT_EQ(opened(test_key(), "", "data"), "refused");
}

TEST(Seal, RefusesOtherAssociatedDataAndOtherKeys) {
  const std::string sealed = sealed_with(test_key(), kPlain, "data");
  EXPECT_EQ(opened(test_key(), sealed, "data"), kPlain);
  EXPECT_EQ(opened(test_key(), sealed, "dat"), "refused");
  EXPECT_EQ(opened(test_key(), sealed, "data "), "refused");
  EXPECT_EQ(opened(test_key(), sealed, ""), "refused");
  EXPECT_EQ(opened(test_key(1), sealed, "data"), "refused");
}

TEST(AssociatedData, CannotBeShiftedBetweenParts) {
  EXPECT_NE(associated_data({"ab", "c"}), associated_data({"a", "bc"}));
  EXPECT_NE(associated_data({"a", ""}), associated_data({"a"}));
  EXPECT_NE(associated_data({""}), associated_data({}));
  EXPECT_EQ(hex(as_bytes(associated_data({"a", "bc"}))),
            "0100000000000000"
            "61"
            "0200000000000000"
            "6263");
}

}  // namespace
}  // namespace countersign::crypto
