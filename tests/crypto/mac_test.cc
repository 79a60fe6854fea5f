#include "crypto/mac.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/encoding.h"
#include "crypto/test_keys.h"

namespace countersign::crypto {
namespace {

std::string mac_hex(const Key& key, std::initializer_list<std::string_view> parts) { return hex(mac(key, parts)); }

// hashlib.blake2b as in key_test.cc, over parts b"audit", b"", b"row".
TEST(Mac, GivesWhatAnotherImplementationGives) {
  EXPECT_EQ(mac_hex(test_key(), {"audit", "", "row"}),
            "f1b041aa1e0c845a57671895913899ce3a236759fce64c3a8011974c64fdff03");
}

TEST(Mac, TellsEveryDivisionIntoPartsApart) {
  const Key key = test_key();
  std::set<std::string> macs;
  macs.insert(mac_hex(key, {}));
  macs.insert(mac_hex(key, {""}));
  macs.insert(mac_hex(key, {"", ""}));
  macs.insert(mac_hex(key, {"abc"}));
  macs.insert(mac_hex(key, {"a", "bc"}));
  macs.insert(mac_hex(key, {"ab", "c"}));
  macs.insert(mac_hex(key, {"abc", ""}));
  macs.insert(mac_hex(key, {"", "abc"}));
  // A part that looks like the framing of two.
  macs.insert(mac_hex(key, {std::string_view("a\x02\0\0\0\0\0\0\0bc", 11)}));
  EXPECT_EQ(macs.size(), 9U);
}

TEST(Mac, TakesItsUseAsTheFirstPart) {
  const std::string_view parts[] = {"b", "c"};
  EXPECT_EQ(mac(test_key(), "a", parts), mac(test_key(), {"a", "b", "c"}));
  EXPECT_NE(mac(test_key(), "ab", std::span(parts).last<1>()), mac(test_key(), "a", parts));
}

TEST(Mac, DependsOnTheKey) { EXPECT_NE(mac(test_key(0), {"x"}), mac(test_key(1), {"x"})); }

// FIPS 180-2, appendix B.
TEST(Sha256, GivesThePublishedValues) {
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

// RFC 4231, test cases 2, 6 (a key longer than a block) and 1.
TEST(HmacSha256, GivesThePublishedValues) {
  EXPECT_EQ(hex(hmac_sha256("Jefe", {"what do ya want for nothing?"})),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac_sha256(std::string(131, '\xaa'), {"Test Using Larger Than Block-Size Key - Hash Key First"})),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(hex(hmac_sha256(std::string(20, '\x0b'), {"Hi There"})),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

TEST(HmacSha256, TakesItsPartsAsOneText) {
  EXPECT_EQ(hmac_sha256("key", {"a", "", "bc"}), hmac_sha256("key", {"abc"}));
}

TEST(Equal, ComparesEveryByteAndTheLength) {
  const Mac original = mac(test_key(), {"x"});
  EXPECT_TRUE(equal(original, mac(test_key(), {"x"})));
  for (std::size_t i = 0; i < original.size(); ++i) {
    Mac changed = original;
    changed[i] ^= std::byte{1};
    EXPECT_FALSE(equal(original, changed)) << i;
  }
  EXPECT_FALSE(equal(original, std::span(original).first<31>()));
  EXPECT_FALSE(equal(original, {}));
  EXPECT_TRUE(equal({}, {}));
}

}  // namespace
}  // namespace countersign::crypto
