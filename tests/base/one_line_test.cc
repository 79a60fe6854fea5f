#include "base/one_line.h"

#include <gtest/gtest.h>

namespace countersign {
namespace {

TEST(OneLine, HasNoControlsAndNothingThatTurnsOrHidesText) {
  EXPECT_EQ(one_line("a\r\nb\tc\x7f\xc2\x85z", 99), "abcz");
  EXPECT_EQ(one_line("x\xe2\x80\xae"
                     "y\xe2\x80\x8b\xe2\x81\xa6z\xef\xbb\xbf",
                     99),
            "xyz");
  EXPECT_EQ(one_line("Zo\xc3\xab \xe2\x82\xac", 99), "Zo\xc3\xab \xe2\x82\xac");
}

TEST(OneLine, CountsCodePointsOfWhatStays) {
  EXPECT_EQ(one_line("\n\n\xc3\xab\xc3\xab\xc3\xab", 2), "\xc3\xab\xc3\xab");
  EXPECT_EQ(one_line("abc", 0), "");
}

TEST(Cut, KeepsWholeCodePointsAsTheyAre) {
  EXPECT_EQ(cut("a\n\xf0\x9f\x98\x80z", 3), "a\n\xf0\x9f\x98\x80");
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("", 3), "");
}

}  // namespace
}  // namespace countersign
