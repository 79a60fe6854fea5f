// The same handoff over MCP, as a client of the handshake era sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "flows/in_process.h"

namespace countersign::flows {
namespace {

class Mcp : public ::testing::Test {
 protected:
  Mcp() : ada(program.add_person("ada", domain::Role::kMember)), agent(program, program.issue_token(ada)) {}

  Json call(const std::string& tool, const std::string& arguments) {
    const std::string params = R"({"name":")" + tool + R"(","arguments":)" + arguments + "}";
    return json_of(agent.mcp("tools/call", params))["result"];
  }

  InProcess program;
  PersonId ada;
  Agent agent;
};

TEST_F(Mcp, InitializeNegotiatesAndListsTheToolsOfThisIssue) {
  const Json hello = json_of(agent.mcp(
      "initialize", R"({"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}})"));
  EXPECT_EQ(hello["result"]["protocolVersion"], "2025-06-18");
  EXPECT_EQ(hello["result"]["serverInfo"]["name"], "countersign");
  std::vector<std::string> names;
  const Json list = json_of(agent.mcp("tools/list", "{}"));
  for (const Json& tool : list["result"]["tools"]) names.push_back(tool["name"]);
  EXPECT_THAT(names, ::testing::ElementsAre(
                         "connect_connector", "connections.create", "connections.createHandoff", "connections.get",
                         "connections.list", "connections.refresh", "connections.remove", "create_auth_session",
                         "disconnect_connector", "get_auth_session", "handoffs.cancel", "handoffs.get", "handoffs.wait",
                         "integrations.list", "list_connectors", "oauth.cancel", "oauth.clients.create",
                         "oauth.clients.createHandoff", "oauth.clients.list", "oauth.clients.registerDynamic",
                         "oauth.clients.remove", "oauth.probe", "oauth.start", "providers.items", "providers.list"));
}

TEST_F(Mcp, WaitIsAnsweredWhenThePersonHasSaved) {
  const Json minted = call("connections.createHandoff", R"({"integration":"demo"})");
  ASSERT_FALSE(minted.value("isError", false)) << minted;
  const std::string url = minted["structuredContent"]["url"];
  EXPECT_THAT(minted["content"][0]["text"].get<std::string>(), ::testing::HasSubstr(url));
  const std::string id = minted["structuredContent"]["handoffId"];

  Pending wait = agent.begin_mcp("tools/call", R"({"name":"handoffs.wait","arguments":{"handoffId":")" + id + R"("}})");
  while (!wait.held()) std::this_thread::yield();
  Browser browser(program);
  browser.sign_in(ada);
  browser.get(path_of(url));
  browser.post(path_of(url) + "/submit", {{"secret.key", "x"}});
  const Json result = json_of(wait.wait())["result"];
  EXPECT_EQ(result["structuredContent"]["status"], "completed");
  EXPECT_EQ(result["structuredContent"]["connection"]["integration"], "demo");
}

TEST_F(Mcp, AFailureSaysWhatToCallNext) {
  const Json result = call("connections.createHandoff", R"({"integration":"githib"})");
  EXPECT_EQ(result["isError"], true);
  EXPECT_THAT(result["content"][0]["text"].get<std::string>(), ::testing::HasSubstr("integrations.list"));
}

TEST_F(Mcp, NotificationsAreAcceptedInSilence) {
  const std::string token = program.issue_token(ada);
  const http::Response response = program.send(
      http::Method::kPost, "/mcp", {{"authorization", "Bearer " + token}, {"content-type", "application/json"}},
      R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  EXPECT_EQ(response.status, 202);
  EXPECT_TRUE(response.body.empty());
}

}  // namespace
}  // namespace countersign::flows
