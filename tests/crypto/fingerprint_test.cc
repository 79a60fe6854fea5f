#include "crypto/fingerprint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/test_keys.h"

namespace countersign::crypto {
namespace {

std::string print_of(std::string_view secret, std::string_view scope = "ws_1", const Key& key = test_key()) {
  return fingerprint(key, scope, Secret::copy_of(secret));
}

TEST(Fingerprint, IsSixteenHexDigitsAndStable) {
  EXPECT_THAT(print_of("secret"), testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(print_of("secret"), print_of("secret"));
}

TEST(Fingerprint, DiffersBySecretScopeAndKey) {
  EXPECT_NE(print_of("secret"), print_of("secreT"));
  EXPECT_NE(print_of("secret"), print_of("secret", "ws_2"));
  EXPECT_NE(print_of("secret"), print_of("secret", "ws_1", test_key(1)));
  EXPECT_NE(print_of("bc", "a"), print_of("c", "ab"));
}

}  // namespace
}  // namespace countersign::crypto
