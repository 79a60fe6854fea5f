#include "identity/password_rules.h"

#include <gtest/gtest.h>

namespace countersign::identity {
namespace {

bool accepted(std::string_view password, std::string_view login = "ada") {
  return password_weakness(Secret::copy_of(password), login).empty();
}

TEST(PasswordRules, LengthIsCountedInCharactersAndBoundedInBytes) {
  EXPECT_FALSE(accepted("tubq-vzolkt"));
  EXPECT_TRUE(accepted("tubq-vzolkts"));
  EXPECT_FALSE(accepted("ÄÖÜäöüßéè€ñ")) << "eleven characters, more than twelve bytes";
  EXPECT_TRUE(accepted("ÄÖÜäöüßéè€ñø"));

  std::string longest;
  while (longest.size() < kLongestPassword)
    longest += static_cast<char>('!' + (longest.size() * 37 + longest.size() / 90) % 90);
  EXPECT_TRUE(accepted(longest));
  EXPECT_FALSE(accepted(longest + "x"));
}

TEST(PasswordRules, TextMustBeUtf8) { EXPECT_FALSE(accepted("violet-harbour\xC3")); }

TEST(PasswordRules, CommonWordsAndPatternsAreRefusedHoweverLong) {
  for (const std::string_view weak :
       {"password1234", "Password1234!", "P@ssw0rd2024", "qwertyuiop123", "123456789012", "aaaaaaaaaaaa",
        "abcabcabcabcabc", "1qaz2wsx3edc", "iloveyou2024!!", "letmeinletmein", "passwordpassword", "zyxwvutsrqponm",
        "summerwinter", "dragon1987 tiger", "monkey-dragon", "0987654321qwerty", "dragondragondragondragon",
        "!!!!!!!!!!!!!!!!!!!!"}) {
    EXPECT_FALSE(accepted(weak)) << weak;
  }
}

TEST(PasswordRules, NoKindOfCharacterIsDemanded) {
  for (const std::string_view good : {"violet-harbour-tuba", "correct horse battery staple", "mzqkvbtrwpla",
                                      "849302847562", "наш-секретный-ключ", "x9$Lq2!vTz7#"}) {
    EXPECT_TRUE(accepted(good)) << good;
  }
}

TEST(PasswordRules, LoginMustNotStandInThePassword) {
  EXPECT_FALSE(accepted("violet-lovelace-tuba", "lovelace"));
  EXPECT_FALSE(accepted("violet-LoveLace-tuba", "lovelace"));
  EXPECT_FALSE(accepted("violet-lovelace-tuba", "lovelace@example.org"));
  EXPECT_TRUE(accepted("violet-harbour-tuba", "our")) << "three letters stand anywhere by chance";
}

TEST(PasswordRules, WhatIsWrongIsToldWithoutThePassword) {
  for (const std::string_view weak : {"short-pw", "passwordpassword", "violet-lovelace-tuba"}) {
    EXPECT_EQ(password_weakness(Secret::copy_of(weak), "lovelace").find(weak), std::string::npos);
  }
}

}  // namespace
}  // namespace countersign::identity
