// Saving a credential that is tried out first: claim, call, settle, and what becomes of a claim nobody settles.
#include "handoff/fixture.h"

namespace countersign::handoff {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using vault::ScriptedClient;

class LiveCheckSubmitTest : public ConnectingTest {
 protected:
  Minted mint(std::string integration = "acme", std::string form = {}) {
    SecretFormRequest asked;
    asked.integration = std::move(integration);
    asked.auth_template = std::move(form);
    return handoffs.mint_secret_form(agent, asked);
  }
  Submitted submit(const Minted& minted, LiveCheck check = LiveCheck::kTry) {
    return handoffs.submit(acting(kAda), minted.link_token, typed("sk-canary", check));
  }
  // The one problem, as "field: message".
  static std::string problem_in(const Submitted& submitted) {
    const auto* problems = std::get_if<std::vector<FieldProblem>>(&submitted);
    if (problems == nullptr || problems->size() != 1) return "no single problem";
    EXPECT_THAT(problems->front().message, Not(HasSubstr("canary")));
    return problems->front().field + ": " + problems->front().message;
  }
  domain::HandoffState state(const Minted& minted) { return stored(minted.handoff.id).state; }
  void provider_says(int status, std::string body = "{}") {
    provider_answers = [status, body] { return ScriptedClient::answer(status, body); };
  }

