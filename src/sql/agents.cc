#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::Agent;

#define AGENT_COLUMNS                                                                                            \
  "id, workspace, owner, name, token_hash, scopes, created_at, expires_at, revoked_at, last_used_at, paused_at," \
  " orphaned_at, old_token_hash, old_token_until, writes_per_minute"

Agent agent_of(const Query& row) {
  Agent a;
  row.into(a.id, a.workspace, a.owner, a.name, BytesInto{a.token_hash}, a.scopes, a.created_at, a.expires_at,
           a.revoked_at, a.last_used_at, a.paused_at, a.orphaned_at, BytesInto{a.old_token_hash}, a.old_token_until,
           a.writes_per_minute);
  return a;
}

}  // namespace

std::optional<Agent> AgentTable::find(AgentId id) const {
  Query rows(to_.driver, "select " AGENT_COLUMNS " from agents where id = $1", id);
  if (!rows.next()) return std::nullopt;
  return agent_of(rows);
}

std::vector<Agent> AgentTable::list(WorkspaceId workspace) const {
  Query rows(to_.driver, "select " AGENT_COLUMNS " from agents where workspace = $1 order by id desc", workspace);
  std::vector<Agent> agents;
  while (rows.next()) agents.push_back(agent_of(rows));
  return agents;
}

void AgentTable::insert(const Agent& a, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  run(to_.driver,
      "insert into agents (" AGENT_COLUMNS
      ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
      a.id, a.workspace, a.owner, a.name, BytesView{a.token_hash}, text_of(a.scopes), a.created_at, a.expires_at,
      a.revoked_at, a.last_used_at, a.paused_at, a.orphaned_at, BytesView{a.old_token_hash}, a.old_token_until,
      a.writes_per_minute);
  changes.append(event);
}

bool AgentTable::revoke(WorkspaceId workspace, AgentId id, Instant now, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver, "update agents set revoked_at = $1 where id = $2 and workspace = $3 and revoked_at = 0", now, id,
          workspace) == 0) {
    return false;
  }
  changes.append(event);
  return true;
}

bool AgentTable::rotate(WorkspaceId workspace, AgentId id, std::string_view new_hash, Instant old_until,
                        const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver,
          "update agents set old_token_hash = token_hash, old_token_until = $1, token_hash = $2"
          " where id = $3 and workspace = $4 and revoked_at = 0",
          old_until, BytesView{new_hash}, id, workspace) == 0) {
    return false;
  }
  changes.append(event);
  return true;
}

bool AgentTable::set_paused(WorkspaceId workspace, AgentId id, Instant at, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver,
          "update agents set paused_at = $1 where id = $2 and workspace = $3 and revoked_at = 0"
          " and (paused_at = 0) <> (cast($1 as bigint) = 0)",
          at, id, workspace) == 0) {
    return false;
  }
  changes.append(event);
  return true;
}

std::vector<AgentId> AgentTable::set_orphaned(WorkspaceId workspace, PersonId owner, Instant at,
                                              const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  std::vector<AgentId> agents;
  {
    // The workspace's own have no owner who could be disabled.
    Query rows(to_.driver,
               "update agents set orphaned_at = $1 where owner = $2 and owner <> 0 and workspace = $3"
               " and revoked_at = 0 and (orphaned_at = 0) <> (cast($1 as bigint) = 0) returning id",
               at, owner, workspace);
    while (rows.next()) {
      changes.expect_event();
      rows.into(agents.emplace_back());
    }
  }
  changes.append_each(event, agents);
  return agents;
}

// Only forwards and only while granted: a touch that changes nothing makes no page dirty and costs no fsync.
void AgentTable::touch(AgentId id, Instant now) {
  to_.changes();
  run(to_.driver, "update agents set last_used_at = $1 where id = $2 and last_used_at < $1 and revoked_at = 0", now,
      id);
}

}  // namespace countersign::sql
