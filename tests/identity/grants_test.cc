#include "identity/grants.h"

#include <atomic>
#include <set>
#include <thread>

#include "crypto/token.h"
#include "fixture.h"

namespace countersign::identity {
namespace {

using domain::Scope;
using domain::ScopeSet;

class GrantsTest : public IdentityTest {
 protected:
  IssuedGrant issue(seconds lifetime = seconds(0), PersonId owner = {}) {
    return grants.issue(admin, {workspace, owner, "claude", {Scope::kRead, Scope::kUse}, lifetime, 7});
  }
  static std::string text(const IssuedGrant& issued) { return std::string(issued.token.reveal()); }
  Refused refused(const std::string& bearer) {
    return refusal_of([&] { grants.authenticate(bearer); });
  }
  domain::Agent stored(AgentId id) {
    return *store.read([&](const store::Snapshot& at) { return at.agents().find(id); });
  }
};

TEST_F(GrantsTest, IssuedTokenAuthenticatesItsAgent) {
  const auto owner = add_person().id;
  const auto issued = issue(hours(1), owner);
  EXPECT_TRUE(text(issued).starts_with("cs_agent_"));
  const auto agent = grants.authenticate(text(issued));
  EXPECT_EQ(agent.id, issued.agent.id);
  EXPECT_EQ(agent.workspace, workspace);
  EXPECT_EQ(agent.owner, owner);
  EXPECT_EQ(agent.scopes, (ScopeSet{Scope::kRead, Scope::kUse}));
  EXPECT_EQ(agent.writes_per_minute, 7);
}

TEST_F(GrantsTest, EveryBadTokenIsRefusedAlike) {
  const auto revoked = issue();
  grants.revoke(admin, workspace, revoked.agent.id);
  const auto expired = issue(seconds(1));
  clock.advance(seconds(1));
  const auto good = issue();
  const auto other = issue();
  const std::string token = text(good);

  const Refused expected = refused("");
  EXPECT_EQ(expected.code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(expected.reason, "bad_token");
  EXPECT_EQ(refused(text(revoked)), expected);
  EXPECT_EQ(refused(text(expired)), expected);
  EXPECT_EQ(refused("Bearer " + token), expected);
  EXPECT_EQ(refused(token + "A"), expected);
  EXPECT_EQ(refused(token.substr(0, token.size() - 1)), expected);

  std::string wrong_secret = token;
  wrong_secret[token.size() - 20] = wrong_secret[token.size() - 20] == 'A' ? 'B' : 'A';
  EXPECT_EQ(refused(wrong_secret), expected);

  std::string unknown_row = token;
  unknown_row[token.find('_', 3) + 1] = '7';
  EXPECT_EQ(refused(unknown_row), expected);
  // The secret of one row under the key of another that exists.
  const std::size_t secret_at = token.size() - 43;
  EXPECT_EQ(refused(text(other).substr(0, secret_at) + token.substr(secret_at)), expected);

  EXPECT_EQ(refused(token), Refused{}) << "the untouched one still works";
}

TEST_F(GrantsTest, TokenOfAnotherKindIsRefused) {
  const auto person = add_person();
  const auto issued = issue();
  EXPECT_EQ(refused(std::string(sign_in_as("ada").cookie.reveal())).reason, "bad_token");
  EXPECT_EQ(refused(std::string(people.make_link(admin, workspace, person.id, minutes(10)).reveal())).reason,
            "bad_token");
  // Renamed, so that it parses as the right kind: the hash covers the kind.
  auto session = crypto::issue_token("session", issued.agent.id.value(), keys.key(crypto::KeyPurpose::kToken), random);
  EXPECT_EQ(refused("cs_agent_" + std::string(session.text.reveal()).substr(11)).reason, "bad_token");
  // And even a row that holds the hash of another kind lets only its own kind in.
  domain::Agent odd = issued.agent;
  odd.id = ids.next<AgentId>();
  session = crypto::issue_token("session", odd.id.value(), keys.key(crypto::KeyPurpose::kToken), random);
  odd.token_hash = session.hash;
  store.transact([&](store::Transaction& tx) {
    tx.agents().insert(odd, {workspace, clock.now(), admin, "agent.created", odd.id.text(), {}, {}});
  });
  EXPECT_EQ(refused(std::string(session.text.reveal())).reason, "bad_token");
  EXPECT_FALSE(sign_in.present(text(issued)));
  EXPECT_FALSE(sign_in.owner_of_link(text(issued)));
}

TEST_F(GrantsTest, GrantLivesUntilItsEndAndNotAtIt) {
  const auto issued = issue(seconds(60));
  clock.advance(seconds(60) - milliseconds(1));
  EXPECT_EQ(refused(text(issued)), Refused{});
  clock.advance(milliseconds(1));
  EXPECT_EQ(refused(text(issued)).reason, "bad_token");

  const auto endless = issue(seconds(0));
  clock.advance(hours(24 * 3650));
  EXPECT_EQ(refused(text(endless)), Refused{});
}

TEST_F(GrantsTest, RevokedAgentIsOutAtOnceAndItsOpenHandoffsAreCancelled) {
  const auto issued = issue();
  const auto other = issue();
  const auto pending = add_handoff(issued.agent.id);
  const auto opened = add_handoff(issued.agent.id, domain::HandoffState::kOpened);
  const auto claimed = add_handoff(issued.agent.id, domain::HandoffState::kCompleting);
  const auto of_other = add_handoff(other.agent.id);

  grants.revoke(admin, workspace, issued.agent.id);

  EXPECT_EQ(refused(text(issued)).reason, "bad_token");
  EXPECT_EQ(state_of(pending.id), domain::HandoffState::kCancelled);
  EXPECT_EQ(state_of(opened.id), domain::HandoffState::kCancelled);
  EXPECT_EQ(state_of(claimed.id), domain::HandoffState::kCompleting) << "a claim settles first";
  EXPECT_EQ(state_of(of_other.id), domain::HandoffState::kPending);
  EXPECT_EQ(refused(text(other)), Refused{});
  ASSERT_EQ(audit("agent.revoked").size(), 1U);
  EXPECT_EQ(audit("agent.revoked")[0].row.object, issued.agent.id.text());
  const auto cancelled = audit("handoff.cancelled");
  ASSERT_EQ(cancelled.size(), 2U) << "each has an event of its own";
  EXPECT_EQ((std::set{cancelled[0].row.object, cancelled[1].row.object}),
            (std::set{pending.id.text(), opened.id.text()}));
  EXPECT_NE(cancelled[0].row.facts.find(issued.agent.id.text()), std::string::npos);
}

TEST_F(GrantsTest, RevokingIsOnceAndOnlyInTheAgentsWorkspace) {
  const auto issued = issue();
  const auto pending = add_handoff(issued.agent.id);
  EXPECT_EQ(refusal_of([&] { grants.revoke(admin, WorkspaceId(2), issued.agent.id); }).reason, "unknown_agent");
  EXPECT_EQ(state_of(pending.id), domain::HandoffState::kPending);
  EXPECT_EQ(refusal_of([&] { grants.revoke(admin, workspace, AgentId(12345)); }).code, ErrorCode::kNotFound);
  grants.revoke(admin, workspace, issued.agent.id);
  EXPECT_EQ(refusal_of([&] { grants.revoke(admin, workspace, issued.agent.id); }).reason, "unknown_agent");
  EXPECT_EQ(audit("agent.revoked").size(), 1U);
}

TEST_F(GrantsTest, OddGrantsAreRefusedAndLeaveNothing) {
  const auto reason = [&](NewGrant grant) { return refusal_of([&] { grants.issue(admin, std::move(grant)); }).reason; };
  const ScopeSet some = ScopeSet::usual();
  EXPECT_EQ(reason({workspace, {}, "", some, {}}), "bad_name");
  EXPECT_EQ(reason({workspace, {}, "   ", some, {}}), "bad_name");
  EXPECT_EQ(reason({workspace, {}, "a\nb", some, {}}), "bad_name");
  EXPECT_EQ(reason({workspace, {}, "a\xFF", some, {}}), "bad_name");
  EXPECT_EQ(reason({workspace, {}, std::string(101, 'a'), some, {}}), "bad_name");
  EXPECT_EQ(reason({workspace, {}, "a", {}, {}}), "bad_scope");
  EXPECT_EQ(reason({workspace, {}, "a", some, seconds(-1)}), "bad_lifetime");
  EXPECT_EQ(reason({workspace, {}, "a", some, seconds::max()}), "bad_lifetime");
  EXPECT_EQ(reason({workspace, {}, "a", some, {}, -1}), "bad_rate");
  EXPECT_EQ(reason({workspace, {}, "a", some, {}, 100'001}), "bad_rate");
  EXPECT_EQ(reason({workspace, PersonId(99), "a", some, {}}), "unknown_person");
  EXPECT_TRUE(grants.list(workspace).empty());
  EXPECT_TRUE(audit("agent.created").empty());
}

TEST_F(GrantsTest, OwnCapGoesUpToAHundredThousand) {
  EXPECT_EQ(grants.issue(admin, {workspace, {}, "a", ScopeSet::usual(), {}, 100'000}).agent.writes_per_minute, 100'000);
}

TEST_F(GrantsTest, NothingIsIssuedToADisabledPerson) {
  add_person();
  const auto bob = add_person("bob", "");
  store.transact([&](store::Transaction& tx) {
    tx.people().set_disabled(workspace, bob.id, true, {workspace, clock.now(), admin, "person.disabled", "", {}, {}});
  });
  EXPECT_EQ(refusal_of([&] { issue({}, bob.id); }).reason, "person_disabled");
  EXPECT_TRUE(grants.list(workspace).empty());
}

TEST_F(GrantsTest, AuditHoldsIdsAndTheNameOnlyAsANote) {
  const auto owner = add_person().id;
  const auto issued = issue(hours(1), owner);
  const auto rows = audit("agent.created");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].row.object, issued.agent.id.text());
  EXPECT_EQ(rows[0].row.facts,
            R"({"lifetime":"3600","owner":")" + owner.text() + R"(","scopes":"read use","writes_per_minute":"7"})");
  EXPECT_EQ(rows[0].note, "claude");
  const std::string token = text(issued);
  EXPECT_EQ(bytes_on_disk().find(token), std::string::npos);
  EXPECT_EQ(bytes_on_disk().find(token.substr(token.size() - 43)), std::string::npos);
}

TEST_F(GrantsTest, LastUseIsWrittenByTheJobAtMostOnceAMinute) {
  const auto issued = issue();
  const Instant start = clock.now();
  grants.authenticate(text(issued));
  grants.authenticate(text(issued));
  EXPECT_EQ(stored(issued.agent.id).last_used_at, Instant{}) << "a request writes nothing";
  const auto commits = store.stats().commits;
  grants.write_last_used();
  EXPECT_EQ(stored(issued.agent.id).last_used_at, start);
  EXPECT_EQ(store.stats().commits, commits + 1);

  clock.advance(seconds(59));
  grants.authenticate(text(issued));
  grants.write_last_used();
  EXPECT_EQ(stored(issued.agent.id).last_used_at, start);
  EXPECT_EQ(store.stats().commits, commits + 1) << "nothing to write, no transaction";

  clock.advance(seconds(1));
  grants.authenticate(text(issued));
  clock.advance(seconds(5));
  grants.write_last_used();
  EXPECT_EQ(stored(issued.agent.id).last_used_at, start + seconds(60)) << "when it was seen, not when it was written";
}

TEST_F(GrantsTest, FirstUseIsKnownAtOnceAndStaysKnown) {
  const auto issued = issue();
  EXPECT_FALSE(grants.used(stored(issued.agent.id)));
  EXPECT_EQ(refused(text(issued) + "A").reason, "bad_token");
  EXPECT_FALSE(grants.used(stored(issued.agent.id))) << "a refusal is no use";
  grants.authenticate(text(issued));
  EXPECT_TRUE(grants.used(stored(issued.agent.id)));
  EXPECT_FALSE(grants.used(issue().agent)) << "of this one alone";
  grants.write_last_used();
  EXPECT_TRUE(grants.used(stored(issued.agent.id)));
}

TEST_F(GrantsTest, ManyThreadsMayAuthenticateWhileTheJobWrites) {
  const auto issued = issue();
  const std::string token = text(issued);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) good += grants.authenticate(token).id == issued.agent.id ? 1 : 0;
    });
  }
  for (int n = 0; n < 5; ++n) grants.write_last_used();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
}

}  // namespace
}  // namespace countersign::identity
