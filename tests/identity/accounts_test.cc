// What admins may do with other people's accounts, and that it takes effect at once (abuse case 98).
#include "identity/accounts.h"

#include <set>

#include "fixture.h"

namespace countersign::identity {
namespace {

using domain::Role;

class AccountsTest : public IdentityTest {
 protected:
  const domain::Person boss = add_person("boss");

  std::string reason_of(const std::function<void()>& operation) { return refusal_of(operation).reason; }
  domain::Acting stale(const domain::Person& person) {
    domain::Acting who = acting(person);
    who.verified_at = clock.now() - domain::kFreshFor;
    return who;
  }
  bool is_present(const SignedIn& signed_in) { return sign_in.present(signed_in.cookie.reveal()).has_value(); }
  std::string token_reason(const IssuedGrant& grant) {
    return reason_of([&] { grants.authenticate(grant.token.reveal()); });
  }
  // Everything an admin can do, on `target`.
  std::vector<std::function<void(const domain::Acting&)>> every_act(PersonId target) {
    return {[this](const auto& by) {
              accounts.invite(by, {workspace, "new", "New"});
            },
            [this, target](const auto& by) { accounts.renew_link(by, target); },
            [this, target](const auto& by) { accounts.change_role(by, target, Role::kApprover); },
            [this, target](const auto& by) { accounts.disable(by, target); },
            [this, target](const auto& by) { accounts.enable(by, target); }};
  }
};

TEST_F(AccountsTest, EveryActDemandsAnAdminWithAFreshProof) {
  const auto bob = add_person("bob", "", Role::kMember);
  const auto approver = add_person("carl", "", Role::kApprover);
  for (const auto& act : every_act(bob.id)) {
    EXPECT_EQ(reason_of([&] { act(acting(bob)); }), "role_needed");
    EXPECT_EQ(reason_of([&] { act(stale(approver)); }), "role_needed") << "nobody types a password for nothing";
    EXPECT_EQ(reason_of([&] { act(stale(boss)); }), "step_up_needed");
    EXPECT_EQ(reason_of([&] { act(acting(boss)); }), "");
  }
}

TEST_F(AccountsTest, OtherWorkspacesPeopleDoNotExist) {
  domain::Acting stranger = acting(boss);
  stranger.workspace = WorkspaceId(2);
  stranger.person = PersonId(99);
  const auto acts = every_act(boss.id);
  for (std::size_t i = 1; i < acts.size(); ++i) {
    EXPECT_EQ(reason_of([&] { acts[i](stranger); }), "unknown_person") << i;
  }
  acts[0](stranger);
  EXPECT_EQ(people.list(workspace).size(), 1U) << "an invitation goes into the admin's own workspace";
  EXPECT_EQ(people.list(WorkspaceId(2)).size(), 1U);
}

TEST_F(AccountsTest, InvitationLetsItsPersonInForThreeDays) {
  const auto invited = accounts.invite(acting(boss), {workspace, "Bob", "Bob", Role::kApprover});
  EXPECT_EQ(invited.person.login, "bob");
  EXPECT_EQ(invited.person.role, Role::kApprover);
  EXPECT_EQ(sign_in.owner_of_link(invited.link.reveal())->purpose, domain::LinkPurpose::kInvitation);
  clock.advance(hours(72) - milliseconds(1));
  EXPECT_TRUE(sign_in.owner_of_link(invited.link.reveal()));
  EXPECT_EQ(follow(invited.link.reveal()).person.id, invited.person.id);
  EXPECT_EQ(audit("person.created").back().row.actor, "person:" + boss.id.text());

  const auto late = accounts.invite(acting(boss), {workspace, "carl", ""});
  clock.advance(hours(72));
  EXPECT_FALSE(sign_in.owner_of_link(late.link.reveal()));
}

TEST_F(AccountsTest, RenewedInvitationMakesTheEarlierOneVoid) {
  const auto invited = accounts.invite(acting(boss), {workspace, "bob", ""});
  const Secret renewed = accounts.renew_link(acting(boss), invited.person.id);
  EXPECT_FALSE(sign_in.owner_of_link(invited.link.reveal()));
  EXPECT_EQ(sign_in.owner_of_link(renewed.reveal())->purpose, domain::LinkPurpose::kInvitation);
  clock.advance(hours(24));
  EXPECT_FALSE(sign_in.owner_of_link(renewed.reveal())) << "good for a day";
}

TEST_F(AccountsTest, RenewedLinkOfSomebodyWithAPasswordIsARecovery) {
  const auto bob = add_person("bob");
  const auto elsewhere = sign_in_as("bob");
  const Secret link = accounts.renew_link(acting(boss), bob.id);
  EXPECT_FALSE(is_present(elsewhere));
  EXPECT_EQ(reason_of([&] { sign_in_as("bob"); }), "wrong_login");
  EXPECT_EQ(sign_in.owner_of_link(link.reveal())->purpose, domain::LinkPurpose::kRecovery);
  const auto back = follow(link.reveal());
  people.change_password(acting(back.person), back.session.id, secret(""), secret(kPassword));
  EXPECT_NO_THROW(sign_in_as("bob")) << "a forgotten password needs no present one";
}

TEST_F(AccountsTest, LinkIsNotRenewedForOneselfOrForWhoIsDisabled) {
  const auto bob = add_person("bob");
  EXPECT_EQ(reason_of([&] { accounts.renew_link(acting(boss), boss.id); }), "not_yourself");
  accounts.disable(acting(boss), bob.id);
  EXPECT_EQ(reason_of([&] { accounts.renew_link(acting(boss), bob.id); }), "person_disabled");
  EXPECT_FALSE(people.get(workspace, bob.id).password_hash.empty());
  EXPECT_TRUE(audit("sign_in_link.created").empty());
}

TEST_F(AccountsTest, RoleChangesAtOnceAndIsRecordedWithBoth) {
  const auto bob = add_person("bob", "", Role::kMember);
  accounts.change_role(acting(boss), bob.id, Role::kApprover);
  accounts.change_role(acting(boss), bob.id, Role::kApprover);
  EXPECT_EQ(people.get(workspace, bob.id).role, Role::kApprover);
  EXPECT_EQ(facts_of("person.role_changed"), R"({"from":"member","to":"approver"})");
  EXPECT_EQ(audit("person.role_changed")[0].row.object, bob.id.text());
}

TEST_F(AccountsTest, WorkspaceKeepsAnAdminWhoCanSignIn) {
  add_person("carl", "", Role::kApprover);
  EXPECT_EQ(reason_of([&] { accounts.change_role(acting(boss), boss.id, Role::kMember); }), "last_admin");
  EXPECT_EQ(people.get(workspace, boss.id).role, Role::kAdmin);

  const auto other = add_person("other");
  accounts.disable(acting(boss), other.id);
  EXPECT_EQ(reason_of([&] { accounts.change_role(acting(boss), boss.id, Role::kMember); }), "last_admin")
      << "a disabled admin is none";
  accounts.change_role(acting(boss), other.id, Role::kMember);
  accounts.enable(acting(boss), other.id);
  EXPECT_EQ(reason_of([&] { accounts.change_role(acting(boss), boss.id, Role::kMember); }), "last_admin");
  accounts.change_role(acting(boss), other.id, Role::kAdmin);
  EXPECT_EQ(reason_of([&] { accounts.change_role(acting(boss), boss.id, Role::kMember); }), "");
}

TEST_F(AccountsTest, AnAdminWhoWasInvitedAndNeverCameIsNoneThatStays) {
  const auto invited = accounts.invite(acting(boss), {workspace, "carl", "Carl", Role::kAdmin});
  const auto step_down = [&] { accounts.change_role(acting(boss), boss.id, Role::kMember); };
  EXPECT_EQ(reason_of(step_down), "last_admin") << "the invitation may be lost";
  EXPECT_EQ(reason_of([&] { accounts.change_role(acting(boss), invited.person.id, Role::kMember); }), "")
      << "and who never came is taken back without another";
  accounts.change_role(acting(boss), invited.person.id, Role::kAdmin);
  const auto came = follow(invited.link.reveal());
  people.change_password(acting(came.person), came.session.id, secret(""), secret(kPassword));
  EXPECT_EQ(reason_of(step_down), "");
}

TEST_F(AccountsTest, OnALaptopWithoutPasswordsWhoActsIsTheAdminThatStays) {
  const auto owner = add_person("owner", "");
  accounts.disable(acting(owner), boss.id);
  EXPECT_EQ(reason_of([&] { accounts.change_role(acting(owner), owner.id, Role::kMember); }), "last_admin");
  EXPECT_EQ(people.get(workspace, owner.id).role, Role::kAdmin);
}

TEST_F(AccountsTest, TwoAdminsCannotTakeEachOtherAway) {
  const auto other = add_person("other");
  const domain::Acting before = acting(other);  // of a request that began earlier
  accounts.disable(acting(boss), other.id);
  EXPECT_EQ(reason_of([&] { accounts.disable(before, boss.id); }), "last_admin");
  EXPECT_EQ(reason_of([&] { accounts.change_role(before, boss.id, Role::kMember); }), "last_admin");
  EXPECT_FALSE(people.get(workspace, boss.id).disabled);
}

TEST_F(AccountsTest, NobodyDisablesThemselves) {
  add_person("other");
  EXPECT_EQ(reason_of([&] { accounts.disable(acting(boss), boss.id); }), "not_yourself");
  EXPECT_FALSE(people.get(workspace, boss.id).disabled);
}

TEST_F(AccountsTest, A098_DisabledPersonAndTheirAgentsAreOutAtOnce) {
  const auto bob = add_person("bob");
  const auto here = sign_in_as("bob");
  const auto mine = sign_in_as("boss");
  const std::string link = text(people.make_link(admin, workspace, bob.id, hours(1)));
  const auto grant = grants.issue(admin, {workspace, bob.id, "claude"});
  const auto second = grants.issue(admin, {workspace, bob.id, "codex"});
  const auto of_boss = grants.issue(admin, {workspace, boss.id, "claude"});
  const auto of_all = grants.issue(admin, {workspace, {}, "claude"});

  accounts.disable(acting(boss), bob.id);

  EXPECT_FALSE(is_present(here));
  EXPECT_FALSE(sign_in.owner_of_link(link));
  EXPECT_EQ(reason_of([&] { sign_in_as("bob"); }), "wrong_login");
  EXPECT_EQ(token_reason(grant), "owner_disabled");
  EXPECT_EQ(token_reason(second), "owner_disabled");
  EXPECT_EQ(token_reason(of_boss), "");
  EXPECT_EQ(token_reason(of_all), "");
  EXPECT_TRUE(is_present(mine));

  EXPECT_EQ(facts_of("person.disabled"), R"({"reason":"account_disabled"})");
  EXPECT_EQ(facts_of("session.ended"), R"({"reason":"account_disabled","sessions":"1"})");
  EXPECT_EQ(facts_of("sign_in_link.voided"), R"({"reason":"account_disabled"})");
  const auto orphaned = audit("agent.orphaned");
  ASSERT_EQ(orphaned.size(), 2U);
  EXPECT_EQ((std::set{orphaned[0].row.object, orphaned[1].row.object}),
            (std::set{grant.agent.id.text(), second.agent.id.text()}));
  EXPECT_NE(orphaned[0].row.facts.find(bob.id.text()), std::string::npos);
}

TEST_F(AccountsTest, DisablingIsOneTransactionAndOnce) {
  const auto bob = add_person("bob");
  sign_in_as("bob");
  const auto commits = store.stats().commits;
  accounts.disable(acting(boss), bob.id);
  EXPECT_EQ(store.stats().commits, commits + 1);
  accounts.disable(acting(boss), bob.id);
  EXPECT_EQ(audit("person.disabled").size(), 1U);
  accounts.enable(acting(boss), bob.id);
  accounts.enable(acting(boss), bob.id);
  EXPECT_EQ(audit("person.enabled").size(), 1U);
}

TEST_F(AccountsTest, EnabledPersonAndTheirAgentsAreBackButNoOldSession) {
  const auto bob = add_person("bob");
  const auto here = sign_in_as("bob");
  const auto grant = grants.issue(admin, {workspace, bob.id, "claude"});
  const auto revoked = grants.issue(admin, {workspace, bob.id, "old"});
  grants.revoke(admin, workspace, revoked.agent.id);
  accounts.disable(acting(boss), bob.id);
  accounts.enable(acting(boss), bob.id);
  EXPECT_EQ(token_reason(grant), "");
  EXPECT_EQ(token_reason(revoked), "bad_token");
  EXPECT_FALSE(is_present(here));
  EXPECT_NO_THROW(sign_in_as("bob"));
  const auto rows = audit("agent.owner_back");
  ASSERT_EQ(rows.size(), 1U) << "a revoked one is not brought back";
  EXPECT_EQ(rows[0].row.object, grant.agent.id.text());
}

TEST_F(AccountsTest, HandoffsOfADisabledPersonStayAsTheyAre) {
  const auto bob = add_person("bob");
  const auto grant = grants.issue(admin, {workspace, bob.id, "claude"});
  const auto handoff = add_handoff(grant.agent.id, domain::HandoffState::kPending, bob.id);
  accounts.disable(acting(boss), bob.id);
  EXPECT_EQ(state_of(handoff.id), domain::HandoffState::kPending);
  EXPECT_TRUE(audit("handoff.cancelled").empty());
}

}  // namespace
}  // namespace countersign::identity
