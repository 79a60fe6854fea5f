// How both agent doors run a tool: the caller's grant, its scopes and caps, then the tool. Built once; thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <span>
#include <string>
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

  const Services& services() const { return services_; }
  const std::vector<AgentTool>& tools() const { return tools_; }
  // Throws kPermissionDenied `no_token` or `insufficient_scope`, kRateLimited `grant_cap` with the wait, and
  // whatever the tool throws.
  ToolOutcome run(const AgentTool& tool, const http::Call& call, const Json& arguments, std::string request_key = {});
  SteadyInstant deadline_of(const HeldAnswer& held) const;

  // Runs what needs no grant. What was not found or not proven counts against the caller's address: whoever tries
  // ids and codes is told kRateLimited `too_many_misses`, and no more.
  template <class Act>
  auto for_anybody(const http::Request& request, const Act& act) {
    try {
      return act();
    } catch (const Error& error) {
      count_miss(request, error);
      throw;
    }
  }

 private:
  void count_miss(const http::Request& request, const Error& error);
  void spend_write(const http::Caller& caller);

  const Services services_;
  const GrantCaps caps_;
  const std::vector<AgentTool> tools_;
  http::RateLimit<std::int64_t> writes_;
  http::RateLimit<std::int64_t> executes_;
  http::RateLimit<std::string> misses_;
  std::mutex own_mutex_;
  // Grants with a cap of their own, by that cap: people choose few different ones.
  std::map<int, http::RateLimit<std::int64_t>> own_writes_;
};

// One REST request and the tool behind it. The routes and their description (openapi.h) come from the same rows.
struct AgentOperation {
  http::Method method;
  std::string_view pattern;
  std::string_view tool;  // `handoffs.wait` is `handoffs.get` when the query says no `wait`
  int success;            // the status of its answer
  http::BodyKind body = http::BodyKind::kNone;
  http::Runs runs = http::Runs::kOnWorker;
  enum class Repeat { kAsk, kSameAnswer };  // kSameAnswer: honours Idempotency-Key
  Repeat repeat = Repeat::kAsk;
};
std::span<const AgentOperation> agent_operations();

inline constexpr std::size_t kRequestKeyLimit = 200;  // of an Idempotency-Key
inline constexpr std::size_t kAgentBodyLimit = 16 * 1024;

// The `door` and what it refers to must outlive the router. The first adds those of auth_session_api.h, too.
void add_agent_api_routes(http::Router& router, AgentDoor& door);
void add_mcp_routes(http::Router& router, AgentDoor& door, const Settings& settings);
// How a refusal looks on the MCP endpoint; for http::ErrorViews.
http::Response mcp_error(const http::Request& request, const Error& error, int status);

// For what needs no token: a page in somebody's browser must not speak to a broker on their machine (DNS
// rebinding). Programs send no Origin. Throws kPermissionDenied `bad_origin`.
void refuse_web_pages(const http::Request& request, const Settings& settings);

}  // namespace countersign::web
