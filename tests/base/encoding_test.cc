#include "base/encoding.h"

#include <gtest/gtest.h>

#include <random>

namespace countersign {
namespace {

std::string decoded(std::string_view text) {
  const auto bytes = parse_base64url(text);
  return bytes ? std::string(as_text(*bytes)) : "refused";
}

// RFC 4648 section 10.
TEST(Base64Url, GivesThePublishedValues) {
  constexpr std::pair<std::string_view, std::string_view> kVectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"},
  };
  for (const auto& [plain, text] : kVectors) {
    EXPECT_EQ(base64url(as_bytes(plain)), text);
    EXPECT_EQ(decoded(text), plain);
  }
}

TEST(Base64Url, RoundTripsEveryLength) {
  std::mt19937 engine(1);
  for (std::size_t size = 0; size < 100; ++size) {
    std::string plain(size, '\0');
    for (char& c : plain) c = static_cast<char>(engine());
    EXPECT_EQ(decoded(base64url(as_bytes(plain))), plain);
  }
}

TEST(Base64Url, AcceptsOneTextPerValue) {
  for (const std::string_view text :
       {"Z", "A", "AAAAA", "Zg==", "Zg=", "Zm9vY", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm 9v", "Zm9v\n", "Zm9\xc3"}) {
    EXPECT_EQ(decoded(text), "refused") << text;
  }
  EXPECT_EQ(decoded(std::string_view("Zm9\0", 4)), "refused");
}

TEST(Hex, IsLowerCaseAndComplete) {
  EXPECT_EQ(hex(as_bytes(std::string_view("\x00\x01\x7f\x80\xff", 5))), "00017f80ff");
  EXPECT_EQ(hex({}), "");
}

TEST(PercentEncoding, EscapesEverythingButTheUnreserved) {
  EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encode("a b/c?d=e&f+g%"), "a%20b%2Fc%3Fd%3De%26f%2Bg%25");
  EXPECT_EQ(percent_encode("\xc3\xa9"), "%C3%A9");
}

TEST(PercentEncoding, RoundTripsEveryByte) {
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(every)), every);
}

TEST(PercentEncoding, RefusesABrokenEscape) {
  for (const std::string_view text : {"%", "%4", "a%", "%4g", "%g4", "%%41", "%-1", "% 1", "%+1", "%0x41"}) {
    EXPECT_FALSE(percent_decode(text)) << text;
  }
  EXPECT_EQ(percent_decode("%41%4a%4A"), "AJJ");
}

TEST(PercentEncoding, ReadsPlusAsASpaceOnlyInForms) {
  EXPECT_EQ(percent_decode("a+b%2B"), "a+b+");
  EXPECT_EQ(percent_decode("a+b%2B", Plus::kSpace), "a b+");
}

TEST(Utf8, AcceptsTheEdgesOfEveryLength) {
  for (const std::string_view text : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                      "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << hex(as_bytes(text));
    EXPECT_EQ(code_points(text), text.empty() ? 0U : 1U);
  }
}

TEST(Utf8, RefusesWhatLiesBeyondTheEdges) {
  for (const std::string_view text : {
           "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",  // stray and overlong
           "\xed\xa0\x80", "\xed\xbf\xbf",                                              // surrogates
           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe",                      // above U+10FFFF
           "\xc2", "\xe1\x80", "\xf1\x80\x80", "a\xc2", "\xc2 a", "\xe1\x80 ",          // cut
       }) {
    EXPECT_FALSE(is_utf8(text)) << hex(as_bytes(text));
  }
}

TEST(Utf8, CountsCodePointsAndNotBytes) { EXPECT_EQ(code_points("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 4U); }

}  // namespace
}  // namespace countersign
