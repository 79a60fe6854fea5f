// Every agent endpoint against input that is wrong in every way we know: a precise refusal, never a 500,
// and nothing changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "flows/described.h"

namespace countersign::flows {
namespace {

struct Bad {
  std::string name;
  http::Method method;
  std::string target;
  std::string content_type;
  std::string body;
  int status;
  std::string code;
};

std::string deep(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']');
}

std::vector<Bad> bad_requests() {
  using enum http::Method;
  const std::string json = "application/json";
  const std::string unknown = HandoffId(77).text();
  return {
      {"wrong type", kPost, "/v1/handoffs", json, R"({"integration":7})", 400, "invalid_arguments"},
      {"missing", kPost, "/v1/handoffs", json, "{}", 400, "invalid_arguments"},
      {"unknown field", kPost, "/v1/handoffs", json, R"({"integration":"demo","lable":"x"})", 400, "invalid_arguments"},
      {"null", kPost, "/v1/handoffs", json, R"({"integration":null})", 400, "invalid_arguments"},
      {"array body", kPost, "/v1/handoffs", json, "[]", 400, "invalid_arguments"},
      {"text body", kPost, "/v1/handoffs", json, "\"x\"", 400, "invalid_arguments"},
      {"too long", kPost, "/v1/handoffs", json, R"({"integration":")" + std::string(500, 'x') + "\"}", 400,
       "invalid_arguments"},
      {"too deep", kPost, "/v1/handoffs", json, deep(200), 400, "invalid_json"},
      {"duplicate key", kPost, "/v1/handoffs", json, R"({"integration":"demo","integration":"demo"})", 400,
       "invalid_json"},
      {"bad utf-8", kPost, "/v1/handoffs", json, "{\"integration\":\"\xff\"}", 400, "invalid_json"},
      {"lone surrogate", kPost, "/v1/handoffs", json, R"({"integration":"\ud800"})", 400, "invalid_json"},
      {"nul", kPost, "/v1/handoffs", json, R"({"integration":"a\u0000"})", 400, "invalid_json"},
      {"huge number", kPost, "/v1/handoffs", json, R"({"integration":1e400})", 400, "invalid_json"},
      {"trailing", kPost, "/v1/handoffs", json, R"({"integration":"demo"} x)", 400, "invalid_json"},
      {"empty", kPost, "/v1/handoffs", json, "", 400, "invalid_json"},
      {"unknown integration", kPost, "/v1/handoffs", json, R"({"integration":"githib"})", 404, "unknown_integration"},
      {"unknown template", kPost, "/v1/handoffs", json, R"({"integration":"demo","template":"nope"})", 404,
       "unknown_template"},
      {"bad owner", kPost, "/v1/handoffs", json, R"({"integration":"demo","owner":"me"})", 400, "invalid_arguments"},
      {"wrong content type", kPost, "/v1/handoffs", "text/plain", R"({"integration":"demo"})", 415,
       "unsupported_media_type"},
      {"no content type", kPost, "/v1/handoffs", "", R"({"integration":"demo"})", 415, "unsupported_media_type"},
      {"wrong method", kDelete, "/v1/handoffs", "", "", 405, ""},
      {"unknown path", kGet, "/v1/nothing", "", "", 404, "not_found"},
      {"bad percent", kGet, "/v1/handoffs/%zz", "", "", 404, "not_found"},
      {"dot segment", kGet, "/v1/../v1/handoffs", "", "", 404, "not_found"},
      {"encoded slash", kGet, "/v1/handoffs%2Fx", "", "", 404, "not_found"},
      {"not an id", kGet, "/v1/handoffs/none", "", "", 404, "unknown_handoff"},
      {"unknown id", kGet, "/v1/handoffs/" + unknown, "", "", 404, "unknown_handoff"},
      {"cancel unknown", kPost, "/v1/handoffs/" + unknown + "/cancel", "", "", 404, "unknown_handoff"},
      {"query beside a body", kPost, "/v1/handoffs?integration=demo", json, "{}", 400, "invalid_arguments"},
      {"query and body agree", kPost, "/v1/handoffs?integration=demo", json, R"({"integration":"demo"})", 400,
       "invalid_arguments"},
      {"query of an action", kPost, "/v1/handoffs/" + unknown + "/cancel?force=1", "", "", 400, "invalid_arguments"},
      {"body of an action", kPost, "/v1/handoffs/" + unknown + "/cancel", json, "{}", 400, "unexpected_body"},
      {"body of a GET", kGet, "/v1/connections", json, "{}", 400, "unexpected_body"},
      {"id said twice", kGet, "/v1/handoffs/" + unknown + "?handoffId=" + unknown, "", "", 400, "said_twice"},
      {"wait said twice", kGet, "/v1/handoffs/" + unknown + "?wait=1&wait=2", "", "", 400, "duplicate_name"},
      {"wait said twice in code", kGet, "/v1/handoffs/" + unknown + "?wait=1&%77ait=2", "", "", 400, "duplicate_name"},
      {"query without a name", kGet, "/v1/connections?=1", "", "", 400, "empty_name"},
      {"percent in query", kGet, "/v1/connections?owner=%4", "", "", 400, "bad_percent_encoding"},
      {"bad utf-8 in query", kGet, "/v1/connections?integration=%ff", "", "", 400, "invalid_utf8"},
      {"nul in query", kGet, "/v1/connections?integration=a%00", "", "", 400, "nul_character"},
      {"long name in query", kGet, "/v1/connections?" + std::string(5000, 'x') + "=1", "", "", 400, "name_too_long"},
      {"empty filter", kGet, "/v1/connections?integration=", "", "", 400, "invalid_arguments"},
      {"list takes no unknown", kGet, "/v1/integrations?limit=1", "", "", 400, "invalid_arguments"},
      {"empty wait", kGet, "/v1/handoffs/" + unknown + "?wait=", "", "", 400, "invalid_arguments"},
      {"wait without a value", kGet, "/v1/handoffs/" + unknown + "?wait", "", "", 400, "invalid_arguments"},
      {"wait in hex", kGet, "/v1/handoffs/" + unknown + "?wait=0x1", "", "", 400, "invalid_arguments"},
      {"half a second", kGet, "/v1/handoffs/" + unknown + "?wait=0.5", "", "", 400, "invalid_arguments"},
      {"wait with a plus", kGet, "/v1/handoffs/" + unknown + "?wait=%2B5", "", "", 400, "invalid_arguments"},
      {"endless wait", kGet, "/v1/handoffs/" + unknown + "?wait=" + std::string(40, '9'), "", "", 400,
       "invalid_arguments"},
      {"bad wait", kGet, "/v1/handoffs/" + unknown + "?wait=soon", "", "", 400, "invalid_arguments"},
      {"long wait", kGet, "/v1/handoffs/" + unknown + "?wait=51", "", "", 400, "invalid_arguments"},
      {"negative wait", kGet, "/v1/handoffs/" + unknown + "?wait=-1", "", "", 400, "invalid_arguments"},
      {"unknown query", kGet, "/v1/handoffs/" + unknown + "?wate=1", "", "", 400, "invalid_arguments"},
      {"bad cursor", kGet, "/v1/connections?cursor=1%20or%201", "", "", 400, "bad_cursor"},
      {"bad limit", kGet, "/v1/connections?limit=0", "", "", 400, "invalid_arguments"},
      {"sql in filter", kGet, "/v1/connections?integration='%3B--", "", "", 200, ""},
      {"connection of nothing", kPost, "/v1/connections", json, "{}", 400, "invalid_arguments"},
      {"connection by a value", kPost, "/v1/connections", json,
       R"({"owner":"user","name":"x","integration":"demo","template":"api-key","inputs":{"key":{"value":"x"}}})", 400,
       "invalid_arguments"},
      {"connection of no item", kPost, "/v1/connections", json,
       R"({"owner":"user","name":"x","integration":"demo","template":"api-key"})", 400, "bad_reference"},
      {"connection of an unbound item", kPost, "/v1/connections", json,
       R"({"owner":"user","name":"x","integration":"demo","template":"api-key","from":{"provider":"env","id":"X"}})",
       404, "unknown_provider_item"},
      {"query beside a connection", kPost, "/v1/connections?name=x", json, "{}", 400, "invalid_arguments"},
      {"unknown provider", kGet, "/v1/providers/none/items", "", "", 404, "unknown_provider"},
      {"providers take no query", kGet, "/v1/providers?x=1", "", "", 400, "invalid_arguments"},
      {"session of nonsense", kPost, "/v1/auth-sessions", json, "[]", 400, "invalid_arguments"},
      {"session without a type", kPost, "/v1/auth-sessions", "", "{}", 415, "unsupported_media_type"},
      {"session with a query", kPost, "/v1/auth-sessions?scope=read", json, "{}", 400, "invalid_arguments"},
      {"session with a bad scope", kPost, "/v1/auth-sessions", json, R"({"scope":"all"})", 400, "bad_scope"},
      {"session with a plain challenge", kPost, "/v1/auth-sessions", json,
       R"({"code_challenge":")" + std::string(43, '!') + "\"}", 400, "bad_code_challenge"},
      {"session with a forged id", kGet, "/v1/auth-sessions/as_" + unknown.substr(3) + "." + std::string(43, 'A'), "",
       "", 404, "unknown_auth_session"},
      {"session with another kind's id", kGet, "/v1/auth-sessions/" + unknown, "", "", 404, "unknown_auth_session"},
      {"session with a long wait", kGet, "/v1/auth-sessions/as_x?wait=51", "", "", 400, "invalid_arguments"},
      {"session with a verifier in the query", kGet, "/v1/auth-sessions/as_x?code_verifier=x", "", "", 400,
       "invalid_arguments"},
      {"session without a verifier", kPost, "/v1/auth-sessions/as_x", json, "{}", 400, "invalid_arguments"},
      {"session with a short verifier", kPost, "/v1/auth-sessions/as_x", json, R"({"code_verifier":"x"})", 400,
       "invalid_arguments"},
      {"cancel no session", kDelete, "/v1/auth-sessions/as_x", "", "", 404, "unknown_auth_session"},
      {"connect without a code", kPost, "/v1/auth-sessions/connect", json, "{}", 400, "invalid_arguments"},
      {"connect with a wrong code", kPost, "/v1/auth-sessions/connect", json, R"({"code":"\u202e"})", 404,
       "unknown_code"},
      {"no such connection", kDelete, "/v1/connections/" + ConnectionId(5).text(), "", "", 404, "unknown_connection"},
  };
}

