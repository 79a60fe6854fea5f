// Agents and their grants: a bearer token with an owner, scopes and an end. Thread-safe.
//
// authenticate() stands before every request of every agent: one look-up, one keyed hash, no lock, no write.
// What it saw of last uses waits in a bounded table until write_last_used().
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id_source.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/key_ring.h"
#include "domain/acting.h"
#include "domain/people.h"
#include "identity/last_seen.h"
#include "store/store.h"

namespace countersign::identity {

struct NewGrant {
  WorkspaceId workspace;
  PersonId owner;  // none: the workspace's
  std::string name;
  domain::ScopeSet scopes = domain::ScopeSet::usual();
  std::chrono::seconds lifetime{};  // zero: no end
  int writes_per_minute = 0;        // its own cap; zero: the server's
};

inline constexpr std::chrono::hours kLongestOverlap{24 * 7};
// The kind of an agent's token.
inline constexpr std::string_view kAgentToken = "agent";

// Neither revoked nor past its end. It may still be paused or orphaned.
bool is_good(const domain::Agent& agent, Instant now);

// Whoever has a token acts for its owner, with connections that are nobody else's: an admin may stop the agent of
// somebody else, never take its place.
bool may_hold_token(const domain::Acting& acting, const domain::Agent& agent);

// The token is shown once and never stored.
struct IssuedGrant {
  domain::Agent agent;
  Secret token;
};

class Grants {
 public:
  Grants(store::Store& store, const crypto::KeyRing& keys, const Clock& clock, Random& random, IdSource& ids);

  // Throws kInvalidArgument `bad_name`, `bad_scope` (none at all), `bad_lifetime` or `bad_rate`, kNotFound
  // `unknown_person`, kConflict `person_disabled`.
  IssuedGrant issue(const domain::Actor& by, const NewGrant& grant) const;
  // One look-up by row key, one constant-time comparison; a second one for a token that was rotated away and is
  // good a while longer. Throws kUnauthenticated, reason `bad_token`, the same for unknown, wrong, expired and
  // revoked; `agent_paused` or `owner_disabled` to who holds the right token, so that its user knows what to do.
  domain::Agent authenticate(std::string_view bearer) const;
  // Also cancels what the agent has pending (abuse case 13). kNotFound `unknown_agent`, also when it is revoked
  // already.
  void revoke(const domain::Actor& by, WorkspaceId workspace, AgentId agent) const;
  std::vector<domain::Agent> list(WorkspaceId workspace) const;

  // --- a person's side: their own, and for admins everybody's; kNotFound `unknown_agent` otherwise ---
  std::vector<domain::Agent> list(const domain::Acting& acting) const;
  domain::Agent get(const domain::Acting& acting, AgentId agent) const;
  // For oneself, or, as an admin, for the workspace, the acting person's. Fresh. Throws as issue(), and
  // kPermissionDenied `role_needed`.
  IssuedGrant create(const domain::Acting& acting, NewGrant grant) const;
  // A new token; the old one is good for `overlap` more, the one before that no longer. Fresh. For one's own and, as
  // an admin, the workspace's: kPermissionDenied `not_your_agent`. Throws kInvalidArgument `bad_overlap`, kConflict
  // `agent_expired`.
  IssuedGrant rotate(const domain::Acting& acting, AgentId agent, std::chrono::seconds overlap) const;
  // Refused until resume(), at once. Both do nothing when it is so already.
  void pause(const domain::Acting& acting, AgentId agent) const;
  void resume(const domain::Acting& acting, AgentId agent) const;  // fresh
  void revoke(const domain::Acting& acting, AgentId agent) const;
  // Whether it has ever called. May lag for the moment in which the job writes the first call down.
  bool used(const domain::Agent& agent) const;
  // For a job, about once a minute: one transaction for all agents seen since the last time.
  void write_last_used() const;

 private:
  // Throws kNotFound `unknown_agent`, also for one that is revoked.
  domain::Agent require_live(const domain::Acting& acting, AgentId agent) const;

  store::Store& store_;
  const crypto::KeyRing& keys_;
  const Clock& clock_;
  Random& random_;
  IdSource& ids_;
  mutable LastSeen last_used_;
};

}  // namespace countersign::identity
