// The REST door for agents: /v1/..., JSON in and out, the same tools as MCP behind it.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "web/agent_door.h"
#include "web/auth_session_api.h"
#include "web/rest_input.h"

namespace countersign::web {
namespace {

using enum http::Method;

constexpr std::string_view kPolled = "handoffs.wait";

using http::BodyKind;
using enum http::Runs;
using enum AgentOperation::Repeat;

// 202: a person has to confirm it first.
constexpr std::array<AgentOperation, 22> kOperations{{
    {kPost, "/v1/handoffs", "connections.createHandoff", 201, BodyKind::kJson, kOnWorker, kSameAnswer},
    {kGet, "/v1/handoffs/{handoffId}", kPolled, 200, BodyKind::kNone, kAtOnce},
    {kPost, "/v1/handoffs/{handoffId}/cancel", "handoffs.cancel", 200},
    {kGet, "/v1/connections", "connections.list", 200},
    {kPost, "/v1/connections", "connections.create", 202, BodyKind::kJson, kOnWorker, kSameAnswer},
    {kGet, "/v1/connections/{connectionId}", "connections.get", 200},
    {kPost, "/v1/connections/{connectionId}/refresh", "connections.refresh", 200},
    {kDelete, "/v1/connections/{connectionId}", "connections.remove", 202, BodyKind::kNone, kOnWorker, kSameAnswer},
    {kGet, "/v1/integrations", "integrations.list", 200},
    {kPost, "/v1/oauth/start", "oauth.start", 200, BodyKind::kJson, kOnWorker, kSameAnswer},
    {kPost, "/v1/oauth/cancel", "oauth.cancel", 200, BodyKind::kJson},
    {kPost, "/v1/oauth/probe", "oauth.probe", 200, BodyKind::kJson},
    {kGet, "/v1/oauth/clients", "oauth.clients.list", 200},
    {kPost, "/v1/oauth/clients", "oauth.clients.create", 202, BodyKind::kJson, kOnWorker, kSameAnswer},
    {kPost, "/v1/oauth/clients/handoffs", "oauth.clients.createHandoff", 201, BodyKind::kJson, kOnWorker, kSameAnswer},
    {kPost, "/v1/oauth/clients/register-dynamic", "oauth.clients.registerDynamic", 202, BodyKind::kJson, kOnWorker,
     kSameAnswer},
    {kDelete, "/v1/oauth/clients/{owner}/{slug}", "oauth.clients.remove", 202, BodyKind::kNone, kOnWorker, kSameAnswer},
    {kGet, "/v1/connectors", "list_connectors", 200},
    {kPost, "/v1/connectors/{connector}/connect", "connect_connector", 200, BodyKind::kJson, kOnWorker, kSameAnswer},
    {kDelete, "/v1/connectors/{connector}", "disconnect_connector", 202, BodyKind::kNone, kOnWorker, kSameAnswer},
    {kGet, "/v1/providers", "providers.list", 200},
    {kGet, "/v1/providers/{provider}/items", "providers.items", 200},
}};

// A tool's answer as an HTTP response; 201 where the call made something.
http::Response respond(const Answer& answer, int status) {
  return http::Response(status, "application/json", dump_json(*answer.body));
}

Error bad_request_key(std::string message) {
  return {ErrorCode::kInvalidArgument, "bad_idempotency_key", std::move(message)};
}

// It is stored and compared byte by byte, so nothing is let in that another program might write differently.
std::string request_key_of(const http::Request& request) {
  const auto is_key = [](const http::Header& header) { return header.name == "idempotency-key"; };
  const auto sent = std::count_if(request.headers.begin(), request.headers.end(), is_key);
  if (sent == 0) return {};
  if (sent > 1) throw bad_request_key("Send one Idempotency-Key, not several.");
  std::string key(request.header("idempotency-key").value_or(""));
  if (key.empty() || key.size() > kRequestKeyLimit) {
    throw bad_request_key("An Idempotency-Key has 1 to " + std::to_string(kRequestKeyLimit) + " characters.");
  }
  if (std::any_of(key.begin(), key.end(), [](char c) { return c < ' ' || c > '~'; })) {
    throw bad_request_key("An Idempotency-Key is printable ASCII.");
  }
  return key;
}

http::Handler run_tool(AgentDoor& door, const AgentTool& tool, int status) {
  return [&door, &tool, status](http::Call& call) -> http::Outcome {
    const Json input = rest_input(call, tool.description);
    ToolOutcome outcome = door.run(tool, call, input, request_key_of(call.request));
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

std::span<const AgentOperation> agent_operations() { return kOperations; }

void add_agent_api_routes(http::Router& router, AgentDoor& door) {
  for (const AgentOperation& operation : kOperations) {
    const bool polled = operation.tool == kPolled;
    router.add({.method = operation.method,
                .pattern = std::string(operation.pattern),
                .access = http::Access::kAgent,
                .surface = http::Surface::kApi,
                .body = operation.body,
                .runs = operation.runs,
                .body_limit = kAgentBodyLimit,
                .secret_fields = {},
                .handler = polled ? get_or_wait(door)
                                  : run_tool(door, tool_named(door.tools(), operation.tool), operation.success)});
  }
  add_auth_session_routes(router, door);
}

}  // namespace countersign::web
