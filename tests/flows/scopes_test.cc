// What a grant may ask for: its scopes, its own cap, and whether it is refused altogether.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "flows/in_process.h"

namespace countersign::flows {
namespace {

using domain::Scope;
using ::testing::HasSubstr;

class Scopes : public ::testing::Test {
 protected:
  Agent with(domain::ScopeSet scopes) { return Agent(program, program.issue_token(ada, nullptr, scopes)); }
  Agent with_cap(int writes_per_minute) {
    identity::NewGrant grant{app::kDefaultWorkspace, ada, "capped"};
    grant.writes_per_minute = writes_per_minute;
    const auto issued = program.application().grants().issue(domain::Actor::command_line(), grant);
    return Agent(program, std::string(issued.token.reveal()));
  }
  static std::string code_of(const http::Response& response) { return json_of(response).value("code", ""); }
  // How many handoffs it makes before it is stopped.
  static int writes(Agent agent) {
    int made = 0;
    while (made < 100 && agent.post("/v1/handoffs", R"({"integration":"demo"})").status == 201) ++made;
    return made;
  }

  InProcess program;
  PersonId ada = program.add_person("ada", domain::Role::kMember);
};

TEST_F(Scopes, EachOpensItsOwnAndNothingElse) {
  const std::string removal = "/v1/connections/" + ConnectionId(5).text();
  const std::string handoff = "/v1/handoffs/" + HandoffId(5).text();
  struct Row {
    Scope scope;
    bool reads, connects, waits, changes;
  };
  for (const Row& row : {Row{Scope::kRead, true, false, false, false}, Row{Scope::kConnect, false, true, true, false},
                         Row{Scope::kChange, false, false, true, true}, Row{Scope::kUse, false, false, false, false}}) {
    SCOPED_TRACE(domain::kScopeNames[row.scope]);
    Agent agent = with({row.scope});
    const auto open = [](const http::Response& response) { return code_of(response) != "insufficient_scope"; };
    EXPECT_EQ(open(agent.get("/v1/connections")), row.reads);
    EXPECT_EQ(open(agent.get("/v1/integrations")), row.reads);
    EXPECT_EQ(open(agent.get("/v1/providers")), row.reads);
    EXPECT_EQ(open(agent.get("/v1/providers/env/items")), row.reads);
    EXPECT_EQ(open(agent.post("/v1/handoffs", R"({"integration":"demo"})")), row.connects);
    EXPECT_EQ(open(agent.get(handoff)), row.waits);
    EXPECT_EQ(open(agent.get(handoff + "?wait=1")), row.waits);
    EXPECT_EQ(open(agent.post(handoff + "/cancel", "")), row.waits);
    EXPECT_EQ(open(agent.remove(removal)), row.changes);
    EXPECT_EQ(
        open(agent.post("/v1/connections", R"({"owner":"user","name":"x","integration":"demo","template":"key"})")),
        row.changes);
  }
}

TEST_F(Scopes, ARefusalNamesTheScopeAndTheWayToIt) {
  Agent agent = with({Scope::kRead});
  const http::Response refused = agent.post("/v1/handoffs", R"({"integration":"demo"})");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(code_of(refused), "insufficient_scope");
  EXPECT_THAT(json_of(refused)["detail"].get<std::string>(), HasSubstr("scope connect"));
  EXPECT_EQ(json_of(refused)["recovery"], "create_auth_session");
  const Json over_mcp = agent.call("connections.createHandoff", {{"integration", "demo"}});
  EXPECT_EQ(over_mcp["isError"], true);
  EXPECT_THAT(over_mcp["content"][0]["text"].get<std::string>(), HasSubstr("create_auth_session"));
}

TEST_F(Scopes, AGrantsOwnCapStandsInThePlaceOfTheServers) {
  EXPECT_EQ(writes(with_cap(0)), 30);
  EXPECT_EQ(writes(with_cap(2)), 2);
  EXPECT_EQ(writes(with_cap(45)), 45);
  EXPECT_EQ(writes(with_cap(2)), 2) << "each grant has its own";
}

TEST_F(Scopes, APausedAgentIsRefusedInWordsThatHelpItsUser) {
  AgentId id;
  Agent agent(program, program.issue_token(ada, &id));
  const domain::Acting acting{app::kDefaultWorkspace, ada, domain::Role::kMember, program.clock().now()};
  program.application().grants().pause(acting, id);
  const http::Response refused = agent.get("/v1/connections");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(code_of(refused), "agent_paused");
  const http::Response over_mcp = agent.mcp("tools/list", "{}");
  EXPECT_EQ(over_mcp.status, 401);
  EXPECT_EQ(json_of(over_mcp)["error"]["data"]["code"], "agent_paused");
}

}  // namespace
}  // namespace countersign::flows
