#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/heap_watch.h"

namespace countersign {
namespace {

constexpr JsonLimits kWide{.bytes = 16 << 20, .depth = 1 << 20, .values = 1 << 24};

// What parse_json answers: the value written back, or the message of its refusal.
std::string outcome(std::string_view text, const JsonLimits& limits = {}) {
  try {
    return dump_json(parse_json(text, limits));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error.reason(), "invalid_json");
    return error.message();
  }
}

bool refused(std::string_view text, const JsonLimits& limits = {}) {
  return outcome(text, limits).starts_with("The JSON is not acceptable at byte ");
}

std::string repeated(std::string_view part, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += part;
  return text;
}

TEST(JsonGate, BuildsEveryKindOfValue) {
  EXPECT_EQ(outcome(R"( {"z":[1,-2,3.5,true,false,null,"x",{},[]],"a":{"b":{"c":[[0]]}}} )"),
            R"({"a":{"b":{"c":[[0]]}},"z":[1,-2,3.5,true,false,null,"x",{},[]]})");
  for (const std::string_view text : {"0", "null", "true", "\"\"", "[]", "{}", "-1.5e-3"}) {
    EXPECT_FALSE(refused(text)) << text;
  }
}

TEST(JsonGate, KeepsTheEscapesMeaning) {
  EXPECT_EQ(parse_json(R"("\u00e9\ud83d\ude00\n\"\\\/")"), "\xc3\xa9\xf0\x9f\x98\x80\n\"\\/");
}

TEST(JsonGate, RefusesDuplicateKeysAtAnyDepth) {
  EXPECT_TRUE(refused(R"({"a":1,"a":1})"));
  EXPECT_TRUE(refused(R"([{"x":{"a":1,"b":2,"\u0061":3}}])"));
  EXPECT_FALSE(refused(R"([{"a":1},{"a":2},{"A":{"a":3}}])"));
}

TEST(JsonGate, KeepsIntegersExactly) {
  EXPECT_EQ(outcome("[0,9007199254740991,-9007199254740991]"), "[0,9007199254740991,-9007199254740991]");
  const JsonLimits all{.largest_integer = std::numeric_limits<std::uint64_t>::max()};
  EXPECT_EQ(outcome("[18446744073709551615,-9223372036854775808]", all), "[18446744073709551615,-9223372036854775808]");
}

TEST(JsonGate, RefusesIntegersThatAReceiverWouldRound) {
  EXPECT_TRUE(refused("9007199254740992"));
  EXPECT_TRUE(refused("9007199254740993"));
  EXPECT_TRUE(refused("-9007199254740992"));
  EXPECT_TRUE(refused("-9223372036854775808"));
}

TEST(JsonGate, RefusesIntegersBeyondSixtyFourBitsWhateverTheLimit) {
  const JsonLimits all{.largest_integer = std::numeric_limits<std::uint64_t>::max()};
  EXPECT_TRUE(refused("18446744073709551616", all));
  EXPECT_TRUE(refused("-9223372036854775809", all));
  EXPECT_TRUE(refused("1" + repeated("0", 5000), all));
}

TEST(JsonGate, RefusesNumbersThatChangeTheirMeaning) {
  for (const std::string_view text : {"-0", "[-0]", "1e400", "-1e400", "1e-400", "0.00001e-330"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
  EXPECT_TRUE(std::signbit(parse_json("-0.0").get<double>()));
  EXPECT_EQ(outcome("[-0.0,0.0,0e9,0.0e-999,1e308]"), "[-0.0,0.0,0.0,0.0,1e+308]");
}

TEST(JsonGate, RefusesWhatIsNotANumber) {
  for (const std::string_view text :
       {"NaN", "Infinity", "-Infinity", "nan", "inf", "01", "-01", "1.", ".5", "+1", "1e", "0x1", "1_0", "-", "--1"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
}

TEST(JsonGate, RefusesInvalidUtf8AndLoneSurrogates) {
  for (const std::string_view text :
       {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xc3\"", R"("\ud800")",
        R"("\udc00")", R"("\ud800\ud800")", R"("\ud800x")", R"({"\ud800":1})"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
}

TEST(JsonGate, RefusesNulRawOrEscaped) {
  EXPECT_TRUE(refused(R"("a\u0000b")"));
  EXPECT_TRUE(refused(R"({"a\u0000":1})"));
  EXPECT_TRUE(refused(std::string_view("\"a\0b\"", 5)));
  EXPECT_TRUE(refused(std::string_view("1\0", 2)));  // the lexer alone would stop here and be content
  EXPECT_TRUE(refused(std::string_view("[1]\0[2]", 7)));
}

TEST(JsonGate, RefusesControlCharactersInStrings) {
  EXPECT_TRUE(refused("\"a\nb\""));
  EXPECT_TRUE(refused("\"a\x1f\""));
}

TEST(JsonGate, RefusesAByteOrderMark) {
  EXPECT_TRUE(refused("\xef\xbb\xbf{}"));
  EXPECT_TRUE(refused(" \xef\xbb\xbf{}"));
}

TEST(JsonGate, RefusesTrailingAndMissingBytes) {
  for (const std::string_view text :
       {"",     " ",          "{}x", "{} {}", "1 2", "[1],", "[1",    "{\"a\"",  "{\"a\":", "{\"a\":1",
        "[1,]", "{\"a\":1,}", "\"a", "tru",   "[}",  "{]",   "{1:2}", "// c\n1", "/**/1",   "'a'"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
}

TEST(JsonGate, EnforcesTheLimitsExactly) {
  EXPECT_FALSE(refused("[[[]]]", {.depth = 3}));
  EXPECT_TRUE(refused("[[[]]]", {.depth = 2}));
  EXPECT_TRUE(refused(R"({"a":[{}]})", {.depth = 2}));
  EXPECT_FALSE(refused("[1,2,3]", {.values = 4}));
  EXPECT_TRUE(refused("[1,2,3]", {.values = 3}));
  EXPECT_FALSE(refused(R"({"a":1,"b":2})", {.values = 5}));
  EXPECT_TRUE(refused(R"({"a":1,"b":2})", {.values = 4}));
  EXPECT_FALSE(refused("\"1234\"", {.bytes = 6}));
  EXPECT_TRUE(refused("\"1234\"", {.bytes = 5}));
}

TEST(JsonGate, SaysWhereAndWhyWithoutQuotingTheText) {
  EXPECT_EQ(outcome(R"({"a":1,"a":2})"), "The JSON is not acceptable at byte 10: the key appears twice in its object.");
  EXPECT_EQ(outcome("{\"token\": sk_live_secret}"), "The JSON is not acceptable at byte 11: this is not JSON.");
  EXPECT_EQ(outcome("[1,1e999]"), "The JSON is not acceptable at byte 8: the number is too large.");
}

// Abuse case 105: the gate must answer at once and without memory, however the text is built.
struct Bomb {
  std::string name;
  std::string text;
};

TEST(JsonGate, RefusesBombsInMillisecondsWithFlatMemory) {
  std::string colliding = "{";
  for (int i = 0; i < 1'000'000; ++i) colliding += "\"k" + std::to_string(i) + "\":0,";
  const Bomb bombs[] = {
      {"200,000 arrays", std::string(200'000, '[')},
      {"200,000 objects", repeated("{\"a\":", 200'000)},
      {"a million keys", colliding},
      {"a million elements", "[" + repeated("0,", 1'000'000)},
  };
  const JsonLimits limits{.bytes = 64 << 20};
  for (const Bomb& bomb : bombs) {
    const base::HeapWatch watch;
    const std::clock_t start = std::clock();  // processor time: other processes do not count
    EXPECT_TRUE(refused(bomb.text, limits)) << bomb.name;
    EXPECT_LT(std::clock() - start, CLOCKS_PER_SEC / 10) << bomb.name;
    EXPECT_LT(watch.allocated(), std::size_t{4} << 20) << bomb.name;
  }
}

TEST(JsonGate, RefusesTextBeyondTheByteLimitWithoutReadingIt) {
  const std::string text = "\"" + std::string(10 << 20, 'x') + "\"";
  const base::HeapWatch watch;
  EXPECT_TRUE(refused(text));
  EXPECT_LT(watch.allocated(), 4096U);
}

TEST(JsonGate, SurvivesDepthIfSomebodyAllowsIt) {
  const std::string text = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_TRUE(parse_json(text, kWide).is_array());
}

TEST(JsonGate, SurvivesEveryCutAndEveryChangedByte) {
  const std::string text = R"({"a":[1,-2.5e3,"x\u00e9\n",{"b":null}],"c":true})";
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_TRUE(refused(text.substr(0, i))) << i;
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[i] = static_cast<char>(byte);
      const std::string once = outcome(changed);
      const std::string twice = once.starts_with("The JSON") ? once : outcome(once);
      EXPECT_EQ(twice, once) << changed;
    }
  }
}

TEST(JsonDump, IsCompactAndSortsTheKeys) {
  EXPECT_EQ(dump_json(Json{{"b", 1}, {"a", {{"d", 2}, {"c", Json::array({1, nullptr})}}}}),
            R"({"a":{"c":[1,null],"d":2},"b":1})");
}

TEST(JsonDump, ReplacesInvalidUtf8AndNaN) {
  EXPECT_EQ(dump_json(Json("a\xff")), "\"a\xef\xbf\xbd\"");
  EXPECT_EQ(dump_json(Json(std::nan(""))), "null");
}

TEST(JsonQuote, WritesWhatTheGateReadsBack) {
  for (const std::string_view text :
       {"", "plain text", "a\"b\\c", "\n\t\x01\x7f", "\xc3\xa9\xe2\x82\xac", "</script>"}) {
    EXPECT_EQ(parse_json(json_quote(text)), Json(text));
    EXPECT_EQ(json_quote(text), dump_json(Json(text)));
  }
}

}  // namespace
}  // namespace countersign
