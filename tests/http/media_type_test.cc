#include "http/media_type.h"

#include <gtest/gtest.h>

namespace countersign::http {
namespace {

bool is_json(std::string_view content_type) { return is_media_type(content_type, "application/json"); }

TEST(MediaType, CaseAndParametersDoNotMatter) {
  EXPECT_TRUE(is_json("application/json"));
  EXPECT_TRUE(is_json("Application/JSON"));
  EXPECT_TRUE(is_json(" application/json ; charset=utf-8"));
  EXPECT_TRUE(is_json("application/json; Charset=\"UTF-8\""));
  EXPECT_TRUE(is_json("application/json; profile=\"x\"; charset=utf-8;"));
}

TEST(MediaType, AnotherTypeOrCharsetIsRefused) {
  for (const char* other : {"", "application", "application/json5", "text/plain", "application/json, text/plain",
                            "text/plain; application/json", "application/json; charset=utf-16",
                            "application/json; charset", "application/json; charset=\""}) {
    EXPECT_FALSE(is_json(other)) << other;
  }
}

}  // namespace
}  // namespace countersign::http
