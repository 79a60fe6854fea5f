// What people do with their agents: each act looks first whether the agent is theirs.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "crypto/token.h"
#include "identity/account_steps.h"
#include "identity/grants.h"

namespace countersign::identity {
namespace {

Error unknown_agent() {
  return {ErrorCode::kNotFound, "unknown_agent", "There is no such agent, or it is revoked already."};
}

// The workspace's agents are the admins'.
bool may_see(const domain::Acting& acting, const domain::Agent& agent) {
  return acting.role == domain::Role::kAdmin || (agent.owner.valid() && agent.owner == acting.person);
}

domain::AuditEvent event_by(const domain::Acting& acting, std::string_view action, AgentId agent, Instant now) {
  return {acting.workspace, now, domain::Actor::person(acting.person), action, agent.text(), {}, {}};
}

void require_own(const domain::Acting& acting, const domain::Agent& agent) {
  if (may_hold_token(acting, agent)) return;
  throw Error(ErrorCode::kPermissionDenied, "not_your_agent",
              "Only its owner can make a new token for this agent, because who has the token acts for them. Pause or "
              "revoke it if it must stop.");
}

void check_overlap(std::chrono::seconds overlap) {
  if (overlap >= overlap.zero() && overlap <= kLongestOverlap) return;
  throw Error(ErrorCode::kInvalidArgument, "bad_overlap",
              "The old token may stay good for at most seven days after the new one is made.");
}

}  // namespace

bool may_hold_token(const domain::Acting& acting, const domain::Agent& agent) {
  return agent.owner.valid() ? agent.owner == acting.person : acting.role == domain::Role::kAdmin;
}

std::vector<domain::Agent> Grants::list(const domain::Acting& acting) const {
  auto agents = list(acting.workspace);
  std::erase_if(agents, [&](const domain::Agent& agent) { return !may_see(acting, agent); });
  return agents;
}

domain::Agent Grants::get(const domain::Acting& acting, AgentId id) const {
  auto agent = store_.read([&](const store::Snapshot& at) { return at.agents().find(id); });
  if (!agent || agent->workspace != acting.workspace || !may_see(acting, *agent)) throw unknown_agent();
  return *std::move(agent);
}

domain::Agent Grants::require_live(const domain::Acting& acting, AgentId id) const {
  domain::Agent agent = get(acting, id);
  if (agent.revoked_at != Instant{}) throw unknown_agent();
  return agent;
}

IssuedGrant Grants::create(const domain::Acting& acting, NewGrant grant) const {
  if (!grant.owner.valid()) domain::require_role(acting, domain::Role::kAdmin);
  if (grant.owner.valid() && grant.owner != acting.person) throw unknown_person();
  domain::require_fresh(acting, clock_.now());
  grant.workspace = acting.workspace;
  return issue(domain::Actor::person(acting.person), grant);
}

IssuedGrant Grants::rotate(const domain::Acting& acting, AgentId id, std::chrono::seconds overlap) const {
  check_overlap(overlap);
  const Instant now = clock_.now();
  const domain::Agent agent = require_live(acting, id);
  require_own(acting, agent);
  if (!is_good(agent, now)) {
    throw Error(ErrorCode::kConflict, "agent_expired", "This grant has expired. Make a new one.");
  }
  domain::require_fresh(acting, now);
  auto token = crypto::issue_token(kAgentToken, id.value(), keys_.key(crypto::KeyPurpose::kToken), random_);
  domain::AuditEvent event = event_by(acting, "agent.rotated", id, now);
  event.facts = {{"overlap", std::to_string(overlap.count())}};
  auto rotated = store_.transact([&](store::Transaction& tx) {
    if (!tx.agents().rotate(acting.workspace, id, token.hash, now + overlap, event)) throw unknown_agent();
    return tx.agents().find(id);
  });
  return {*std::move(rotated), std::move(token.text)};
}

void Grants::pause(const domain::Acting& acting, AgentId id) const {
  require_live(acting, id);
  const Instant now = clock_.now();
  store_.transact([&](store::Transaction& tx) {
    tx.agents().set_paused(acting.workspace, id, now, event_by(acting, "agent.paused", id, now));
  });
}

void Grants::resume(const domain::Acting& acting, AgentId id) const {
  require_live(acting, id);
  const Instant now = clock_.now();
  domain::require_fresh(acting, now);
  store_.transact([&](store::Transaction& tx) {
    tx.agents().set_paused(acting.workspace, id, Instant{}, event_by(acting, "agent.resumed", id, now));
  });
}

void Grants::revoke(const domain::Acting& acting, AgentId id) const {
  require_live(acting, id);
  revoke(domain::Actor::person(acting.person), acting.workspace, id);
}

}  // namespace countersign::identity
