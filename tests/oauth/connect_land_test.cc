// Coming back from the provider (facts B1 to B8, abuse cases 21 to 31): who may, what is believed, and what is kept.
#include "oauth/connect_fixture.h"

namespace countersign::oauth {
namespace {

// --- state ---

TEST_F(ConnectLandTest, A021_ACallbackWithoutAGoodStateCallsNobody) {
  const auto minted = start();
  const auto left = leave(minted);
  const std::string forged = left.state().substr(0, 14) + std::string(43, 'A');
  const std::string unknown = "0000000000001." + left.state().substr(14);
  const std::vector<std::pair<std::string, std::string>> tries{{"", "bad_state"},
                                                               {"x", "bad_state"},
                                                               {left.state() + "A", "bad_state"},
                                                               {unknown, "bad_state"},
                                                               {forged, "bad_state"}};
  for (const auto& [text, reason] : tries) {
    auto query = answer_to(left);
    query["state"] = text;
    EXPECT_EQ(refusal(left, query), reason) << text;
  }
  auto without = answer_to(left);
  without.erase("state");
  EXPECT_EQ(refusal(left, without), "bad_state");
  EXPECT_THAT(wire.sent, IsEmpty());
  EXPECT_EQ(state(minted), domain::kOpened);
  land(left);
  EXPECT_EQ(state(minted), domain::kCompleted) << "none of it was in the way of the right one";
}

TEST_F(ConnectLandTest, AStateOfAnotherWorkspaceIsUnknown) {
  const auto left = leave(start());
  auto elsewhere = parts_on(store);
  elsewhere.workspace = support::kOtherWorkspace;
  const Connect other(elsewhere, clients, discovery, calls, id_tokens);
  const auto query = answer_to(left);
  EXPECT_EQ(reason_of([&] {
              other.land({left.client, query, [&](HandoffId) { return Secret::copy_of(left.proof); }});
            }),
            "bad_state");
}

TEST_F(ConnectLandTest, A022_TheSameAnswerTwiceIsRedeemedOnce) {
  const auto left = leave(start());
  land(left);
  EXPECT_EQ(refusal(left, answer_to(left)), "state_used");
  EXPECT_EQ(token_calls(), 1U);
}

TEST_F(ConnectLandTest, A022_ASecondTabThatLandsMeanwhileCallsNobody) {
  const auto left = leave(start());
  during_the_call = [&] { EXPECT_EQ(refusal(left, answer_to(left)), "state_used"); };
  land(left);
  EXPECT_EQ(token_calls(), 1U);
}

TEST_F(ConnectLandTest, A022_ARefusedCodeLeavesTheStateDead) {
  const auto left = leave(start());
  answers("https://as.acme.example/token", 400, R"({"error": "invalid_grant"})");
  land(left);
  EXPECT_EQ(refusal(left, answer_to(left)), "state_used");
  EXPECT_EQ(token_calls(), 1U);
}

TEST_F(ConnectLandTest, LeavingAgainMakesTheStateBeforeVoid) {
  const auto minted = start();
  const auto first = leave(minted);
  const auto second = leave(minted);
  EXPECT_EQ(refusal(first, answer_to(first)), "state_used");
  EXPECT_THAT(wire.sent, IsEmpty());
  land(second);
  EXPECT_EQ(state(minted), domain::kCompleted);
}

TEST_F(ConnectLandTest, A023_AStateIsOverAfterTenMinutes) {
  const auto left = leave(start());
  clock.advance(10min);
  EXPECT_EQ(refusal(left, answer_to(left)), "state_expired");
  EXPECT_THAT(wire.sent, IsEmpty());
}

TEST_F(ConnectLandTest, A023_AMillisecondBeforeItIsNot) {
  const auto left = leave(start());
  clock.advance(10min - 1ms);
  land(left);
  EXPECT_EQ(token_calls(), 1U);
}

// A025: COAT: the answer of one app at the callback of another.
TEST_F(ConnectLandTest, A025_ACodeAtAnotherClientsCallbackIsRefused) {
  const auto other = insert(draft_client("lax"));
  const auto left = leave(start());
  EXPECT_EQ(reason_of([&] { land(left, answer_to(left), left.proof, other.id.text()); }), "bad_state");
  EXPECT_EQ(reason_of([&] { land(left, answer_to(left), left.proof, "oc_"); }), "bad_state");
  EXPECT_THAT(wire.sent, IsEmpty());
}

// A026: CORF: nobody started it.
TEST_F(ConnectLandTest, A026_ACallbackForWhatNobodyLeftForIsRefused) {
  const auto minted = start();
  handoffs.open(acting(kAda), minted.link_token);
  Left forged{minted.link_token, minted.handoff.id, "", "", {}, acme.id.text()};
  forged.query["state"] = minted.handoff.id.text().substr(3) + "." + std::string(43, 'A');
  EXPECT_EQ(refusal(forged, answer_to(forged)), "bad_state") << "we never wrote it";
  EXPECT_THAT(wire.sent, IsEmpty());
}

// A004 of the checklist: attacker starts, victim finishes.
TEST_F(ConnectLandTest, AnotherBrowserIsRefusedAndRecordedOnce) {
  const auto minted = start();
  const auto left = leave(minted);
  for (const std::string& proof : {std::string(), std::string(43, 'A'), std::string("x")}) {
    EXPECT_EQ(reason_of([&] { land(left, answer_to(left), proof, left.client); }), "other_browser");
  }
  EXPECT_THAT(events("handoff.refused"), ElementsAre(HasSubstr("other_browser")));
  EXPECT_THAT(wire.sent, IsEmpty());
  land(left);
  EXPECT_EQ(state(minted), domain::kCompleted) << "its own browser still may";
}

TEST_F(ConnectLandTest, WhatWasWithdrawnMeanwhileIsNotRedeemed) {
  const auto minted = start();
  const auto left = leave(minted);
  handoffs.cancel(agent, minted.handoff.id);
  EXPECT_EQ(refusal(left, answer_to(left)), "handoff_cancelled");
  EXPECT_THAT(wire.sent, IsEmpty());
}

TEST_F(ConnectLandTest, ADisabledPersonConnectsNothing) {
  const auto left = leave(start());
  disable(kAda);
  EXPECT_EQ(refusal(left, answer_to(left)), "not_yours");
  EXPECT_THAT(wire.sent, IsEmpty());
}

// --- iss (facts B1 to B3) ---

TEST_F(ConnectLandTest, AWrongIssuerSendsNothingAndShowsNothing) {
  for (const char* wrong : {"https://evil.example", "https://as.acme.example/", "https://AS.acme.example",
                            "https://as.acme.example:443", "https://as.acme%2Eexample", ""}) {
    const auto minted = start();
    const auto left = leave(minted);
    auto query = answer_to(left);
    query["iss"] = wrong;
    query["error"] = "server_error";
    query["error_description"] = "call 555-1234";
    land(left, query);
    expect_failed(minted, "issuer_mismatch");
  }
  EXPECT_THAT(wire.sent, IsEmpty());
  for (const std::string& event : events()) EXPECT_THAT(event, Not(HasSubstr("555-1234")));
}

TEST_F(ConnectLandTest, AnIssuerThatIsPromisedMustCome) {
  const auto minted = start();
  const auto left = leave(minted);
  land(left, answer_to(left, ""));
  expect_failed(minted, "issuer_mismatch");
  EXPECT_THAT(wire.sent, IsEmpty());
}

TEST_F(ConnectLandTest, AnIssuerThatComesUnpromisedIsCompared) {
  auto client = draft_client();
  client.slug = "quiet";
  client.server.iss_in_callback = false;
  insert(client);
  auto asked = request();
  asked.client = "quiet";
  const auto wrong = start(asked);
  const auto left = leave(wrong);
  land(left, answer_to(left, "https://evil.example"));
  expect_failed(wrong, "issuer_mismatch");
  const auto absent = start(asked);
  const auto left_again = leave(absent);
  land(left_again, answer_to(left_again, ""));
  EXPECT_EQ(state(absent), domain::kCompleted);
}

// --- errors of the authorization endpoint (facts B8) ---

TEST_F(ConnectLandTest, ADenialAtTheProviderIsADecline) {
  const auto minted = start();
  const auto left = leave(minted);
  auto query = answer_to(left);
  query.erase("code");
  query["error"] = "access_denied";
  land(left, query);
  EXPECT_EQ(state(minted), domain::kDeclined);
  EXPECT_EQ(handoffs.get(agent, minted.handoff.id).state, domain::kDeclined) << "no failure to the agent";
  EXPECT_EQ(refusal(left, answer_to(left)), "state_used");
  EXPECT_THAT(wire.sent, IsEmpty());
}

TEST_F(ConnectLandTest, OtherErrorsEndItWithTheirCode) {
  const auto minted = start();
  const auto left = leave(minted);
  auto query = answer_to(left);
  query["error"] = "invalid_scope";
  query["error_description"] = "No such scope.";
  land(left, query);
  expect_failed(minted, "invalid_scope", "No such scope.");
  EXPECT_THAT(wire.sent, IsEmpty()) << "not even with a code beside it";
}

TEST_F(ConnectLandTest, A031_HostileWordsAreCutAndNeverACode) {
  const auto minted = start();
  const auto left = leave(minted);
  auto query = answer_to(left);
  query["error"] = "<script>alert(1)</script>";
  query["error_description"] = "<b>\xe2\x80\xae" + std::string(10'000, 'x');
  land(left, query);
  EXPECT_EQ(flow(minted).problem, "unknown_error");
  EXPECT_EQ(code_points(flow(minted).problem_words), 300U);
  EXPECT_THAT(events("handoff.failed"), ElementsAre(AllOf(HasSubstr("unknown_error"), Not(HasSubstr("script")))));
}

TEST_F(ConnectLandTest, ACallbackThatSaysNothingEndsIt) {
  const auto minted = start();
  const auto left = leave(minted);
  auto query = answer_to(left);
  query.erase("code");
  land(left, query);
  expect_failed(minted, "no_code");
  EXPECT_THAT(wire.sent, IsEmpty());
}

}  // namespace
}  // namespace countersign::oauth
