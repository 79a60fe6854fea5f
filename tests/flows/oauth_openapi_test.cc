// The operations of OAuth and of connectors held to GET /openapi.json, as openapi_test.cc does with the others.
#include "flows/described.h"
#include "flows/oauth_fixture.h"

namespace countersign::flows {
namespace {

class OAuthDescribed : public OAuthFlows {
 protected:
  Json promised(http::Method method, const std::string& target, const http::Response& response) {
    SCOPED_TRACE(std::string(http::name(method)) + " " + target);
    const auto [id, operation] = description.find(method, target);
    EXPECT_FALSE(id.empty()) << "not described";
    if (!id.empty()) description.expect_promised(operation, response);
    if (response.status < 400) succeeded.insert(id);
    return json_of(response);
  }
  Json post(const std::string& target, const Json& body, Headers more = {}) {
    return promised(http::Method::kPost, target, agent.post(target, dump_json(body), std::move(more)));
  }
  Json get(const std::string& target) { return promised(http::Method::kGet, target, agent.get(target)); }
  Json remove(const std::string& target) { return promised(http::Method::kDelete, target, agent.remove(target)); }
  static Json proposal() {
    return {{"owner", "org"},
            {"slug", "odd"},
            {"grant", "authorization_code"},
            {"clientId", "odd-client"},
            {"authorizationUrl", "https://as.odd.example/authorize"},
            {"tokenUrl", "https://as.odd.example/token"}};
  }

  Description description{program};
  std::set<std::string> succeeded;
};

TEST_F(OAuthDescribed, EverySuccessIsAsPromised) {
  post("/v1/oauth/probe", {{"url", kAcme}});
  const Json minted = post("/v1/oauth/start", {{"integration", "acme"}});
  Browser browser = browser_of(ada);
  connect(browser, minted);
  get("/v1/handoffs/" + minted["handoffId"].get<std::string>());
  EXPECT_EQ(post("/v1/oauth/start", {{"integration", "acme"}})["status"], "connected");
  const Json other = post("/v1/oauth/start", {{"integration", "acme"}, {"name", "Other"}});
  post("/v1/oauth/cancel", {{"state", other["state"]}});
  get("/v1/oauth/clients");
  post("/v1/oauth/clients", proposal());
  post("/v1/oauth/clients/handoffs", {{"integration", "beta"}});
  post("/v1/oauth/clients/register-dynamic", {{"owner", "org"},
                                              {"slug", "odd"},
                                              {"registrationEndpoint", "https://as.odd.example/register"},
                                              {"authorizationUrl", "https://as.odd.example/authorize"},
                                              {"tokenUrl", "https://as.odd.example/token"},
                                              {"scopes", Json::array()}});
  remove("/v1/oauth/clients/user/acme");
  get("/v1/connectors");
  for (const char* kind : {"oauth2", "api_key", "webhook"}) {
    post("/v1/connectors/acme/connect", {{"kind", kind}, {"label", kind}});
  }
  remove("/v1/connectors/acme");
  EXPECT_EQ(succeeded, (std::set<std::string>{
                           "connect_connector", "disconnect_connector", "handoffs.wait", "list_connectors",
                           "oauth.cancel", "oauth.clients.create", "oauth.clients.createHandoff", "oauth.clients.list",
                           "oauth.clients.registerDynamic", "oauth.clients.remove", "oauth.probe", "oauth.start"}));
}

TEST_F(OAuthDescribed, EveryRefusalIsAsPromised) {
  const auto code = [](const Json& answer) { return answer.value("code", ""); };
  EXPECT_EQ(code(post("/v1/oauth/start", {{"integration", "nothing"}})), "unknown_integration");
  EXPECT_EQ(code(post("/v1/oauth/start", {{"integration", "beta"}})), "oauth_client_missing");
  EXPECT_EQ(code(post("/v1/oauth/start", {{"integration", "acme"}, {"client", "nothing"}})), "unknown_client");
  EXPECT_EQ(code(post("/v1/oauth/start", {{"integration", "acme"}, {"scopes", {"everything"}}})), "bad_scope");
  EXPECT_EQ(code(post("/v1/oauth/start", {{"integration", "acme"}, {"redirectUri", "https://evil.example"}})),
            "bad_redirect_uri");
  EXPECT_EQ(code(post("/v1/oauth/cancel", {{"state", "nothing"}})), "unknown_handoff");
  provider.instead["https://none.example/.well-known/oauth-authorization-server"] = [](const auto&) {
    return ScriptedProvider::answer(404, "{}");
  };
  EXPECT_EQ(code(post("/v1/oauth/probe", {{"url", "https://none.example"}})), "no_metadata");
  Json odd = proposal();
  odd["tokenUrl"] = "http://as.odd.example/token";
  EXPECT_EQ(code(post("/v1/oauth/clients", odd)), "bad_endpoint");
  EXPECT_EQ(code(remove("/v1/oauth/clients/org/nothing")), "unknown_client");
  EXPECT_EQ(code(remove("/v1/connectors/acme")), "unknown_connection");
  provider.metadata[std::string(kFound)] = {{"issuer", "https://evil.example"}};
  EXPECT_EQ(code(post("/v1/oauth/probe", {{"url", kFound}})), "issuer_mismatch");
}

}  // namespace
}  // namespace countersign::flows
