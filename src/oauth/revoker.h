// Removed means removed at the provider, too: what handoff::remove_connection() queued is revoked there, refresh token
// first; then the sealed tokens are shredded. A provider that is down is asked again for a week. Stateless but for the
// store; thread-safe; blocks on the network.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "domain/oauth_account.h"
#include "oauth/clients.h"
#include "vault/vault.h"

namespace countersign::oauth {

class Revoker {
 public:
  Revoker(const Parts& parts, const Clients& clients, const ServerCalls& calls);

  // Now, if it is queued and nobody is at it: also before it is due. How it stands afterwards; nothing: it was never
  // queued.
  std::optional<domain::Revocation> attempt(WorkspaceId workspace, ConnectionId connection) const;
  std::optional<domain::Revocation> state(WorkspaceId workspace, ConnectionId connection) const;
  // For the page: removed here, not yet confirmed there; of connections this person may see.
  std::vector<std::pair<domain::Connection, domain::Revocation>> open(const handoff::Opener& opener) const;
  // For a job.
  void revoke_due() const;

 private:
  struct Claim;
  std::optional<Claim> claim(WorkspaceId workspace, ConnectionId connection) const;
  RevocationResult ask(const Claim& claim) const;
  void settle(const Claim& claim, const RevocationResult& result) const;

  const Parts parts_;
  const Clients& clients_;
  const ServerCalls& calls_;
};

}  // namespace countersign::oauth
