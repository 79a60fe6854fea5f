// The names that SendIt's users know: connect_connector, list_connectors, disconnect_connector.
#include "flows/oauth_fixture.h"

namespace countersign::flows {
namespace {

class OAuthConnectors : public OAuthFlows {
 protected:
  Json call(const std::string& tool, const Json& arguments) { return agent.call(tool, arguments); }
  Json wanted(const Json& more) {
    Json arguments = {{"connector", "acme"}};
    arguments.update(more);
    return call("connect_connector", arguments)["structuredContent"];
  }
  Json acme() {
    const Json result = call("list_connectors", Json::object());
    for (const Json& one : result["structuredContent"]["connectors"]) {
      if (one["connector"] == "acme") return one;
    }
    throw std::runtime_error("no acme: " + result.dump());
  }
};

TEST_F(OAuthConnectors, EachKindLeadsToItsOwnPage) {
  Browser browser = browser_of(ada);
  const Json by_consent = wanted({{"kind", "oauth2"}, {"label", "By consent"}});
  EXPECT_EQ(outcome(by_consent)["kind"], "oauth");
  connect(browser, by_consent);

  const Json by_key = wanted({{"kind", "api_key"}, {"label", "By key"}});
  EXPECT_EQ(outcome(by_key)["kind"], "secret_form");
  browser.get(path_of(by_key["url"]));
  EXPECT_EQ(browser.post(path_of(by_key["url"]) + "/submit", {{"secret.token", "key-canary-123"}}).status, 303);

  const Json by_address = wanted({{"kind", "webhook"}, {"label", "By address"}});
  EXPECT_EQ(outcome(by_address)["kind"], "secret_form");
  browser.get(path_of(by_address["url"]));
  const http::Response saved =
      browser.post(path_of(by_address["url"]) + "/submit", {{"secret.signing_secret", "hook-canary-0123456789"}});
  EXPECT_EQ(saved.status, 303) << text_of(saved);

  for (const Json& minted : {by_consent, by_key, by_address}) EXPECT_EQ(status(minted), "completed");
  EXPECT_EQ(acme()["connections"].size(), 3U);
  EXPECT_THAT(acme().dump() + program.log().text() + audit_text(), Not(HasSubstr("canary")));
}

TEST_F(OAuthConnectors, WithoutAWishItIsTheFirstKind) {
  EXPECT_EQ(outcome(wanted(Json::object()))["kind"], "secret_form");
  EXPECT_EQ(outcome(wanted({{"template", "oauth"}}))["kind"], "oauth");
  const Json refused = call("connect_connector", {{"connector", "beta"}, {"kind", "webhook"}});
  EXPECT_EQ(refused["isError"], true);
  EXPECT_THAT(refused.dump(), HasSubstr("cannot be connected by webhook"));
}

TEST_F(OAuthConnectors, OverRestItIsTheSame) {
  const http::Response asked = agent.post("/v1/connectors/acme/connect", R"({"kind":"oauth2"})");
  ASSERT_EQ(asked.status, 200) << text_of(asked);
  EXPECT_EQ(outcome(json_of(asked))["kind"], "oauth");
  const http::Response listed = agent.get("/v1/connectors");
  EXPECT_EQ(listed.status, 200);
  EXPECT_THAT(text_of(listed), HasSubstr("\"acme\""));
}

// What an agent can write it has read.
TEST_F(OAuthConnectors, AKeyIsNotTakenAndTheRefusalSaysWhy) {
  for (const char* name : {"apiKey", "api_key", "token", "secret"}) {
    const Json refused = call("connect_connector", {{"connector", "acme"}, {name, "sk-canary-1"}});
    EXPECT_EQ(refused["isError"], true) << name;
    EXPECT_THAT(refused.dump(), AllOf(HasSubstr("never taken as an argument"), Not(HasSubstr("canary")))) << name;
    const http::Response over_rest =
        agent.post("/v1/connectors/acme/connect", dump_json({{"kind", "api_key"}, {name, "sk-canary-1"}}));
    EXPECT_EQ(over_rest.status, 400) << name;
    EXPECT_THAT(text_of(over_rest), AllOf(HasSubstr("never taken as an argument"), Not(HasSubstr("canary")))) << name;
  }
  EXPECT_THAT(program.log().text(), Not(HasSubstr("canary")));
}

TEST_F(OAuthConnectors, TheListSaysHowAndWhatIsConnected) {
  EXPECT_EQ(acme()["connected"], false);
  EXPECT_EQ(acme()["kinds"], Json({"api_key", "oauth2", "webhook"}));
  const std::string id = connected();
  EXPECT_EQ(acme()["connected"], true);
  ASSERT_EQ(acme()["connections"].size(), 1U);
  EXPECT_EQ(acme()["connections"][0]["connectionId"], id);
  Agent stranger(program, program.issue_token(program.add_person("eve", domain::Role::kMember)));
  EXPECT_THAT(stranger.call("list_connectors", Json::object()).dump(), Not(HasSubstr(id)));
}

TEST_F(OAuthConnectors, APersonConfirmsBeforeOneIsDisconnected) {
  const std::string id = connected();
  const Json minted = call("disconnect_connector", {{"connector", "acme"}})["structuredContent"];
  EXPECT_EQ(state_of(id), "active");
  Browser browser = browser_of(ada);
  browser.get(path_of(minted["url"]));
  EXPECT_EQ(browser.post(path_of(minted["url"]) + "/confirm").status, 303);
  EXPECT_EQ(status(minted), "completed");
  EXPECT_EQ(acme()["connected"], false);
  program.application().revoke_tokens();
  EXPECT_EQ(provider.live_grants(), 0U) << "at the provider, too";
}

TEST_F(OAuthConnectors, WhichOneIsMeantMustBeClear) {
  EXPECT_THAT(call("disconnect_connector", {{"connector", "acme"}}).dump(), HasSubstr("unknown_connection"));
  const std::string first = connected();
  connected({{"name", "Second"}}, {.account = "acct-2"});
  EXPECT_THAT(call("disconnect_connector", {{"connector", "acme"}}).dump(), HasSubstr("several_connections"));
  const Json minted = call("disconnect_connector", {{"connector", "acme"}, {"connectionId", first}});
  EXPECT_EQ(minted.value("isError", false), false) << minted.dump();
}

}  // namespace
}  // namespace countersign::flows