TEST(BadInput, EachMistakeHasItsPreciseRefusal) {
  InProcess program;
  const std::string token = program.issue_token(program.add_person("ada", domain::Role::kMember));
  const Description description(program);
  for (const Bad& bad : bad_requests()) {
    SCOPED_TRACE(bad.name);
    Headers headers = {{"authorization", "Bearer " + token}};
    if (!bad.content_type.empty()) headers.push_back({"content-type", bad.content_type});
    const http::Response response = program.send(bad.method, bad.target, headers, bad.body);
    EXPECT_EQ(response.status, bad.status) << text_of(response);
    if (response.status >= 400) {
      const Json problem = json_of(response);
      EXPECT_EQ(problem["status"], bad.status);
      EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json");
      if (!bad.code.empty()) {
        EXPECT_EQ(problem["code"], bad.code) << text_of(response);
      }
      EXPECT_FALSE(problem["detail"].get<std::string>().empty());
    }
    const auto [id, operation] = description.find(bad.method, bad.target);
    if (!id.empty()) description.expect_promised(operation, response);
  }
}

TEST(BadInput, AllThatIsWrongIsSaidAtOnce) {
  InProcess program;
  Agent agent(program, program.issue_token(program.add_person("ada", domain::Role::kMember)));
  const Json problem = json_of(agent.post("/v1/handoffs", R"({"lable":"x","owner":"me"})"));
  EXPECT_EQ(problem["detail"], R"(/integration: is required; /lable: unknown property "lable"; did you mean "label"?; )"
                               R"(/owner: must be one of "user", "org")");
  EXPECT_EQ(problem["pointer"], "/integration");
}

