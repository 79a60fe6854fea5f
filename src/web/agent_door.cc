#include "web/agent_door.h"

#include <algorithm>

#include "base/error.h"
#include "identity/login_name.h"

namespace countersign::web {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxGrants = 100'000;
constexpr std::size_t kMaxAddresses = 10'000;
constexpr http::Rate kMisses{.burst = 120, .per = 60s};
constexpr std::string_view kLogIn = "create_auth_session";

handoff::Asker asker_of(const http::Caller& caller) {
  return {WorkspaceId(caller.workspace), AgentId(caller.id), PersonId(caller.owner)};
}

void spend(http::RateLimit<std::int64_t>& limit, const http::Caller& caller) {
  if (const auto wait = limit.take(caller.id)) {
    throw Error(ErrorCode::kRateLimited, "grant_cap", "This grant has made too many calls of this kind.")
        .retry_after(*wait);
  }
}

// Only /mcp lets nobody come this far; kPermissionDenied, because a model can act on it: it asks for a grant.
void require_grant(const http::Caller& caller) {
  if (caller.kind == http::Caller::Kind::kAgent) return;
  throw Error(ErrorCode::kPermissionDenied, "no_token",
              "This tool needs a grant, and the request came without a token.")
      .recovery(kLogIn);
}

void require_scope(const AgentTool& tool, const http::Caller& caller) {
  const auto granted = domain::ScopeSet::from_bits(caller.scopes);
  if ((granted.bits() & tool.scopes.bits()) != 0) return;
  std::string needed = domain::text_of(tool.scopes);
  std::replace(needed.begin(), needed.end(), ' ', '/');
  throw Error(ErrorCode::kPermissionDenied, "insufficient_scope",
              tool.description.name + " needs the scope " + needed +
                  "; this grant has: " + (granted.empty() ? "none" : domain::text_of(granted)) +
                  ". If the user wants it, ask for a grant with that scope.")
      .recovery(kLogIn);
}

}  // namespace

AgentDoor::AgentDoor(const Services& services, GrantCaps caps)
    : services_(services),
      caps_(caps),
      tools_(agent_tools()),
      writes_({.burst = caps.writes, .per = 60s}, kMaxGrants, services.clock),
      executes_({.burst = caps.executes, .per = 60s}, kMaxGrants, services.clock),
      misses_(kMisses, kMaxAddresses, services.clock) {}

ToolOutcome AgentDoor::run(const AgentTool& tool, const http::Call& call, const Json& arguments,
                           std::string request_key) {
  const ToolCall tool_call{services_, asker_of(call.caller), arguments, std::move(request_key),
                           call.request.client_address};
  if (tool.is_public()) return for_anybody(call.request, [&] { return tool.run(tool_call); });
  require_grant(call.caller);
  require_scope(tool, call.caller);
  switch (tool.cap) {
    case Cap::kNone:
      break;
    case Cap::kWrite:
      spend_write(call.caller);
      break;
    case Cap::kExecute:
      spend(executes_, call.caller);
      break;
  }
  return tool.run(tool_call);
}

void AgentDoor::spend_write(const http::Caller& caller) {
  const int own = caller.writes_per_minute;
  if (own <= 0 || own == caps_.writes) return spend(writes_, caller);
  const std::lock_guard lock(own_mutex_);
  const auto [limit, added] =
      own_writes_.try_emplace(own, http::Rate{.burst = own, .per = 60s}, kMaxGrants, services_.clock);
  spend(limit->second, caller);
}

void AgentDoor::count_miss(const http::Request& request, const Error& error) {
  if (error.code() != ErrorCode::kNotFound && error.code() != ErrorCode::kPermissionDenied) return;
  if (const auto wait = misses_.take(identity::address_scope(request.client_address))) {
    throw Error(ErrorCode::kRateLimited, "too_many_misses",
                "Too many unknown sessions or wrong codes came from this address.")
        .retry_after(*wait);
  }
}

SteadyInstant AgentDoor::deadline_of(const HeldAnswer& held) const { return services_.clock.steady_now() + held.wait; }

void refuse_web_pages(const http::Request& request, const Settings& settings) {
  const bool sent = std::any_of(request.headers.begin(), request.headers.end(),
                                [](const http::Header& header) { return header.name == "origin"; });
  // header() is empty when it stands twice: that is no absence.
  if (sent && request.header("origin") != std::optional<std::string_view>(settings.public_url)) {
    throw Error(ErrorCode::kPermissionDenied, "bad_origin", "Requests from web pages are not accepted here.");
  }
}

}  // namespace countersign::web
