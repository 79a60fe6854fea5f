// The MCP door: POST /mcp for the handshake era, without a session: any node may answer any message.
//
// Without a token one may greet, list the tools and ask to be logged in; every other tool says how. No answer of
// this door holds a token: a model reads it.
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "mcp/error_map.h"
#include "mcp/server.h"
#include "web/agent_door.h"

namespace countersign::web {
namespace {

http::Response send(const mcp::Reply& reply) { return {reply.http_status, "application/json", reply.body}; }

mcp::ToolResult result_of(const Answer& answer) { return {answer.text, answer.body, false}; }

class McpDoor {
 public:
  McpDoor(AgentDoor& door, const Settings& settings)
      : door_(door), settings_(settings), server_(info(), descriptions(door), mcp::ToolNames::kDotted) {}

  http::Outcome handle(http::Call& call) const {
    refuse_web_pages(call.request, settings_);
    const mcp::Message message = mcp::read_message(mcp::share(Json(*call.json)));
    auto outcome = server_.handle(message, call.request.header("mcp-protocol-version"));
    if (const auto* reply = std::get_if<mcp::Reply>(&outcome)) return send(*reply);
    if (std::holds_alternative<mcp::Accepted>(outcome)) {
      http::Response accepted;
      accepted.status = 202;
      return accepted;
    }
    return run(call, std::get<mcp::CallTool>(std::move(outcome)));
  }

 private:
  static mcp::ServerInfo info() { return {"countersign", "Countersign", COUNTERSIGN_VERSION}; }

  static std::vector<mcp::Tool> descriptions(const AgentDoor& door) {
    std::vector<mcp::Tool> tools;
    for (const AgentTool& tool : door.tools()) tools.push_back(tool.description);
    return tools;
  }

  http::Outcome run(http::Call& call, mcp::CallTool tool_call) const {
    try {
      ToolOutcome outcome = door_.run(tool_named(door_.tools(), tool_call.name), call, *tool_call.arguments);
      if (const Answer* answer = std::get_if<Answer>(&outcome))
        return send(server_.finish(tool_call, result_of(*answer)));
      return hold(std::get<HeldAnswer>(std::move(outcome)), std::move(tool_call));
    } catch (const Error& error) {
      return fail(tool_call, error);
    }
  }

  // A failure of the tool is an answer the model can read; the guard never sees it. Inside a catch block only.
  http::Response fail(const mcp::CallTool& tool_call, const Error& error) const {
    if (error.code() == ErrorCode::kInternal) throw;  // the guard logs the detail
    return send(server_.fail(tool_call, error));
  }

  http::Hold hold(HeldAnswer held, mcp::CallTool tool_call) const {
    const SteadyInstant deadline = door_.deadline_of(held);
    return {held.topic, deadline,
            [this, look = std::move(held.look),
             tool_call = std::move(tool_call)](http::Hold::Round round) -> std::optional<http::Response> {
              try {
                const auto answer = look(round);
                if (!answer) return std::nullopt;
                return send(server_.finish(tool_call, result_of(*answer)));
              } catch (const Error& error) {
                return fail(tool_call, error);
              }
            }};
  }

  AgentDoor& door_;
  const Settings& settings_;
  const mcp::Server server_;
};

// GET would open a stream we do not offer, DELETE would end a session we do not keep: 405 (router).

}  // namespace

void add_mcp_routes(http::Router& router, AgentDoor& door, const Settings& settings) {
  const auto mcp = std::make_shared<McpDoor>(door, settings);
  router.add({.method = http::Method::kPost,
              .pattern = "/mcp",
              .access = http::Access::kAgentOrNobody,
              .surface = http::Surface::kMcp,
              .body = http::BodyKind::kJson,
              .runs = http::Runs::kOnWorker,
              .body_limit = 64 * 1024,
              .secret_fields = {},
              .handler = [mcp](http::Call& call) { return mcp->handle(call); }});
}

http::Response mcp_error(const http::Request&, const Error& error, int status) {
  return send(mcp::refuse(status, std::nullopt, mcp::fault_of(error)));
}

}  // namespace countersign::web
