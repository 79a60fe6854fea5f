// Shared by the MCP tests: a small server with tools of each kind, and ways to talk to it in text.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "mcp/schema.h"
#include "mcp/server.h"

namespace countersign::mcp::testing {

inline Tool sample_tool(std::string name) {
  return {.name = std::move(name),
          .title = "A title",
          .description = "What it does",
          .input_schema = schema::Object().json(),
          .output_schema = nullptr,
          .annotations = {}};
}

inline Tool create_handoff() {
  Tool tool = sample_tool("connections.createHandoff");
  tool.input_schema = schema::Object()
                          .required("integration", schema::text("Slug from integrations.list", {.max = 64}))
                          .optional("owner", schema::one_of("Whose account it becomes", {"user", "org"}))
                          .optional("label", schema::text("A name for the connection", {.max = 100}))
                          .json();
  tool.annotations = {.destructive = false};
  return tool;
}

inline Tool wait_handoff() {
  Tool tool = sample_tool("handoffs.wait");
  tool.input_schema = schema::Object()
                          .required("handoffId", schema::text("From connections.createHandoff", {.max = 32}))
                          .optional("wait", schema::integer("Seconds to wait", {0, 50}))
                          .json();
  tool.output_schema = schema::Object().required("state", schema::any_text("Of the handoff")).open().json();
  tool.annotations = {.read_only = true, .open_world = false};
  return tool;
}

inline Server sample_server(ToolNames names = ToolNames::kDotted) {
  return Server({"countersign", "Countersign", "0.1.0"}, {wait_handoff(), create_handoff()}, names);
}

inline Outcome ask(const Server& server, std::string_view text, std::optional<std::string_view> header = "2025-11-25") {
  return server.handle(parse_message(text), header);
}

inline std::string request(std::string_view method, std::string_view params = "{}") {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":)" + std::string(params) + "}";
}

inline std::string tool_call(std::string_view name, std::string_view arguments) {
  return request("tools/call", R"({"name":")" + std::string(name) + R"(","arguments":)" + std::string(arguments) + "}");
}

// The body of a reply; a failed test when the outcome is something else.
inline Json body(const Outcome& outcome) {
  const auto* reply = std::get_if<Reply>(&outcome);
  EXPECT_NE(reply, nullptr) << "the outcome is not a reply";
  return reply ? parse_json(reply->body) : Json();
}

inline int status(const Outcome& outcome) {
  if (std::holds_alternative<Accepted>(outcome)) return 202;
  const auto* reply = std::get_if<Reply>(&outcome);
  return reply ? reply->http_status : 0;
}

inline Json result(const Outcome& outcome) { return body(outcome).value("result", Json()); }
inline Json error(const Outcome& outcome) { return body(outcome).value("error", Json()); }

}  // namespace countersign::mcp::testing
