// What people do with their agents: create, rotate, pause, resume, revoke.
#include "fixture.h"

namespace countersign::identity {
namespace {

using domain::Role;
using domain::ScopeSet;

class GrantOwnersTest : public IdentityTest {
 protected:
  const domain::Person boss = add_person("boss", "");
  const domain::Person ada = add_person("ada", "", Role::kMember);
  const domain::Person bob = add_person("bob", "", Role::kApprover);

  IssuedGrant grant_of(PersonId owner, seconds lifetime = seconds(0)) {
    return grants.issue(admin, {workspace, owner, "claude", ScopeSet::usual(), lifetime});
  }
  domain::Acting stale(const domain::Person& person) {
    domain::Acting who = acting(person);
    who.verified_at = clock.now() - domain::kFreshFor;
    return who;
  }
  domain::Acting from_elsewhere() {
    domain::Acting who = acting(boss);
    who.workspace = WorkspaceId(2);
    return who;
  }
  std::string reason_of(const std::function<void()>& operation) { return refusal_of(operation).reason; }
  std::string reason_of(const Secret& token) {
    return refusal_of([&] { grants.authenticate(token.reveal()); }).reason;
  }
  std::string create(const domain::Acting& who, PersonId owner) {
    return reason_of([&] { grants.create(who, {workspace, owner, "claude"}); });
  }
  std::vector<AgentId> listed(const domain::Person& person) {
    std::vector<AgentId> found;
    for (const auto& agent : grants.list(acting(person))) found.push_back(agent.id);
    return found;
  }
};

TEST_F(GrantOwnersTest, OneCreatesForOneselfAndOnlyAdminsForTheWorkspace) {
  EXPECT_EQ(create(acting(ada), ada.id), "");
  EXPECT_EQ(create(acting(ada), {}), "role_needed");
  EXPECT_EQ(create(acting(bob), {}), "role_needed");
  EXPECT_EQ(create(acting(ada), bob.id), "unknown_person");
  EXPECT_EQ(create(acting(boss), bob.id), "unknown_person") << "an admin acts for the workspace, not for others";
  EXPECT_EQ(create(acting(boss), {}), "");
  EXPECT_EQ(create(stale(ada), ada.id), "step_up_needed");
  EXPECT_EQ(create(stale(boss), {}), "step_up_needed");
  EXPECT_EQ(grants.list(workspace).size(), 2U);
  EXPECT_EQ(audit("agent.created").front().row.actor, "person:" + ada.id.text());
}

TEST_F(GrantOwnersTest, CreatedGrantIsOfTheActingPersonsWorkspace) {
  const auto issued = grants.create(acting(ada), {WorkspaceId(2), ada.id, "claude"});
  EXPECT_EQ(issued.agent.workspace, workspace);
  EXPECT_EQ(grants.authenticate(issued.token.reveal()).owner, ada.id);
}

TEST_F(GrantOwnersTest, OneSeesOnesOwnAndAdminsSeeAll) {
  const auto of_ada = grant_of(ada.id).agent.id;
  const auto of_bob = grant_of(bob.id).agent.id;
  const auto of_all = grant_of({}).agent.id;
  EXPECT_EQ(listed(ada), std::vector{of_ada});
  EXPECT_EQ(listed(bob), std::vector{of_bob});
  EXPECT_EQ(listed(boss), (std::vector{of_all, of_bob, of_ada}));
  EXPECT_EQ(grants.get(acting(ada), of_ada).id, of_ada);
  EXPECT_EQ(grants.get(acting(boss), of_all).id, of_all);
  const Refused expected = refusal_of([&] { grants.get(acting(ada), AgentId(4711)); });
  EXPECT_EQ(expected.reason, "unknown_agent");
  EXPECT_EQ(refusal_of([&] { grants.get(acting(ada), of_bob); }), expected);
  EXPECT_EQ(refusal_of([&] { grants.get(acting(bob), of_all); }), expected);
  EXPECT_EQ(refusal_of([&] { grants.get(from_elsewhere(), of_ada); }), expected);
}

TEST_F(GrantOwnersTest, EveryActIsTheOwnersOrAnAdmins) {
  const std::vector<std::function<void(const domain::Acting&, AgentId)>> acts{
      [&](const auto& who, AgentId id) { grants.pause(who, id); },
      [&](const auto& who, AgentId id) { grants.resume(who, id); },
      [&](const auto& who, AgentId id) { grants.revoke(who, id); },
  };
  for (std::size_t i = 0; i < acts.size(); ++i) {
    const auto of_ada = grant_of(ada.id).agent.id;
    const auto of_all = grant_of({}).agent.id;
    const auto another = grant_of(ada.id).agent.id;
    EXPECT_EQ(reason_of([&] { acts[i](acting(bob), of_ada); }), "unknown_agent") << i;
    EXPECT_EQ(reason_of([&] { acts[i](acting(bob), of_all); }), "unknown_agent") << i;
    EXPECT_EQ(reason_of([&] { acts[i](from_elsewhere(), of_ada); }), "unknown_agent") << i;
    EXPECT_EQ(reason_of([&] { acts[i](acting(boss), AgentId(4711)); }), "unknown_agent") << i;
    EXPECT_EQ(reason_of([&] { acts[i](acting(ada), of_ada); }), "") << i;
    EXPECT_EQ(reason_of([&] { acts[i](acting(boss), of_all); }), "") << i;
    EXPECT_EQ(reason_of([&] { acts[i](acting(boss), another); }), "") << i;
    grants.revoke(admin, workspace, grant_of(ada.id).agent.id);
  }
}

TEST_F(GrantOwnersTest, NobodyButTheOwnerGetsATokenThatActsForThem) {
  const auto of_ada = grant_of(ada.id);
  const auto of_all = grant_of({}).agent.id;
  const auto rotate = [&](const domain::Acting& who, AgentId id) {
    return reason_of([&] { grants.rotate(who, id, seconds(0)); });
  };
  EXPECT_EQ(rotate(acting(boss), of_ada.agent.id), "not_your_agent");
  EXPECT_EQ(rotate(stale(boss), of_ada.agent.id), "not_your_agent") << "nobody types a password for nothing";
  EXPECT_EQ(reason_of(of_ada.token), "") << "and its own token is as good as before";
  EXPECT_TRUE(audit("agent.rotated").empty());
  for (const AgentId hidden : {of_ada.agent.id, of_all}) EXPECT_EQ(rotate(acting(bob), hidden), "unknown_agent");
  EXPECT_EQ(rotate(from_elsewhere(), of_ada.agent.id), "unknown_agent");
  EXPECT_EQ(rotate(acting(ada), of_ada.agent.id), "");
  EXPECT_EQ(rotate(acting(boss), of_all), "") << "the workspace's agents are the admins'";
}

TEST_F(GrantOwnersTest, RevokedAgentTakesNoMoreActs) {
  const auto id = grant_of(ada.id).agent.id;
  grants.revoke(acting(ada), id);
  EXPECT_EQ(reason_of([&] { grants.rotate(acting(ada), id, seconds(0)); }), "unknown_agent");
  EXPECT_EQ(reason_of([&] { grants.pause(acting(ada), id); }), "unknown_agent");
  EXPECT_EQ(reason_of([&] { grants.resume(acting(ada), id); }), "unknown_agent");
  EXPECT_EQ(reason_of([&] { grants.revoke(acting(ada), id); }), "unknown_agent");
  EXPECT_NE(grants.get(acting(ada), id).revoked_at, Instant{}) << "but it can be looked at";
  EXPECT_EQ(audit("agent.revoked").size(), 1U);
}

TEST_F(GrantOwnersTest, StoppingNeedsNoProofAndGoingOnDoes) {
  const auto id = grant_of(ada.id).agent.id;
  EXPECT_EQ(reason_of([&] { grants.rotate(stale(ada), id, seconds(0)); }), "step_up_needed");
  EXPECT_EQ(reason_of([&] { grants.pause(stale(ada), id); }), "");
  EXPECT_EQ(reason_of([&] { grants.resume(stale(ada), id); }), "step_up_needed");
  EXPECT_EQ(reason_of([&] { grants.revoke(stale(ada), id); }), "");
}

TEST_F(GrantOwnersTest, A098_RotatedTokenIsGoodUntilTheOverlapEndsAndNotAtIt) {
  const auto first = grant_of(ada.id);
  const auto second = grants.rotate(acting(ada), first.agent.id, minutes(10));
  EXPECT_EQ(second.agent.id, first.agent.id);
  EXPECT_NE(text(second.token), text(first.token));
  EXPECT_EQ(reason_of(second.token), "");
  clock.advance(minutes(10) - milliseconds(1));
  EXPECT_EQ(reason_of(first.token), "");
  EXPECT_EQ(reason_of(second.token), "");
  clock.advance(milliseconds(1));
  EXPECT_EQ(reason_of(first.token), "bad_token");
  EXPECT_EQ(reason_of(second.token), "");
  EXPECT_EQ(facts_of("agent.rotated"), R"({"overlap":"600"})");
  EXPECT_EQ(audit("agent.rotated")[0].row.object, first.agent.id.text());
}

TEST_F(GrantOwnersTest, A098_WithoutOverlapTheOldTokenIsOutAtOnce) {
  const auto first = grant_of(ada.id);
  const auto second = grants.rotate(acting(ada), first.agent.id, seconds(0));
  EXPECT_EQ(reason_of(first.token), "bad_token");
  EXPECT_EQ(reason_of(second.token), "");
}

TEST_F(GrantOwnersTest, OnlyTheLastTokenOverlaps) {
  const auto first = grant_of(ada.id);
  const auto second = grants.rotate(acting(ada), first.agent.id, hours(1));
  const auto third = grants.rotate(acting(ada), first.agent.id, hours(1));
  EXPECT_EQ(reason_of(first.token), "bad_token");
  EXPECT_EQ(reason_of(second.token), "");
  EXPECT_EQ(reason_of(third.token), "");
}

TEST_F(GrantOwnersTest, OldTokenEndsWithItsAgentHoweverLongTheOverlap) {
  const auto first = grant_of(ada.id, minutes(5));
  const auto second = grants.rotate(acting(ada), first.agent.id, hours(1));
  grants.pause(acting(ada), first.agent.id);
  EXPECT_EQ(reason_of(first.token), "agent_paused");
  grants.resume(acting(ada), first.agent.id);
  EXPECT_EQ(reason_of(first.token), "");
  clock.advance(minutes(5));
  EXPECT_EQ(reason_of(first.token), "bad_token") << "a new token is no new lifetime";
  EXPECT_EQ(reason_of(second.token), "bad_token");
  EXPECT_EQ(reason_of([&] { grants.rotate(acting(ada), first.agent.id, seconds(0)); }), "agent_expired");

  const auto endless = grant_of(ada.id);
  const auto rotated = grants.rotate(acting(ada), endless.agent.id, hours(1));
  grants.revoke(acting(ada), endless.agent.id);
  EXPECT_EQ(reason_of(endless.token), "bad_token");
  EXPECT_EQ(reason_of(rotated.token), "bad_token");
}

TEST_F(GrantOwnersTest, OverlapIsAtMostSevenDays) {
  const auto id = grant_of(ada.id).agent.id;
  const auto rotate = [&](seconds overlap) { return reason_of([&] { grants.rotate(acting(ada), id, overlap); }); };
  EXPECT_EQ(rotate(seconds(-1)), "bad_overlap");
  EXPECT_EQ(rotate(kLongestOverlap + seconds(1)), "bad_overlap");
  EXPECT_EQ(rotate(seconds::max()), "bad_overlap");
  EXPECT_EQ(rotate(kLongestOverlap), "");
  EXPECT_EQ(audit("agent.rotated").size(), 1U);
}

TEST_F(GrantOwnersTest, PausedAgentIsRefusedAtOnceAndToldSoOnlyWithTheRightToken) {
  const auto grant = grant_of(ada.id);
  grants.pause(acting(ada), grant.agent.id);
  grants.pause(acting(ada), grant.agent.id);
  const auto refused = refusal_of([&] { grants.authenticate(grant.token.reveal()); });
  EXPECT_EQ(refused.code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(refused.reason, "agent_paused");
  std::string guess = text(grant.token);
  guess[guess.size() - 20] = guess[guess.size() - 20] == 'A' ? 'B' : 'A';
  EXPECT_EQ(reason_of([&] { grants.authenticate(guess); }), "bad_token");
  EXPECT_FALSE(grants.used(grants.get(acting(ada), grant.agent.id))) << "a refusal is no use";

  grants.resume(acting(ada), grant.agent.id);
  grants.resume(acting(ada), grant.agent.id);
  EXPECT_EQ(reason_of(grant.token), "");
  EXPECT_EQ(audit("agent.paused").size(), 1U);
  EXPECT_EQ(audit("agent.resumed").size(), 1U);
}

TEST_F(GrantOwnersTest, OrphanedAgentIsRefusedWhateverItsOwnerDidBefore) {
  const auto grant = grant_of(ada.id);
  const auto rotated = grants.rotate(acting(ada), grant.agent.id, hours(1));
  grants.pause(acting(ada), grant.agent.id);
  accounts.disable(acting(boss), ada.id);
  const auto refused = refusal_of([&] { grants.authenticate(rotated.token.reveal()); });
  EXPECT_EQ(refused.code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(refused.reason, "owner_disabled");
  EXPECT_EQ(reason_of(grant.token), "owner_disabled");
  grants.resume(acting(boss), grant.agent.id);
  EXPECT_EQ(reason_of(rotated.token), "owner_disabled") << "going on needs its owner";
  accounts.enable(acting(boss), ada.id);
  EXPECT_EQ(reason_of(rotated.token), "");
}

TEST_F(GrantOwnersTest, A013_RevokingCancelsWhatWaitsInThePersonsName) {
  const auto grant = grant_of(ada.id);
  const auto handoff = add_handoff(grant.agent.id, domain::HandoffState::kPending, ada.id);
  grants.revoke(acting(ada), grant.agent.id);
  EXPECT_EQ(state_of(handoff.id), domain::HandoffState::kCancelled);
  const auto rows = audit("handoff.cancelled");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].row.object, handoff.id.text());
  EXPECT_EQ(rows[0].row.actor, "person:" + ada.id.text());
}

}  // namespace
}  // namespace countersign::identity
