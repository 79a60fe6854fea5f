// How both agent doors run a tool: the caller's grant, its caps, then the tool. Built once; thread-safe.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/rate_limit.h"
#include "http/router.h"
#include "web/agent_tools.h"
#include "web/services.h"

namespace countersign::web {

// Calls a minute and grant (DESIGN 8.14).
struct GrantCaps {
  int writes = 30;
  int executes = 10;
};

class AgentDoor {
 public:
  AgentDoor(const Services& services, GrantCaps caps);

  const std::vector<AgentTool>& tools() const { return tools_; }
  // Throws kRateLimited, reason `grant_cap`, with the wait; and whatever the tool throws.
  ToolOutcome run(const AgentTool& tool, const http::Caller& caller, const Json& arguments,
                  std::string request_key = {});
  SteadyInstant deadline_of(const HeldAnswer& held) const;

 private:
  const Services services_;
  const std::vector<AgentTool> tools_;
  http::RateLimit<std::int64_t> writes_;
  http::RateLimit<std::int64_t> executes_;
};

// One REST request and the tool behind it. The routes and their description (openapi.h) come from the same rows.
struct AgentOperation {
  http::Method method;
  std::string_view pattern;
  std::string_view tool;  // `handoffs.wait` is `handoffs.get` when the query says no `wait`
  int success;            // the status of its answer
  http::BodyKind body = http::BodyKind::kNone;
  http::Runs runs = http::Runs::kOnWorker;
};
std::span<const AgentOperation> agent_operations();

inline constexpr std::size_t kRequestKeyLimit = 200;  // of an Idempotency-Key
inline constexpr std::size_t kAgentBodyLimit = 16 * 1024;

// The `door` and what it refers to must outlive the router.
void add_agent_api_routes(http::Router& router, AgentDoor& door);
void add_mcp_routes(http::Router& router, AgentDoor& door, const Settings& settings);
// How a refusal looks on the MCP endpoint; for http::ErrorViews.
http::Response mcp_error(const http::Request& request, const Error& error, int status);

}  // namespace countersign::web
