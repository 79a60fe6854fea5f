// What somebody without a token can and cannot do, and what they can cost.
#include <nlohmann/json.hpp>

#include "flows/described.h"
#include "flows/login_fixture.h"

namespace countersign::flows {
namespace {

using ::testing::HasSubstr;

class Stranger : public LoginTest {};

TEST_F(Stranger, MayGreetAndListTheTools) {
  const Json hello = json_of(here.mcp(
      "initialize", R"({"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}})"));
  EXPECT_THAT(hello["result"]["instructions"].get<std::string>(), HasSubstr("create_auth_session"));
  EXPECT_EQ(here.mcp("ping", "").status, 200);
  const Json mine = json_of(here.mcp("tools/list", "{}"))["result"]["tools"];
  EXPECT_EQ(mine, json_of(Agent(program, program.issue_token(ada)).mcp("tools/list", "{}"))["result"]["tools"]);
}

// A value that the schema of an argument lets through.
Json anything_like(const Json& schema) {
  if (schema.contains("enum")) return schema["enum"][0];
  return schema.value("type", "") == "array" ? Json::array() : Json("user");
}

TEST_F(Stranger, IsToldHowToBecomeSomebodyByEveryOtherTool) {
  const Json tools = json_of(here.mcp("tools/list", "{}"))["result"]["tools"];
  int refused = 0;
  for (const Json& tool : tools) {
    const std::string name = tool["name"];
    if (name == "create_auth_session" || name == "get_auth_session") continue;
    Json arguments = Json::object();
    for (const Json& needed : tool["inputSchema"].value("required", Json::array())) {
      arguments[needed] = anything_like(tool["inputSchema"]["properties"][needed]);
    }
    const Json result = here.call(name, arguments);
    EXPECT_EQ(result["isError"], true) << name;
    EXPECT_EQ(result["_meta"]["countersign/error"]["code"], "no_token") << result;
    EXPECT_EQ(result["_meta"]["countersign/error"]["recovery"], "create_auth_session");
    ++refused;
  }
  EXPECT_EQ(refused, 23);
}

TEST_F(Stranger, WithABadTokenIsNobodyAtAll) {
  Agent liar(program, "cs_agent_0000000000000_wrong");
  EXPECT_EQ(liar.mcp("tools/list", "{}").status, 401);
  EXPECT_EQ(liar.mcp("tools/call", R"({"name":"create_auth_session","arguments":{}})").status, 401);
}

TEST_F(Stranger, SessionsAreCappedForEachAddress) {
  for (int i = 0; i < 10; ++i) mint(elsewhere);
  const http::Response refused = elsewhere.post("/v1/auth-sessions", "{}");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(json_of(refused)["code"], "login_cap");
  EXPECT_FALSE(header_of(refused, "Retry-After").empty());
  const Json over_mcp = elsewhere.call("create_auth_session", Json::object());
  EXPECT_EQ(over_mcp["_meta"]["countersign/error"]["code"], "login_cap") << "one cap for both doors";
  mint(here);
}

TEST_F(Stranger, WhoTriesIdsIsStopped) {
  const auto code = [&](Agent& from) { return json_of(from.get("/v1/auth-sessions/as_none"))["code"]; };
  for (int i = 0; i < 120; ++i) ASSERT_EQ(code(elsewhere), "unknown_auth_session");
  const http::Response refused = elsewhere.get("/v1/auth-sessions/as_none");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(json_of(refused)["code"], "too_many_misses");
  EXPECT_FALSE(header_of(refused, "Retry-After").empty());
  const Json over_mcp = elsewhere.call("get_auth_session", {{"sessionRequestId", "as_none"}});
  EXPECT_EQ(over_mcp["_meta"]["countersign/error"]["code"], "too_many_misses");
  EXPECT_EQ(code(here), "unknown_auth_session") << "only that address";
  EXPECT_EQ(status(elsewhere, mint(elsewhere))["status"], "pending") << "what it knows, it may look at";
}

TEST_F(Stranger, WhoTriesConnectCodesIsStoppedSooner) {
  const auto code = [&] { return json_of(elsewhere.post("/v1/auth-sessions/connect", R"({"code":"BBBB"})"))["code"]; };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(code(), "unknown_code");
  EXPECT_EQ(code(), "code_cap");
}

// DNS rebinding: a page in somebody's browser would count as asked from their own machine.
TEST_F(Stranger, MayNotBeAWebPage) {
  const Headers foreign = {{"origin", "http://evil.example:7117"}};
  const http::Response refused = here.post("/v1/auth-sessions", "{}", foreign);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(json_of(refused)["code"], "bad_origin");
  const Json minted = mint(here);
  EXPECT_EQ(here.remove(poll_path(minted), foreign).status, 403);
  EXPECT_EQ(status(here, minted)["status"], "pending");
}

TEST_F(Stranger, SeesOnlyTheAnswersThatAreDescribed) {
  const Description description(program);
  const auto expect = [&](http::Method method, const std::string& target, const http::Response& response) {
    SCOPED_TRACE(std::string(http::name(method)) + " " + target + " " + text_of(response));
    const auto [id, operation] = description.find(method, target);
    ASSERT_FALSE(id.empty());
    description.expect_promised(operation, response);
  };
  using enum http::Method;
  const auto post = [&](const std::string& target, const std::string& body, int wanted) {
    const http::Response response = elsewhere.post(target, body);
    EXPECT_EQ(response.status, wanted) << body << text_of(response);
    expect(kPost, target, response);
  };
  const std::string sessions = "/v1/auth-sessions";
  post(sessions, R"({"scope":"rule the world"})", 400);
  post(sessions, R"({"code_challenge":"short"})", 400);
  post(sessions, R"({"agent_identifier":"a\u001bb"})", 400);
  post(sessions, R"({"token":"x"})", 400);
  const Json minted = mint(elsewhere, {{"code_challenge", kChallenge}});
  const std::string poll = poll_path(minted);
  expect(kGet, poll, elsewhere.get(poll));
  expect(kGet, poll, elsewhere.get(poll));  // slow_down
  expect(kGet, poll, elsewhere.get(poll + "?wait=soon"));
  expect(kGet, sessions + "/as_none", elsewhere.get(sessions + "/as_none"));
  post(poll, "{}", 400);
  post(poll, dump_json(proof(std::string(43, 'x'))), 403);
  post(sessions + "/connect", R"({"code":"BBBB-BBBB-BBBB"})", 404);
  Browser browser = browser_of(ada);
  type_code(browser, minted);
  const std::string code = return_code_on(allow(browser, minted));
  pause();
  post(poll, dump_json(proof(kVerifier, {{"return_code", "BBBB-BBBB-BBBB"}})), 403);
  post(poll, dump_json(proof(kVerifier, {{"return_code", code}})), 200);
  program.clock().advance(61s);
  post(poll, dump_json(proof(kVerifier)), 409);
  const http::Response late = elsewhere.remove(poll);
  EXPECT_EQ(late.status, 409);
  expect(kDelete, poll, late);
  const std::string other = poll_path(mint(elsewhere));
  expect(kDelete, other, elsewhere.remove(other));
}

}  // namespace
}  // namespace countersign::flows