  const Asker agent = agent_of(kAda);
};

TEST_F(LiveCheckSubmitTest, WhatWorksIsSavedWithTheAccountsName) {
  provider_says(200, R"({"email": "ada@acme.example"})");
  const auto minted = mint();
  const auto submitted = submit(minted);
  ASSERT_TRUE(std::holds_alternative<Saved>(submitted));
  const auto& saved = std::get<Saved>(submitted);
  EXPECT_TRUE(saved.tried);
  EXPECT_EQ(stored(saved.connection.id).identity_label, "ada@acme.example");
  EXPECT_EQ(state(minted), domain::kCompleted);
  ASSERT_THAT(client.sent, SizeIs(1));
  EXPECT_EQ(client.sent[0].url, "https://api.acme.example/me");
  EXPECT_EQ(vault.open(domain::Actor::system(), support::kWorkspace, saved.connection.id, "test", bindings)
                .at("token")
                .reveal(),
            "sk-canary");
}

TEST_F(LiveCheckSubmitTest, NobodyIsAskedWithoutTheWish) {
  const auto submitted = submit(mint(), LiveCheck::kSkip);
  EXPECT_FALSE(std::get<Saved>(submitted).tried);
  EXPECT_THAT(client.sent, IsEmpty());
}

TEST_F(LiveCheckSubmitTest, ATemplateWithoutATestIsSavedUntried) {
  const auto minted = mint("any");
  auto submission = typed("sk-canary", LiveCheck::kTry);
  submission.plain["base_url"] = "https://api.example.com";
  EXPECT_FALSE(std::get<Saved>(handoffs.submit(acting(kAda), minted.link_token, std::move(submission))).tried);
  EXPECT_THAT(client.sent, IsEmpty());
}

TEST_F(LiveCheckSubmitTest, WhatTheProviderRefusesIsNotSavedAndCanBeMended) {
  provider_says(401);
  const auto minted = mint();
  EXPECT_THAT(problem_in(submit(minted)),
              AllOf(HasSubstr("token: Acme refused this API key (401)"), HasSubstr("complete")));
  EXPECT_EQ(state(minted), domain::kOpened);
  EXPECT_EQ(count_connections(), 0U);
  EXPECT_THAT(events("handoff.reopened"), ElementsAre(HasSubstr("refused_by_provider")));
  provider_says(200);
  EXPECT_TRUE(std::holds_alternative<Saved>(submit(minted)));
}

TEST_F(LiveCheckSubmitTest, AProviderThatCannotBeAskedIsSaidSo) {
  provider_answers = [] { return ScriptedClient::failing(ErrorCode::kUpstream, "upstream_timeout")(""); };
  const auto minted = mint();
  EXPECT_THAT(problem_in(submit(minted)),
              AllOf(HasSubstr("check: It could not be tried out at Acme"), HasSubstr("without trying it out")));
  EXPECT_EQ(state(minted), domain::kOpened);
  EXPECT_TRUE(std::holds_alternative<Saved>(submit(minted, LiveCheck::kSkip))) << "the way out that it names";
}

TEST_F(LiveCheckSubmitTest, ACredentialThatCannotBeSentIsForThePersonToMend) {
  provider_answers = [] { return ScriptedClient::failing(ErrorCode::kInvalidArgument, "bad_upstream_url")(""); };
  const auto minted = mint();
  EXPECT_THAT(problem_in(submit(minted)), HasSubstr("check: "));
  EXPECT_EQ(state(minted), domain::kOpened);
}

TEST_F(LiveCheckSubmitTest, ADefectGivesTheClaimBack) {
  provider_answers = [] { return ScriptedClient::failing(ErrorCode::kInternal, "internal")(""); };
  const auto minted = mint();
  EXPECT_EQ(reason_of([&] { submit(minted); }), "internal");
  EXPECT_EQ(state(minted), domain::kOpened);
}

TEST_F(LiveCheckSubmitTest, NoTransactionIsOpenWhileTheProviderIsAsked) {
  const auto minted = mint();
  during_the_call = [&] {
    EXPECT_EQ(state(minted), domain::kCompleting);
    mint();  // a write of somebody else's
    EXPECT_EQ(count_connections(), 0U) << "nothing is saved yet";
  };
  EXPECT_TRUE(std::holds_alternative<Saved>(submit(minted)));
}

// A011: too late for the agent, while the answer is on its way.
TEST_F(LiveCheckSubmitTest, WhatIsBeingTriedOutCannotBeCancelledOrExpire) {
  const auto minted = mint();
  during_the_call = [&] {
    EXPECT_EQ(reason_of([&] { handoffs.cancel(agent, minted.handoff.id); }), "handoff_completing");
    EXPECT_EQ(reason_of([&] { submit(minted); }), "handoff_completing") << "a second tab";
    EXPECT_EQ(reason_of([&] { handoffs.decline(acting(kAda), minted.link_token); }), "handoff_completing");
    clock.advance(600s);
  };
  EXPECT_TRUE(std::holds_alternative<Saved>(submit(minted)));
  EXPECT_EQ(count_connections(), 1U);
}

// A011: and the other way round nothing is tried and nothing saved.
TEST_F(LiveCheckSubmitTest, A011_WhatTheAgentCancelledIsNotTriedOut) {
  const auto minted = mint();
  handoffs.cancel(agent, minted.handoff.id);
  EXPECT_EQ(reason_of([&] { submit(minted); }), "handoff_cancelled");
  EXPECT_THAT(client.sent, IsEmpty());
  EXPECT_EQ(count_connections(), 0U);
}

// The process that had claimed it is gone: another one starts on the same store.
class LeftBehindTest : public LiveCheckSubmitTest {
 protected:
  LeftBehindTest() {
    handoffs.open(acting(kAda), minted.link_token);
    store.transact([&](store::Transaction& tx) {
      tx.handoffs().advance(support::kWorkspace, minted.handoff.id, domain::kOpened, domain::kCompleting,
                            {.now = clock.now()}, support::event_in(support::kWorkspace, "handoff.claimed"));
    });
  }
  const Minted minted = mint();
};

TEST_F(LeftBehindTest, ThePersonFindsTheFormAgain) {
  const auto look = handoffs.look(acting(kAda), minted.link_token);
  EXPECT_EQ(std::get<Card>(look).state, domain::kOpened);
  EXPECT_EQ(state(minted), domain::kCompleting) << "looking changes nothing";
  EXPECT_TRUE(std::holds_alternative<Saved>(submit(minted)));
  EXPECT_THAT(events("handoff.reopened"), ElementsAre(HasSubstr("left_behind")));
}

TEST_F(LeftBehindTest, TheAgentMayCancelIt) {
  EXPECT_EQ(handoffs.cancel(agent, minted.handoff.id).state, domain::kCancelled);
}

TEST_F(LeftBehindTest, ItExpiresLikeAnyOther) {
  clock.advance(600s);
  EXPECT_EQ(state_at(handoffs.get(agent, minted.handoff.id), clock.now()), domain::kExpired);
  EXPECT_EQ(reason_of([&] { submit(minted); }), "handoff_expired");
}

TEST_F(LiveCheckSubmitTest, AHostLabelDecidesWhereTheCredentialGoes) {
  const auto minted = mint("zen");
  auto submission = typed("sk-canary");
  submission.plain["subdomain"] = " Shop-1 ";
  const auto saved = std::get<Saved>(handoffs.submit(acting(kAda), minted.link_token, std::move(submission)));
  EXPECT_EQ(saved.connection.base_url, "https://shop-1.zen.example");
  EXPECT_THAT(saved.connection.plain_fields, ElementsAre(std::pair<std::string, std::string>("subdomain", "shop-1")));
}

TEST_F(LiveCheckSubmitTest, AHostLabelLeadsNowhereElse) {
  const auto minted = mint("zen");
  for (const char* bad : {"evil.example/", "a.b", "-a", "a-", "a:1", "a@b", "a b", "\xc3\xa4", "a#"}) {
    auto submission = typed("sk-canary");
    submission.plain["subdomain"] = bad;
    EXPECT_THAT(problem_in(handoffs.submit(acting(kAda), minted.link_token, std::move(submission))),
                HasSubstr("subdomain: The subdomain is one part of a host name"))
        << bad;
  }
  EXPECT_EQ(count_connections(), 0U);
}

TEST_F(LiveCheckSubmitTest, ATemplateWithoutCredentialIsAFormWithoutFields) {
  const auto minted = mint("acme", "open");
  const auto saved = std::get<Saved>(submit(minted, LiveCheck::kSkip));
  EXPECT_THAT(stored(saved.connection.id).secrets, IsEmpty()) << "what was sent all the same is dropped";
}

// A login is allowed on its own terms, whichever door its link is carried to.
TEST_F(LiveCheckSubmitTest, TheDoorsOfTheOtherKindsDoNotOpenALogin) {
  LoginOptions options;
  options.workspace = support::kWorkspace;
  const Logins logins(store, ring, grants, clock, random, ids, options);
  const auto minted =
      logins.mint({.agent_identifier = "x", .scope = {}, .code_challenge = {}, .address = "203.0.113.9"});
  const std::string& link = minted.link_token;
  EXPECT_EQ(reason_of([&] { handoffs.open(acting(kAda), link); }), "unknown_handoff");
  EXPECT_EQ(reason_of([&] { handoffs.confirm(acting(kAda), link); }), "unknown_handoff");
  EXPECT_EQ(reason_of([&] { handoffs.decline(acting(kAda), link); }), "unknown_handoff");
  EXPECT_EQ(reason_of([&] { handoffs.submit(acting(kAda), link, typed("x")); }), "unknown_handoff");
  const auto look = handoffs.look(acting(kAda), link);
  EXPECT_EQ(std::get<Card>(look).handoff.kind, domain::HandoffKind::kLogin) << "enough to choose the page by";
  logins.open(acting(kAda), link, "203.0.113.9", "");
  EXPECT_EQ(std::get<Refusal>(handoffs.look(acting(kBob), link)), Refusal::kNotYours);
}

}  // namespace
}  // namespace countersign::handoff
