// Abuse cases B: the authorization server itself as the attacker, or as one that breaks. Numbers are those of cases.md.
#include "crypto/jose.h"
#include "flows/oauth_fixture.h"

namespace countersign::flows {
namespace {

ScriptedProvider::Script always(int status, std::string body, std::string type = "application/json") {
  return [=](const auto&) { return ScriptedProvider::answer(status, body, type); };
}

class OAuthProvider : public OAuthFlows {
 protected:
  OAuthProvider() : browser(browser_of(ada)) {}

  void pass(std::chrono::minutes time) {
    for (; time > 0min; time -= 1min) {
      program.clock().advance(1min);
      program.application().refresh_tokens();
    }
  }
  // One request up to its end; the problem it ended with.
  std::string ends_with(const Json& more) {
    const Json minted = start(more);
    connect(browser, minted);
    const Json told = outcome(minted);
    EXPECT_NE(told["status"], "completed");
    EXPECT_THAT(connections(), IsEmpty());
    return told.value("problem", "");
  }

  Browser browser;
};

struct BadAnswer {
  const char* what;
  std::string body;
  std::string type = "application/json";
};

std::vector<BadAnswer> bad_token_answers() {
  const std::string good = R"("access_token":"at-1","token_type":"Bearer","refresh_token":"rt-1")";
  return {{"a page", "<html>Sign in</html>", "text/html"},
          {"json that says it is a page", "{" + good + "}", "text/html"},
          {"nothing", ""},
          {"no object", "[]"},
          {"half of it", "{" + good},
          {"a byte order mark", "\xef\xbb\xbf{" + good + "}"},
          {"a name twice", "{" + good + R"(,"access_token":"at-2"})"},
          {"no token", R"({"token_type":"Bearer"})"},
          {"an empty token", R"({"access_token":"","token_type":"Bearer"})"},
          {"a token that is a number", R"({"access_token":7,"token_type":"Bearer"})"},
          {"a token with a line break", R"({"access_token":"a\r\nb","token_type":"Bearer"})"},
          {"no type", R"({"access_token":"at-1"})"},
          {"another type", R"({"access_token":"at-1","token_type":"mac"})"},
          {"seconds as text", "{" + good + R"(,"expires_in":"3600"})"},
          {"seconds below zero", "{" + good + R"(,"expires_in":-1})"},
          {"seconds without end", "{" + good + R"(,"expires_in":1e99})"},
          {"depth without end", R"({"a":)" + std::string(10'000, '[')}};
}

TEST_F(OAuthProvider, B027_WithoutS256NobodyIsSentThere) {
  for (const Json& methods : {Json(nullptr), Json({"plain"}), Json::array()}) {
    SCOPED_TRACE(methods.dump());
    provider.metadata[std::string(kAcme)] = {{"code_challenge_methods_supported", methods}};
    program.clock().advance(2h);
    browser.sign_in(ada);
    const Json minted = start();
    const http::Response page = press(browser, minted);
    EXPECT_EQ(page.status, 502);
    EXPECT_THAT(text_of(page), AllOf(HasSubstr("PKCE"), Not(HasSubstr("as.acme.example/authorize"))));
    EXPECT_EQ(status(minted), "opened") << "nothing is lost when it is mended";
    EXPECT_TRUE(events("handoff.left").empty());
  }
}

TEST_F(OAuthProvider, B027_AWaiverIsSeenByThePersonAndStandsInTheRecord) {
  std::string lax(kBetaFile);
  lax.replace(lax.find("\"beta\""), 6, "\"lax\"");
  lax.replace(lax.find("\"leeway_seconds\": 300"), 21,
              R"("pkce": "unconfirmed", "pkce_reason": "Lax never says whether it looks.")");
  files.write("lax", lax);
  program.restart();
  const std::string id = set_up("lax");
  provider.add_client(std::string(kBeta), "lax-client", {"client-secret-canary", callback_of(id), ""});
  const Json minted = start({{"integration", "lax"}});
  EXPECT_THAT(text_of(browser.get(path_of(minted["url"]))), HasSubstr("Lax never says whether it looks."));
  EXPECT_THAT(leave(browser, minted), HasSubstr("code_challenge=")) << "it is sent all the same";
  ASSERT_EQ(events("handoff.left").size(), 1U);
  EXPECT_THAT(events("handoff.left")[0].facts, HasSubstr(R"("pkce":"unconfirmed")"));
}

TEST_F(OAuthProvider, B029_MetadataOfAnotherIssuerIsNotUsed) {
  provider.metadata[std::string(kAcme)] = {{"issuer", "https://evil.example"}};
  EXPECT_EQ(code_of(ask(Json::object())), "no_metadata") << "it cannot be asked how to register";
  EXPECT_EQ(provider.calls(kAcme / "register"), 0U);
  const http::Response probed = agent.post("/v1/oauth/probe", R"({"url":"https://as.acme.example"})");
  EXPECT_EQ(code_of(probed), "issuer_mismatch");
}

TEST_F(OAuthProvider, B029_MetadataThatChangesLaterEndsItAndIsOnRecord) {
  connected();
  for (const Json& change :
       {Json{{"issuer", "https://evil.example"}}, Json{{"token_endpoint", "https://evil.example/token"}},
        Json{{"authorization_endpoint", "https://evil.example/authorize"}}}) {
    SCOPED_TRACE(change.dump());
    provider.metadata[std::string(kAcme)] = change;
    program.clock().advance(61min);
    browser.sign_in(ada);
    const http::Response page = press(browser, start({{"name", "Another"}}));
    EXPECT_EQ(page.status, 502);
    EXPECT_THAT(text_of(page), Not(HasSubstr("evil.example")));
  }
  EXPECT_EQ(events("oauth_client.metadata_changed").size(), 3U);
  for (const auto& one : provider.sent()) EXPECT_THAT(one.url, Not(HasSubstr("evil.example")));
}

TEST_F(OAuthProvider, B030_MetadataOfAnotherResourceIsNotTrusted) {
  const std::string url = "https://mcp.victim.example/mcp";
  provider.instead["https://mcp.victim.example/.well-known/oauth-protected-resource/mcp"] = always(
      200, R"({"resource":"https://mcp.other.example/mcp","authorization_servers":["https://as.evil.example"]})");
  const http::Response probed = agent.post("/v1/oauth/probe", dump_json({{"url", url}}));
  EXPECT_EQ(code_of(probed), "resource_mismatch");
  for (const auto& one : provider.sent()) EXPECT_THAT(one.url, Not(HasSubstr("evil.example")));
}

TEST_F(OAuthProvider, B033_AnAnswerThatIsNoneConnectsNothing) {
  int count = 0;
  for (const BadAnswer& bad : bad_token_answers()) {
    SCOPED_TRACE(bad.what);
    provider.instead[kAcme / "token"] = always(200, bad.body, bad.type);
    EXPECT_THAT(ends_with({{"name", "Try " + std::to_string(++count)}}), Not(IsEmpty()));
    program.clock().advance(20s);
  }
  EXPECT_THAT(program.log().text() + audit_text(), Not(HasSubstr("at-1")));
}

TEST_F(OAuthProvider, B033_AnAnswerThatIsNoneLeavesTheConnectionAsItWas) {
  for (const BadAnswer& bad : bad_token_answers()) {
    SCOPED_TRACE(bad.what);
    const std::string id = connected({{"name", bad.what}});
    provider.instead[kAcme / "token"] = always(200, bad.body, bad.type);
    pass(59min);
    EXPECT_EQ(state_of(id), "active");
    provider.instead.clear();
    pass(5min);
    EXPECT_EQ(state_of(id), "active") << "and goes on with the old refresh token";
    program.clock().advance(2min);
  }
}

TEST_F(OAuthProvider, B034_ARedirectOfTheTokenEndpointIsNotFollowed) {
  for (const int redirect : {301, 302, 303, 307, 308}) {
    provider.instead[kAcme / "token"] = [redirect](const auto&) {
      auto answer = ScriptedProvider::answer(redirect, "{}");
      answer.headers.push_back({"location", "https://evil.example/token"});
      return answer;
    };
    EXPECT_THAT(ends_with({{"name", "Redirect " + std::to_string(redirect)}}), Not(IsEmpty())) << redirect;
  }
  EXPECT_EQ(provider.calls(kAcme / "token"), 5U) << "each once";
}

TEST_F(OAuthProvider, B035_NothingOfARequestGoesWhereARedirectPoints) {
  for (const char* endpoint : {"token", "revoke", "register"}) {
    provider.instead[kAcme / endpoint] = [](const auto&) {
      auto answer = ScriptedProvider::answer(307, "");
      answer.headers.push_back({"location", "https://evil.example/"});
      return answer;
    };
  }
  EXPECT_NE(ask(Json::object()).status, 200) << "nobody registered us";
  provider.instead.erase(kAcme / "register");
  EXPECT_THAT(ends_with(Json::object()), Not(IsEmpty()));
  for (const auto& one : provider.sent()) EXPECT_THAT(one.url, Not(HasSubstr("evil.example")));
}

// The provider has rotated, and its answer is lost on the way: what a dead old token then means is said.
TEST_F(OAuthProvider, B037_ALostRotationIsNeverALossInSilence) {
  const std::string id = connected();
  provider.instead[kAcme / "token"] = [this](const ScriptedProvider::Sent& asked) -> http::ClientResponse {
    provider.answer_to(asked);
    throw Error(ErrorCode::kUpstream, "upstream_lost", "https://as.acme.example:443 broke the connection off.");
  };
  pass(59min);
  EXPECT_EQ(state_of(id), "active") << "the old pair is kept";
  provider.instead.clear();
  pass(20min);
  EXPECT_EQ(state_of(id), "needs_reauth");
  EXPECT_THAT(connection_page(id), HasSubstr("may have rotated the token while its answer was lost"));
}

TEST_F(OAuthProvider, B037_WithAProviderThatForgivesItTheOldTokenGoesOn) {
  provider.rotates = false;
  const std::string id = connected();
  provider.instead[kAcme / "token"] = [](const auto&) -> http::ClientResponse {
    throw Error(ErrorCode::kUpstream, "upstream_lost", "https://as.acme.example:443 broke the connection off.");
  };
  pass(59min);
  provider.instead.clear();
  pass(20min);
  EXPECT_EQ(state_of(id), "active");
}

TEST_F(OAuthProvider, B038_InvalidGrantIsMarkedAndNotTriedAgain) {
  const std::string id = connected();
  provider.end_all_grants();
  pass(4h);
  EXPECT_EQ(provider.refreshes(), 1U);
  EXPECT_EQ(state_of(id), "needs_reauth");
  EXPECT_EQ(events("connection.refresh_rejected").size(), 1U);
  EXPECT_THAT(text_of(browser_of(ada).get("/connections")), HasSubstr("again"));
}

// One server that is down does not cost a call per connection and minute.
TEST_F(OAuthProvider, B039_AServerThatIsDownIsLeftAlone) {
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(connected({{"name", "Account " + std::to_string(i)}}));
  const auto before = provider.calls(kAcme / "token");
  provider.instead[kAcme / "token"] = always(503, "{}");
  pass(59min);
  EXPECT_LE(provider.calls(kAcme / "token") - before, 12U);
  for (const std::string& id : ids) EXPECT_EQ(state_of(id), "active");
  provider.instead.clear();
  pass(90min);
  for (const std::string& id : ids) EXPECT_EQ(state_of(id), "active");
}

TEST_F(OAuthProvider, B041_AnIdTokenThatBreaksARuleEndsIt) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(program.clock().now().time_since_epoch()).count();
  const std::vector<Json> wrong = {
      {{"nonce", "of another sign-in"}}, {{"nonce", nullptr}},  {{"aud", "somebody-else"}}, {{"azp", "somebody-else"}},
      {{"iss", "https://evil.example"}}, {{"exp", now - 3600}}, {{"iat", now + 7200}},      {{"sub", nullptr}}};
  int count = 0;
  for (const Json& claims : wrong) {
    SCOPED_TRACE(claims.dump());
    provider.id_token_extra[std::string(kFound)] = claims;
    EXPECT_EQ(ends_with({{"integration", "found"}, {"name", "Try " + std::to_string(++count)}}), "bad_id_token");
    program.clock().advance(10s);
  }
  provider.id_token_extra.clear();
  const std::string unsigned_token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY2N0LWFkYSJ9.";
  provider.token_extra = {{"id_token", unsigned_token}};
  EXPECT_EQ(ends_with({{"integration", "found"}, {"name", "Unsigned"}}), "bad_id_token");
  EXPECT_EQ(provider.live_grants(), 0U) << "what came with it was given back";
  provider.token_extra = Json::object();
  program.clock().advance(1min);
  EXPECT_EQ(connection(connected({{"integration", "found"}}))["identityLabel"], "acct-ada");
}

TEST_F(OAuthProvider, B042_OtherKeysAreFoundAndAFloodOfUnknownOnesIsNot) {
  connected({{"integration", "found"}});
  EXPECT_EQ(provider.calls(kFound / "keys"), 1U);
  program.clock().advance(2min);
  provider.change_keys();
  connected({{"integration", "found"}, {"name", "Second"}});
  EXPECT_EQ(provider.calls(kFound / "keys"), 2U);

  const auto foreign = crypto::new_es256_key();
  provider.token_extra = {
      {"id_token", std::string(crypto::sign_es256(foreign.private_key, "JWT", R"({"sub":"x"})").reveal())}};
  for (int i = 0; i < 5; ++i) {
    const Json minted = start({{"integration", "found"}, {"name", "More " + std::to_string(i)}});
    connect(browser, minted);
    EXPECT_EQ(outcome(minted)["problem"], "bad_id_token");
  }
  EXPECT_EQ(provider.calls(kFound / "keys"), 2U) << "once a minute at most";
}

TEST_F(OAuthProvider, B043_AUserInfoOfSomebodyElseEndsIt) {
  provider.metadata[std::string(kFound)] = {{"userinfo_endpoint", kFound / "userinfo"}};
  provider.instead[kFound / "userinfo"] = always(200, R"({"sub":"acct-somebody-else","email":"x@example"})");
  EXPECT_EQ(ends_with({{"integration", "found"}}), "account_mismatch");
  EXPECT_EQ(provider.live_grants(), 0U);
}

// Everything of a connection's life, with a provider that repeats what it was told wherever it can.
TEST_F(OAuthProvider, B046_NoTokenCodeOrSecretIsWhereAnybodyReads) {
  set_up_beta();
  std::string seen;
  const Json minted = start({{"integration", "beta"}});
  const http::Response page = press(browser, minted);
  seen += text_of(page);
  const std::string url = link_of(page);
  EXPECT_THAT(url, Not(HasSubstr("canary")));
  seen += text_of(browser.get(header_of(browser.get(provider.consent(url)), "Location")));
  const std::string id = outcome(minted)["connection"]["connectionId"];
  provider.instead[kBeta / "token"] = [](const ScriptedProvider::Sent& asked) {
    const std::string words = asked.body + " " + asked.headers.at("Authorization");
    return ScriptedProvider::answer(503, dump_json({{"error", words}, {"error_description", words}}));
  };
  pass(58min);
  seen += connection_page(id) + text_of(browser.get("/connections"));
  const Json again = start({{"integration", "beta"}, {"name", "Second"}});
  seen += text_of(connect(browser, again)) + outcome(again).dump();
  provider.instead.clear();
  pass(30min);
  provider.instead[kBeta / "revoke"] = [](const ScriptedProvider::Sent& asked) {
    return ScriptedProvider::answer(400, dump_json({{"error", asked.body}}));
  };
  browser.sign_in(ada);
  browser.get("/connections/" + id);
  browser.post("/connections/" + id + "/remove");
  seen += text_of(browser.get("/connections")) + connection_page(id);
  for (const char* target : {"/v1/connections", "/v1/oauth/clients", "/v1/connectors"})
    seen += text_of(agent.get(target));
  Browser admin = browser_of(boss);
  seen += text_of(admin.get("/audit")) + text_of(admin.get("/integrations/beta"));
  seen += outcome(minted).dump() + program.log().text() + audit_text() + program.application().metrics().text();
  EXPECT_THAT(seen, Not(HasSubstr("canary")));
  EXPECT_THAT(seen, Not(HasSubstr("code_verifier")));
  for (const auto& one : provider.sent()) EXPECT_THAT(one.url, Not(HasSubstr("canary"))) << "in no URL either";
  EXPECT_GT(provider.refreshes(), 0U);
}

TEST_F(OAuthProvider, B047_AProvidersTokenOpensNoDoorOfOurs) {
  provider.token_extra = {{"access_token", "at-canary-known"}};
  connected();
  const std::string bearer = "Bearer at-canary-known";
  Agent thief(program, "at-canary-known");
  EXPECT_EQ(thief.get("/v1/connections").status, 401);
  EXPECT_EQ(thief.mcp("tools/list", "").status, 401);
  EXPECT_EQ(thief.post("/v1/oauth/start", R"({"integration":"acme"})").status, 401);
  EXPECT_EQ(program.send(http::Method::kGet, "/connections", {{"authorization", bearer}}).status, 303);
  EXPECT_THAT(program.log().text(), Not(HasSubstr("canary")));
}

TEST_F(OAuthProvider, B047_AnAgentsTokenGoesToNoProvider) {
  const std::string token = program.issue_token(ada);
  Agent own(program, token);
  const Json minted = json_of(own.post("/v1/oauth/start", R"({"integration":"acme"})"));
  connect(browser, minted);
  own.post("/v1/oauth/probe", R"({"url":"https://as.acme.example"})");
  pass(60min);
  ASSERT_GT(provider.refreshes(), 0U);
  for (const auto& one : provider.sent()) {
    EXPECT_THAT(one.url + one.body, Not(HasSubstr(token)));
    for (const auto& [name, value] : one.headers) EXPECT_THAT(value, Not(HasSubstr(token))) << name;
  }
}

}  // namespace
}  // namespace countersign::flows
