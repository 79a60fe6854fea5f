#include "base/closest.h"

#include <gtest/gtest.h>

#include <array>

namespace countersign {
namespace {

constexpr std::array<std::string_view, 5> kKnown = {"fields", "label", "kind", "server.listen",
                                                    "connections.createHandoff"};

std::string_view found(std::string_view word) { return closest(word, kKnown).value_or(""); }

TEST(Closest, FindsWhatWasMistyped) {
  EXPECT_EQ(found("feilds"), "fields");
  EXPECT_EQ(found("lable"), "label");
  EXPECT_EQ(found("knid"), "kind");
  EXPECT_EQ(found("server.lisen"), "server.listen");
}

TEST(Closest, CaseAndPunctuationDoNotCount) {
  EXPECT_EQ(found("SERVER_LISTEN"), "server.listen");
  EXPECT_EQ(found("connections_create_handoff"), "connections.createHandoff");
}

TEST(Closest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(found(""), "");
  EXPECT_EQ(found("x"), "");
  EXPECT_EQ(found("something else"), "");
  EXPECT_EQ(found(std::string(10'000, 'a')), "") << "bounded work";
  EXPECT_EQ(did_you_mean("x", kKnown), "");
  EXPECT_EQ(did_you_mean("lable", kKnown), "; did you mean \"label\"?");
}

}  // namespace
}  // namespace countersign
