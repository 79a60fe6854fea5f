#include "handoff/removal.h"

namespace countersign::handoff {

bool may_see(const domain::Owner& owner, PersonId who) {
  return owner.kind == domain::OwnerKind::kOrg || (who.valid() && owner.person == who);
}

Error no_such_connection() {
  return Error(ErrorCode::kNotFound, "unknown_connection", "There is no such connection.").recovery("connections.list");
}

domain::AuditEvent removal_event(WorkspaceId workspace, ConnectionId connection, PersonId by, Instant now) {
  domain::AuditEvent event;
  event.workspace = workspace;
  event.at = now;
  event.actor = domain::Actor::person(by);
  event.action = "connection.removed";
  event.object = connection.text();
  return event;
}

bool remove_connection(store::Transaction& tx, WorkspaceId workspace, ConnectionId connection, PersonId by,
                       Instant now) {
  auto event = removal_event(workspace, connection, by, now);
  if (!tx.oauth_accounts().find(workspace, connection)) {
    return tx.connections().revoke(workspace, connection, now, event);
  }
  event.facts.emplace_back("revocation", "queued");  // the seals stay: who verifies the record has to know
  if (!tx.connections().revoke_later(workspace, connection, now, event)) return false;
  domain::Revocation queued;
  queued.connection = connection;
  queued.workspace = workspace;
  queued.due_at = now;
  tx.revocations().insert(queued);
  return true;
}

}  // namespace countersign::handoff
