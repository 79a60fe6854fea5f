#include "identity/people.h"

#include "fixture.h"

namespace countersign::identity {
namespace {

class PeopleTest : public IdentityTest {
 protected:
  std::string add_reason(std::string login, std::string name = "Ada") {
    return refusal_of([&] { people.add(admin, {workspace, std::move(login), std::move(name)}); }).reason;
  }
};

TEST_F(PeopleTest, LoginIsTrimmedFoldedAndUnique) {
  const auto person = people.add(admin, {workspace, "  Ada.Lovelace@Example.ORG ", "Ada", domain::Role::kApprover});
  EXPECT_EQ(person.login, "ada.lovelace@example.org");
  EXPECT_EQ(people.get(workspace, person.id).role, domain::Role::kApprover);
  EXPECT_EQ(add_reason("ADA.lovelace@example.org"), "login_taken");
  EXPECT_EQ(people.list(workspace).size(), 1U);
}

TEST_F(PeopleTest, LoginIsOneToSixtyFourPlainCharacters) {
  for (const std::string& bad : std::vector<std::string>{"", "  ", "a b", "a/b", "a\tb", "ad\xC3\xA4", "a\nb", "<a>"}) {
    EXPECT_EQ(add_reason(bad), "bad_login") << bad;
  }
  EXPECT_EQ(add_reason(std::string("a\0b", 3)), "bad_login");
  EXPECT_EQ(add_reason(std::string(65, 'a')), "bad_login");
  EXPECT_EQ(add_reason(std::string(64, 'a')), "");
  EXPECT_EQ(add_reason("a.b_c@d+e-9"), "");
}

TEST_F(PeopleTest, DisplayNameIsTheLoginWhenNoneIsGivenAndNeverForgesALine) {
  EXPECT_EQ(people.add(admin, {workspace, "bob", ""}).display_name, "bob");
  EXPECT_EQ(add_reason("carl", "Carl\r\nadmin"), "bad_name");
}

TEST_F(PeopleTest, AuditHoldsTheIdAndTheLoginOnlyAsANote) {
  const auto person = add_person("ada");
  const auto created = audit("person.created");
  ASSERT_EQ(created.size(), 1U);
  EXPECT_EQ(created[0].row.object, person.id.text());
  EXPECT_EQ(created[0].row.actor, "operator");
  EXPECT_EQ(created[0].row.facts, R"({"role":"admin"})");
  EXPECT_EQ(created[0].note, "ada");
  EXPECT_EQ(facts_of("person.password_set"), R"({"reason":"password_set"})");
}

TEST_F(PeopleTest, UnsuitablePasswordIsRefusedAndTheOldOneStays) {
  const auto person = add_person("lovelace");
  for (const std::string& bad :
       {std::string(), std::string("elevenchars"), std::string("äöüßéèñ"), std::string(1025, 'x'),
        std::string("password1234"), std::string("violet-Lovelace-tuba")}) {
    const auto refused = refusal_of([&] { people.set_password(admin, workspace, person.id, secret(bad)); });
    EXPECT_EQ(refused.code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(refused.reason, "weak_password") << bad;
  }
  EXPECT_EQ(people.get(workspace, person.id).password_hash, person.password_hash);
  EXPECT_EQ(audit("person.password_set").size(), 1U);
}

TEST_F(PeopleTest, UnknownPersonIsNotFoundEverywhere) {
  const PersonId nobody(77);
  const auto person = add_person();
  EXPECT_EQ(refusal_of([&] { people.get(workspace, nobody); }).reason, "unknown_person");
  EXPECT_EQ(refusal_of([&] { people.get(WorkspaceId(2), person.id); }).code, ErrorCode::kNotFound);
  EXPECT_EQ(refusal_of([&] { people.set_password(admin, workspace, nobody, secret(kPassword)); }).reason,
            "unknown_person");
  EXPECT_EQ(refusal_of([&] { people.make_link(admin, workspace, nobody, minutes(10)); }).reason, "unknown_person");
  EXPECT_EQ(refusal_of([&] { people.make_link(admin, WorkspaceId(2), person.id, minutes(10)); }).reason,
            "unknown_person");
  EXPECT_TRUE(audit("sign_in_link.created").empty());
}

TEST_F(PeopleTest, OwnNameCanBeChangedAndStandsOnlyInANote) {
  const auto person = add_person();
  people.rename(acting(person), "  Ada Lovelace ");
  people.rename(acting(person), "Ada Lovelace");
  EXPECT_EQ(people.get(workspace, person.id).display_name, "Ada Lovelace");
  const auto rows = audit("person.renamed");
  ASSERT_EQ(rows.size(), 1U) << "the same name is no change";
  EXPECT_EQ(rows[0].row.object, person.id.text());
  EXPECT_EQ(rows[0].row.facts, "{}");
  EXPECT_EQ(rows[0].note, "Ada Lovelace");
  EXPECT_EQ(refusal_of([&] { people.rename(acting(person), "a\x1B[2J"); }).reason, "bad_name");
  domain::Acting nobody = acting(person);
  nobody.person = PersonId(77);
  EXPECT_EQ(refusal_of([&] { people.rename(nobody, "Nobody"); }).reason, "unknown_person");
}

TEST_F(PeopleTest, InvitedPersonAndLinkAreMadeTogetherOrNotAtAll) {
  const auto invited = people.invite(admin, {workspace, "bob", "Bob", domain::Role::kApprover}, hours(1));
  const auto owner = sign_in.owner_of_link(invited.link.reveal());
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->person.id, invited.person.id);
  EXPECT_EQ(owner->purpose, domain::LinkPurpose::kInvitation);
  const auto commits = store.stats().commits;
  EXPECT_EQ(refusal_of([&] { people.invite(admin, {workspace, "BOB", ""}, hours(1)); }).reason, "login_taken");
  EXPECT_EQ(refusal_of([&] { people.invite(admin, {workspace, "carl", ""}, seconds(0)); }).reason, "bad_lifetime");
  EXPECT_EQ(store.stats().commits, commits);
  EXPECT_EQ(people.list(workspace).size(), 1U);
  EXPECT_EQ(audit("sign_in_link.created").size(), 1U);
}

TEST_F(PeopleTest, LinkKeepsItsPurposeAndTheAuditSaysIt) {
  const auto person = add_person();
  const auto purpose_of = [&](const Secret& link) { return sign_in.owner_of_link(link.reveal())->purpose; };
  EXPECT_EQ(purpose_of(people.make_link(admin, workspace, person.id, minutes(10))), domain::LinkPurpose::kSignIn);
  EXPECT_EQ(facts_of("sign_in_link.created"),
            R"({"lifetime":"600","person":")" + person.id.text() + R"(","purpose":"sign_in"})");
  EXPECT_EQ(purpose_of(people.make_link(admin, workspace, person.id, minutes(10), domain::LinkPurpose::kInvitation)),
            domain::LinkPurpose::kInvitation);
}

TEST_F(PeopleTest, LinkLifetimeIsBounded) {
  const auto person = add_person();
  for (const seconds bad : {seconds(0), seconds(-5), seconds(7 * 86'400 + 1), seconds::max()}) {
    EXPECT_EQ(refusal_of([&] { people.make_link(admin, workspace, person.id, bad); }).reason, "bad_lifetime");
  }
}

}  // namespace
}  // namespace countersign::identity
