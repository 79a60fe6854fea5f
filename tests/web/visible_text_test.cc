#include "web/visible_text.h"

#include <gtest/gtest.h>

namespace countersign::web {
namespace {

TEST(VisibleText, OrdinaryTextStaysAsItIs) {
  for (const char* text : {"", "Deploy bot", "Zoë’s agent – 東京 مرحبا Привет", "a\u00a0b", "e\u0301"}) {
    EXPECT_EQ(visible(text), text);
  }
}

TEST(VisibleText, WhatHidesOrReordersBecomesAChip) {
  const std::pair<const char*, const char*> cases[] = {
      {"a\u202eb", "a⟦U+202E⟧b"},
      {"\u2066x\u2069", "⟦U+2066⟧x⟦U+2069⟧"},
      {"\u200f", "⟦U+200F⟧"},
      {"\u061c", "⟦U+061C⟧"},
      {"ad\u00admin", "ad⟦U+00AD⟧min"},
      {"a\u200bb\u200d\ufeff", "a⟦U+200B⟧b⟦U+200D⟧⟦U+FEFF⟧"},
      {"x\U000e0041", "x⟦U+E0041⟧"},
      {"x\ufe0f\U000e0100", "x⟦U+FE0F⟧⟦U+E0100⟧"},
      {"a\nb\tc\x1b[0m", "a⟦U+000A⟧b⟦U+0009⟧c⟦U+001B⟧[0m"},
      {"\u3164\u2800\u3000", "⟦U+3164⟧⟦U+2800⟧⟦U+3000⟧"},
      {"\u0085\u2028\u2060", "⟦U+0085⟧⟦U+2028⟧⟦U+2060⟧"},
  };
  for (const auto& [text, shown] : cases) EXPECT_EQ(visible(text), shown);
  EXPECT_EQ(visible(std::string_view("a\0b", 3)), "a⟦U+0000⟧b");
}

TEST(VisibleText, ChipsCannotBeForged) { EXPECT_EQ(visible("⟦U+202E⟧"), "⟦U+27E6⟧U+202E⟦U+27E7⟧"); }

TEST(VisibleText, MarksPiledOnALetterAreShown) {
  EXPECT_EQ(visible("a\u0301\u0302\u0303\u0304b"), "a\u0301\u0302\u0303⟦U+0304⟧b");
}

TEST(VisibleText, BytesThatAreNoTextAreShownAsBytes) {
  EXPECT_EQ(visible("a\xff"
                    "b"),
            "a⟦byte FF⟧b");
  EXPECT_EQ(visible("\xc3"), "⟦byte C3⟧");
  EXPECT_EQ(visible("\xe2\x82z"), "⟦byte E2⟧⟦byte 82⟧z");
  EXPECT_EQ(visible("\xed\xa0\x80"), "⟦byte ED⟧⟦byte A0⟧⟦byte 80⟧");  // a surrogate
}

TEST(VisibleText, LongTextIsCutAndSaysSo) {
  EXPECT_EQ(visible("abcdef", 6), "abcdef");
  EXPECT_EQ(visible("abcdefg", 6), "abcdef… (1 more characters)");
  EXPECT_EQ(visible("äöüäöü", 2), "äö… (4 more characters)");
  EXPECT_LT(visible(std::string(1'000'000, 'x')).size(), 2100U);
}

}  // namespace
}  // namespace countersign::web