TEST(BadInput, ANumberInTheQueryIsJudgedAsANumber) {
  InProcess program;
  Agent agent(program, program.issue_token(program.add_person("ada", domain::Role::kMember)));
  const auto detail = [&](const std::string& query) {
    return json_of(agent.get("/v1/connections?" + query))["detail"].get<std::string>();
  };
  EXPECT_EQ(detail("limit=-1"), "/limit: must be at least 1");
  EXPECT_EQ(detail("limit=99999999999"), "/limit: must be at most 100");
  EXPECT_EQ(detail("limit=ten"), "/limit: must be an integer, not a string");
}

// A key that is dropped or read in two ways would let a repeated request make a second handoff.
TEST(BadInput, AnIdempotencyKeyIsTakenWholeOrRefused) {
  InProcess program;
  const std::string token = program.issue_token(program.add_person("ada", domain::Role::kMember));
  const Description description(program);
  const auto mint = [&](const std::vector<std::string>& keys) {
    Headers headers = {{"authorization", "Bearer " + token}, {"content-type", "application/json"}};
    for (const std::string& key : keys) headers.push_back({"idempotency-key", key});
    return program.send(http::Method::kPost, "/v1/handoffs", headers, R"({"integration":"demo"})");
  };
  const std::vector<std::vector<std::string>> refused = {{""},
                                                         {std::string(201, 'k')},
                                                         {"a\tb"},
                                                         {std::string("a\0b", 3)},
                                                         {"caf\xc3\xa9"},
                                                         {"\xff"},
                                                         {"a\x7f"},
                                                         {"a", "a"},
                                                         {"a", "b"}};
  for (const auto& keys : refused) {
    SCOPED_TRACE(keys.front());
    const http::Response response = mint(keys);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(json_of(response)["code"], "bad_idempotency_key");
    description.expect_promised(description.find(http::Method::kPost, "/v1/handoffs").second, response);
  }
  for (const std::string& key : {std::string(200, 'k'), std::string("\"8e03978e-40d5\""), std::string("a ~")}) {
    SCOPED_TRACE(key);
    const Json first = json_of(mint({key}));
    EXPECT_EQ(json_of(mint({key}))["handoffId"], first["handoffId"]);
  }
}

