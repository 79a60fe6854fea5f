#include "domain/integration.h"

#include <gtest/gtest.h>

#include "domain/owner.h"

namespace countersign::domain {
namespace {

TEST(Integration, AnEmptySlugMeansTheFirstTemplateAndAnUnknownOneNone) {
  Integration integration;
  EXPECT_EQ(integration.find_template(""), nullptr);
  integration.templates.resize(2);
  integration.templates[0].slug = "pat";
  integration.templates[1].slug = "basic";
  EXPECT_EQ(integration.find_template(""), &integration.templates[0]);
  EXPECT_EQ(integration.find_template("basic"), &integration.templates[1]);
  EXPECT_EQ(integration.find_template("Basic"), nullptr);
}

std::string pieces(std::string_view text) {
  const auto parts = split_text(text);
  if (!parts) return "malformed";
  std::string all;
  for (const TextPart& part : *parts) {
    all += part.kind == TextPart::Kind::kField ? "<" + std::string(part.text) + ">" : std::string(part.text) + "|";
  }
  return all;
}

TEST(IntegrationText, IsSplitIntoLiteralsAndFields) {
  EXPECT_EQ(pieces("Bearer {token}"), "Bearer |<token>");
  EXPECT_EQ(pieces("{a}{b_2}x"), "<a><b_2>x|");
  EXPECT_EQ(pieces(""), "");
  for (const char* text : {"{", "}", "{}", "{a", "a}", "{{a}}", "{A}", "{a b}", "{a}}"}) {
    EXPECT_EQ(pieces(text), "malformed") << text;
  }
}

TEST(HostLabel, IsOneLabelAndNothingThatLeavesIt) {
  for (const std::string& label : {std::string("a"), std::string("acme-2"), std::string("9"), std::string(63, 'a')}) {
    EXPECT_TRUE(is_host_label(label)) << label;
  }
  for (const std::string& label :
       {std::string(), std::string("-a"), std::string("a-"), std::string("a.b"), std::string("A"), std::string("a_b"),
        std::string("a/b"), std::string("a:1"), std::string("a@b"), std::string("a#"), std::string("a?"),
        std::string("a%2e"), std::string("\u00e9"), std::string("a\0b", 3), std::string(64, 'a')}) {
    EXPECT_FALSE(is_host_label(label)) << label;
  }
}

TEST(PlaceableHeader, IsATokenThatDoesNotSteerTheRequest) {
  for (const char* name : {"Authorization", "X-Api-Key", "xi-api-key", "Accept", "User-Agent", "revision"}) {
    EXPECT_TRUE(is_placeable_header(name)) << name;
  }
  for (const char* name : {"", "Host", "HOST", "cookie", "Content-Length", "transfer-encoding", "Proxy-Connection",
                           "a b", "a:", "a\r\n", "a(b)", "\u00e4"}) {
    EXPECT_FALSE(is_placeable_header(name)) << name;
  }
}

TEST(CharacterSet, HoldsRangesAndSingleCharacters) {
  EXPECT_TRUE(made_of("A-Za-z0-9_-", "aZ9_-"));
  EXPECT_FALSE(made_of("A-Za-z0-9_-", "a b"));
  EXPECT_FALSE(made_of("a-c", "-"));
  EXPECT_TRUE(made_of("", "anything at all"));
  EXPECT_TRUE(made_of("abc-", "-cab"));
  for (const char* set : {"a-z", "A-F0-9", "_-", "-", "+/=", ""}) EXPECT_TRUE(is_character_set(set)) << set;
  for (const char* set : {"z-a", "a-Z", "0-z", "a-a", " ", "\u00e9", "a--"}) EXPECT_FALSE(is_character_set(set)) << set;
}

TEST(Owner, APersonsAndTheOrgsAreNeverTheSame) {
  EXPECT_EQ(Owner::user(PersonId(1)), Owner::user(PersonId(1)));
  EXPECT_NE(Owner::user(PersonId(1)), Owner::user(PersonId(2)));
  EXPECT_NE(Owner::user(PersonId()), Owner::org());
}

}  // namespace
}  // namespace countersign::domain
