// What pages say about an agent: its state in a word, what it may do, and the part of its token that may be shown.
// Pure.
#pragma once

#include <string>

#include "domain/people.h"
#include "web/badge.h"

namespace countersign::web {

// What holds it back most comes first; the order is that of the filter.
enum class AgentState { kActive, kExpiresSoon, kPaused, kOrphaned, kExpired, kRevoked };
inline constexpr domain::Names<AgentState, 6> kAgentStateNames{
    {"active", "expires_soon", "paused", "orphaned", "expired", "revoked"}};

AgentState state_of(const domain::Agent& agent, Instant now);
Badge badge_of(AgentState state);
// What follows from the state and what to do, for the agent's own page; empty when nothing does.
std::string_view advice_on(AgentState state);

// "cs_agent_01jd8w3m5k2va_…": enough to recognise a token by, nothing to use one by.
std::string token_prefix(AgentId agent);
// "never", "in 5 hours (14:32 UTC)", "21 Dec 2026, 14:32 UTC"
std::string expiry_words(Instant expires_at, Instant now);
std::string last_use_words(const domain::Agent& agent, Instant now);
std::string rate_words(const domain::Agent& agent);
// Every scope of the agent, in words: values of `SCOPE`.
void show_scopes(domain::ScopeSet scopes, Values& values);

}  // namespace countersign::web
