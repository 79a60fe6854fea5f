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
#include "domain/people.h"
#include "identity/last_seen.h"
#include "store/store.h"

namespace countersign::identity {

struct NewGrant {
  WorkspaceId workspace;
  PersonId owner;  // none: the workspace's
  std::string name;
  std::vector<std::string> scopes;
  std::chrono::seconds lifetime{};  // zero: no end
};

// The token is shown once and never stored.
struct IssuedGrant {
  domain::Agent agent;
  Secret token;
};

class Grants {
 public:
  Grants(store::Store& store, const crypto::KeyRing& keys, const Clock& clock, Random& random, IdSource& ids);

  // Throws kInvalidArgument `bad_name`, `bad_scope` or `bad_lifetime`, kNotFound `unknown_person`.
  IssuedGrant issue(const domain::Actor& by, NewGrant grant) const;
  // One look-up by row key, one constant-time comparison. Throws kUnauthenticated, reason `bad_token`,
  // the same for unknown, wrong, expired and revoked.
  domain::Agent authenticate(std::string_view bearer) const;
  // Also cancels what the agent has pending (abuse case 13). kNotFound `unknown_agent`, also when it is revoked
  // already.
  void revoke(const domain::Actor& by, WorkspaceId workspace, AgentId agent) const;
  std::vector<domain::Agent> list(WorkspaceId workspace) const;
  // For a job, about once a minute: one transaction for all agents seen since the last time.
  void write_last_used() const;

 private:
  store::Store& store_;
  const crypto::KeyRing& keys_;
  const Clock& clock_;
  Random& random_;
  IdSource& ids_;
  mutable LastSeen last_used_;
};

}  // namespace countersign::identity
