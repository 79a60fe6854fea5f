// What removing a connection means, by whichever door it is asked for. Used by this folder only.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "domain/audit.h"
#include "domain/owner.h"

namespace countersign::handoff {

// The org's are everybody's to see, a person's only their own.
bool may_see(const domain::Owner& owner, PersonId who);
// The same words for "does not exist" and "not yours".
Error no_such_connection();
domain::AuditEvent removal_event(WorkspaceId workspace, ConnectionId connection, PersonId by, Instant now);

}  // namespace countersign::handoff
