// Records as agents see them, in the field names of the tools people already use. Never a secret. Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "domain/connection.h"
#include "domain/handoff.h"
#include "domain/integration.h"
#include "handoff/handoffs.h"
#include "mcp/schema.h"
#include "web/agent_tools.h"

namespace countersign::web {

std::string rfc3339(Instant at);
long long seconds_until(Instant deadline, Instant now);  // never negative

// The person's link and everything an agent needs to wait for the outcome. For one that a repeated
// Idempotency-Key found settled: what became of it.
Answer minted_answer(const Services& services, const handoff::Minted& minted);
// State, and the connection once there is one.
Answer handoff_answer(const Services& services, const domain::Handoff& handoff);
// A hold on the handoff until it settles, the wait is over, or its deadline passes.
ToolOutcome wait_for(const ToolCall& call, HandoffId id, std::chrono::seconds wait);

Json integration_view(const domain::Integration& integration);

mcp::JsonPtr minted_schema();
mcp::JsonPtr handoff_schema();

}  // namespace countersign::web
