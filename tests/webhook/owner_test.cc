// The people of a webhook: the secret they leave out, look at once more, and the address of theirs that is tried out.
#include "webhook/fixture.h"

namespace countersign::webhook {
namespace {

class Owner : public HookTest {
 protected:
  std::string reveal(PersonId person, const domain::Connection& hook) {
    return std::string(hooks.reveal_for(acting(person), hook.id).reveal());
  }
};

TEST_F(Owner, AnEmptySigningSecretIsMadeByUs) {
  const auto hook = connect({.secret = ""});
  const std::string secret = reveal(kAda, hook);
  EXPECT_THAT(secret, testing::StartsWith("whsec_"));
  EXPECT_EQ(take(token_of(hook), standard("msg_1", "one", 0s, secret), "one"), DeliveryVerdict::kAccepted);
  EXPECT_NE(reveal(kAda, connect({.secret = "  "})), secret) << "each has its own";
  const auto git = connect({.integration = "git", .secret = ""});
  EXPECT_THAT(reveal(kAda, git), testing::MatchesRegex("[0-9a-f]+"));
}

TEST_F(Owner, ASecretThatCannotBeOneIsRefusedInTheForm) {
  EXPECT_THAT(problem_of({.secret = "whsec_too-short"}), HasSubstr("signing_secret: That is no signing secret"));
  EXPECT_EQ(problem_of({.integration = "git", .secret = std::string(kGitSecret)}), "");
}

TEST_F(Owner, ShowingItIsRecordedAndAsksForAFreshProof) {
  const auto hook = connect({.secret = ""});
  auto stale = acting(kAda);
  stale.verified_at = clock.now() - 6min;
  EXPECT_EQ(reason_of([&] { hooks.reveal_for(stale, hook.id); }), "step_up_needed");
  EXPECT_THAT(events("connection.opened"), IsEmpty());
  reveal(kAda, hook);
  EXPECT_THAT(events("connection.opened"), ElementsAre(HasSubstr("shown to its owner")));
}

TEST_F(Owner, WhatWasTypedIsNeverShownAgain) {
  const auto hook = connect({.integration = "git", .secret = std::string(kGitSecret)});
  EXPECT_EQ(reason_of([&] { reveal(kAda, hook); }), "secret_typed");
  EXPECT_THAT(events("connection.opened"), IsEmpty());
}

TEST_F(Owner, NobodyElseSeesItOrSendsWithIt) {
  const auto mine = connect({.secret = "", .target = "https://hooks.example.com/in"});
  const auto orgs = connect({.owner = domain::OwnerKind::kOrg, .secret = "", .target = "https://hooks.example.com/in"});
  EXPECT_EQ(reason_of([&] { reveal(kBob, mine); }), "unknown_connection");
  EXPECT_EQ(reason_of([&] { reveal(kCarl, mine); }), "unknown_connection") << "an admin neither";
  EXPECT_EQ(reason_of([&] { reveal(kBob, orgs); }), "admin_needed");
  EXPECT_EQ(reason_of([&] { hooks.send_test(acting(kBob), mine.id); }), "unknown_connection");
  EXPECT_EQ(reason_of([&] { hooks.send_test(acting(kBob), orgs.id); }), "admin_needed");
  EXPECT_THAT(reveal(kCarl, orgs), testing::StartsWith("whsec_"));
  connections.remove(acting(kAda), mine.id);
  EXPECT_EQ(reason_of([&] { reveal(kAda, mine); }), "unknown_connection");
  EXPECT_EQ(receiver.times, 0);
}

TEST_F(Owner, ATestDeliveryIsSignedAndGoesWhereThePersonSaid) {
  const auto hook = connect({.target = "https://Hooks.example.com/in/"});
  EXPECT_TRUE(hooks.sends(hook));
  receiver.answer = [] { return vault::ScriptedClient::answer(410, "a page"); };
  EXPECT_EQ(hooks.send_test(acting(kAda), hook.id), 410);
  EXPECT_EQ(receiver.url, "https://hooks.example.com/in");
  EXPECT_EQ(receiver.body, R"({"type":"countersign.test"})");
  const vault::Signed sent{receiver.headers.at("webhook-id"), receiver.headers.at("webhook-timestamp"),
                           receiver.headers.at("webhook-signature"), receiver.body};
  EXPECT_TRUE(vault::signature_holds({}, Secret::copy_of(kSecret), sent));
  EXPECT_EQ(receiver.headers.at("Content-Type"), "application/json");
  EXPECT_THAT(events("connection.opened"), ElementsAre(HasSubstr("test delivery")));
  const std::string first = receiver.headers.at("webhook-id");
  hooks.send_test(acting(kAda), hook.id);
  EXPECT_NE(receiver.headers.at("webhook-id"), first);
}

TEST_F(Owner, WithoutAnAddressOfTheirsNothingIsSent) {
  const auto hook = connect();
  EXPECT_FALSE(hooks.sends(hook));
  EXPECT_EQ(reason_of([&] { hooks.send_test(acting(kAda), hook.id); }), "nothing_to_send_to");
  EXPECT_THAT(problem_of({.target = "http://hooks.example.com"}), HasSubstr("base_url: "));
  EXPECT_EQ(receiver.times, 0);
}

TEST_F(Owner, TestDeliveriesAreFew) {
  const auto hook = connect({.target = "https://hooks.example.com/in"});
  for (int i = 0; i < 6; ++i) hooks.send_test(acting(kAda), hook.id);
  EXPECT_EQ(reason_of([&] { hooks.send_test(acting(kAda), hook.id); }), "too_many_deliveries");
  EXPECT_EQ(receiver.times, 6);
}

TEST_F(Owner, ASigningSecretIsNoProviderItem) {
  handoff::ReferenceRequest request;
  request.integration = "git";
  request.auth_template = "hook";
  request.name = "n";
  request.references = {{"signing_secret", "env", "X"}};
  EXPECT_EQ(reason_of([&] { handoffs.mint_connection(agent_of(kAda), request); }), "bad_reference");
}

}  // namespace
}  // namespace countersign::webhook
