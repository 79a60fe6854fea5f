// What a person, an agent or a browser may be called.
#include "identity/names.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace countersign::identity {
namespace {

bool is_name(std::string_view typed) {
  try {
    checked_name(typed);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), "bad_name");
    return false;
  }
}

TEST(Names, AreKeptAsTypedButForTheSpacesAround) {
  EXPECT_EQ(checked_name("  Ada  Lovelace "), "Ada  Lovelace");
  EXPECT_EQ(checked_name("\u00a0 Ada\u00a0"), "Ada") << "it must not look like another's and be a different one";
  EXPECT_EQ(checked_name("Ada\u00a0L."), "Ada\u00a0L.");
  EXPECT_EQ(checked_name("Zoë 日本 \u202e"), "Zoë 日本 \u202e") << "pages make the last one visible";
}

TEST(Names, SomethingOfThemIsSeen) {
  for (const char* blank : {"", " ", "\u00a0", " \u00a0 \u00a0"}) EXPECT_FALSE(is_name(blank));
}

TEST(Names, ForgeNoLineAndSteerNoTerminal) {
  for (const char* typed : {"a\nb", "a\x1b[2Jb", "a\x7f", "a\u0085b", "a\u009b2Jb", "\u0080", "a\u2028b", "a\u2029b"}) {
    EXPECT_FALSE(is_name(typed));
  }
  EXPECT_TRUE(is_name("é\u00a1 ‘quoted’ …")) << "neighbours of those are letters and signs";
}

TEST(Names, AreTextOfAtMostAHundredCharacters) {
  std::string longest;
  for (int i = 0; i < 100; ++i) longest += "é";
  EXPECT_TRUE(is_name(longest));
  EXPECT_FALSE(is_name(longest + "é"));
  EXPECT_FALSE(is_name("\xc2"));
  EXPECT_FALSE(is_name("a\xff"));
}

}  // namespace
}  // namespace countersign::identity
