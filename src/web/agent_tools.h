// What an agent can call, by MCP or by REST: one description, one run function, for both doors. The tools
// themselves are in web/tools/, one file each; this header is what they share. Thread-safe once built.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <variant>
#include <vector>

#include "domain/scope.h"
#include "handoff/handoffs.h"
#include "http/router.h"
#include "mcp/tool.h"
#include "web/services.h"

namespace countersign::web {

// DESIGN 8.14: what a call counts against, per grant and minute.
enum class Cap { kNone, kWrite, kExecute };

struct ToolCall {
  const Services& services;
  handoff::Asker asker;        // nobody, where the tool needs no grant
  const Json& arguments;       // fits the tool's input schema
  std::string request_key;     // Idempotency-Key; empty: none
  const std::string& address;  // the client's
};

// What a tool answers: words for a model, and the object both doors send.
struct Answer {
  std::string text;
  mcp::JsonPtr body;
};

// "Not yet": as http::Hold, before either door has put the answer into its own form.
struct HeldAnswer {
  std::int64_t topic = 0;
  std::chrono::milliseconds wait{};
  std::function<std::optional<Answer>(http::Hold::Round)> look;
};

using ToolOutcome = std::variant<Answer, HeldAnswer>;

struct AgentTool {
  mcp::Tool description;
  // A grant needs one of these. None: no grant is needed at all. Forgotten: the strictest.
  domain::ScopeSet scopes{domain::Scope::kChange};
  Cap cap = Cap::kNone;
  std::function<ToolOutcome(const ToolCall&)> run;

  bool is_public() const { return scopes.empty(); }
};

std::vector<AgentTool> agent_tools();
// By its dotted name; the doors look their tools up while the program starts. Throws kInternal.
const AgentTool& tool_named(const std::vector<AgentTool>& tools, std::string_view name);

// web/tools/<tool>.cc
AgentTool connect_connector();
AgentTool connections_create();
AgentTool connections_create_handoff();
AgentTool connections_get();
AgentTool connections_list();
AgentTool connections_refresh();
AgentTool connections_remove();
AgentTool create_auth_session();
AgentTool disconnect_connector();
AgentTool get_auth_session();
AgentTool handoffs_cancel();
AgentTool handoffs_get();
AgentTool handoffs_wait();
AgentTool integrations_list();
AgentTool list_connectors();
AgentTool oauth_cancel();
AgentTool oauth_clients_create();
AgentTool oauth_clients_create_handoff();
AgentTool oauth_clients_list();
AgentTool oauth_clients_register_dynamic();
AgentTool oauth_clients_remove();
AgentTool oauth_probe();
AgentTool oauth_start();
AgentTool providers_items();
AgentTool providers_list();

inline constexpr std::chrono::seconds kLongestWait{50};  // under every client's 60 s (facts: MCP clients)

}  // namespace countersign::web
