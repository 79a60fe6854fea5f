#include "handoff/base_url.h"

#include <gtest/gtest.h>

namespace countersign::handoff {
namespace {

std::string result_of(std::string_view text) {
  const auto parsed = parse_base_url(text);
  if (const auto* url = std::get_if<std::string>(&parsed)) return *url;
  return "refused";
}

TEST(BaseUrl, IsNormalised) {
  EXPECT_EQ(result_of("https://API.Example.com/V1//"), "refused");
  EXPECT_EQ(result_of("HTTPS://API.Example.com/V1/"), "https://api.example.com/V1");
  EXPECT_EQ(result_of("https://a.example:8443"), "https://a.example:8443");
  EXPECT_EQ(result_of("https://[2001:db8::1]:8443/x"), "https://[2001:db8::1]:8443/x");
}

TEST(BaseUrl, PlainHttpIsForThisMachineOnly) {
  EXPECT_EQ(result_of("http://127.0.0.1:9/x"), "http://127.0.0.1:9/x");
  EXPECT_EQ(result_of("http://localhost"), "http://localhost");
  EXPECT_EQ(result_of("http://a.example"), "refused");
}

TEST(BaseUrl, RefusesWhateverCouldHideTheTarget) {
  for (const char* bad : {"",
                          "a.example",
                          "ftp://a.example",
                          "https://",
                          "https:///x",
                          "https://user@a.example",
                          "https://a.example@evil",
                          "https://a.example?x=1",
                          "https://a.example#x",
                          "https://a.example/../b",
                          "https://a.example/./b",
                          "https://a.example/%2e%2e/",
                          "https://a.example\\evil",
                          "https://a.example:0",
                          "https://a.example:99999",
                          "https://a.example:",
                          "https://a.example:x",
                          "https://a..example",
                          "https://.a",
                          "https://a b",
                          "https://a/b c",
                          "https://\xc3\xa4.example",
                          "https://a.example/\xc3\xa4",
                          "javascript:alert(1)",
                          "https://a.example/;x"}) {
    EXPECT_EQ(result_of(bad), "refused") << bad;
  }
}

}  // namespace
}  // namespace countersign::handoff
