#include "web/agent_door.h"

#include "base/error.h"

namespace countersign::web {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxGrants = 100'000;

handoff::Asker asker_of(const http::Caller& caller) {
  return {WorkspaceId(caller.workspace), AgentId(caller.id), PersonId(caller.owner)};
}

void spend(http::RateLimit<std::int64_t>& limit, const http::Caller& caller) {
  if (const auto wait = limit.take(caller.id)) {
    throw Error(ErrorCode::kRateLimited, "grant_cap", "This grant has made too many calls of this kind.")
        .retry_after(*wait);
  }
}

}  // namespace

AgentDoor::AgentDoor(const Services& services, GrantCaps caps)
    : services_(services),
      tools_(agent_tools()),
      writes_({.burst = caps.writes, .per = 60s}, kMaxGrants, services.clock),
      executes_({.burst = caps.executes, .per = 60s}, kMaxGrants, services.clock) {}

ToolOutcome AgentDoor::run(const AgentTool& tool, const http::Caller& caller, const Json& arguments,
                           std::string request_key) {
  switch (tool.cap) {
    case Cap::kNone:
      break;
    case Cap::kWrite:
      spend(writes_, caller);
      break;
    case Cap::kExecute:
      spend(executes_, caller);
      break;
  }
  return tool.run({services_, asker_of(caller), arguments, std::move(request_key)});
}

SteadyInstant AgentDoor::deadline_of(const HeldAnswer& held) const { return services_.clock.steady_now() + held.wait; }

}  // namespace countersign::web
