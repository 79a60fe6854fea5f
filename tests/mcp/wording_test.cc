#include "mcp/wording.h"

#include <gtest/gtest.h>

#include <array>

#include "base/encoding.h"

namespace countersign::mcp {
namespace {

constexpr std::array<std::string_view, 4> kKnown = {"integration", "handoffId", "owner", "wait"};

TEST(Wording, NamesAreCutOnACharacterBoundary) {
  EXPECT_EQ(quoted_name("short"), "\"short\"");
  EXPECT_EQ(quoted_name(std::string(64, 'a')), '"' + std::string(64, 'a') + '"');
  EXPECT_EQ(quoted_name(std::string(65, 'a')), '"' + std::string(64, 'a') + "...\"");
  for (std::size_t ascii = 60; ascii < 64; ++ascii) {
    const std::string text = quoted_name(std::string(ascii, 'a') + "\U0001F511\U0001F511\U0001F511");
    EXPECT_TRUE(is_utf8(text)) << ascii;
  }
}

TEST(Wording, SaysWhatIsUnknownAndWhatWasMeant) {
  EXPECT_EQ(unknown("property", "onwer", kKnown), R"(unknown property "onwer"; did you mean "owner"?)");
  EXPECT_EQ(unknown("property", "handoff_id", kKnown), R"(unknown property "handoff_id"; did you mean "handoffId"?)");
  EXPECT_EQ(unknown("property", "apiKey", kKnown), R"(unknown property "apiKey")");
}

}  // namespace
}  // namespace countersign::mcp
