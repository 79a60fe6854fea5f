#include "crypto/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "base/error.h"
#include "base/ids.h"
#include "crypto/system_random.h"
#include "crypto/test_keys.h"
#include "support/seeded_random.h"

namespace countersign::crypto {
namespace {

constexpr std::int64_t kRow = 123'456'789;

IssuedToken issued(std::string_view kind = "agent", std::int64_t row = kRow, std::uint64_t seed = 1) {
  support::SeededRandom random(seed);
  return issue_token(kind, row, test_key(), random);
}

bool accepted(std::string_view text, std::string_view hash, const Key& key = test_key()) {
  const auto token = parse_token(text);
  return token && token_matches(key, *token, hash);
}

TEST(Token, HasItsFixedForm) {
  EXPECT_THAT(std::string(issued().text.reveal()),
              testing::MatchesRegex("cs_agent_[0-9a-hjkmnp-tv-z]{13}_[A-Za-z0-9_-]{43}"));
  EXPECT_EQ(issued().hash.size(), 32U);
}

TEST(Token, ParsesToItsParts) {
  const auto token = parse_token(issued("session", std::numeric_limits<std::int64_t>::max()).text.reveal());
  ASSERT_TRUE(token);
  EXPECT_EQ(token->kind, "session");
  EXPECT_EQ(token->row_key, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(token->secret.size(), 32U);
}

TEST(Token, IsAcceptedByItsOwnHashOnly) {
  const IssuedToken token = issued();
  EXPECT_TRUE(accepted(token.text.reveal(), token.hash));
  EXPECT_EQ(token_hash(test_key(), *parse_token(token.text.reveal())), token.hash);
  EXPECT_FALSE(accepted(token.text.reveal(), issued("agent", kRow, 2).hash));
  EXPECT_FALSE(accepted(token.text.reveal(), issued("agent", kRow + 1).hash));
  EXPECT_FALSE(accepted(token.text.reveal(), issued("session", kRow).hash));
  EXPECT_FALSE(accepted(token.text.reveal(), token.hash, test_key(1)));
  EXPECT_FALSE(accepted(token.text.reveal(), ""));
  EXPECT_FALSE(accepted(token.text.reveal(), token.hash.substr(0, 31)));
}

TEST(Token, HashTellsNothingOfTheText) {
  const IssuedToken token = issued();
  EXPECT_EQ(token.hash.find(parse_token(token.text.reveal())->secret.reveal().substr(0, 4)), std::string::npos);
}

TEST(Token, RefusesAnyChangedCharacter) {
  const IssuedToken token = issued();
  const std::string text(token.text.reveal());
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[i] = static_cast<char>(byte);
      EXPECT_EQ(accepted(changed, token.hash), changed == text) << changed;
    }
  }
}

TEST(Token, RefusesAnyCutAndAnyAddition) {
  const IssuedToken token = issued();
  const std::string text(token.text.reveal());
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_FALSE(parse_token(text.substr(0, i))) << i;
  for (const std::string_view more : {"=", "A", " ", "\n"}) EXPECT_FALSE(parse_token(text + std::string(more)));
  EXPECT_FALSE(parse_token(" " + text));
}

TEST(Token, RefusesOtherForms) {
  const std::string secret(43, 'A');
  const std::string row = "0000000000001";
  EXPECT_TRUE(parse_token("cs_agent_" + row + "_" + secret));
  for (const std::string& text : {
           "cs_agent_0000000000000_" + secret,                // row key zero
           "cs_agent_zzzzzzzzzzzzz_" + secret,                // more than 63 bits
           "cs_Agent_" + row + "_" + secret,                  // kind
           "cs__" + row + "_" + secret,                       //
           "cs_abcdefghijklmnopq_" + row + "_" + secret,      //
           "cs_agent_" + row + "_" + secret.substr(1) + "B",  // trailing bits that mean nothing
           "cs_agent_" + row + "_" + secret.substr(1) + "=",
           "cs_agent_" + row + "_" + secret.substr(1) + "+",
           "xs_agent_" + row + "_" + secret,
           std::string("cs_"),
           std::string("cs"),
           std::string(),
       }) {
    EXPECT_FALSE(parse_token(text)) << text;
  }
}

TEST(Token, IsIssuedOnlyForALowerCaseWordAndARealRow) {
  for (const std::string_view kind : {"", "Agent", "sign_in", "a1", "abcdefghijklmnopq"}) {
    EXPECT_THROW(issued(kind), Error) << kind;
  }
  EXPECT_THROW(issued("agent", 0), Error);
  EXPECT_THROW(issued("agent", -1), Error);
}

TEST(DerivedToken, IsTheSameEveryTimeAndAcceptedLikeAnyOther) {
  const auto one = derive_token("agent", kRow, test_key(), {"login grant 1", "ho_1"});
  const auto two = derive_token("agent", kRow, test_key(), {"login grant 1", "ho_1"});
  EXPECT_EQ(one.text.reveal(), two.text.reveal());
  EXPECT_EQ(one.hash, two.hash);
  EXPECT_THAT(std::string(one.text.reveal()),
              testing::MatchesRegex("cs_agent_[0-9a-hjkmnp-tv-z]{13}_[A-Za-z0-9_-]{43}"));
  EXPECT_EQ(one.text.reveal().substr(0, 23), issued().text.reveal().substr(0, 23)) << "kind and row stand in it";
  EXPECT_TRUE(accepted(one.text.reveal(), one.hash));
}

TEST(DerivedToken, DiffersInEveryPart) {
  const auto secret_of = [](std::string_view kind, std::int64_t row, const Key& key,
                            std::initializer_list<std::string_view> parts) {
    return std::string(derive_token(kind, row, key, parts).text.reveal().substr(3 + kind.size() + 15));
  };
  const std::set<std::string> secrets{
      secret_of("agent", kRow, test_key(), {"a", "b"}),     secret_of("session", kRow, test_key(), {"a", "b"}),
      secret_of("agent", kRow + 1, test_key(), {"a", "b"}), secret_of("agent", kRow, test_key(1), {"a", "b"}),
      secret_of("agent", kRow, test_key(), {"a", "c"}),     secret_of("agent", kRow, test_key(), {"ab"}),
      secret_of("agent", kRow, test_key(), {"ab", ""}),     secret_of("agent", kRow, test_key(), {})};
  EXPECT_EQ(secrets.size(), 8U);
  for (const std::string& secret : secrets) EXPECT_EQ(secret.size(), 43U);
}

TEST(DerivedToken, SecretIsNotTheHashOfAnyToken) {
  const auto derived = derive_token("agent", kRow, test_key(), {"login grant 1"});
  const auto parsed = parse_token(derived.text.reveal());
  EXPECT_NE(parsed->secret.reveal(), derived.hash);
  EXPECT_THROW(derive_token("Agent", kRow, test_key(), {"a"}), Error);
  EXPECT_THROW(derive_token("agent", 0, test_key(), {"a"}), Error);
}

TEST(Token, NeverRepeats) {
  SystemRandom random;
  const auto one = issue_token("agent", kRow, test_key(), random);
  const auto two = issue_token("agent", kRow, test_key(), random);
  EXPECT_NE(one.text.reveal(), two.text.reveal());
  EXPECT_NE(one.hash, two.hash);
}

}  // namespace
}  // namespace countersign::crypto
