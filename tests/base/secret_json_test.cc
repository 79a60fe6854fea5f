#include "base/secret_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/heap_watch.h"

namespace countersign {
namespace {

constexpr std::string_view kToken = "gho_canary-0123456789-find-me-in-freed-memory";

std::string refusal(std::string_view text, const JsonLimits& limits = {}) {
  try {
    parse_secret_json(text, limits);
    return {};
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), "invalid_json");
    return error.message();
  }
}

std::string plain_refusal(std::string_view text) {
  try {
    (void)parse_json(text);
    return {};
  } catch (const Error& error) {
    return error.message();
  }
}

// The answer as it comes from the network: in memory that is wiped, never written as one piece elsewhere.
WipingBuffer answer_with_token() {
  WipingBuffer text;
  append(text, R"({"token_type":"bearer","access_token":")");
  append(text, kToken);
  append(text, R"(","nested":{"list":["x",")");
  append(text, kToken);
  append(text, R"("]},"expires_in":3600})");
  return text;
}

TEST(SecretJson, LeavesNoTokenInFreedMemory) {
  const base::HeapWatch watch(kToken);
  {
    const WipingBuffer text = answer_with_token();
    const SecretJson json = parse_secret_json(view(text));
    EXPECT_EQ(json.text("/access_token"), kToken);
    EXPECT_EQ(json.texts("/nested/list")->at(1), kToken);
  }
  EXPECT_EQ(watch.leaks(), 0U);
}

TEST(SecretJson, LeavesNoTokenBehindWhenItRefusesTheText) {
  const base::HeapWatch watch(kToken);
  {
    for (const std::string_view end : {"", ",", "]", R"(,"access_token":1})", R"(,"x":1e999})", "\xff"}) {
      WipingBuffer text = answer_with_token();
      text.pop_back();
      append(text, end);
      EXPECT_NE(refusal(view(text)), "") << end;
    }
  }
  EXPECT_EQ(watch.leaks(), 0U);
}

// So that the two above prove something.
TEST(SecretJson, TheOrdinaryParserDoesLeaveIt) {
  const base::HeapWatch watch(kToken);
  {
    const WipingBuffer text = answer_with_token();
    (void)parse_json(view(text));
  }
  EXPECT_GT(watch.leaks(), 0U);
}

TEST(SecretJson, ReadsEachKindOfValueAndNoOther) {
  const SecretJson json = parse_secret_json(
      R"({"t":"text","n":42,"f":1.5,"b":true,"z":null,"o":{"t":"inner"},"a":["x","y"],"m":["x",1],"e":"","q/r":"s"})");
  EXPECT_TRUE(json.is_object());
  EXPECT_EQ(json.text("/t"), "text");
  EXPECT_EQ(json.text("/o/t"), "inner");
  EXPECT_EQ(json.text("/a/1"), "y");
  EXPECT_EQ(json.text("/e"), "");
  EXPECT_EQ(json.text("/q~1r"), "s");
  EXPECT_EQ(json.integer("/n"), 42);
  EXPECT_EQ(json.boolean("/b"), true);
  EXPECT_EQ(json.texts("/a"), (std::vector<std::string_view>{"x", "y"}));
  EXPECT_EQ(json.texts("/m"), std::nullopt);
  EXPECT_TRUE(json.has("/e"));
  EXPECT_FALSE(json.has("/z"));
  EXPECT_FALSE(json.has("/none"));
  EXPECT_FALSE(json.has("/t/deeper"));
  for (const char* pointer : {"/n", "/f", "/b", "/z", "/o", "/a", "/none"}) {
    EXPECT_EQ(json.text(pointer), std::nullopt) << pointer;
  }
  for (const char* pointer : {"/t", "/f", "/b", "/z", "/o"}) EXPECT_EQ(json.integer(pointer), std::nullopt) << pointer;
  EXPECT_EQ(json.boolean("/n"), std::nullopt);
  EXPECT_FALSE(parse_secret_json("[1]").is_object());
}

TEST(SecretJson, KeepsTheEscapesMeaning) {
  const SecretJson json =
      parse_secret_json(R"({"a":"\u00e9\ud83d\ude00\n\"\\\/\b\f\r\t","b":"\u0041\u07ff\uffff","c":"a,\":]}"})");
  EXPECT_EQ(json.text("/a"), "\xc3\xa9\xf0\x9f\x98\x80\n\"\\/\b\f\r\t");
  EXPECT_EQ(json.text("/b"), "A\xdf\xbf\xef\xbf\xbf");
  EXPECT_EQ(json.text("/c"), "a,\":]}");
}

// One gate: whatever parse_json makes of a text, this makes of it, for every cut and every changed byte.
TEST(SecretJson, AgreesWithTheOrdinaryParserOnWhatIsJson) {
  const std::string text = R"({"a":["x\u00e9\ud83d\ude00\n",-2.5e3,{"b":null, "c" : "d"}],"e":"","f":true})";
  const auto same = [](const std::string& one) { EXPECT_EQ(refusal(one).empty(), plain_refusal(one).empty()) << one; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    same(text.substr(0, i));
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[i] = static_cast<char>(byte);
      same(changed);
    }
  }
}

TEST(SecretJson, RefusesWhatTheGateRefuses) {
  for (const std::string_view text :
       {R"({"a":"x","a":"y"})", "\xef\xbb\xbf{}", R"("a\u0000b")", R"("\ud800")", R"("\ud800x")", R"("\udc00")",
        R"("\x")", R"("\u12g4")", R"("\u12)", "\"\xff\"", "\"a\nb\"", "<html>", "", "\"", R"("\)", "access_token=x"}) {
    EXPECT_NE(refusal(text), "") << text;
  }
  EXPECT_NE(refusal(std::string_view("\"a\0b\"", 5)), "");
  EXPECT_NE(refusal(std::string(20, '[') + std::string(20, ']')), "");
  EXPECT_NE(refusal("\"1234\"", {.bytes = 5}), "");
  EXPECT_EQ(refusal("\"1234\"", {.bytes = 6}), "");
  EXPECT_NE(refusal(R"(["a","b"])", {.values = 2}), "");
}

TEST(SecretJson, SaysWhereInTheTextThatCame) {
  EXPECT_EQ(refusal(R"({"a":"a long text","a":2})"),
            "The JSON is not acceptable at byte 22: the key appears twice in its object.");
  EXPECT_EQ(refusal(R"({"a":"x\q"})"), "The JSON is not acceptable at byte 9: this is not JSON.");
}

}  // namespace
}  // namespace countersign
