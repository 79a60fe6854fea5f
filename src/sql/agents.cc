#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::Agent;

#define AGENT_COLUMNS "id, workspace, owner, name, token_hash, scopes, created_at, expires_at, revoked_at, last_used_at"

// Scopes as OAuth writes them, separated by spaces (RFC 6749 section 3.3): read on every call of an agent, so
// cheaper than JSON.
std::string text_of(const std::vector<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) {
    if (scope.empty() || scope.find(' ') != std::string::npos) {
      throw Error(ErrorCode::kInternal, "bad_scope", "A scope is empty or holds a space.");
    }
    if (!text.empty()) text += ' ';
    text += scope;
  }
  return text;
}

std::vector<std::string> scopes_of(std::string_view text) {
  std::vector<std::string> scopes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    scopes.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return scopes;
}

Agent agent_of(const Query& row) {
  Agent a;
  std::string scopes;
  row.into(a.id, a.workspace, a.owner, a.name, BytesInto{a.token_hash}, scopes, a.created_at, a.expires_at,
           a.revoked_at, a.last_used_at);
  a.scopes = scopes_of(scopes);
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
  run(to_.driver, "insert into agents (" AGENT_COLUMNS ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", a.id,
      a.workspace, a.owner, a.name, BytesView{a.token_hash}, text_of(a.scopes), a.created_at, a.expires_at,
      a.revoked_at, a.last_used_at);
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

// Only forwards and only while granted: a touch that changes nothing makes no page dirty and costs no fsync.
void AgentTable::touch(AgentId id, Instant now) {
  to_.changes();
  run(to_.driver, "update agents set last_used_at = $1 where id = $2 and last_used_at < $1 and revoked_at = 0", now,
      id);
}

}  // namespace countersign::sql