TEST(BadInput, AMisspeltFieldIsAnsweredWithTheRightOne) {
  InProcess program;
  Agent agent(program, program.issue_token(program.add_person("ada", domain::Role::kMember)));
  EXPECT_THAT(text_of(agent.post("/v1/handoffs", R"({"integration":"demo","lable":"x"})")),
              ::testing::HasSubstr("label"));
  EXPECT_THAT(text_of(agent.post("/v1/handoffs", R"({"integration":"githib"})")), ::testing::HasSubstr("github"));
}

TEST(BadInput, McpRefusesInItsOwnWords) {
  InProcess program;
  Agent agent(program, program.issue_token(program.add_person("ada", domain::Role::kMember)));
  const std::string token = program.issue_token(program.add_person("bob", domain::Role::kMember));
  const auto raw = [&](std::string_view body, std::string_view type) {
    return program.send(http::Method::kPost, "/mcp",
                        {{"authorization", "Bearer " + token}, {"content-type", std::string(type)}}, body);
  };
  EXPECT_EQ(json_of(raw("{", "application/json"))["error"]["code"], -32700);
  EXPECT_EQ(json_of(raw("[]", "application/json"))["error"]["code"], -32600);
  EXPECT_EQ(raw("{}", "text/plain").status, 415);
  EXPECT_EQ(json_of(agent.mcp("no/such", "{}"))["error"]["code"], -32601);
  EXPECT_EQ(json_of(agent.mcp("tools/call", R"({"name":"no.such","arguments":{}})"))["error"]["code"], -32602);
  const Json bad = json_of(agent.mcp("tools/call", R"({"name":"handoffs.get","arguments":{"handoffId":5}})"));
  EXPECT_EQ(bad["result"]["isError"], true);
  for (const char* ids : {"{}", R"({"sessionRequestId":"as_a","session_request_id":"as_a"})"}) {
    const Json result = agent.call("get_auth_session", parse_json(ids));
    EXPECT_EQ(result["_meta"]["countersign/error"]["code"], "invalid_arguments") << ids;
  }
  EXPECT_EQ(program.send(http::Method::kGet, "/mcp", {{"authorization", "Bearer " + token}}).status, 405);
}

TEST(BadInput, WithoutATokenNothingIsToldApart) {
  InProcess program;
  const std::string token = program.issue_token(program.add_person("ada", domain::Role::kMember));
  std::string wrong = token;
  wrong.back() = wrong.back() == 'A' ? 'E' : 'A';
  for (const std::string& header : {std::string(), std::string("Bearer "), "Basic " + token, "Bearer " + wrong,
                                    std::string("Bearer cs_agent_00000000000zz_x"), "bearer  " + token}) {
    SCOPED_TRACE(header);
    Headers headers;
    if (!header.empty()) headers.push_back({"authorization", header});
    const http::Response response = program.send(http::Method::kGet, "/v1/connections", headers);
    EXPECT_EQ(response.status, 401);
    EXPECT_THAT(header_of(response, "WWW-Authenticate"), ::testing::HasSubstr("Bearer"));
  }
}

}  // namespace
}  // namespace countersign::flows
