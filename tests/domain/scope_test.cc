#include "domain/scope.h"

#include <gtest/gtest.h>

namespace countersign::domain {
namespace {

TEST(Scopes, EverySetReadsBackFromItsText) {
  for (std::uint32_t bits = 0; bits <= ScopeSet::all().bits(); ++bits) {
    const ScopeSet scopes = ScopeSet::from_bits(bits);
    EXPECT_EQ(scopes.bits(), bits);
    EXPECT_EQ(parse_scopes(text_of(scopes)), scopes) << text_of(scopes);
  }
}

TEST(Scopes, AreWrittenInOneOrderWhateverOrderTheyCameIn) {
  EXPECT_EQ(text_of(ScopeSet::all()), "read connect change use");
  EXPECT_EQ(text_of({Scope::kUse, Scope::kRead}), "read use");
  EXPECT_EQ(text_of({}), "");
  EXPECT_EQ(parse_scopes("use read"), (ScopeSet{Scope::kRead, Scope::kUse}));
  EXPECT_EQ(parse_scopes("read read"), (ScopeSet{Scope::kRead}));
  EXPECT_EQ(parse_scopes("  read   use "), (ScopeSet{Scope::kRead, Scope::kUse}));
  EXPECT_EQ(parse_scopes(""), ScopeSet());
}

TEST(Scopes, AnUnknownWordIsRefusedAndNamed) {
  for (const std::string word : {"write", "Read", "READ", "rea", "reads", "read,use", "read\tuse", "*"}) {
    for (const std::string& text : {word, "use " + word, word + " use"}) {
      std::string unknown = "before";
      EXPECT_FALSE(parse_scopes(text, &unknown)) << text;
      EXPECT_EQ(unknown, word);
      EXPECT_FALSE(parse_scopes(text)) << "the word need not be wanted";
    }
  }
  std::string unknown = "before";
  EXPECT_TRUE(parse_scopes("read use", &unknown));
  EXPECT_EQ(unknown, "before");
}

TEST(Scopes, ASetHoldsWhatWasPutInAndContainsItsParts) {
  ScopeSet scopes{Scope::kRead, Scope::kUse};
  EXPECT_TRUE(scopes.has(Scope::kRead) && scopes.has(Scope::kUse));
  EXPECT_FALSE(scopes.has(Scope::kConnect) || scopes.has(Scope::kChange));
  EXPECT_TRUE(scopes.contains({Scope::kUse}));
  EXPECT_TRUE(scopes.contains({}));
  EXPECT_TRUE(scopes.contains(scopes));
  EXPECT_FALSE(scopes.contains({Scope::kUse, Scope::kChange}));
  EXPECT_FALSE(scopes.empty());
  EXPECT_TRUE(ScopeSet().empty());
  scopes.add(Scope::kChange);
  EXPECT_TRUE(scopes.has(Scope::kChange));
  EXPECT_EQ(text_of(scopes), "read change use");
}

TEST(Scopes, AllIsAllAndTheUsualOnesChangeNothing) {
  for (std::size_t i = 0; i < kScopeNames.names.size(); ++i) EXPECT_TRUE(ScopeSet::all().has(static_cast<Scope>(i)));
  EXPECT_TRUE(ScopeSet::all().contains(ScopeSet::usual()));
  EXPECT_FALSE(ScopeSet::usual().has(Scope::kChange));
  EXPECT_EQ(ScopeSet::from_bits(~0U), ScopeSet::all()) << "bits that are no scope are dropped";
}

}  // namespace
}  // namespace countersign::domain
