// The program held to its own description: what GET /openapi.json promises is what the handlers answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "flows/described.h"

namespace countersign::flows {
namespace {

class OpenApi : public ::testing::Test {
 protected:
  // Checks the answer against the operation that the request belongs to, and remembers that it was met.
  http::Response expect_promised(http::Method method, std::string_view target, const http::Response& response) {
    SCOPED_TRACE(std::string(http::name(method)) + " " + std::string(target));
    const auto [id, operation] = description.find(method, target);
    EXPECT_FALSE(id.empty()) << "not described";
    if (id.empty()) return response;
    description.expect_promised(operation, response);
    if (response.status < 400) succeeded.insert(id);
    return response;
  }
  http::Response get(const std::string& target) {
    return expect_promised(http::Method::kGet, target, agent.get(target));
  }
  http::Response post(const std::string& target, std::string_view json, Headers more = {}) {
    return expect_promised(http::Method::kPost, target, agent.post(target, json, std::move(more)));
  }
  http::Response remove(const std::string& target) {
    return expect_promised(http::Method::kDelete, target, agent.remove(target));
  }
  std::set<std::string> described() const {
    std::set<std::string> ids;
    for (const auto& [path, methods] : description.document()["paths"].items()) {
      for (const Json& operation : methods) ids.insert(operation["operationId"]);
    }
    return ids;
  }
  // The id of the connection it became.
  std::string complete(const Json& minted) {
    Browser browser(program);
    browser.sign_in(ada);
    browser.get(path_of(minted["url"]));
    browser.post(path_of(minted["url"]) + "/submit", {{"secret.key", "demo-key-0123456789abcdef"}});
    return json_of(
        get("/v1/handoffs/" + minted["handoffId"].get<std::string>() + "?wait=5"))["connection"]["connectionId"];
  }
  void allow(const Json& minted) {
    Browser browser(program);
    browser.sign_in(ada);
    browser.get(path_of(minted["loginUrl"]));
    browser.post(path_of(minted["loginUrl"]) + "/allow", {{"scope.read", "yes"}, {"lifetime", "3600"}});
  }
  // Both ways out of a login, and giving one up.
  void log_in() {
    const Json minted = json_of(post("/v1/auth-sessions", "{}"));
    const std::string poll = path_of(minted["pollUrl"]);
    get(poll);
    allow(minted);
    get(poll);
    post(poll, dump_json({{"code_verifier", minted["codeVerifier"]}}));
    remove(path_of(json_of(post("/v1/auth-sessions", "{}"))["pollUrl"]));
    const Json other = agent.call("create_auth_session", Json::object())["structuredContent"];
    allow(other);
    Browser browser(program);
    browser.sign_in(ada);
    const std::string page = text_of(browser.get(path_of(other["loginUrl"])));
    static const std::regex code("([A-Z]{4}-){2}[A-Z]{4}");
    std::smatch found;
    ASSERT_TRUE(std::regex_search(page, found, code));
    post("/v1/auth-sessions/connect", dump_json({{"code", found.str()}}));
  }

  void use_connectors() {
    get("/v1/connectors");
    const Json minted = json_of(post("/v1/connectors/demo/connect", "{}"));
    remove("/v1/connectors/demo?connectionId=" + complete(minted));
  }
  // With a client that a person has entered: nobody is asked before somebody leaves for the provider.
  void use_oauth() {
    const std::string foreign =
        R"("authorizationUrl":"https://as.example/authorize","tokenUrl":"https://as.example/t")";
    post("/v1/oauth/clients",
         R"({"owner":"org","slug":"mine","grant":"authorization_code","clientId":"x",)" + foreign + "}");
    post("/v1/oauth/clients/register-dynamic",
         R"({"owner":"org","slug":"other","registrationEndpoint":"https://as.example/reg","scopes":[],)" + foreign +
             "}");
    post("/v1/oauth/clients/handoffs", R"({"integration":"github"})");
    Browser browser(program);
    browser.sign_in(ada);
    browser.get("/integrations/github/clients/new");
    browser.post("/integrations/github/clients", {{"owner", "user"},
                                                  {"template", "oauth"},
                                                  {"client_id", "Iv1.example"},
                                                  {"auth", "client_secret_post"},
                                                  {"secret.client_secret", "0123456789abcdef0123"}});
    get("/v1/oauth/clients");
    const Json started = json_of(post("/v1/oauth/start", R"({"integration":"github"})"));
    post("/v1/oauth/cancel", dump_json({{"state", started["state"]}}));
    remove("/v1/oauth/clients/user/github");
  }

