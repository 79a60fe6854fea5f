// A connection by OAuth over time, by the fake clock: renewed, refused, connected again, removed here and there.
#include "flows/oauth_fixture.h"

namespace countersign::flows {
namespace {

class OAuthLife : public OAuthFlows {
 protected:
  // The job, once a minute, for so long.
  void pass(std::chrono::minutes time) {
    for (; time > 0min; time -= 1min) {
      program.clock().advance(1min);
      program.application().refresh_tokens();
    }
  }
  static ScriptedProvider::Script always(int status, std::string body) {
    return [status, body = std::move(body)](const auto&) { return ScriptedProvider::answer(status, body); };
  }
  // Presses "Connect it again".
  Json reconnect(Browser& browser, const std::string& id) {
    browser.get("/connections/" + id);
    const http::Response asked = browser.post("/connections/" + id + "/reconnect");
    if (asked.status != 303) throw std::runtime_error(text_of(asked));
    return {{"url", std::string(kPublicUrl) + header_of(asked, "Location")}};
  }
  http::Response remove(const std::string& id) {
    Browser browser = browser_of(ada);
    browser.get("/connections/" + id);
    return browser.post("/connections/" + id + "/remove");
  }
};

TEST_F(OAuthLife, ATokenIsRenewedBeforeItsEndAndNotEarlier) {
  const std::string id = connected();  // for an hour; the leeway is two minutes and a spread of at most 24 s
  pass(57min);
  EXPECT_EQ(provider.refreshes(), 0U);
  pass(1min);
  EXPECT_EQ(provider.refreshes(), 1U);
  pass(10min);
  EXPECT_EQ(provider.refreshes(), 1U) << "the new one lasts an hour again";
  pass(60min);
  EXPECT_EQ(provider.refreshes(), 2U) << "with the rotated refresh token";
  EXPECT_EQ(state_of(id), "active");
  EXPECT_EQ(provider.live_grants(), 1U);
  EXPECT_THAT(connection_page(id), HasSubstr("Last renewed"));
}

TEST_F(OAuthLife, TheLeewayIsTheProviders) {
  set_up_beta();
  connected({{"integration", "beta"}});  // five minutes
  pass(53min);
  EXPECT_EQ(provider.refreshes(), 0U);
  pass(2min);
  EXPECT_EQ(provider.refreshes(), 1U);
}

TEST_F(OAuthLife, WithoutANewRefreshTokenTheOldOneIsKept) {
  provider.rotates = false;
  const std::string id = connected();
  pass(3h);
  EXPECT_GE(provider.refreshes(), 3U);
  EXPECT_EQ(state_of(id), "active");
}

TEST_F(OAuthLife, WhereNoEndWasNamedNothingIsRenewedByTheClock) {
  provider.lifetime = 0;
  const std::string id = connected();
  pass(10h);
  EXPECT_EQ(provider.refreshes(), 0U);
  EXPECT_THAT(connection_page(id), HasSubstr("The provider named no end"));
}

TEST_F(OAuthLife, AnAgentRenewsItByIdOrByNameAndIsToldWhatBecameOfIt) {
  const std::string id = connected();
  const Json before = connections().front();
  program.clock().advance(31s);
  const Json renewed = json_of(agent.post("/v1/connections/" + id + "/refresh", ""));
  EXPECT_EQ(renewed["outcome"], "renewed");
  EXPECT_EQ(renewed["connection"]["connectionId"], id);
  EXPECT_EQ(provider.refreshes(), 1U);
  const Json by_name = {{"owner", "user"}, {"integration", "acme"}, {"name", before["name"]}};
  const Json again = agent.call("connections.refresh", by_name)["structuredContent"];
  EXPECT_EQ(again["outcome"], "fresh") << "not more often than every half minute";
  EXPECT_EQ(again["connection"]["connectionId"], id);
  EXPECT_EQ(provider.refreshes(), 1U);

  program.clock().advance(31s);
  provider.instead[kAcme / "token"] = always(400, R"({"error":"invalid_grant"})");
  const Json ended = json_of(agent.post("/v1/connections/" + id + "/refresh", ""));
  EXPECT_EQ(ended["outcome"], "needs_reauth");
  EXPECT_THAT(ended["next"].get<std::string>(), HasSubstr("oauth.start"));
  EXPECT_EQ(ended["connection"]["status"], "needs_reauth");
  EXPECT_EQ(ended["connection"].value("problem", ""), "invalid_grant");
}

TEST_F(OAuthLife, OnlyWhoMayUseAConnectionRenewsIt) {
  const std::string id = connected();
  program.clock().advance(31s);
  Agent stranger(program, program.issue_token(boss));
  EXPECT_EQ(stranger.post("/v1/connections/" + id + "/refresh", "").status, 404);
  EXPECT_EQ(agent.post("/v1/connections/co_nonsense/refresh", "").status, 404);
  EXPECT_EQ(provider.refreshes(), 0U);
}

TEST_F(OAuthLife, AConnectionIsNamedInOneWay) {
  const std::string id = connected();
  const std::string name = connections().front()["name"];
  const auto answer = [&](const Json& arguments) { return agent.call("connections.get", arguments).dump(); };
  EXPECT_THAT(answer(Json::object()), HasSubstr("which_connection"));
  EXPECT_THAT(answer({{"owner", "user"}, {"name", name}}), HasSubstr("which_connection"));
  EXPECT_THAT(answer({{"connectionId", id}, {"name", name}}), HasSubstr("which_connection"));
  EXPECT_THAT(answer({{"owner", "org"}, {"integration", "acme"}, {"name", name}}), HasSubstr("unknown_connection"));
  EXPECT_THAT(answer({{"owner", "user"}, {"integration", "acme"}, {"name", name}}), HasSubstr(id));
}

TEST_F(OAuthLife, AgentsSeeTheClientTheEndAndTheScopes) {
  const std::string id = connected();
  const Json brief = connections().front();
  EXPECT_EQ(brief["oauthClientOwner"], clients(agent).front()["owner"]);
  EXPECT_EQ(brief["oauthClient"], clients(agent).front()["slug"]);
  EXPECT_EQ(brief["oauthScopeCount"], 2);
  EXPECT_FALSE(brief.contains("oauthScope"));
  const auto left =
      std::chrono::milliseconds(brief["expiresAt"].get<std::int64_t>()) - program.clock().now().time_since_epoch();
  EXPECT_EQ(left, 1h);
  const Json full = json_of(agent.get("/v1/connections?verbose=true"))["connections"].front();
  EXPECT_EQ(full["oauthScope"], "read write");
  EXPECT_EQ(json_of(agent.get("/v1/connections/" + id))["connection"]["oauthScope"], "read write");
  EXPECT_EQ(agent.get("/v1/connections?verbose=perhaps").status, 400);
}

TEST_F(OAuthLife, APersonRenewsItByHandNotMoreOftenThanEveryHalfMinute) {
  const std::string id = connected();
  Browser browser = browser_of(ada);
  browser.get("/connections/" + id);
  program.clock().advance(31s);
  EXPECT_THAT(header_of(browser.post("/connections/" + id + "/renew"), "Location"), HasSubstr("done=renewed"));
  EXPECT_THAT(header_of(browser.post("/connections/" + id + "/renew"), "Location"), HasSubstr("done=fresh"));
  EXPECT_EQ(provider.refreshes(), 1U);
}

TEST_F(OAuthLife, WhatTheProviderEndedNeedsThePersonAndKeepsItsId) {
  const std::string id = connected();
  provider.end_all_grants();
  pass(60min);
  EXPECT_EQ(state_of(id), "needs_reauth");
  EXPECT_EQ(provider.refreshes(), 1U) << "once is enough to know";
  EXPECT_THAT(connection_page(id), AllOf(HasSubstr("has to be connected again"), HasSubstr("Connect it again")));
  EXPECT_EQ(start()["status"], "redirect") << "the agent is not told that it is connected";

  Browser browser = browser_of(ada);
  const Json again = reconnect(browser, id);
  EXPECT_THAT(text_of(browser.get(path_of(again["url"]))),
              AllOf(HasSubstr("again"), HasSubstr("Another one is refused")));
  connect(browser, again);
  EXPECT_EQ(state_of(id), "active");
  EXPECT_EQ(connections().size(), 1U);
  pass(60min);
  EXPECT_EQ(state_of(id), "active") << "and it is renewed as before";
}

// Facts section 7: whoever happens to be signed in at the provider is not who was meant.
TEST_F(OAuthLife, AReconnectByAnotherAccountIsRefusedAndItsTokensAreGivenBack) {
  const std::string id = connected();
  Browser browser = browser_of(ada);
  const Json again = reconnect(browser, id);
  const http::Response page = connect(browser, again, {.account = "acct-somebody-else"});
  EXPECT_THAT(text_of(page), AllOf(HasSubstr("another account"), HasSubstr("Nothing was changed")));
  EXPECT_EQ(provider.live_grants(), 1U) << "the wrong one was revoked";
  EXPECT_EQ(connection(id)["identityLabel"], "acct-ada@example");
  connect(browser, again);
  EXPECT_EQ(state_of(id), "active");
}

// Nor is whoever the provider does not name this time.
TEST_F(OAuthLife, AReconnectByNobodyInParticularIsRefused) {
  const std::string id = connected();
  Browser browser = browser_of(ada);
  const Json again = reconnect(browser, id);
  provider.token_extra = {{"user", nullptr}};
  connect(browser, again);
  EXPECT_EQ(connection(id)["identityLabel"], "acct-ada@example");
  EXPECT_TRUE(events("connection.reconnected").empty());
  provider.token_extra = Json::object();
  connect(browser, again);
  EXPECT_EQ(events("connection.reconnected").size(), 1U);
  EXPECT_EQ(state_of(id), "active");
}

// Facts D4, abuse case 39: what still works is kept, and the server is left alone for a while.
TEST_F(OAuthLife, AServerThatIsDownCostsNothingAsLongAsTheTokenWorks) {
  const std::string id = connected();
  provider.instead[kAcme / "token"] = always(503, "{}");
  pass(59min);
  EXPECT_EQ(state_of(id), "active");
  const auto tried = provider.calls(kAcme / "token") - 1;
  EXPECT_GE(tried, 1U);
  EXPECT_LE(tried, 3U) << "with growing waits";
  EXPECT_THAT(connection_page(id), HasSubstr("is tried again"));
  provider.instead.clear();
  pass(10min);
  EXPECT_EQ(state_of(id), "active");
  EXPECT_EQ(provider.live_grants(), 1U);
}

TEST_F(OAuthLife, A400ToAnEarlyRefreshIsNoEnd) {
  const std::string id = connected();
  provider.instead[kAcme / "token"] = always(400, R"({"error":"invalid_request"})");
  pass(59min);
  EXPECT_EQ(state_of(id), "active");
  provider.instead.clear();
  pass(5min);
  EXPECT_EQ(state_of(id), "active");
  EXPECT_THAT(connection_page(id), Not(HasSubstr("is tried again")));
}

TEST_F(OAuthLife, AMachinesTokenIsAskedForAnew) {
  const std::string id = set_up("acme", {{"grant", "client_credentials"}});
  provider.add_client(std::string(kAcme), "acme-client", {"client-secret-canary", callback_of(id), ""});
  const Json minted = start({{"client", "acme"}, {"clientOwner", "org"}, {"owner", "org"}});
  Browser admin = browser_of(boss);
  admin.get(path_of(minted["url"]));
  admin.post(path_of(minted["url"]) + "/continue");
  EXPECT_EQ(admin.post(path_of(minted["url"]) + "/leave").status, 303) << "nobody leaves";
  const Json told = outcome(minted);
  ASSERT_EQ(told["status"], "completed") << told.dump();
  EXPECT_EQ(provider.sent(kAcme / "token")[0].field("grant_type"), "client_credentials");
  pass(120min);
  EXPECT_EQ(state_of(told["connection"]["connectionId"]), "active");
  EXPECT_GE(provider.calls(kAcme / "token"), 3U);
  EXPECT_EQ(provider.refreshes(), 0U) << "there is no refresh token";
}

// Facts section 4: the refresh token first.
TEST_F(OAuthLife, RemovedHereMeansRevokedThere) {
  const std::string id = connected();
  EXPECT_EQ(remove(id).status, 303);
  ASSERT_EQ(provider.revoked().size(), 2U);
  EXPECT_THAT(provider.revoked()[0], StartsWith("rt-"));
  EXPECT_THAT(provider.revoked()[1], StartsWith("at-"));
  EXPECT_EQ(provider.live_grants(), 0U);
  EXPECT_EQ(events("connection.revocation_confirmed").size(), 1U);
  program.clock().advance(1h);
  program.application().revoke_tokens();
  EXPECT_EQ(provider.revoked().size(), 2U) << "once is enough";
}

TEST_F(OAuthLife, AProviderThatIsDownIsToldLater) {
  const std::string id = connected();
  provider.instead[kAcme / "revoke"] = always(503, "{}");
  EXPECT_EQ(remove(id).status, 303);
  EXPECT_THAT(connections(), IsEmpty()) << "removed here at once";
  const auto page = [&] { return text_of(browser_of(ada).get("/connections")); };
  EXPECT_THAT(page(), HasSubstr("not yet confirmed by the provider"));
  const auto asked = provider.calls(kAcme / "revoke");
  program.application().revoke_tokens();
  EXPECT_EQ(provider.calls(kAcme / "revoke"), asked) << "not before it is due";
  program.restart();
  provider.instead.clear();
  program.clock().advance(1h);
  program.application().revoke_tokens();
  EXPECT_EQ(provider.live_grants(), 0U);
  EXPECT_THAT(page(), Not(HasSubstr("not yet confirmed")));
}

TEST_F(OAuthLife, AWeekIsTriedAndThenTheTokensAreGoneAnyway) {
  const std::string id = connected();
  provider.instead[kAcme / "revoke"] = always(503, "{}");
  remove(id);
  for (int hour = 0; hour < 24 * 7 + 2; ++hour) {
    program.clock().advance(1h);
    program.application().revoke_tokens();
  }
  EXPECT_EQ(events("connection.revocation_given_up").size(), 1U);
  const auto asked = provider.calls(kAcme / "revoke");
  program.clock().advance(24h);
  program.application().revoke_tokens();
  EXPECT_EQ(provider.calls(kAcme / "revoke"), asked);
}

}  // namespace
}  // namespace countersign::flows
