#include "domain/integration.h"

#include <gtest/gtest.h>

#include "domain/owner.h"

namespace countersign::domain {
namespace {

TEST(Integration, AnEmptySlugMeansTheFirstTemplateAndAnUnknownOneNone) {
  Integration integration;
  EXPECT_EQ(integration.find_template(""), nullptr);
  integration.templates = {{"pat", TemplateKind::kBearer, "", "", {}}, {"basic", TemplateKind::kBasic, "", "", {}}};
  EXPECT_EQ(integration.find_template(""), &integration.templates[0]);
  EXPECT_EQ(integration.find_template("basic"), &integration.templates[1]);
  EXPECT_EQ(integration.find_template("Basic"), nullptr);
}

TEST(Owner, APersonsAndTheOrgsAreNeverTheSame) {
  EXPECT_EQ(Owner::user(PersonId(1)), Owner::user(PersonId(1)));
  EXPECT_NE(Owner::user(PersonId(1)), Owner::user(PersonId(2)));
  EXPECT_NE(Owner::user(PersonId()), Owner::org());
}

}  // namespace
}  // namespace countersign::domain
