#include "base/ids.h"

#include <gtest/gtest.h>

#include <limits>
#include <type_traits>

namespace countersign {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// One kind of id is never taken for another, nor for a number.
static_assert(!std::is_convertible_v<AgentId, PersonId> && !std::is_constructible_v<AgentId, PersonId>);
static_assert(!std::is_convertible_v<std::int64_t, AgentId> && !std::is_convertible_v<AgentId, std::int64_t>);

TEST(Ids, HaveAFixedTextForm) {
  EXPECT_EQ(HandoffId(1).text(), "ho_0000000000001");
  EXPECT_EQ(AgentId(32 * 31 + 10).text(), "ag_00000000000za");
  EXPECT_EQ(KeyId(kMost).text(), "ke_7zzzzzzzzzzzz");
}

TEST(Ids, ParseExactlyWhatTheyWrite) {
  for (const std::int64_t value : {std::int64_t{1}, std::int64_t{31}, std::int64_t{1} << 40, kMost - 1, kMost}) {
    EXPECT_EQ(HandoffId::parse(HandoffId(value).text()), HandoffId(value));
  }
}

TEST(Ids, RefuseEveryOtherText) {
  for (const std::string_view text : {
           "", "ho", "ho_", "ho_000000000001", "ho_00000000000001",  // length
           "ag_0000000000001", "0000000000001", "ho-0000000000001",  // prefix
           "ho_000000000000i", "ho_000000000000l", "ho_000000000000o", "ho_000000000000u", "ho_000000000000A",
           "ho_000000000000 ", "ho_00000000000\xc3\xa9",  // digits
           "ho_0000000000000",                            // none
           "ho_8000000000000", "ho_zzzzzzzzzzzzz",        // more than 63 bits
       }) {
    EXPECT_FALSE(HandoffId::parse(text)) << text;
  }
}

TEST(Ids, SortAsTextLikeTheirNumbers) {
  const std::int64_t values[] = {1, 31, 32, 1023, 1 << 20, std::int64_t{1} << 62, kMost};
  for (std::size_t i = 1; i < std::size(values); ++i) {
    EXPECT_LT(HandoffId(values[i - 1]).text(), HandoffId(values[i]).text());
  }
}

TEST(Ids, AreInvalidUntilSet) {
  EXPECT_FALSE(AgentId().valid());
  EXPECT_TRUE(AgentId(1).valid());
  EXPECT_EQ(AgentId(), AgentId(0));
}

}  // namespace
}  // namespace countersign
