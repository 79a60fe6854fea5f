// The proof again before a sensitive act, and how long it is good.
#include "crypto/token.h"
#include "fixture.h"

namespace countersign::identity {
namespace {

class StepUpTest : public IdentityTest {
 protected:
  // A fresh look at the session, as every request takes one.
  Presence seen(const std::string& cookie) { return *sign_in.present(cookie); }
  std::string verify(const Presence& presence, std::string_view password, std::string_view address = kHome) {
    return refusal_of([&] { sign_in.verify_again(presence, secret(password), address); }).reason;
  }
};

TEST_F(StepUpTest, ProofIsGoodForFiveMinutesAndNotAtTheirEnd) {
  add_person();
  const std::string cookie = text(sign_in_as("ada").cookie);
  const auto is_fresh = [&] { return domain::is_fresh(seen(cookie).acting(), clock.now()); };
  EXPECT_TRUE(is_fresh()) << "signing in is a proof";
  clock.advance(minutes(5) - milliseconds(1));
  EXPECT_TRUE(is_fresh());
  clock.advance(milliseconds(1));
  EXPECT_FALSE(is_fresh());

  EXPECT_EQ(verify(seen(cookie), kPassword), "");
  EXPECT_TRUE(is_fresh());
  clock.advance(minutes(5) - milliseconds(1));
  EXPECT_TRUE(is_fresh());
  clock.advance(milliseconds(1));
  EXPECT_FALSE(is_fresh());
}

TEST_F(StepUpTest, LinkIsAProofToo) {
  const auto person = add_person();
  const auto signed_in = follow(people.make_link(admin, workspace, person.id, minutes(1)).reveal());
  EXPECT_EQ(seen(text(signed_in.cookie)).verified_at, clock.now());
  clock.advance(minutes(1));
  EXPECT_EQ(seen(text(signed_in.cookie)).verified_at, clock.now() - minutes(1));
}

TEST_F(StepUpTest, WhoHasNoPasswordIsNotAskedForOne) {
  const auto person = add_person("ada", "");
  const std::string cookie = text(follow(people.make_link(admin, workspace, person.id, minutes(1)).reveal()).cookie);
  clock.advance(hours(1));
  EXPECT_EQ(seen(cookie).acting().verified_at, clock.now());
  EXPECT_EQ(verify(seen(cookie), ""), "wrong_password") << "and no password is none that could be said";
}

TEST_F(StepUpTest, ProofIsOfOneSessionAlone) {
  add_person();
  const std::string here = text(sign_in_as("ada").cookie);
  const std::string there = text(sign_in_as("ada").cookie);
  clock.advance(minutes(10));
  EXPECT_EQ(verify(seen(here), kPassword), "");
  EXPECT_EQ(seen(here).verified_at, clock.now());
  EXPECT_EQ(seen(there).verified_at, clock.now() - minutes(10));
}

TEST_F(StepUpTest, WrongPasswordChangesNothingAndIsRecorded) {
  const auto person = add_person();
  const std::string cookie = text(sign_in_as("ada").cookie);
  clock.advance(minutes(10));
  const auto refused = refusal_of([&] { sign_in.verify_again(seen(cookie), secret("not the right one"), kHome); });
  EXPECT_EQ(refused.code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(refused.reason, "wrong_password");
  EXPECT_EQ(seen(cookie).verified_at, clock.now() - minutes(10));
  EXPECT_TRUE(audit("session.verified").empty());
  const auto rows = audit("step_up.failed");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].row.actor, "person:" + person.id.text());
  EXPECT_EQ(rows[0].row.object, seen(cookie).session.id.text());
  EXPECT_NE(rows[0].row.facts.find("address_digest"), std::string::npos);
  EXPECT_EQ(rows[0].row.facts.find(kHome), std::string::npos);
}

TEST_F(StepUpTest, RightPasswordIsRecordedWithTheSession) {
  const auto person = add_person();
  const std::string cookie = text(sign_in_as("ada").cookie);
  EXPECT_EQ(verify(seen(cookie), kPassword), "");
  EXPECT_EQ(facts_of("session.verified"), R"({"how":"password"})");
  EXPECT_EQ(audit("session.verified")[0].row.object, seen(cookie).session.id.text());
  EXPECT_EQ(audit("session.verified")[0].row.actor, "person:" + person.id.text());
}

TEST_F(StepUpTest, A095_StolenSessionIsNoSecondDoorToThePassword) {
  add_person();
  const Presence stolen = seen(text(sign_in_as("ada").cookie));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wrong("ada", "198.51.100.1"), "wrong_login");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(verify(stolen, "not the right one", "198.51.100.1"), "wrong_password");
  const auto refused = refusal_of([&] { sign_in.verify_again(stolen, secret(kPassword), "198.51.100.1"); });
  EXPECT_EQ(refused.code, ErrorCode::kRateLimited) << "both doors count as one";
  EXPECT_EQ(refused.wait, seconds(1));
  EXPECT_EQ(wrong("ada", "198.51.100.1"), "sign_in_throttled");
  EXPECT_EQ(verify(stolen, kPassword), "") << "its owner, elsewhere, does not wait";

  clock.advance(seconds(1));
  EXPECT_EQ(verify(stolen, kPassword, "198.51.100.1"), "") << "after the wait there is a next try";
}

TEST_F(StepUpTest, A098_EndedSessionCannotBeProvedAgain) {
  add_person();
  const Presence before = seen(text(sign_in_as("ada").cookie));
  sign_in.sign_out(before);
  const auto refused = refusal_of([&] { sign_in.verify_again(before, secret(kPassword), kHome); });
  EXPECT_EQ(refused.code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(refused.reason, "sign_in_needed");
  EXPECT_TRUE(audit("session.verified").empty());
}

TEST_F(StepUpTest, TryThatAFullQueueRefusedIsNoGuess) {
  add_person();
  const Presence presence = seen(text(sign_in_as("ada").cookie));
  PasswordWorker none(crypto::kCheapPasswordCost, 0);
  SignIn busy(store, keys, none, clock, random, ids);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(refusal_of([&] { busy.verify_again(presence, secret(kPassword), kHome); }).reason, "sign_in_busy");
  }
}

}  // namespace
}  // namespace countersign::identity
