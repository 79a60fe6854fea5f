// Leaving for the provider: what the browser is sent with, what is kept of it, and when nobody is sent anywhere.
#include "oauth/connect_fixture.h"

namespace countersign::oauth {
namespace {

class ConnectLeaveTest : public ConnectTest {
 protected:
  std::string refusal(const Minted& minted, const domain::Parameters& typed = {}) {
    return reason_of([&] { connect.leave(acting(kAda), minted.link_token, typed); });
  }
  // As "field: message".
  std::string problem(const Minted& minted, const domain::Parameters& typed) {
    const auto left = connect.leave(acting(kAda), minted.link_token, typed);
    const auto* problems = std::get_if<std::vector<FieldProblem>>(&left);
    if (problems == nullptr || problems->size() != 1) return "no single problem";
    return problems->front().field + ": " + problems->front().message;
  }
  const domain::OAuthClient acme = insert(draft_client());
};

TEST_F(ConnectLeaveTest, TheRequestIsWhatOAuthWantsItToBe) {
  const auto minted = start();
  const auto left = leave(minted);
  EXPECT_EQ(state(minted), domain::kOpened) << "one press opens it and leaves";
  EXPECT_TRUE(left.url.starts_with("https://as.acme.example/authorize?")) << left.url;
  EXPECT_EQ(left.query.at("response_type"), "code");
  EXPECT_EQ(left.query.at("client_id"), "client-1");
  EXPECT_EQ(left.query.at("redirect_uri"), "https://broker.example/oauth/callback/" + acme.id.text());
  EXPECT_EQ(left.query.at("scope"), "read write");
  EXPECT_EQ(left.query.at("code_challenge_method"), "S256");
  EXPECT_TRUE(crypto::is_s256_challenge(left.query.at("code_challenge")));
  EXPECT_FALSE(left.query.contains("nonce")) << "openid was not asked for";
  EXPECT_THAT(wire.sent, IsEmpty());
}

TEST_F(ConnectLeaveTest, StateNamesTheHandoffAndCannotBeGuessed) {
  const auto minted = start();
  const auto left = leave(minted);
  EXPECT_EQ(left.state().size(), 13U + 1 + 43);
  EXPECT_EQ("ho_" + left.state().substr(0, 13), minted.handoff.id.text());
  EXPECT_EQ(left.proof.size(), 43U);
  EXPECT_NE(left.state().substr(14), left.proof);
}

TEST_F(ConnectLeaveTest, OnlyHashesAndASealAreKept) {
  const auto minted = start();
  const auto left = leave(minted);
  const auto kept = flow(minted);
  for (const std::string& text : {kept.state_hash, kept.browser_hash, kept.sealed}) {
    EXPECT_THAT(text, Not(IsEmpty()));
    EXPECT_THAT(text, Not(HasSubstr(left.state().substr(14))));
    EXPECT_THAT(text, Not(HasSubstr(left.proof)));
  }
  EXPECT_EQ(kept.state_until, clock.now() + 10min);
  EXPECT_EQ(kept.server.issuer, "https://as.acme.example") << "A5: recorded with the transaction";
  for (const std::string& event : events()) {
    EXPECT_THAT(event, AllOf(Not(HasSubstr(left.state().substr(14))), Not(HasSubstr(left.proof))));
  }
}

TEST_F(ConnectLeaveTest, TheDeadlineMovesWithTheState) {
  const auto minted = start();
  clock.advance(9min);
  leave(minted);
  EXPECT_EQ(stored(minted.handoff.id).expires_at, clock.now() + 10min);
}

TEST_F(ConnectLeaveTest, TheRecordSaysWithWhatGuard) {
  leave(start());
  insert(draft_client("lax"));
  const auto waived = leave(start("lax"));
  EXPECT_TRUE(waived.query.contains("code_challenge")) << "sent all the same";
  EXPECT_THAT(
      events("handoff.left"),
      ElementsAre(AllOf(HasSubstr(acme.id.text()), HasSubstr(R"("issuer":"https://as.acme.example")"),
                        HasSubstr(R"("pkce":"s256")"), HasSubstr(R"("scopes":"2")"), HasSubstr(R"("par":"no")")),
                  HasSubstr(R"("pkce":"unconfirmed")")));
}

TEST_F(ConnectLeaveTest, EveryDepartureHasSecretsOfItsOwn) {
  const auto minted = start();
  const auto first = leave(minted);
  const auto second = leave(minted);
  EXPECT_NE(first.state(), second.state());
  EXPECT_NE(first.proof, second.proof);
  EXPECT_NE(first.query.at("code_challenge"), second.query.at("code_challenge"));
}

TEST_F(ConnectLeaveTest, NobodyLeavesTooLate) {
  const auto minted = start();
  clock.advance(10min);
  EXPECT_EQ(refusal(minted), "handoff_expired");
}

TEST_F(ConnectLeaveTest, NobodyLeavesForWhatTheAgentWithdrew) {
  const auto minted = start();
  handoffs.cancel(agent, minted.handoff.id);
  EXPECT_EQ(refusal(minted), "handoff_cancelled");
}

TEST_F(ConnectLeaveTest, NobodyLeavesWithAClientThatIsGone) {
  const auto minted = start();
  clients.remove(acting(kCarl), acme.id);
  EXPECT_EQ(refusal(minted), "client_removed");
  EXPECT_EQ(connect.look(stored(minted.handoff.id)).client, std::nullopt);
}

TEST_F(ConnectLeaveTest, AHandoffOfAnotherKindIsNotLeft) {
  handoff::SecretFormRequest form;
  form.integration = "acme";
  form.auth_template = "key";
  EXPECT_EQ(refusal(handoffs.mint_secret_form(agent, form)), "unknown_handoff");
}

TEST_F(ConnectLeaveTest, AHostLabelIsOneLabel) {
  insert(draft_client("zen"));
  const auto minted = start("zen");
  EXPECT_THAT(problem(minted, {}), HasSubstr("shop: Enter the shop"));
  for (const char* bad : {"a.b", "evil.example/", "a@b", "-a", "a:8080", "{shop}"}) {
    EXPECT_THAT(problem(minted, {{"shop", bad}}), HasSubstr("shop: ")) << bad;
  }
  EXPECT_EQ(state(minted), domain::kPending) << "nothing happened";
  const auto left = leave(minted, {{"shop", " Corner "}, {"undeclared", "x"}});
  EXPECT_TRUE(left.url.starts_with("https://corner.zen.example/authorize?")) << left.url;
  EXPECT_EQ(flow(minted).server.token_endpoint, "https://corner.zen.example/token");
  EXPECT_EQ(flow(minted).plain_fields, (domain::Parameters{{"shop", "corner"}}));
}

TEST_F(ConnectLeaveTest, TheBaseUrlIsThePersonsWhereTheyDecideIt) {
  auto asked = request("any");
  asked.client = insert_foreign("as.elsewhere.example").slug;
  const auto minted = start(asked);
  EXPECT_THAT(problem(minted, {{"base_url", "http://10.0.0.1"}}), HasSubstr("base_url: "));
  leave(minted, {{"base_url", "https://api.elsewhere.example/"}});
}

// A027: a server that does not say that it knows S256 gets nobody.
TEST_F(ConnectLeaveTest, A027_MetadataWithoutS256IsRefused) {
  describes();
  insert_found();
  const auto minted = start("found");
  answers("https://as.found.example/.well-known/oauth-authorization-server", 200,
          R"({"issuer": "https://as.found.example", "authorization_endpoint": "https://as.found.example/authorize",
              "token_endpoint": "https://as.found.example/token"})");
  EXPECT_EQ(refusal(minted), "pkce_missing");
  EXPECT_EQ(flow(minted).state_hash, "");
}

TEST_F(ConnectLeaveTest, ALearnedServerIsAskedAgainAndNonceGoesWithOpenid) {
  describes();
  insert_found();
  const auto left = leave(start("found"));
  EXPECT_EQ(left.query.at("nonce").size(), 43U);
  EXPECT_NE(left.query.at("nonce"), left.query.at("code_challenge"));
}

// A029: another issuer than the one the client was registered with.
TEST_F(ConnectLeaveTest, A029_MetadataOfAnotherIssuerEndsIt) {
  insert_found();
  const auto minted = start("found");
  describes({}, "https://evil.example");
  EXPECT_EQ(refusal(minted), "metadata_changed");
  EXPECT_EQ(flow(minted).state_hash, "");
  EXPECT_THAT(events("oauth_client.metadata_changed"), ElementsAre(HasSubstr("https://as.found.example")));
}

TEST_F(ConnectLeaveTest, MetadataWithOtherEndpointsEndsIt) {
  auto client = draft_client("found");
  client.server.authorization_endpoint = "https://as.found.example/authorize";
  client.server.token_endpoint = "https://as.found.example/old-token";
  insert(client);
  describes();
  EXPECT_EQ(refusal(start("found")), "metadata_changed");
  EXPECT_THAT(events("oauth_client.metadata_changed"), SizeIs(1));
}

TEST_F(ConnectLeaveTest, AServerThatCannotBeAskedLeavesItOpen) {
  insert_found();
  const auto minted = start("found");
  site["https://as.found.example/.well-known/oauth-authorization-server"] =
      WireClient::failing(ErrorCode::kUpstream, "upstream_timeout");
  EXPECT_EQ(refused_by([&] { leave(minted); }).code, ErrorCode::kUpstream);
  EXPECT_EQ(state(minted), domain::kOpened);
  describes();
  leave(minted);
}

TEST_F(ConnectLeaveTest, APushedRequestLeavesNothingOnTheFrontChannel) {
  insert(draft_client("pushy"));
  answers("https://as.pushy.example/par", 201, R"({"request_uri": "urn:example:abc", "expires_in": 60})");
  const auto left = leave(start("pushy"));
  EXPECT_TRUE(left.url.starts_with("https://as.pushy.example/authorize?")) << left.url;
  EXPECT_EQ(left.query, (Query{{"client_id", "client-1"}, {"request_uri", "urn:example:abc"}}));
  const auto pushed = last().form();
  EXPECT_EQ(pushed.at("code_challenge_method"), "S256");
  EXPECT_EQ(pushed.at("state").size(), 13U + 1 + 43);
  EXPECT_THAT(last().header("Authorization"), HasSubstr("Basic "));
  EXPECT_THAT(events("handoff.left"), ElementsAre(HasSubstr(R"("par":"yes")")));
}

TEST_F(ConnectLeaveTest, ARefusedPushSendsNobody) {
  insert(draft_client("pushy"));
  const auto minted = start("pushy");
  answers("https://as.pushy.example/par", 400, R"({"error": "invalid_request"})");
  EXPECT_EQ(refusal(minted), "push_refused");
  EXPECT_EQ(state(minted), domain::kOpened);
  EXPECT_EQ(flow(minted).state_hash, "");
}

TEST_F(ConnectLeaveTest, WhereTheServerDemandsItItIsPushed) {
  describes(R"(, "pushed_authorization_request_endpoint": "https://as.found.example/par",
               "require_pushed_authorization_requests": true)");
  insert_found();
  answers("https://as.found.example/par", 201, R"({"request_uri": "urn:example:abc", "expires_in": 60})");
  EXPECT_EQ(leave(start("found")).query.at("request_uri"), "urn:example:abc");
}

// The client's secret was given for the hosts that it was registered with.
TEST_F(ConnectLeaveTest, WhatMetadataAddsLaterGetsNoSecretOnAnotherHost) {
  describes(R"(, "pushed_authorization_request_endpoint": "https://par.elsewhere.example/par",
               "revocation_endpoint": "https://revoke.elsewhere.example/revoke",
               "userinfo_endpoint": "https://as.found.example/me",
               "require_pushed_authorization_requests": true)");
  insert_found();
  EXPECT_EQ(refusal(start("found")), "bad_metadata");
  EXPECT_EQ(sent_to("https://par.elsewhere.example/par"), 0U);
  clock.advance(2h);
  describes(R"(, "revocation_endpoint": "https://revoke.elsewhere.example/revoke",
               "userinfo_endpoint": "https://as.found.example/me")");
  const auto minted = start("found");
  leave(minted);
  EXPECT_EQ(flow(minted).server.revocation_endpoint, "");
  EXPECT_EQ(flow(minted).server.userinfo_endpoint, "https://as.found.example/me");
}

// A009 of the checklist: where a client says so, nothing but http(s) is ever linked.
TEST_F(ConnectLeaveTest, AnEndpointThatIsNoUrlIsNeverLinked) {
  auto client = draft_client("");
  client.slug = "script";
  client.server.authorization_endpoint = "javascript:alert(1)";
  client.server.token_endpoint = "https://as.elsewhere.example/token";
  insert(client);
  auto asked = request("any");
  asked.client = "script";
  EXPECT_EQ(refusal(start(asked), {{"base_url", "https://api.elsewhere.example"}}), "bad_endpoint");
}

TEST_F(ConnectLeaveTest, TheResourceOfAClientOfAnyServerIsSent) {
  auto client = draft_client("");
  client.slug = "mcp";
  client.server.authorization_endpoint = "https://as.elsewhere.example/authorize";
  client.server.token_endpoint = "https://as.elsewhere.example/token";
  client.resource = "https://mcp.elsewhere.example/a";
  insert(client);
  auto asked = request("any");
  asked.client = "mcp";
  const auto left = leave(start(asked), {{"base_url", "https://mcp.elsewhere.example"}});
  EXPECT_EQ(left.query.at("resource"), "https://mcp.elsewhere.example/a");
}

TEST_F(ConnectLeaveTest, AClientThatActsForItselfLeavesNobody) {
  auto client = draft_client("acme", domain::Owner::user(kAda));
  client.slug = "robot";
  client.grant = domain::OAuthGrant::kClientCredentials;
  insert(client);
  auto asked = request();
  asked.client = "robot";
  EXPECT_EQ(refusal(start(asked)), "wrong_grant");
  EXPECT_EQ(reason_of([&] { connect.connect_now(acting(kAda), start().link_token, {}); }), "wrong_grant");
}

}  // namespace
}  // namespace countersign::oauth
