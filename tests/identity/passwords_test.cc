// Passwords that are set, changed and lost, and what ends with the old one.
#include "fixture.h"

namespace countersign::identity {
namespace {

constexpr std::string_view kOther = "another-harbour-tuba";

class PasswordsTest : public IdentityTest {
 protected:
  std::string change(const SignedIn& at, std::string_view present, std::string_view wanted = kOther) {
    return refusal_of(
               [&] { people.change_password(acting(at.person), at.session.id, secret(present), secret(wanted)); })
        .reason;
  }
  bool is_present(const SignedIn& signed_in) { return sign_in.present(signed_in.cookie.reveal()).has_value(); }
  std::string link_for(PersonId person) { return text(people.make_link(admin, workspace, person, minutes(10))); }
};

TEST_F(PasswordsTest, A098_ChangedPasswordEndsOtherSessionsAndLinksAndKeepsThisOne) {
  const auto person = add_person();
  add_person("bob");
  const auto here = sign_in_as("ada");
  const auto there = sign_in_as("ada");
  const auto of_bob = sign_in_as("bob");
  const std::string link = link_for(person.id);

  EXPECT_EQ(change(here, kPassword), "");

  EXPECT_TRUE(is_present(here));
  EXPECT_FALSE(is_present(there));
  EXPECT_TRUE(is_present(of_bob));
  EXPECT_FALSE(sign_in.owner_of_link(link));
  EXPECT_EQ(wrong("ada"), "wrong_login");
  EXPECT_EQ(refusal_of([&] { sign_in_as("ada", kPassword); }).reason, "wrong_login");
  EXPECT_NO_THROW(sign_in_as("ada", kOther));
  EXPECT_EQ(facts_of("session.ended"), R"({"reason":"password_changed","sessions":"1"})");
  EXPECT_EQ(audit("session.ended")[0].row.object, person.id.text());
  EXPECT_EQ(facts_of("sign_in_link.voided"), R"({"reason":"password_changed"})");
  EXPECT_EQ(audit("person.password_set").back().row.facts, R"({"reason":"password_changed"})");
  EXPECT_EQ(audit("person.password_set").back().row.actor, "person:" + person.id.text());
}

TEST_F(PasswordsTest, ChangeAsksForThePresentPasswordAndASuitableNewOne) {
  add_person();
  const auto here = sign_in_as("ada");
  EXPECT_EQ(change(here, "not the right one"), "wrong_password");
  EXPECT_EQ(change(here, ""), "wrong_password");
  EXPECT_EQ(change(here, kPassword, "short"), "weak_password");
  EXPECT_NO_THROW(sign_in_as("ada")) << "nothing was changed";
  EXPECT_TRUE(audit("session.ended").empty());
  const auto rows = audit("step_up.failed");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].row.object, here.person.id.text());
  EXPECT_EQ(rows[0].row.facts, R"({"reason":"password_change"})");
}

TEST_F(PasswordsTest, ChangeNeedsNoFreshProofBesideThePresentPassword) {
  add_person();
  const auto here = sign_in_as("ada");
  domain::Acting stale = acting(here.person);
  stale.verified_at = clock.now() - hours(1);
  EXPECT_NO_THROW(people.change_password(stale, here.session.id, secret(kPassword), secret(kOther)));
}

TEST_F(PasswordsTest, FirstPasswordNeedsAFreshProofInstead) {
  const auto person = add_person("ada", "");
  const auto here = follow(link_for(person.id));
  domain::Acting stale = acting(person);
  stale.verified_at = clock.now() - domain::kFreshFor;
  const auto choose = [&](const domain::Acting& who) {
    return refusal_of([&] { people.change_password(who, here.session.id, secret(""), secret(kPassword)); }).reason;
  };
  EXPECT_EQ(choose(stale), "step_up_needed");
  EXPECT_EQ(choose(acting(person)), "");
  EXPECT_TRUE(is_present(here));
  EXPECT_NO_THROW(sign_in_as("ada"));
}

TEST_F(PasswordsTest, A095_StolenSessionCannotGuessThePresentPassword) {
  add_person();
  add_person("bob");
  const auto stolen = sign_in_as("ada");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(change(stolen, "not the right one"), "wrong_password");
  const auto refused = refusal_of(
      [&] { people.change_password(acting(stolen.person), stolen.session.id, secret(kPassword), secret(kOther)); });
  EXPECT_EQ(refused.code, ErrorCode::kRateLimited);
  EXPECT_EQ(refused.reason, "sign_in_throttled");
  EXPECT_EQ(refused.wait, seconds(1));
  EXPECT_EQ(change(sign_in_as("bob"), kPassword), "") << "others do not wait";
  EXPECT_NO_THROW(sign_in_as("ada")) << "nor does a sign-in";

  clock.advance(seconds(1));
  EXPECT_EQ(change(stolen, kPassword), "") << "after the wait there is a next try";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(change(stolen, "not the right one"), "wrong_password") << "a clean record";
}

