#include "http/form.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace countersign::http {
namespace {

// The reason of the refusal, empty when the text is accepted. Bodies and queries share every rule.
std::string refusal(std::string_view text) {
  std::string of_query;
  std::string of_form;
  try {
    parse_query(text);
  } catch (const Error& error) {
    of_query = error.reason();
  }
  try {
    parse_form(text, {"canary"});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    // What was sent may be a secret in the wrong place.
    EXPECT_EQ(std::string(error.what()).find("canary"), std::string::npos) << error.what();
    of_form = error.reason();
  }
  EXPECT_EQ(of_query, of_form);
  return of_form;
}

TEST(Form, DecodesEscapesPlusAndMissingValues) {
  const Form form = parse_form("a=1+2&b=%C3%A9%26%3d&c=&d&&e=x=y&%66=%2B&", {});
  const std::map<std::string, std::string, std::less<>> expected = {{"a", "1 2"}, {"b", "\xC3\xA9&="}, {"c", ""},
                                                                    {"d", ""},    {"e", "x=y"},        {"f", "+"}};
  EXPECT_EQ(form.fields(), expected);
  EXPECT_EQ(form.field("absent"), "");
  EXPECT_TRUE(parse_form("", {}).fields().empty());
}

TEST(Form, QueryIsDecodedByTheSameRules) {
  EXPECT_EQ(parse_query("wait=5&q=a+b%21"),
            (std::map<std::string, std::string, std::less<>>{{"wait", "5"}, {"q", "a b!"}}));
}

TEST(Form, SecretFieldIsASecretAndNothingElse) {
  Form form = parse_form("name=Ada&password=p%C3%A4ss+word&secret.token=t%2Bt&secretive=no", {"password", "secret.*"});
  EXPECT_EQ(form.fields().size(), 2U);
  EXPECT_EQ(form.field("name"), "Ada");
  EXPECT_EQ(form.field("secretive"), "no");
  EXPECT_EQ(form.field("password"), "");
  EXPECT_EQ(form.take_secret("password").reveal(), "p\xC3\xA4ss word");
  EXPECT_EQ(form.take_secret("secret.token").reveal(), "t+t");
}

TEST(Form, SecretCanBeTakenOnce) {
  Form form = parse_form("password=x", {"password"});
  EXPECT_EQ(form.take_secret("password").size(), 1U);
  EXPECT_TRUE(form.take_secret("password").empty());
  EXPECT_TRUE(form.take_secret("absent").empty());
}

TEST(Form, A074_NameThatStandsTwiceIsRefused) {
  EXPECT_EQ(refusal("decision=deny&decision=approve"), "duplicate_name");
  EXPECT_EQ(refusal("decision=deny&d%65cision=deny"), "duplicate_name");
  EXPECT_EQ(refusal("canary=1&canary=2"), "duplicate_name");
  EXPECT_EQ(refusal("a=1&b=1"), "");
}

TEST(Form, EveryDefectHasItsOwnReason) {
  EXPECT_EQ(refusal("a=canary%"), "bad_percent_encoding");
  EXPECT_EQ(refusal("a=canary%4"), "bad_percent_encoding");
  EXPECT_EQ(refusal("canary%g0=1"), "bad_percent_encoding");
  EXPECT_EQ(refusal("a=%0g"), "bad_percent_encoding");
  EXPECT_EQ(refusal("a=canary%ff"), "invalid_utf8");
  EXPECT_EQ(refusal("a=\xC0\xAF"), "invalid_utf8");
  EXPECT_EQ(refusal("canary%ED%A0%80=1"), "invalid_utf8");
  EXPECT_EQ(refusal("a=canary%00"), "nul_character");
  EXPECT_EQ(refusal(std::string_view("a=\0", 3)), "nul_character");
  EXPECT_EQ(refusal("=canary"), "empty_name");
}

TEST(Form, LimitsHoldToTheByte) {
  EXPECT_EQ(refusal(std::string(kMaxFieldName, 'n') + "=1"), "");
  EXPECT_EQ(refusal(std::string(kMaxFieldName + 1, 'n') + "=1"), "name_too_long");
  EXPECT_EQ(refusal(std::string(10'000, 'n')), "name_too_long");
  std::string fields;
  for (std::size_t i = 0; i < kMaxFields; ++i) fields += "&f" + std::to_string(i);
  EXPECT_EQ(refusal(fields), "");
  EXPECT_EQ(refusal(fields + "&one_more"), "too_many_fields");
}

TEST(Form, MessageSaysWhichField) {
  try {
    parse_form("a=1&b=2&c=%zz", {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("Field 3"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace countersign::http
