#include "crypto/password.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace countersign::crypto {
namespace {

Secret password(std::string_view text) { return Secret::copy_of(text); }

std::string cheap_hash(std::string_view text) { return hash_password(password(text), kCheapPasswordCost); }

TEST(Password, MatchesItselfAndNothingElse) {
  const std::string hash = cheap_hash("correct horse");
  EXPECT_TRUE(password_matches(password("correct horse"), hash));
  for (const std::string_view other : {"", "correct hors", "correct horse ", "Correct horse"}) {
    EXPECT_FALSE(password_matches(password(other), hash)) << other;
  }
}

// A form without the field hands over a Secret that never had any bytes (the sanitizers look at the pointer).
TEST(Password, OneThatWasNeverTypedIsWrongAndNoFault) {
  EXPECT_FALSE(password_matches(Secret(), cheap_hash("correct horse")));
  EXPECT_TRUE(password_matches(Secret(), hash_password(Secret(), kCheapPasswordCost)));
}

TEST(Password, CountsEveryByteAlsoBehindANul) {
  const std::string hash = cheap_hash(std::string_view("a\0b", 3));
  EXPECT_TRUE(password_matches(password(std::string_view("a\0b", 3)), hash));
  EXPECT_FALSE(password_matches(password(std::string_view("a\0c", 3)), hash));
  EXPECT_FALSE(password_matches(password("a"), hash));
}

TEST(Password, IsArgon2idWithItsOwnSalt) {
  const std::string one = cheap_hash("x");
  EXPECT_TRUE(one.starts_with("$argon2id$v=19$m=8,t=1,p=1$")) << one;
  EXPECT_NE(one, cheap_hash("x"));
}

TEST(Password, CostsWhatTheDesignAsksForByDefault) {
  const std::string hash = hash_password(password("x"));
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$")) << hash;
  EXPECT_TRUE(password_matches(password("x"), hash));
  EXPECT_FALSE(needs_rehash(hash));
}

// Made by the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32 -e`, from
// its own test program.
TEST(Password, AcceptsWhatTheReferenceImplementationMade) {
  const std::string hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  EXPECT_TRUE(password_matches(password("password"), hash));
  EXPECT_FALSE(password_matches(password("Password"), hash));
}

TEST(Password, RefusesWhatIsNotAHash) {
  const std::string hash = cheap_hash("x");
  for (const std::string& other :
       {std::string(), std::string("x"), std::string("$argon2id$"), hash.substr(0, hash.size() - 1), hash + "A",
        std::string(1'000, 'x'), hash + std::string(1, '\0')}) {
    EXPECT_FALSE(password_matches(password("x"), other)) << other;
  }
}

TEST(Password, AsksForARehashWhenTheCostChanged) {
  const std::string hash = cheap_hash("x");
  EXPECT_FALSE(needs_rehash(hash, kCheapPasswordCost));
  EXPECT_TRUE(needs_rehash(hash, {2, kCheapPasswordCost.memory}));
  EXPECT_TRUE(needs_rehash(hash, {1, kCheapPasswordCost.memory * 2}));
  EXPECT_TRUE(needs_rehash("not a hash", kCheapPasswordCost));
  EXPECT_TRUE(needs_rehash(std::string(1'000, 'x'), kCheapPasswordCost));
}

TEST(Password, SaysThatMemoryIsShortInsteadOfAnswering) {
  try {
    hash_password(password("x"), {1, std::size_t{1} << 46});
    FAIL() << "hashed with 64 TiB";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
    EXPECT_EQ(error.reason(), "password_memory");
  }
}

}  // namespace
}  // namespace countersign::crypto
