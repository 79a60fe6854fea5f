#include "mcp/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mcp/samples.h"

namespace countersign::mcp::server {
namespace {

using testing::ask, testing::body, testing::error, testing::request, testing::result, testing::status;
using ::testing::HasSubstr;
using testing::sample_server, testing::sample_tool, testing::tool_call;

std::string initialize(std::string_view version) {
  return request("initialize", R"({"protocolVersion":")" + std::string(version) +
                                   R"(","capabilities":{},"clientInfo":{"name":"t","version":"1"}})");
}

TEST(McpServer, InitializeAgreesOnARevisionAndAdvertisesToolsOnly) {
  const Server server = sample_server();
  for (const char* version : {"2025-06-18", "2025-11-25"}) {
    const Json answer = result(ask(server, initialize(version), std::nullopt));
    EXPECT_EQ(answer.at("protocolVersion"), version);
    EXPECT_EQ(answer.at("capabilities"), (Json{{"tools", Json::object()}}));
    EXPECT_EQ(answer.at("serverInfo").at("name"), "countersign");
  }
  EXPECT_EQ(result(ask(server, initialize("2024-11-05"))).at("protocolVersion"), "2025-11-25");
}

TEST(McpServer, InitializeIgnoresTheVersionHeader) {
  EXPECT_EQ(status(ask(sample_server(), initialize("2025-11-25"), "2026-07-28")), 200);
}

TEST(McpServer, InstructionsTellTheModelHowToTreatAHandoff) {
  const std::string text = instructions(ToolNames::kDotted);
  for (const char* words : {"verbatim", "Do not open", "`handoffs.wait`", "`expired` is not a denial", "Never ask",
                            "`create_auth_session`"}) {
    EXPECT_THAT(text, HasSubstr(words));
  }
  EXPECT_THAT(instructions(ToolNames::kUnderscored), HasSubstr("`handoffs_wait`"));
}

TEST(McpServer, PingAnswersAnEmptyResult) {
  EXPECT_EQ(std::get<Reply>(ask(sample_server(), request("ping"))).body, R"({"jsonrpc":"2.0","id":1,"result":{}})");
}

struct BadRequest {
  std::string text;
  int status;
  int code;
  const char* says;
};

TEST(McpServer, EveryBadRequestHasItsPreciseError) {
  const std::vector<BadRequest> table = {
      {"{", 400, -32700, "byte"},
      {"[]", 400, -32600, "batches"},
      {request("server/discover"), 200, -32601, R"(unknown method "server/discover")"},
      {request("logging/setLevel", R"({"level":"info"})"), 200, -32601, "unknown method"},
      {request("resources/list"), 200, -32601, "unknown method"},
      {request("prompts/list"), 200, -32601, "unknown method"},
      {request("tool/list"), 200, -32601, R"(did you mean "tools/list"?)"},
      {request("notifications/initialized"), 200, -32601, "unknown method"},
      {R"({"jsonrpc":"2.0","id":1,"method":"initialize"})", 200, -32602, R"(needs "params")"},
      {request("initialize"), 200, -32602, "protocolVersion"},
      {request("initialize", R"({"protocolVersion":1})"), 200, -32602, "protocolVersion"},
      {request("initialize", R"({"protocolVersion":"2025-11-25"})"), 200, -32602, "capabilities"},
      {request("initialize", R"({"protocolVersion":"2025-11-25","capabilities":[]})"), 200, -32602, "capabilities"},
      {request("initialize", R"({"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t"}})"), 200,
       -32602, "clientInfo"},
      {request("tools/list", R"({"cursor":"x"})"), 200, -32602, "cursor"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", 200, -32602, R"("params.name" must be)"},
      {request("tools/call"), 200, -32602, R"("params.name" must be)"},
      {request("tools/call", R"({"name":7})"), 200, -32602, R"("params.name" must be)"},
      {request("tools/call", R"({"name":"handoff.wait"})"), 200, -32602, R"(did you mean "handoffs.wait"?)"},
      {request("tools/call", R"({"name":"rm"})"), 200, -32602, R"(unknown tool "rm")"},
      {request("tools/call", R"({"name":"handoffs.wait","arguments":[]})"), 200, -32602, "arguments"},
      {request("tools/call", R"({"name":"handoffs.wait","arguments":null})"), 200, -32602, "arguments"},
  };
  const Server server = sample_server();
  for (const BadRequest& bad : table) {
    SCOPED_TRACE(bad.text);
    const Outcome outcome = ask(server, bad.text);
    EXPECT_EQ(status(outcome), bad.status);
    EXPECT_EQ(error(outcome).value("code", 0), bad.code);
    EXPECT_THAT(error(outcome).value("message", ""), HasSubstr(bad.says));
    EXPECT_EQ(body(outcome).contains("id"), bad.status == 200);
  }
}

TEST(McpServer, UnknownVersionHeaderIsHttp400WithoutAModernCode) {
  const Server server = sample_server();
  for (const std::string& text : {request("tools/list"), request("server/discover")}) {
    const Outcome outcome = ask(server, text, "2026-07-28");
    EXPECT_EQ(status(outcome), 400);
    EXPECT_EQ(error(outcome).at("code"), -32600);
    EXPECT_EQ(body(outcome).at("id"), 1);
  }
  const Outcome outcome = ask(server, R"({"jsonrpc":"2.0","method":"notifications/initialized"})", "1");
  EXPECT_EQ(status(outcome), 400);
  EXPECT_FALSE(body(outcome).contains("id"));
}

TEST(McpServer, AbsentVersionHeaderIsAccepted) {
  EXPECT_EQ(status(ask(sample_server(), request("tools/list"), std::nullopt)), 200);
}

TEST(McpServer, NotificationsAndResponsesAreAccepted) {
  const Server server = sample_server();
  for (const char* text :
       {R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})",
        R"({"jsonrpc":"2.0","method":"something/else"})", R"({"jsonrpc":"2.0","id":1,"result":{}})"}) {
    EXPECT_TRUE(std::holds_alternative<Accepted>(ask(server, text))) << text;
  }
}

