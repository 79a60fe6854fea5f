// What removing a connection means, by whichever door it is asked for. Used by this folder and by oauth.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "domain/audit.h"
#include "domain/owner.h"
#include "store/store.h"

namespace countersign::handoff {

// The org's are everybody's to see, a person's only their own.
bool may_see(const domain::Owner& owner, PersonId who);
// The same words for "does not exist" and "not yours".
Error no_such_connection();
domain::AuditEvent removal_event(WorkspaceId workspace, ConnectionId connection, PersonId by, Instant now);
// Revoked from this commit on. What came by OAuth is queued to be revoked at the provider, too, and its sealed tokens
// stay until then (oauth/revoker.h); of everything else the secrets are shredded here. False: it was revoked already.
bool remove_connection(store::Transaction& tx, WorkspaceId workspace, ConnectionId connection, PersonId by,
                       Instant now);

}  // namespace countersign::handoff
