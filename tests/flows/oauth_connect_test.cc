// Consent at the provider, from the agent's wish to its connection, through every layer but the socket.
#include "flows/oauth_fixture.h"

namespace countersign::flows {
namespace {

class OAuthConnect : public OAuthFlows {};

TEST_F(OAuthConnect, EndsWithAConnectionAndNeverShowsAToken) {
  const Json minted = start({{"scopes", {"read"}}, {"identityLabel", "the team's"}});
  EXPECT_EQ(minted["status"], "redirect");
  EXPECT_EQ(minted["handoffStatus"], "pending");
  EXPECT_THAT(minted["authorizationUrl"].get<std::string>(), StartsWith(std::string(kPublicUrl) + "/h/"))
      << "our own page, never the provider's";
  EXPECT_EQ(minted["state"], minted["handoffId"]) << "what oauth.cancel takes, not the state on the wire";

  Browser browser = browser_of(ada);
  const http::Response card = browser.get(path_of(minted["url"]));
  EXPECT_THAT(text_of(card), AllOf(HasSubstr(minted["userCode"].get<std::string>()), HasSubstr("Read everything"),
                                   HasSubstr("as.acme.example"), Not(HasSubstr("Change everything"))));
  EXPECT_EQ(status(minted), "pending") << "looking changes nothing";

  const std::string url = leave(browser, minted);
  EXPECT_EQ(status(minted), "opened");
  const http::Response landed = browser.get(provider.consent(url));
  EXPECT_EQ(landed.status, 303);
  EXPECT_EQ(header_of(landed, "Location"), path_of(minted["url"])) << "without code and state";
  const http::Response done = browser.get(header_of(landed, "Location"));
  EXPECT_THAT(text_of(done), AllOf(HasSubstr("acct-ada@example"), HasSubstr("renewed by itself")));

  const Json told = outcome(minted);
  EXPECT_EQ(told["status"], "completed");
  EXPECT_EQ(told["connection"]["integration"], "acme");
  EXPECT_EQ(told["connection"]["status"], "active");
  EXPECT_EQ(told["connection"]["identityLabel"], "acct-ada@example");
  EXPECT_THAT(told.dump() + text_of(done) + program.log().text() + audit_text(), Not(HasSubstr("canary")));
  EXPECT_EQ(provider.calls(kAcme / "token"), 1U);
}

TEST_F(OAuthConnect, OverMcpItIsTheSame) {
  const Json result = agent.call("oauth.start", {{"integration", "acme"}});
  ASSERT_EQ(result.value("isError", false), false) << result.dump();
  const Json minted = result["structuredContent"];
  Browser browser = browser_of(ada);
  connect(browser, minted);
  const Json waited = agent.call("handoffs.wait", {{"handoffId", minted["handoffId"]}});
  EXPECT_EQ(waited["structuredContent"]["status"], "completed") << waited.dump();
}

TEST_F(OAuthConnect, AHeldPollIsAnsweredByTheCallback) {
  const Json minted = start();
  Browser browser = browser_of(ada);
  const std::string back = provider.consent(leave(browser, minted));
  Pending poll = agent.begin_get("/v1/handoffs/" + minted["handoffId"].get<std::string>() + "?wait=50");
  while (!poll.held()) std::this_thread::yield();
  browser.get(back);
  EXPECT_EQ(json_of(poll.wait())["status"], "completed");
}

TEST_F(OAuthConnect, WhoLeavesInTimeHasTenMinutesThere) {
  const Json minted = start();
  Browser browser = browser_of(ada);
  program.clock().advance(599s);
  const std::string back = provider.consent(leave(browser, minted));
  program.clock().advance(600s - 1ms);
  EXPECT_EQ(status(minted), "opened") << "the deadline moved with the state";
  EXPECT_EQ(browser.get(back).status, 303);
  EXPECT_EQ(status(minted), "completed");
}

TEST_F(OAuthConnect, WhoComesBackTooLateConnectsNothing) {
  const Json minted = start();
  Browser browser = browser_of(ada);
  const std::string back = provider.consent(leave(browser, minted));
  program.clock().advance(600s);
  const http::Response late = browser.get(back);
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(provider.calls(kAcme / "token"), 0U);
  EXPECT_EQ(status(minted), "expired") << "which is no denial";
  EXPECT_THAT(text_of(browser.get(path_of(minted["url"]))), HasSubstr("expired"));
}

// Facts B8 and section 6: the agent is told "declined", not an error.
TEST_F(OAuthConnect, ADenialAtTheProviderIsADecline) {
  const Json minted = start();
  Browser browser = browser_of(ada);
  ScriptedProvider::Consent no;
  no.error = "access_denied";
  const http::Response page = connect(browser, minted, no);
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(status(minted), "declined");
  EXPECT_EQ(provider.calls(kAcme / "token"), 0U);
  EXPECT_THAT(connections(), IsEmpty());
}

TEST_F(OAuthConnect, AnErrorOfTheProvidersEndsItWithItsCode) {
  const Json minted = start();
  Browser browser = browser_of(ada);
  ScriptedProvider::Consent broken;
  broken.error = "invalid_scope";
  broken.error_description = "No such scope.";
  const http::Response page = connect(browser, minted, broken);
  EXPECT_THAT(text_of(page), AllOf(HasSubstr("An admin has to mend"), HasSubstr("No such scope.")));
  const Json told = outcome(minted);
  EXPECT_EQ(told["status"], "failed");
  EXPECT_EQ(told["problem"], "invalid_scope");
  EXPECT_THAT(told.dump(), Not(HasSubstr("No such scope."))) << "a provider's words are nothing for a model";
}

// What is left of a try is the next one's beginning: the same link, another state.
TEST_F(OAuthConnect, AProviderThatIsDownLeavesItOpenForAnotherTry) {
  const Json minted = start();
  Browser browser = browser_of(ada);
  const std::string back = provider.consent(leave(browser, minted));
  provider.instead[kAcme / "token"] = [](const auto&) { return ScriptedProvider::answer(503, "{}"); };
  const http::Response landed = browser.get(back);
  EXPECT_EQ(landed.status, 303);
  EXPECT_EQ(status(minted), "opened");
  EXPECT_THAT(text_of(browser.get(path_of(minted["url"]))), HasSubstr("Try again"));
  provider.instead.clear();
  connect(browser, minted);
  EXPECT_EQ(status(minted), "completed");
}

// Everything the callback needs is in the store: it may land on a program that was started meanwhile.
TEST_F(OAuthConnect, ARestartWhileThePersonIsAwayLosesNothing) {
  const Json minted = start();
  Browser browser = browser_of(ada);
  const std::string back = provider.consent(leave(browser, minted));
  program.restart();
  EXPECT_EQ(browser.get(back).status, 303);
  EXPECT_EQ(status(minted), "completed");
}

TEST_F(OAuthConnect, WhatTheAgentWithdrewMeanwhileIsNotRedeemed) {
  const Json minted = start();
  Browser browser = browser_of(ada);
  const std::string back = provider.consent(leave(browser, minted));
  const Json state = {{"state", minted["state"]}};
  EXPECT_EQ(json_of(agent.post("/v1/oauth/cancel", dump_json(state)))["cancelled"], true);
  EXPECT_EQ(browser.get(back).status, 409);
  EXPECT_EQ(status(minted), "cancelled");
  EXPECT_EQ(provider.calls(kAcme / "token"), 0U);
  EXPECT_EQ(agent.post("/v1/oauth/cancel", dump_json(state)).status, 200) << "asking twice is asking once";
}

TEST_F(OAuthConnect, WhatWorksAlreadyIsTheAnswer) {
  const std::string id = connected();
  const Json again = start();
  EXPECT_EQ(again["status"], "connected");
  EXPECT_EQ(again["connection"]["connectionId"], id);
  EXPECT_FALSE(again.contains("url"));
  EXPECT_EQ(start({{"name", "Another"}})["status"], "redirect") << "one more account";
  EXPECT_EQ(start({{"scopes", {"read", "admin"}}})["status"], "redirect") << "more than it was granted";
}

// Stepping up: the same connection, with what it was granted before and what is new.
TEST_F(OAuthConnect, MoreScopesComeToTheSameConnection) {
  const std::string id = connected({{"scopes", {"read"}}});
  const Json minted = start({{"scopes", {"admin"}}});
  Browser browser = browser_of(ada);
  EXPECT_THAT(text_of(browser.get(path_of(minted["url"]))),
              AllOf(HasSubstr("Administer it"), HasSubstr("Read everything"), Not(HasSubstr("Change everything"))));
  connect(browser, minted);
  EXPECT_EQ(outcome(minted)["connection"]["connectionId"], id);
  EXPECT_EQ(start({{"scopes", {"read", "admin"}}})["status"], "connected");
}

TEST_F(OAuthConnect, LessThanAskedForIsShownToThePersonAndOnRecord) {
  const Json minted = start({{"scopes", {"read", "write"}}});
  Browser browser = browser_of(ada);
  ScriptedProvider::Consent less;
  less.granted = "read";
  const std::string page = text_of(connect(browser, minted, less));
  EXPECT_THAT(page, AllOf(HasSubstr("Less was granted than asked for"), HasSubstr("Change everything")));
  const std::string id = outcome(minted)["connection"]["connectionId"];
  EXPECT_THAT(connection_page(id), HasSubstr("Asked for, not granted"));
  ASSERT_EQ(events("connection.created").size(), 1U);
  EXPECT_THAT(events("connection.created")[0].facts, HasSubstr(R"("shortfall":"1")"));
  EXPECT_EQ(start({{"scopes", {"read", "write"}}})["status"], "redirect") << "it is not what was asked for";
}

TEST_F(OAuthConnect, MoreThanAskedForIsShownToo) {
  const Json minted = start({{"scopes", {"read"}}});
  Browser browser = browser_of(ada);
  ScriptedProvider::Consent more;
  more.granted = "read admin";
  EXPECT_THAT(text_of(connect(browser, minted, more)),
              AllOf(HasSubstr("More was granted than asked for"), HasSubstr("Administer it")));
}

TEST_F(OAuthConnect, TheHostIsThePersonsToSayWhereTheServiceHasMany) {
  const std::string id = set_up("zen");
  provider.add_client("https://acme-corp.zen.example", "zen-client", {"client-secret-canary", callback_of(id), ""});
  const Json minted = start({{"integration", "zen"}});
  Browser browser = browser_of(ada);
  EXPECT_THAT(text_of(browser.get(path_of(minted["url"]))), HasSubstr("plain.subdomain"));
  for (const char* wrong : {"", "evil.example/x", "a.b", "acme corp", "-x", "x@y", "localhost:80"}) {
    const http::Response page = press(browser, minted, {{"plain.subdomain", wrong}});
    EXPECT_EQ(page.status, 422) << wrong;
    EXPECT_EQ(status(minted), "pending") << wrong;
  }
  const std::string url = leave(browser, minted, {{"plain.subdomain", " Acme-Corp "}});
  EXPECT_THAT(url, StartsWith("https://acme-corp.zen.example/authorize?"));
  EXPECT_EQ(browser.get(provider.consent(url)).status, 303);
  EXPECT_EQ(status(minted), "completed");
  EXPECT_EQ(provider.calls("https://acme-corp.zen.example/token"), 1U);
  EXPECT_THAT(connection_page(outcome(minted)["connection"]["connectionId"]),
              HasSubstr("https://acme-corp.zen.example"));
}

TEST_F(OAuthConnect, WhatTheAgentCallsTheAccountIsNotWhatTheProviderSaid) {
  const std::string id = set_up("zen");
  provider.add_client("https://acme-corp.zen.example", "zen-client", {"client-secret-canary", callback_of(id), ""});
  const Json minted = start({{"integration", "zen"}, {"identityLabel", "boss@acme-corp"}});
  Browser browser = browser_of(ada);
  const std::string url = leave(browser, minted, {{"plain.subdomain", "acme-corp"}});
  EXPECT_EQ(browser.get(provider.consent(url)).status, 303);
  EXPECT_THAT(text_of(browser.get(path_of(minted["url"]))),
              AllOf(HasSubstr("did not say which account"), Not(HasSubstr("boss@acme-corp"))));
  EXPECT_EQ(outcome(minted)["connection"]["identityLabel"], "boss@acme-corp") << "a name for it, for the agent";
}

TEST_F(OAuthConnect, AnOrgsBelongsToTheFirstAdminWhoTakesItOn) {
  const PersonId second = program.add_person("second", domain::Role::kAdmin);
  const Json minted = start({{"owner", "org"}});
  const std::string path = path_of(minted["url"]);
  Browser member = browser_of(ada);
  EXPECT_EQ(member.get(path).status, 403);
  EXPECT_EQ(member.post(path + "/leave").status, 403);

  Browser first = browser_of(boss);
  EXPECT_THAT(text_of(first.get(path)), HasSubstr("sent to all admins"));
  EXPECT_EQ(first.post(path + "/continue").status, 303);
  Browser other = browser_of(second);
  EXPECT_EQ(other.get(path).status, 403);
  EXPECT_EQ(other.post(path + "/leave").status, 403);

  connect(first, minted);
  const Json told = outcome(minted);
  EXPECT_EQ(told["status"], "completed");
  EXPECT_EQ(told["connection"]["owner"], "org");
}

TEST_F(OAuthConnect, AskingIsCappedPerGrantAndMinute) {
  for (int i = 0; i < 10; ++i) ASSERT_EQ(ask({{"name", "Account " + std::to_string(i)}}).status, 200) << i;
  const http::Response capped = ask({{"name", "One more"}});
  EXPECT_EQ(capped.status, 429);
  EXPECT_EQ(code_of(capped), "grant_cap");
  EXPECT_THAT(header_of(capped, "Retry-After"), Not(IsEmpty()));
  Agent other(program, program.issue_token(ada));
  EXPECT_EQ(other.post("/v1/oauth/start", R"({"integration":"acme"})").status, 200) << "each grant has its own";
  program.clock().advance(60s);
  EXPECT_EQ(ask({{"name", "One more"}}).status, 200);
}

TEST_F(OAuthConnect, ARepeatedRequestIsOneHandoff) {
  const Headers key = {{"idempotency-key", "k-1"}};
  const Json first = json_of(ask({{"scopes", {"read"}}}, key));
  const Json second = json_of(ask({{"scopes", {"read"}}}, key));
  EXPECT_EQ(second["handoffId"], first["handoffId"]);
  EXPECT_EQ(second["url"], first["url"]);
  const http::Response other = ask({{"scopes", {"write"}}}, key);
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(code_of(other), "request_key_reused");
}

TEST_F(OAuthConnect, AnotherOwnersAgentSeesNothingOfIt) {
  const Json minted = start();
  Agent stranger(program, program.issue_token(program.add_person("eve", domain::Role::kMember)));
  const std::string id = minted["handoffId"];
  EXPECT_EQ(stranger.get("/v1/handoffs/" + id).status, 404);
  EXPECT_EQ(stranger.post("/v1/oauth/cancel", dump_json({{"state", id}})).status, 404);
  EXPECT_EQ(clients(agent).size(), 1U) << "registered for ada alone";
  EXPECT_EQ(clients(stranger), Json::array());
  const http::Response borrowed =
      stranger.post("/v1/oauth/start", R"({"integration":"beta","client":"acme","clientOwner":"user"})");
  EXPECT_EQ(code_of(borrowed), "unknown_client");
  EXPECT_EQ(status(minted), "pending");

  Browser browser = browser_of(ada);
  connect(browser, minted);
  const std::string made = outcome(minted)["connection"]["connectionId"];
  EXPECT_EQ(stranger.get("/v1/connections/" + made).status, 404);
  EXPECT_EQ(json_of(stranger.get("/v1/connections"))["connections"], Json::array());
}

TEST_F(OAuthConnect, TheOtherToolThatConnectsLeadsToConsentToo) {
  const Json minted = agent.ask(R"({"integration":"acme","template":"oauth","label":"Docs"})");
  EXPECT_EQ(minted["status"], "redirect");
  EXPECT_EQ(outcome(minted)["kind"], "oauth");
  Browser browser = browser_of(ada);
  EXPECT_THAT(text_of(browser.get(path_of(minted["url"]))), Not(HasSubstr("type=\"password\"")));
  connect(browser, minted);
  EXPECT_EQ(outcome(minted)["connection"]["name"], "Docs");
}

TEST_F(OAuthConnect, TheWrongAccountIsTakenBackFromTheResultsPage) {
  const Json minted = start();
  Browser browser = browser_of(ada);
  connect(browser, minted);
  const std::string id = outcome(minted)["connection"]["connectionId"];
  EXPECT_EQ(browser.post(path_of(minted["url"]) + "/undo").status, 303);
  EXPECT_THAT(text_of(browser.get(path_of(minted["url"]))), HasSubstr("has confirmed that the access is withdrawn"));
  EXPECT_THAT(connections(), IsEmpty());
  EXPECT_EQ(provider.live_grants(), 0U);
  EXPECT_EQ(state_of(id), "revoked");
}

// A GET by a previewer changes nothing: neither our own pages nor the page that leads on (facts G7).
TEST_F(OAuthConnect, NobodyLeavesByLooking) {
  const Json minted = start();
  Browser browser = browser_of(ada);
  for (int i = 0; i < 3; ++i) browser.get(path_of(minted["url"]));
  EXPECT_EQ(browser.get(path_of(minted["url"]) + "/leave").status, 405);
  EXPECT_EQ(status(minted), "pending");
  EXPECT_TRUE(events("handoff.left").empty());
  const std::string link = leave(browser, minted);
  EXPECT_EQ(events("handoff.left").size(), 1U);
  EXPECT_THAT(link, Not(HasSubstr(minted["handoffId"].get<std::string>())));
}

}  // namespace
}  // namespace countersign::flows
