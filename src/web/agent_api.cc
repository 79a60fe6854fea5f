// The REST door for agents: /v1/..., JSON in and out, the same tools as MCP behind it.
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "mcp/schema_check.h"
#include "web/agent_door.h"

namespace countersign::web {
namespace {

constexpr std::size_t kRequestKeyLimit = 200;

// A tool's answer as an HTTP response; 201 where the call made something.
http::Response respond(const Answer& answer, int status) {
  return http::Response(status, "application/json", dump_json(*answer.body));
}

// Path and query parameters and the body in one object, so that the tool's own schema judges all of them.
Json merge_input(const http::Call& call, const AgentTool& tool) {
  Json input = call.json == nullptr ? Json::object() : *call.json;
  if (!input.is_object()) {
    throw Error(ErrorCode::kInvalidArgument, "invalid_arguments", "The body must be a JSON object.");
  }
  const Json& properties = (*tool.description.input_schema)["properties"];
  const auto add = [&](const std::string& name, const std::string& value) {
    if (input.contains(name)) {
      throw Error(ErrorCode::kInvalidArgument, "said_twice", name + " stands in the path or query and in the body.")
          .at("/" + name);
    }
    const bool number = properties.contains(name) && properties[name].value("type", "") == "integer";
    const bool digits =
        !value.empty() && value.size() <= 9 && value.find_first_not_of("0123456789") == std::string::npos;
    input[name] = number && digits ? Json(std::stol(value)) : Json(value);
  };
  for (const auto& [name, value] : call.path_params) add(name, value);
  for (const auto& [name, value] : call.query_params) add(name, value);
  return input;
}

void check_input(const AgentTool& tool, const Json& input) {
  const auto problems = mcp::check_schema(*tool.description.input_schema, input);
  if (problems.empty()) return;
  throw Error(ErrorCode::kInvalidArgument, "invalid_arguments", problems.front().message).at(problems.front().pointer);
}

std::string request_key_of(const http::Request& request) {
  const auto key = request.header("idempotency-key");
  if (!key) return {};
  if (key->empty() || key->size() > kRequestKeyLimit) {
    throw Error(ErrorCode::kInvalidArgument, "bad_idempotency_key",
                "An Idempotency-Key has 1 to " + std::to_string(kRequestKeyLimit) + " characters.");
  }
  return std::string(*key);
}

http::Handler run_tool(AgentDoor& door, const AgentTool& tool, int status) {
  return [&door, &tool, status](http::Call& call) -> http::Outcome {
    const Json input = merge_input(call, tool);
    check_input(tool, input);
    ToolOutcome outcome = door.run(tool, call.caller, input, request_key_of(call.request));
    if (const Answer* answer = std::get_if<Answer>(&outcome)) return respond(*answer, status);
    auto& held = std::get<HeldAnswer>(outcome);
    return http::Hold{held.topic, door.deadline_of(held),
                      [look = std::move(held.look), status](http::Hold::Round round) -> std::optional<http::Response> {
                        const auto answer = look(round);
                        if (!answer) return std::nullopt;
                        return respond(*answer, status);
                      }};
  };
}

// `GET /v1/handoffs/{id}?wait=N` is handoffs.get without a wait and handoffs.wait with one.
http::Handler get_or_wait(AgentDoor& door) {
  const auto get = run_tool(door, tool_named(door.tools(), "handoffs.get"), 200);
  const auto wait = run_tool(door, tool_named(door.tools(), "handoffs.wait"), 200);
  return [get, wait](http::Call& call) { return call.query_params.contains("wait") ? wait(call) : get(call); };
}

}  // namespace

void add_agent_api_routes(http::Router& router, AgentDoor& door) {
  const auto add = [&](http::Method method, std::string pattern, http::BodyKind body, http::Handler handler,
                       http::Runs runs = http::Runs::kOnWorker) {
    router.add({.method = method,
                .pattern = std::move(pattern),
                .access = http::Access::kAgent,
                .surface = http::Surface::kApi,
                .body = body,
                .runs = runs,
                .body_limit = 16 * 1024,
                .secret_fields = {},
                .handler = std::move(handler)});
  };
  using enum http::Method;
  const auto tool = [&](std::string_view name, int status) {
    return run_tool(door, tool_named(door.tools(), name), status);
  };
  add(kPost, "/v1/handoffs", http::BodyKind::kJson, tool("connections.createHandoff", 201));
  add(kGet, "/v1/handoffs/{handoffId}", http::BodyKind::kNone, get_or_wait(door), http::Runs::kAtOnce);
  add(kPost, "/v1/handoffs/{handoffId}/cancel", http::BodyKind::kNone, tool("handoffs.cancel", 200));
  add(kGet, "/v1/connections", http::BodyKind::kNone, tool("connections.list", 200));
  add(kGet, "/v1/connections/{connectionId}", http::BodyKind::kNone, tool("connections.get", 200));
  // 202: a person has to confirm it first.
  add(kDelete, "/v1/connections/{connectionId}", http::BodyKind::kNone, tool("connections.remove", 202));
  add(kGet, "/v1/integrations", http::BodyKind::kNone, tool("integrations.list", 200));
}

}  // namespace countersign::web
