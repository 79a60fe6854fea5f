#include "vault/field_check.h"

#include <gtest/gtest.h>

namespace countersign::vault {
namespace {

domain::Field subdomain() {
  domain::Field field;
  field.name = "subdomain";
  field.label = "subdomain";
  field.characters = "a-z0-9-";
  field.max_length = 63;
  return field;
}

TEST(FieldCheck, ForeignCharacterIsRefusedWithoutRepeatingTheValue) {
  EXPECT_EQ(problem_with(subdomain(), "acme-2"), "");
  for (const char* typed : {"acme.zendesk.com", "https://acme", "Acme", "acme/x", "acmé"}) {
    EXPECT_EQ(problem_with(subdomain(), typed),
              "The subdomain has a character that does not belong there: it is made of a-z0-9-");
    EXPECT_EQ(problem_with(subdomain(), Secret::copy_of(typed)), problem_with(subdomain(), typed));
  }
}

TEST(FieldCheck, WithoutASetOfCharactersAnythingPrintableIsTaken) {
  domain::Field field = subdomain();
  field.characters.clear();
  EXPECT_EQ(problem_with(field, "Zoë's key, 1/2"), "");
  EXPECT_NE(problem_with(field, "two\nlines"), "");
}

}  // namespace
}  // namespace countersign::vault
