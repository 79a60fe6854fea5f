// What we send, byte for byte as a client reads it, in tests/golden/mcp/<Definition>.<case>.json. The same
// files are checked against the published schemas of both revisions by tests/e2e/mcp_schema.test.mjs.
// COUNTERSIGN_REWRITE_GOLDEN=1 writes them anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "mcp/samples.h"
#include "mcp/schema_check.h"

namespace countersign::mcp {
namespace {

using testing::ask, testing::request, testing::sample_server, testing::tool_call;

std::string golden_path(const std::string& name) {
  return std::string(COUNTERSIGN_SOURCE_DIR) + "/tests/golden/mcp/" + name;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void expect_golden(const std::string& name, const Outcome& outcome) {
  const std::string text = testing::body(outcome).dump(2) + '\n';
  const std::string path = golden_path(name + ".json");
  if (std::getenv("COUNTERSIGN_REWRITE_GOLDEN")) {
    std::ofstream(path, std::ios::binary) << text;
  }
  EXPECT_EQ(read_file(path), text) << path;
}

std::string initialize(std::string_view version) {
  return request("initialize", R"({"protocolVersion":")" + std::string(version) +
                                   R"(","capabilities":{},"clientInfo":{"name":"t","version":"1"}})");
}

TEST(McpGolden, Initialize) {
  const Server server = sample_server();
  expect_golden("InitializeResult.2025-06-18", ask(server, initialize("2025-06-18")));
  expect_golden("InitializeResult.2025-11-25", ask(server, initialize("2025-11-25")));
  expect_golden("EmptyResult.ping", ask(server, request("ping")));
}

TEST(McpGolden, ToolsList) {
  expect_golden("ListToolsResult.dotted", ask(sample_server(), request("tools/list")));
  expect_golden("ListToolsResult.underscored", ask(sample_server(ToolNames::kUnderscored), request("tools/list")));
}

TEST(McpGolden, ToolsCall) {
  const Server server = sample_server();
  const auto call = std::get<CallTool>(ask(server, tool_call("handoffs.wait", R"({"handoffId":"ho_1"})")));
  expect_golden("CallToolResult.success", server.finish(call, {"Still waiting.", share({{"state", "pending"}})}));
  expect_golden("CallToolResult.text_only", server.finish(call, {"Words.", nullptr, true}));
  expect_golden("CallToolResult.error_with_output_schema",
                server.fail(call, Error(ErrorCode::kNotFound, "handoff_not_found", "No such handoff.")));
  const auto other = std::get<CallTool>(ask(server, tool_call("connections.createHandoff", R"({"integration":"x"})")));
  expect_golden(
      "CallToolResult.error",
      server.fail(
          other,
          Error(ErrorCode::kNotFound, "unknown_integration", "No such integration.").recovery("integrations.list")));
  expect_golden("CallToolResult.invalid_arguments",
                ask(server, tool_call("connections.createHandoff", R"({"intergration":"x"})")));
}

TEST(McpGolden, Errors) {
  const Server server = sample_server();
  expect_golden("Error.unknown_method", ask(server, request("resources/list")));
  expect_golden("Error.unknown_tool", ask(server, request("tools/call", R"({"name":"x"})")));
  expect_golden("Error.unsupported_version", ask(server, request("ping"), "1900-01-01"));
  expect_golden("Error.parse", ask(server, "{"));
}

// schema_cases.json holds {schema, value, valid}; mcp_schema.test.mjs asks ajv about the same rows.
TEST(McpGolden, OurSchemaCheckAgreesWithAnIndependentValidator) {
  const Json cases = parse_json(read_file(golden_path("schema_cases.json")));
  ASSERT_GT(cases.size(), 30u);
  for (const Json& one : cases) {
    require_enforceable(one.at("schema"));
    EXPECT_EQ(check_schema(one.at("schema"), one.at("value")).empty(), one.at("valid")) << one.dump();
  }
}

}  // namespace
}  // namespace countersign::mcp
