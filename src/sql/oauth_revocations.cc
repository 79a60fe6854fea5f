#include "sql/query.h"
#include "sql/sealed_rows.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::Revocation;

#define REVOCATION_COLUMNS "connection, workspace, due_at, attempts, problem, lease_until, settled_at, confirmed"

Revocation revocation_of(const Query& row) {
  Revocation r;
  row.into(r.connection, r.workspace, r.due_at, r.attempts, r.problem, r.lease_until, r.settled_at, r.confirmed);
  return r;
}

std::vector<Revocation> all_of(Query& rows) {
  std::vector<Revocation> all;
  while (rows.next()) all.push_back(revocation_of(rows));
  return all;
}

}  // namespace

std::optional<Revocation> RevocationTable::find(WorkspaceId workspace, ConnectionId connection) const {
  Query rows(to_.driver,
             "select " REVOCATION_COLUMNS " from oauth_revocations where connection = $1 and workspace = $2",
             connection, workspace);
  if (!rows.next()) return std::nullopt;
  return revocation_of(rows);
}

std::vector<Revocation> RevocationTable::due(Instant now, std::size_t limit) const {
  Query rows(to_.driver,
             "select " REVOCATION_COLUMNS
             " from oauth_revocations where settled_at = 0 and due_at <= $1 and lease_until <= $1"
             " order by due_at limit $2",
             now, static_cast<std::int64_t>(limit));
  return all_of(rows);
}

std::vector<Revocation> RevocationTable::open(WorkspaceId workspace, std::size_t limit) const {
  Query rows(to_.driver,
             "select " REVOCATION_COLUMNS
             " from oauth_revocations where workspace = $1 and settled_at = 0 order by queued_at desc, connection desc"
             " limit $2",
             workspace, static_cast<std::int64_t>(limit));
  return all_of(rows);
}

// It is due when it is queued; only later does `due_at` move.
void RevocationTable::insert(const Revocation& r) {
  to_.changes().expect_event_in_step();
  run(to_.driver,
      "insert into oauth_revocations (" REVOCATION_COLUMNS ", queued_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      r.connection, r.workspace, r.due_at, r.attempts, r.problem, r.lease_until, r.settled_at, r.confirmed, r.due_at);
}

bool RevocationTable::claim(WorkspaceId workspace, ConnectionId connection, Instant now, Instant until) {
  return run(to_.driver,
             "update oauth_revocations set lease_until = $1 where connection = $2 and workspace = $3"
             " and settled_at = 0 and lease_until <= $4",
             until, connection, workspace, now) > 0;
}

bool RevocationTable::put_off(WorkspaceId workspace, ConnectionId connection, std::string_view problem, Instant due_at,
                              const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver,
          "update oauth_revocations set attempts = attempts + 1, problem = $1, due_at = $2, lease_until = 0"
          " where connection = $3 and workspace = $4 and settled_at = 0",
          problem, due_at, connection, workspace) == 0) {
    return false;
  }
  changes.expect_event();
  tell(workspace, connection, event);
  return true;
}

bool RevocationTable::settle(WorkspaceId workspace, ConnectionId connection, bool confirmed, std::string_view problem,
                             Instant now, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver,
          "update oauth_revocations set settled_at = $1, confirmed = $2, problem = $3, lease_until = 0"
          " where connection = $4 and workspace = $5 and settled_at = 0",
          now, confirmed, problem, connection, workspace) == 0) {
    return false;
  }
  changes.expect_event();
  shred_sealed(to_.driver, connection);
  changes.shredded();
  tell(workspace, connection, event);
  return true;
}

void RevocationTable::tell(WorkspaceId workspace, ConnectionId connection, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  PersonId owner;
  {
    Query row(to_.driver, "select owner_person from connections where id = $1 and workspace = $2", connection,
              workspace);
    if (row.next()) row.into(owner);
  }
  changes.append(event);
  changes.changed(connection.value());
  changes.changed_for(workspace, owner);
}

}  // namespace countersign::sql