TEST(McpServer, RequestThatLostItsIdIsNotSwallowed) {
  const Outcome outcome = ask(sample_server(), R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}})");
  EXPECT_EQ(status(outcome), 400);
  EXPECT_EQ(error(outcome).at("message"), R"(tools/call needs an "id")");
}

TEST(McpServer, ToolsAreListedByNameWhateverTheirOrder) {
  const auto names = [](std::vector<Tool> tools) {
    const Server server({"s", "S", "1"}, std::move(tools), ToolNames::kDotted);
    std::vector<std::string> listed;
    const Json answer = result(ask(server, request("tools/list")));
    for (const Json& tool : answer.at("tools")) listed.push_back(tool.at("name"));
    return listed;
  };
  const std::vector<std::string> expected = {"a.x", "b.x", "c.x"};
  EXPECT_EQ(names({sample_tool("c.x"), sample_tool("a.x"), sample_tool("b.x")}), expected);
  EXPECT_EQ(names({sample_tool("b.x"), sample_tool("c.x"), sample_tool("a.x")}), expected);
}

TEST(McpServer, CallIsHandedBackWithTheDeclaredNameAndCheckedArguments) {
  const Server server = sample_server();
  const Outcome outcome = ask(
      server, request("tools/call",
                      R"({"name":"handoffs.wait","arguments":{"handoffId":"ho_1"},"_meta":{"progressToken":"p"}})"));
  const CallTool& call = std::get<CallTool>(outcome);
  EXPECT_EQ(call.id.json(), "1");
  EXPECT_EQ(call.name, "handoffs.wait");
  EXPECT_EQ(*call.arguments, (Json{{"handoffId", "ho_1"}}));
  ASSERT_TRUE(call.progress_token);
  EXPECT_EQ(call.progress_token->json(), R"("p")");
}

TEST(McpServer, AbsentArgumentsAreAnEmptyObject) {
  const Server server({"s", "S", "1"}, {sample_tool("integrations.list")}, ToolNames::kDotted);
  const Outcome outcome = ask(server, request("tools/call", R"({"name":"integrations.list"})"));
  EXPECT_EQ(*std::get<CallTool>(outcome).arguments, Json::object());
}

TEST(McpServer, BothFormsOfANameResolveInEitherSetting) {
  for (const ToolNames names : {ToolNames::kDotted, ToolNames::kUnderscored}) {
    const Server server = sample_server(names);
    for (const char* name : {"handoffs.wait", "handoffs_wait"}) {
      const Outcome outcome = ask(server, tool_call(name, R"({"handoffId":"ho_1"})"));
      EXPECT_EQ(std::get<CallTool>(outcome).name, "handoffs.wait");
    }
  }
}

TEST(McpServer, BadArgumentsAreAResultTheModelCanRead) {
  const Json answer = result(ask(sample_server(), tool_call("connections.createHandoff", R"({"intergration":"x"})")));
  EXPECT_EQ(answer.at("isError"), true);
  EXPECT_THAT(answer.at("content").at(0).at("text"), HasSubstr("/integration: is required"));
  EXPECT_THAT(answer.at("content").at(0).at("text"), HasSubstr(R"(did you mean "integration"?)"));
  EXPECT_EQ(answer.at("structuredContent").at("code"), "invalid_arguments");
}