TEST_F(PasswordsTest, A098_WhoWasThrownOutMeanwhileCannotSetThePassword) {
  const auto person = add_person();
  const auto stolen = sign_in_as("ada");
  std::string link;
  const InterruptedClock interrupted(clock,
                                     [&] { link = text(people.recover(admin, workspace, person.id, hours(1))); });
  const People slow(store, keys, passwords, interrupted, random, ids);
  const auto refused =
      refusal_of([&] { slow.change_password(acting(person), stolen.session.id, secret(kPassword), secret(kOther)); });
  EXPECT_EQ(refused.code, ErrorCode::kConflict);
  EXPECT_EQ(refused.reason, "password_changed");
  EXPECT_TRUE(people.get(workspace, person.id).password_hash.empty());
  EXPECT_TRUE(sign_in.owner_of_link(link)) << "the owner's way back is not voided by the thief";

  // The same thief where there was no password to compare: the session is what tells.
  EXPECT_EQ(change(stolen, ""), "sign_in_needed");
  EXPECT_TRUE(people.get(workspace, person.id).password_hash.empty());
  EXPECT_TRUE(sign_in.owner_of_link(link));
}

TEST_F(PasswordsTest, SessionToKeepMustBeOnesOwn) {
  add_person();
  add_person("bob");
  const auto here = sign_in_as("ada");
  const auto of_bob = sign_in_as("bob");
  const auto with = [&](SessionId keep) {
    return refusal_of([&] { people.change_password(acting(here.person), keep, secret(kPassword), secret(kOther)); })
        .reason;
  };
  EXPECT_EQ(with(of_bob.session.id), "sign_in_needed");
  EXPECT_EQ(with({}), "sign_in_needed");
  EXPECT_TRUE(is_present(here));
}

TEST_F(PasswordsTest, PasswordFromTheCommandLineEndsEverySessionAndLink) {
  const auto person = add_person();
  const auto here = sign_in_as("ada");
  const std::string link = link_for(person.id);
  people.set_password(admin, workspace, person.id, secret(kOther));
  EXPECT_FALSE(is_present(here));
  EXPECT_FALSE(sign_in.owner_of_link(link));
  EXPECT_NO_THROW(sign_in_as("ada", kOther));
  EXPECT_EQ(facts_of("session.ended"), R"({"reason":"password_set","sessions":"1"})");
  EXPECT_EQ(audit("session.ended")[0].row.actor, "operator");
}

TEST_F(PasswordsTest, RecoveryTakesAwayEverythingAnIntruderHasAndLeavesOneWayIn) {
  const auto person = add_person();
  const auto stolen = sign_in_as("ada");
  const std::string earlier = link_for(person.id);
  const std::string link = text(people.recover(admin, workspace, person.id, hours(1)));

  EXPECT_FALSE(is_present(stolen));
  EXPECT_FALSE(sign_in.owner_of_link(earlier));
  EXPECT_EQ(refusal_of([&] { sign_in_as("ada"); }).reason, "wrong_login");
  EXPECT_EQ(sign_in.owner_of_link(link)->purpose, domain::LinkPurpose::kRecovery);
  EXPECT_TRUE(is_present(follow(link)));
  EXPECT_EQ(facts_of("person.password_removed"), R"({"reason":"recovery"})");
  EXPECT_EQ(facts_of("session.ended"), R"({"reason":"recovery","sessions":"1"})");
  EXPECT_EQ(facts_of("sign_in_link.voided"), R"({"reason":"recovery"})");
  EXPECT_TRUE(audit("person.enabled").empty()) << "it was not disabled";
}

TEST_F(PasswordsTest, RecoveryEnablesADisabledAccountAndItsAgents) {
  const auto boss = add_person("boss");
  const auto person = add_person();
  const auto grant = grants.issue(admin, {workspace, person.id, "claude"});
  accounts.disable(acting(boss), person.id);
  const std::string link = text(people.recover(admin, workspace, person.id, hours(1)));
  EXPECT_FALSE(people.get(workspace, person.id).disabled);
  EXPECT_TRUE(is_present(follow(link)));
  EXPECT_NO_THROW(grants.authenticate(grant.token.reveal()));
  EXPECT_EQ(facts_of("person.enabled"), R"({"reason":"recovery"})");
  EXPECT_EQ(audit("agent.owner_back").size(), 1U);
}

TEST_F(PasswordsTest, RecoveryOfNobodyLeavesNothing) {
  EXPECT_EQ(refusal_of([&] { people.recover(admin, workspace, PersonId(77), hours(1)); }).reason, "unknown_person");
  const auto person = add_person();
  EXPECT_EQ(refusal_of([&] { people.recover(admin, WorkspaceId(2), person.id, hours(1)); }).reason, "unknown_person");
  EXPECT_EQ(refusal_of([&] { people.recover(admin, workspace, person.id, seconds(0)); }).reason, "bad_lifetime");
  EXPECT_NO_THROW(sign_in_as("ada"));
  EXPECT_TRUE(audit("sign_in_link.created").empty());
}

}  // namespace
}  // namespace countersign::identity
