// Making grants and proving them. What their owners do with them is in grant_owners.cc.
#include "identity/grants.h"

#include <utility>

#include "base/error.h"
#include "crypto/token.h"
#include "identity/account_steps.h"
#include "identity/names.h"

namespace countersign::identity {
namespace {

// Far beyond use, and no sum of instants overflows.
constexpr std::chrono::hours kLongestLifetime{24 * 366 * 10};
constexpr int kMostWritesPerMinute = 100'000;

void check(const NewGrant& grant) {
  if (grant.scopes.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "bad_scope",
                "A grant needs at least one scope: " + domain::text_of(domain::ScopeSet::all()) + ".");
  }
  if (grant.lifetime < grant.lifetime.zero() || grant.lifetime > kLongestLifetime) {
    throw Error(ErrorCode::kInvalidArgument, "bad_lifetime", "A grant may live for at most ten years.");
  }
  if (grant.writes_per_minute < 0 || grant.writes_per_minute > kMostWritesPerMinute) {
    throw Error(ErrorCode::kInvalidArgument, "bad_rate",
                "A grant's own cap is 1 to 100,000 writes a minute; 0 is the server's.");
  }
}

void check_owner(store::Transaction& tx, const domain::Agent& agent) {
  if (!agent.owner.valid()) return;
  // An agent that is added now would miss the act that orphaned the others.
  if (!require_person(tx, agent.workspace, agent.owner).disabled) return;
  throw Error(ErrorCode::kConflict, "person_disabled", "The owner's account is disabled. Enable it first.");
}

Error bad_token() {
  return {ErrorCode::kUnauthenticated, "bad_token",
          "The bearer token is not valid: unknown, expired or revoked. Ask its owner for a new one."};
}

// Only for who holds the right token: the owner's affairs are nobody else's.
void require_at_work(const domain::Agent& agent) {
  if (agent.orphaned_at != Instant{}) {
    throw Error(ErrorCode::kUnauthenticated, "owner_disabled",
                "The account of this agent's owner is disabled. Ask an admin to enable it, or for another grant.");
  }
  if (agent.paused_at != Instant{}) {
    throw Error(ErrorCode::kUnauthenticated, "agent_paused",
                "This agent is paused. Its owner can let it go on, on the page \"Agents\".");
  }
}

domain::AuditEvent created(const domain::Actor& by, const domain::Agent& agent) {
  domain::AuditEvent event{agent.workspace,
                           agent.created_at,
                           by,
                           "agent.created",
                           agent.id.text(),
                           {{"owner", agent.owner.valid() ? agent.owner.text() : "workspace"},
                            {"scopes", domain::text_of(agent.scopes)},
                            {"writes_per_minute", std::to_string(agent.writes_per_minute)}},
                           agent.name};
  if (agent.expires_at != Instant{}) {
    const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(agent.expires_at - agent.created_at);
    event.facts.emplace_back("lifetime", std::to_string(lifetime.count()));
  }
  return event;
}

}  // namespace

bool is_good(const domain::Agent& agent, Instant now) {
  return agent.revoked_at == Instant{} && (agent.expires_at == Instant{} || now < agent.expires_at);
}

Grants::Grants(store::Store& store, const crypto::KeyRing& keys, const Clock& clock, Random& random, IdSource& ids)
    : store_(store), keys_(keys), clock_(clock), random_(random), ids_(ids) {}

IssuedGrant Grants::issue(const domain::Actor& by, const NewGrant& grant) const {
  check(grant);
  const Instant now = clock_.now();
  domain::Agent agent;
  agent.id = ids_.next<AgentId>();
  agent.workspace = grant.workspace;
  agent.owner = grant.owner;
  agent.name = checked_name(grant.name);
  agent.scopes = grant.scopes;
  agent.writes_per_minute = grant.writes_per_minute;
  agent.created_at = now;
  if (grant.lifetime > grant.lifetime.zero()) agent.expires_at = now + grant.lifetime;
  auto token = crypto::issue_token(kAgentToken, agent.id.value(), keys_.key(crypto::KeyPurpose::kToken), random_);
  agent.token_hash = std::move(token.hash);
  store_.transact([&](store::Transaction& tx) {
    check_owner(tx, agent);
    tx.agents().insert(agent, created(by, agent));
  });
  return {std::move(agent), std::move(token.text)};
}

domain::Agent Grants::authenticate(std::string_view bearer) const {
  const auto token = crypto::parse_token(bearer);
  if (!token || token->kind != kAgentToken) throw bad_token();
  auto agent = store_.read([&](const store::Snapshot& at) { return at.agents().find(AgentId(token->row_key)); });
  const Instant now = clock_.now();
  const crypto::Key& key = keys_.key(crypto::KeyPurpose::kToken);
  // Every comparison also for a row that is not there, or has no older token: what an answer costs does not tell
  // which row keys exist. Only a good token comes out after the first.
  const bool overlaps = agent && now < agent->old_token_until;
  const bool genuine =
      crypto::token_matches(key, *token, agent ? std::string_view(agent->token_hash) : std::string_view()) ||
      crypto::token_matches(key, *token, overlaps ? std::string_view(agent->old_token_hash) : std::string_view());
  if (!genuine || !is_good(*agent, now)) throw bad_token();
  require_at_work(*agent);
  if (now - agent->last_used_at >= kSeenInterval) last_used_.note(agent->id.value(), now);
  return std::move(*agent);
}

void Grants::revoke(const domain::Actor& by, WorkspaceId workspace, AgentId agent) const {
  const Instant now = clock_.now();
  const domain::AuditEvent revoked{workspace, now, by, "agent.revoked", agent.text(), {}, {}};
  const domain::AuditEvent cancelled{
      workspace, now, by, "handoff.cancelled", {}, {{"reason", "agent_revoked"}, {"agent", agent.text()}}, {}};
  store_.transact([&](store::Transaction& tx) {
    if (!tx.agents().revoke(workspace, agent, now, revoked)) {
      throw Error(ErrorCode::kNotFound, "unknown_agent", "There is no such agent, or it is revoked already.");
    }
    tx.handoffs().cancel_all_of(workspace, agent, now, cancelled);
  });
}

std::vector<domain::Agent> Grants::list(WorkspaceId workspace) const {
  return store_.read([&](const store::Snapshot& at) { return at.agents().list(workspace); });
}

bool Grants::used(const domain::Agent& agent) const {
  return agent.last_used_at != Instant{} || last_used_.holds(agent.id.value());
}

void Grants::write_last_used() const {
  const auto seen = last_used_.take();
  if (seen.empty()) return;
  store_.transact([&](store::Transaction& tx) {
    for (const LastSeen::Sighting& sighting : seen) tx.agents().touch(AgentId(sighting.row_key), sighting.at);
  });
}

}  // namespace countersign::identity
