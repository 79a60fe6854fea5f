// How the grant of a login gets out: to the program that asked, by its verifier, or to `client connect`, by the
// code that the person carries. Made when it is first fetched, and told again for a minute until it is used.
#include "base/encoding.h"
#include "base/error.h"
#include "crypto/mac.h"
#include "crypto/token.h"
#include "handoff/login_row.h"
#include "identity/grants.h"
#include "store/store.h"

namespace countersign::handoff {
namespace {

crypto::IssuedToken token_of(const crypto::KeyRing& keys, const domain::Login& login, AgentId agent) {
  return crypto::derive_token("agent", agent.value(), keys.key(crypto::KeyPurpose::kToken),
                              {"login grant 1", login.handoff.text()});
}

domain::Agent agent_of(const domain::Handoff& handoff, const domain::Login& login, AgentId id, std::string token_hash,
                       Instant now) {
  domain::Agent agent;
  agent.id = id;
  agent.workspace = handoff.workspace;
  agent.owner = handoff.subject;
  agent.name = login.agent_identifier;
  agent.token_hash = std::move(token_hash);
  agent.scopes = login.granted;
  agent.created_at = now;
  // From Allow on, not from the fetching: no longer than the person said.
  agent.expires_at = login.allowed_at + login.lifetime;
  return agent;
}

domain::AuditEvent created_event(const domain::Agent& agent, HandoffId handoff) {
  domain::AuditEvent event;
  event.workspace = agent.workspace;
  event.at = agent.created_at;
  event.actor = domain::Actor::person(agent.owner);
  event.action = "agent.created";
  event.object = agent.id.text();
  event.facts = {{"owner", agent.owner.text()}, {"scopes", domain::text_of(agent.scopes)}, {"handoff", handoff.text()}};
  event.note = agent.name;
  return event;
}

void require_enabled(const std::optional<domain::Person>& owner) {
  if (owner && !owner->disabled) return;
  throw Error(ErrorCode::kPermissionDenied, "owner_disabled",
              "The account of the person who allowed this is disabled, so the agent may not act for them.");
}

// Before the code is known to be one, so that an expired code and no code look alike.
Error unknown_code() {
  return {ErrorCode::kNotFound, "unknown_code",
          "There is no such code, or it is used or expired. Ask the agent for a new login."};
}

}  // namespace

std::optional<ReleasedGrant> Logins::release(std::string_view session_request_id, const LoginProof& proof) const {
  Row row = find_session(session_request_id);
  prove(row, proof.verifier);
  if (!proof.return_code.empty()) row = bring_back(std::move(row), proof.return_code);
  if (row.handoff.state != domain::kCompleted) return std::nullopt;
  if (auto grant = hand_out(row)) return grant;
  throw Error(ErrorCode::kConflict, "grant_released",
              "This grant was handed out already, or nobody fetched it in time. Ask for a new login.")
      .recovery("create_auth_session");
}

ReleasedGrant Logins::connect(std::string_view code, std::string_view address) const {
  limits_->begin_connect(address);
  const std::string hash = return_code_hash(keys_, code);
  const auto login = store_.read([&](const store::Snapshot& now) { return now.logins().find_by_return_code(hash); });
  // A program with a verifier fetches its own grant: a person who was talked into typing its code here would
  // otherwise set free what the stranger who asked is waiting for.
  if (!login || login->verifier_held) throw unknown_code();
  auto row = find(login->workspace, login->handoff);
  if (!row) throw unknown_code();
  const Row settled = bring_back(std::move(*row), code);
  if (settled.handoff.state != domain::kCompleted) throw unknown_code();
  auto grant = hand_out(settled);
  if (!grant) throw unknown_code();
  return std::move(*grant);
}

std::optional<ReleasedGrant> Logins::hand_out(const Row& row) const {
  const Instant now = clock_.now();
  if (row.login.grant.valid()) return hand_out_again(row.login);
  if (now >= row.handoff.settled_at + domain::kFetchWithin) return std::nullopt;
  const auto id = ids_.next<AgentId>();
  auto token = token_of(keys_, row.login, id);
  auto agent = agent_of(row.handoff, row.login, id, std::move(token.hash), now);
  auto released = event_for(row.handoff, domain::Actor::person(agent.owner), "handoff.released", now);
  released.facts.emplace_back("agent", id.text());
  const auto faster = store_.transact([&](store::Transaction& tx) -> std::optional<domain::Login> {
    auto current = tx.logins().find(row.handoff.workspace, row.handoff.id);
    if (!current || current->grant.valid()) return current;
    require_enabled(tx.people().find(agent.workspace, agent.owner));
    tx.agents().insert(agent, created_event(agent, row.handoff.id));
    if (!tx.logins().release(row.handoff.id, id, now, released)) throw no_such_session();
    return std::nullopt;
  });
  if (faster) return hand_out_again(*faster);
  return ReleasedGrant{std::move(agent), std::move(token.text)};
}

std::optional<ReleasedGrant> Logins::hand_out_again(const domain::Login& login) const {
  auto agent = store_.read([&](const store::Snapshot& now) { return now.agents().find(login.grant); });
  if (!agent || clock_.now() >= login.released_at + domain::kReleasedAgainFor) return std::nullopt;
  if (agent->revoked_at != Instant() || grants_.used(*agent)) return std::nullopt;
  auto token = token_of(keys_, login, agent->id);
  // Another hash: the token has been rotated since, or the key has.
  if (!crypto::equal(as_bytes(token.hash), as_bytes(agent->token_hash))) return std::nullopt;
  return ReleasedGrant{std::move(*agent), std::move(token.text)};
}

}  // namespace countersign::handoff
