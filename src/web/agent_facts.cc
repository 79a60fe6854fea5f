#include "web/agent_facts.h"

#include "web/scope_words.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::chrono::hours kSoon{24 * 7};

}  // namespace

AgentState state_of(const domain::Agent& agent, Instant now) {
  const bool ends = agent.expires_at != Instant{};
  if (agent.revoked_at != Instant{}) return AgentState::kRevoked;
  if (ends && now >= agent.expires_at) return AgentState::kExpired;
  if (agent.orphaned_at != Instant{}) return AgentState::kOrphaned;
  if (agent.paused_at != Instant{}) return AgentState::kPaused;
  return ends && now + kSoon >= agent.expires_at ? AgentState::kExpiresSoon : AgentState::kActive;
}

Badge badge_of(AgentState state) {
  switch (state) {
    case AgentState::kActive:
      return {"ok", "Active"};
    case AgentState::kExpiresSoon:
      return {"warn", "Expires soon"};
    case AgentState::kPaused:
      return {"off", "Paused"};
    case AgentState::kOrphaned:
      return {"bad", "Owner disabled"};
    case AgentState::kExpired:
      return {"bad", "Expired"};
    case AgentState::kRevoked:
      return {"off", "Revoked"};
  }
  return {};
}

std::string_view advice_on(AgentState state) {
  switch (state) {
    case AgentState::kActive:
    case AgentState::kRevoked:
      return {};
    case AgentState::kExpiresSoon:
      return "A new token does not move the end: connect the agent anew before that day.";
    case AgentState::kPaused:
      return "Everything it asks for is refused until somebody lets it go on.";
    case AgentState::kOrphaned:
      return "It acts for somebody whose account is disabled, so it is refused. Enable the account, or revoke the "
             "agent.";
    case AgentState::kExpired:
      return "Its token does not work any more. Connect the agent anew.";
  }
  return {};
}

std::string token_prefix(AgentId agent) { return "cs_" + base::id_text("agent", agent.value()) + "_…"; }

std::string expiry_words(Instant expires_at, Instant now) {
  if (expires_at == Instant{}) return "never";
  const bool near = expires_at > now && expires_at - now < std::chrono::hours(48);
  return near ? until(expires_at, now) : date_and_time(expires_at);
}

std::string last_use_words(const domain::Agent& agent, Instant now) {
  return agent.last_used_at == Instant{} ? "not yet" : ago(agent.last_used_at, now);
}

std::string rate_words(const domain::Agent& agent) {
  if (agent.writes_per_minute == 0) return "the server’s usual limit";
  return std::to_string(agent.writes_per_minute) + (agent.writes_per_minute == 1 ? " write" : " writes") + " a minute";
}

void show_scopes(domain::ScopeSet scopes, Values& values) {
  for (std::size_t i = 0; i < domain::kScopeNames.names.size(); ++i) {
    const auto scope = static_cast<domain::Scope>(i);
    if (!scopes.has(scope)) continue;
    const ScopeWords words = words_of(scope);
    values.add("SCOPE")
        .set("SCOPE_NAME", domain::kScopeNames[scope])
        .set("SCOPE_TITLE", words.title)
        .set("SCOPE_DETAIL", words.detail);
  }
}

}  // namespace countersign::web