TEST(McpServer, AToolMaySayWhichMistakeIsLikely) {
  Tool tool = sample_tool("connections.create");
  tool.misuse = "Secrets are not taken here.";
  const Server server({"s", "S", "1"}, {tool}, ToolNames::kDotted);
  const Json answer = result(ask(server, tool_call("connections.create", R"({"token":"sk_canary"})")));
  EXPECT_EQ(answer.at("isError"), true);
  EXPECT_THAT(answer.at("content").at(0).at("text"), HasSubstr("Secrets are not taken here."));
  EXPECT_THAT(answer.dump(), ::testing::Not(HasSubstr("canary")));
}

CallTool call_of(const Server& server, std::string_view name, std::string_view arguments) {
  return std::get<CallTool>(ask(server, tool_call(name, arguments)));
}

TEST(McpServer, ResultCarriesWordsTextAndStructure) {
  const Server server = sample_server();
  const CallTool call = call_of(server, "connections.createHandoff", R"({"integration":"github"})");
  const Json answer = result(server.finish(call, {"Show the URL.", share({{"url", "https://x/h/1"}})}));
  EXPECT_EQ(answer.at("isError"), false);
  EXPECT_EQ(answer.at("content"), Json::array({{{"type", "text"}, {"text", "Show the URL."}},
                                               {{"type", "text"}, {"text", R"({"url":"https://x/h/1"})"}}}));
  EXPECT_EQ(answer.at("structuredContent"), (Json{{"url", "https://x/h/1"}}));
}

TEST(McpServer, ErrorOfAToolWithOutputSchemaHasNoStructuredContent) {
  const Server server = sample_server();
  const Error gone(ErrorCode::kNotFound, "handoff_not_found", "No such handoff.");
  const Json with = result(server.fail(call_of(server, "handoffs.wait", R"({"handoffId":"ho_1"})"), gone));
  EXPECT_FALSE(with.contains("structuredContent"));
  EXPECT_EQ(with.at("_meta").at(std::string(kErrorMeta)).at("code"), "handoff_not_found");
  const Json without =
      result(server.fail(call_of(server, "connections.createHandoff", R"({"integration":"x"})"), gone));
  EXPECT_EQ(without.at("structuredContent").at("code"), "handoff_not_found");
}

TEST(McpServer, RecoveryNamesTheToolInTheFormTheClientKnows) {
  const Error error = Error(ErrorCode::kConflict, "r", "M.").recovery("handoffs.wait");
  const Server server = sample_server(ToolNames::kUnderscored);
  const Json answer =
      result(server.fail(call_of(server, "connections.createHandoff", R"({"integration":"x"})"), error));
  EXPECT_EQ(answer.at("structuredContent").at("recovery"), "handoffs_wait");
}

TEST(McpServer, InternalFailureIsAProtocolError) {
  const Server server = sample_server();
  const CallTool call = call_of(server, "handoffs.wait", R"({"handoffId":"ho_1"})");
  EXPECT_EQ(error(server.fail(call, Error(ErrorCode::kInternal, "r", "m"))).at("code"), -32603);
  // A success that breaks the tool's own promise would throw inside the client.
  EXPECT_EQ(error(server.finish(call, {"words only", nullptr})).at("code"), -32603);
  EXPECT_EQ(error(server.finish(call, {"", share(Json::array())})).at("code"), -32603);
}

TEST(McpServer, WronglyDeclaredToolsStopTheStart) {
  const auto refuses = [](std::vector<Tool> tools) {
    EXPECT_THROW(Server({"s", "S", "1"}, std::move(tools), ToolNames::kDotted), Error);
  };
  refuses({sample_tool("a"), sample_tool("a")});
  refuses({sample_tool("a.b"), sample_tool("a_b")});
  refuses({sample_tool("")});
  refuses({sample_tool("a b")});
  refuses({sample_tool(std::string(65, 'a'))});
  Tool open = sample_tool("a");
  open.input_schema = schema::Object().open().json();
  refuses({open});
  Tool none = sample_tool("a");
  none.input_schema = nullptr;
  refuses({none});
  Tool pattern = sample_tool("a");
  pattern.output_schema = share({{"type", "object"}, {"patternProperties", Json::object()}});
  refuses({pattern});
}

}  // namespace
}  // namespace countersign::mcp::server
