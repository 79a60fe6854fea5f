#include "identity/grants.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "crypto/token.h"
#include "identity/names.h"

namespace countersign::identity {
namespace {

constexpr std::string_view kKind = "agent";
constexpr std::size_t kMostScopes = 32;
constexpr std::size_t kLongestScope = 64;
// Far beyond use, and no sum of instants overflows.
constexpr std::chrono::hours kLongestLifetime{24 * 366 * 10};

bool is_scope_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._:*-").find(c) != std::string_view::npos;
}

bool is_scope(const std::string& scope) {
  return !scope.empty() && scope.size() <= kLongestScope && std::all_of(scope.begin(), scope.end(), is_scope_character);
}

void check(const NewGrant& grant) {
  if (grant.scopes.size() > kMostScopes || !std::all_of(grant.scopes.begin(), grant.scopes.end(), is_scope)) {
    throw Error(ErrorCode::kInvalidArgument, "bad_scope",
                "A grant has at most 32 scopes, each a word of at most 64 letters, digits and . _ : * -");
  }
  if (grant.lifetime < grant.lifetime.zero() || grant.lifetime > kLongestLifetime) {
    throw Error(ErrorCode::kInvalidArgument, "bad_lifetime", "A grant may live for at most ten years.");
  }
}

Error bad_token() {
  return {ErrorCode::kUnauthenticated, "bad_token",
          "The bearer token is not valid: unknown, expired or revoked. Ask its owner for a new one."};
}

bool is_alive(const domain::Agent& agent, Instant now) {
  return agent.revoked_at == Instant{} && (agent.expires_at == Instant{} || now < agent.expires_at);
}

}  // namespace

Grants::Grants(store::Store& store, const crypto::KeyRing& keys, const Clock& clock, Random& random, IdSource& ids)
    : store_(store), keys_(keys), clock_(clock), random_(random), ids_(ids) {}

IssuedGrant Grants::issue(const domain::Actor& by, NewGrant grant) const {
  check(grant);
  const Instant now = clock_.now();
  domain::Agent agent;
  agent.id = ids_.next<AgentId>();
  agent.workspace = grant.workspace;
  agent.owner = grant.owner;
  agent.name = checked_name(grant.name);
  agent.scopes = std::move(grant.scopes);
  agent.created_at = now;
  if (grant.lifetime > grant.lifetime.zero()) agent.expires_at = now + grant.lifetime;
  auto token = crypto::issue_token(kKind, agent.id.value(), keys_.key(crypto::KeyPurpose::kToken), random_);
  agent.token_hash = std::move(token.hash);

  const domain::AuditEvent event{agent.workspace,
                                 now,
                                 by,
                                 "agent.created",
                                 agent.id.text(),
                                 {{"owner", agent.owner.valid() ? agent.owner.text() : "workspace"}},
                                 agent.name};
  store_.transact([&](store::Transaction& tx) {
    if (agent.owner.valid() && !tx.people().find(agent.workspace, agent.owner)) {
      throw Error(ErrorCode::kNotFound, "unknown_person", "There is no such person.");
    }
    tx.agents().insert(agent, event);
  });
  return {std::move(agent), std::move(token.text)};
}

domain::Agent Grants::authenticate(std::string_view bearer) const {
  const auto token = crypto::parse_token(bearer);
  if (!token || token->kind != kKind) throw bad_token();
  auto agent = store_.read([&](const store::Snapshot& at) { return at.agents().find(AgentId(token->row_key)); });
  // Also for a row that is not there: what an answer costs does not tell which row keys exist.
  const bool genuine = crypto::token_matches(keys_.key(crypto::KeyPurpose::kToken), *token,
                                             agent ? std::string_view(agent->token_hash) : std::string_view());
  const Instant now = clock_.now();
  if (!genuine || !is_alive(*agent, now)) throw bad_token();
  if (now - agent->last_used_at >= kSeenInterval) last_used_.note(agent->id.value(), now);
  return std::move(*agent);
}

void Grants::revoke(const domain::Actor& by, WorkspaceId workspace, AgentId agent) const {
  const Instant now = clock_.now();
  const domain::AuditEvent revoked{workspace, now, by, "agent.revoked", agent.text(), {}, {}};
  const domain::AuditEvent cancelled{
      workspace, now, by, "handoff.cancelled", agent.text(), {{"reason", "agent_revoked"}, {"agent", agent.text()}},
      {}};
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

void Grants::write_last_used() const {
  const auto seen = last_used_.take();
  if (seen.empty()) return;
  store_.transact([&](store::Transaction& tx) {
    for (const LastSeen::Sighting& sighting : seen) tx.agents().touch(AgentId(sighting.row_key), sighting.at);
  });
}

}  // namespace countersign::identity
