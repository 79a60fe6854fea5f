// Where one is signed in, and the way to end it (abuse case 98).
#include "identity/sessions.h"

#include "fixture.h"

namespace countersign::identity {
namespace {

class SessionsTest : public IdentityTest {
 protected:
  const domain::Person boss = add_person("boss");
  const domain::Person ada = add_person("ada", kPassword, domain::Role::kMember);
  const domain::Person bob = add_person("bob", kPassword, domain::Role::kApprover);

  std::vector<SessionId> listed(const domain::Person& by, const domain::Person& of) {
    std::vector<SessionId> found;
    for (const auto& session : sessions.list(acting(by), of.id)) found.push_back(session.id);
    return found;
  }
  std::string reason_of(const std::function<void()>& operation) { return refusal_of(operation).reason; }
  std::string end(const domain::Person& by, SessionId session) {
    return reason_of([&] { sessions.end(acting(by), session); });
  }
  bool is_present(const SignedIn& signed_in) { return sign_in.present(signed_in.cookie.reveal()).has_value(); }
};

TEST_F(SessionsTest, ListHasTheLiveOnesNewestFirst) {
  const auto first = sign_in_as("ada");
  clock.advance(hours(1));
  const auto second = sign_in_as("ada");
  const auto third = sign_in_as("ada");
  sign_in_as("bob");
  sign_in.sign_out(*sign_in.present(second.cookie.reveal()));
  EXPECT_EQ(listed(ada, ada), (std::vector{third.session.id, first.session.id}));
  clock.advance(hours(1));
  EXPECT_EQ(listed(ada, ada), std::vector{third.session.id}) << "the first has been idle for too long";
}

TEST_F(SessionsTest, OthersSessionsAreTheAdminsToSee) {
  const auto session = sign_in_as("ada");
  EXPECT_EQ(listed(boss, ada), std::vector{session.session.id});
  EXPECT_EQ(reason_of([&] { listed(bob, ada); }), "unknown_person");
  domain::Acting stranger = acting(boss);
  stranger.workspace = WorkspaceId(2);
  EXPECT_EQ(reason_of([&] { sessions.list(stranger, ada.id); }), "unknown_person");
  EXPECT_EQ(reason_of([&] { sessions.list(acting(boss), PersonId(77)); }), "unknown_person");
}

TEST_F(SessionsTest, A098_EndedSessionIsOverAtOnceAndTheOthersLive) {
  const auto here = sign_in_as("ada");
  const auto there = sign_in_as("ada");
  EXPECT_EQ(end(ada, there.session.id), "");
  EXPECT_FALSE(is_present(there));
  EXPECT_TRUE(is_present(here));
  EXPECT_EQ(end(ada, there.session.id), "unknown_session") << "it is over";
  EXPECT_EQ(facts_of("session.ended"), R"({"person":")" + ada.id.text() + R"(","reason":"signed_out_elsewhere"})");
  EXPECT_EQ(audit("session.ended")[0].row.object, there.session.id.text());
}

TEST_F(SessionsTest, OnlyItsOwnerAndAdminsEndASession) {
  const auto of_ada = sign_in_as("ada");
  const auto of_boss = sign_in_as("boss");
  EXPECT_EQ(end(bob, of_ada.session.id), "unknown_session");
  EXPECT_EQ(end(ada, of_boss.session.id), "unknown_session");
  EXPECT_EQ(end(ada, SessionId(4711)), "unknown_session");
  domain::Acting stranger = acting(boss);
  stranger.workspace = WorkspaceId(2);
  EXPECT_EQ(reason_of([&] { sessions.end(stranger, of_ada.session.id); }), "unknown_session");
  EXPECT_TRUE(is_present(of_ada));
  EXPECT_EQ(end(boss, of_ada.session.id), "");
  EXPECT_FALSE(is_present(of_ada));
  EXPECT_EQ(audit("session.ended")[0].row.actor, "person:" + boss.id.text());
}

TEST_F(SessionsTest, EverywhereButHereLeavesThisOne) {
  const auto old = sign_in_as("ada");
  clock.advance(hours(3));
  const auto here = sign_in_as("ada");
  const auto there = sign_in_as("ada");
  const auto of_bob = sign_in_as("bob");
  EXPECT_EQ(sessions.end_all(acting(ada), ada.id, here.session.id), 1U) << "one was long over and is not counted";
  EXPECT_TRUE(is_present(here));
  EXPECT_FALSE(is_present(there));
  EXPECT_FALSE(is_present(old));
  EXPECT_TRUE(is_present(of_bob));
  EXPECT_EQ(facts_of("session.ended"), R"({"reason":"signed_out_elsewhere","sessions":"2"})");
  EXPECT_EQ(sessions.end_all(acting(ada), ada.id, here.session.id), 0U);
  EXPECT_EQ(audit("session.ended").size(), 1U) << "nothing ended, nothing recorded";
  EXPECT_EQ(sessions.end_all(acting(ada), ada.id, {}), 1U);
  EXPECT_FALSE(is_present(here));
}

TEST_F(SessionsTest, OnesOwnMayBeEndedWithAnOldProofOthersOnlyByAFreshAdmin) {
  const auto of_ada = sign_in_as("ada");
  const auto with_old_proof = [&](const domain::Person& person) {
    domain::Acting who = acting(person);
    who.verified_at = clock.now() - domain::kFreshFor;
    return who;
  };
  EXPECT_EQ(reason_of([&] { sessions.end_all(acting(bob), ada.id, {}); }), "unknown_person");
  EXPECT_EQ(reason_of([&] { sessions.end_all(with_old_proof(boss), ada.id, {}); }), "step_up_needed");
  EXPECT_EQ(reason_of([&] { sessions.end_all(acting(boss), PersonId(77), {}); }), "unknown_person");
  EXPECT_TRUE(is_present(of_ada));
  EXPECT_EQ(sessions.end_all(acting(boss), ada.id, {}), 1U);
  EXPECT_FALSE(is_present(of_ada));
  EXPECT_EQ(facts_of("session.ended"), R"({"reason":"ended_by_admin","sessions":"1"})");
  const auto mine = sign_in_as("ada");
  EXPECT_EQ(sessions.end_all(with_old_proof(ada), ada.id, {}), 1U);
  EXPECT_FALSE(is_present(mine));
}

}  // namespace
}  // namespace countersign::identity
