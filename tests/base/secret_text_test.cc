#include "base/secret_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/json.h"

namespace countersign {
namespace {

std::string percent(std::string_view text) {
  WipingBuffer to;
  append_percent_encoded(to, text);
  return std::string(view(to));
}
std::string quoted(std::string_view text) {
  WipingBuffer to;
  append_json_quoted(to, text);
  return std::string(view(to));
}

// RFC 4648 section 10.
TEST(SecretText, Base64IsThatOfTheStandard) {
  EXPECT_EQ(base64("").reveal(), "");
  EXPECT_EQ(base64("f").reveal(), "Zg==");
  EXPECT_EQ(base64("fo").reveal(), "Zm8=");
  EXPECT_EQ(base64("foobar").reveal(), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xff\xfe").reveal(), "///+");
}

TEST(SecretText, PercentEncodingIsTheOrdinaryOne) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent(all), percent_encode(all));
}

TEST(SecretText, TheGateReadsAQuotedTextBack) {
  for (const std::string_view text : {"", "plain", "a\"b\\c/", "\n\t\x01\x1f\x7f", "\xc3\xa9\xe2\x82\xac"}) {
    EXPECT_EQ(parse_json(quoted(text)), Json(text));
  }
}

}  // namespace
}  // namespace countersign