  InProcess program;
  PersonId ada = program.add_person("ada", domain::Role::kMember);
  Agent agent{program, program.issue_token(ada)};
  Description description{program};
  std::set<std::string> succeeded;
};

TEST_F(OpenApi, IsOpenToAnybodyAndNamesTheServer) {
  const http::Response response = program.send(http::Method::kGet, "/openapi.json");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
  EXPECT_EQ(description.document()["servers"][0]["url"], kPublicUrl);
}

TEST_F(OpenApi, EverySuccessIsAsPromised) {
  const Json minted = json_of(post("/v1/handoffs", R"({"integration":"demo"})", {{"idempotency-key", "one"}}));
  const std::string handoff = "/v1/handoffs/" + minted["handoffId"].get<std::string>();
  get(handoff);
  const std::string connection = "/v1/connections/" + complete(minted);
  get(handoff);
  get(connection);
  post(connection + "/refresh", "");
  post("/v1/handoffs", R"({"integration":"generic-http"})");
  get("/v1/connections?owner=user&limit=1");
  get("/v1/integrations");
  get("/v1/providers");
  const Json removal = json_of(remove(connection));
  post("/v1/handoffs/" + removal["handoffId"].get<std::string>() + "/cancel", "");
  use_connectors();
  use_oauth();
  log_in();
  // This asks a server: tests/flows/oauth_openapi_test.cc.
  succeeded.insert("oauth.probe");
  // tests/flows/provider_connection_test.cc has these: they need a provider.
  succeeded.insert({"connections.create", "providers.items"});
  EXPECT_EQ(succeeded, described());
}

TEST_F(OpenApi, EveryConflictIsAsPromised) {
  const Json minted = json_of(post("/v1/handoffs", R"({"integration":"demo"})", {{"idempotency-key", "one"}}));
  const std::string cancel = "/v1/handoffs/" + minted["handoffId"].get<std::string>() + "/cancel";
  EXPECT_EQ(post("/v1/handoffs", R"({"integration":"demo","label":"x"})", {{"idempotency-key", "one"}}).status, 409);
  complete(minted);
  EXPECT_EQ(post(cancel, "").status, 409);

  Agent of_nobody(program, program.issue_token({}));
  const http::Response alone = of_nobody.post("/v1/handoffs", R"({"integration":"demo","owner":"user"})");
  EXPECT_EQ(json_of(alone)["code"], "subject_required");
  expect_promised(http::Method::kPost, "/v1/handoffs", alone);
}

TEST_F(OpenApi, TheCapAndAMissingTokenAreAsPromised) {
  http::Response last;
  for (int call = 0; call < 31; ++call) last = agent.post("/v1/handoffs", R"({"integration":"demo"})");
  EXPECT_EQ(last.status, 429);
  EXPECT_FALSE(header_of(last, "Retry-After").empty());
  expect_promised(http::Method::kPost, "/v1/handoffs", last);

  const http::Response stranger = program.send(http::Method::kGet, "/v1/integrations");
  EXPECT_EQ(stranger.status, 401);
  expect_promised(http::Method::kGet, "/v1/integrations", stranger);
}

}  // namespace
}  // namespace countersign::flows
