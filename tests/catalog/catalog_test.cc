#include "catalog/catalog.h"

#include <gtest/gtest.h>

#include <array>

#include "base/error.h"

namespace countersign::catalog {
namespace {

std::string refusal_of(const Catalog& catalog, std::string_view slug) {
  try {
    catalog.get(slug);
    return "found";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_EQ(error.reason(), "unknown_integration");
    EXPECT_EQ(error.recovery(), "integrations.list");
    return error.message();
  }
}

TEST(Catalog, HoldsTheIntegrationsOfTheProduct) {
  const Catalog catalog(embedded::integrations(), Mode::kDev);
  for (const char* slug : {"demo", "generic-http", "github", "openai", "stripe"}) {
    EXPECT_NE(catalog.find(slug), nullptr) << slug;
  }
  EXPECT_EQ(catalog.get("github")->find_template("")->fields.at(0).prefixes,
            (std::vector<std::string>{"github_pat_", "ghp_"}));
  EXPECT_EQ(catalog.get("generic-http")->base_url_rule, domain::BaseUrlRule::kPersonEnters);
}

TEST(Catalog, DemoExistsInDevelopmentOnly) {
  EXPECT_NE(Catalog(embedded::integrations(), Mode::kDev).find("demo"), nullptr);
  EXPECT_EQ(Catalog(embedded::integrations(), Mode::kServe).find("demo"), nullptr);
}

TEST(Catalog, ListIsInTheOrderOfTheSlugs) {
  const Catalog catalog(embedded::integrations(), Mode::kDev);
  const auto all = catalog.list();
  ASSERT_EQ(all.size(), embedded::integrations().size());
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1]->slug, all[i]->slug);
}

TEST(Catalog, UnknownSlugNamesTheOneThatWasMeant) {
  const Catalog catalog(embedded::integrations(), Mode::kDev);
  EXPECT_EQ(refusal_of(catalog, "githib"), "There is no integration of that name; did you mean \"github\"?");
  EXPECT_EQ(refusal_of(catalog, "workday"), "There is no integration of that name.");
  EXPECT_EQ(refusal_of(catalog, std::string(100'000, 'g')), "There is no integration of that name.");
}

TEST(Catalog, TwoFilesForOneSlugStopTheStart) {
  const EmbeddedFile file = embedded::integrations().front();
  const std::array files{file, file};
  EXPECT_THROW(Catalog(files, Mode::kDev), Error);
}

}  // namespace
}  // namespace countersign::catalog
