#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::Login;

// "grant" is a reserved word: the column of the agent that was made is called agent.
#define LOGIN_COLUMNS                                                                                            \
  "handoff, workspace, agent_identifier, asked, asked_from, code_challenge, verifier_held, remote, wrong_codes," \
  " granted, lifetime, allowed_at, return_code_hash, agent, released_at"

std::optional<Login> first_of(Query& rows) {
  if (!rows.next()) return std::nullopt;
  Login l;
  rows.into(l.handoff, l.workspace, l.agent_identifier, l.asked, l.asked_from, l.code_challenge, l.verifier_held,
            l.remote, l.wrong_codes, l.granted, l.lifetime, l.allowed_at, l.return_code_hash, l.grant, l.released_at);
  return l;
}

}  // namespace

std::optional<Login> LoginTable::find(WorkspaceId workspace, HandoffId handoff) const {
  Query rows(to_.driver, "select " LOGIN_COLUMNS " from logins where handoff = $1 and workspace = $2", handoff,
             workspace);
  return first_of(rows);
}

std::optional<Login> LoginTable::find_by_return_code(std::string_view hash) const {
  Query rows(to_.driver, "select " LOGIN_COLUMNS " from logins where return_code_hash = $1 and return_code_hash <> ''",
             hash);
  return first_of(rows);
}

// The index holds the deadline: what ended is not looked at, and what is open is capped by who asks here.
store::OpenLogins LoginTable::count_open(WorkspaceId workspace, std::string_view address, Instant now) const {
  Query row(to_.driver,
            "select count(*), coalesce(sum(case when l.asked_from = $2 then 1 else 0 end), 0)"
            " from handoffs h join logins l on l.handoff = h.id where h.workspace = $1 and h.kind = 'login'"
            " and h.state <> 'completed' and h.state in ('pending', 'opened') and h.expires_at > $3",
            workspace, address, now);
  std::int64_t all = 0;
  std::int64_t from_address = 0;
  if (row.next()) row.into(all, from_address);
  return {static_cast<std::size_t>(all), static_cast<std::size_t>(from_address)};
}

void LoginTable::insert(const Login& l) {
  to_.changes().expect_event_in_step();
  run(to_.driver,
      "insert into logins (" LOGIN_COLUMNS
      ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
      l.handoff, l.workspace, l.agent_identifier, text_of(l.asked), l.asked_from, l.code_challenge, l.verifier_held,
      l.remote, l.wrong_codes, text_of(l.granted), l.lifetime, l.allowed_at, l.return_code_hash, l.grant,
      l.released_at);
}

void LoginTable::mark_remote(HandoffId handoff, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver, "update logins set remote = 1 where handoff = $1 and remote = 0", handoff) == 0) return;
  changes.append(event);
  changes.changed(handoff.value());
}

int LoginTable::count_wrong_code(HandoffId handoff, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  int wrong_codes = 0;
  {
    Query rows(to_.driver, "update logins set wrong_codes = wrong_codes + 1 where handoff = $1 returning wrong_codes",
               handoff);
    while (rows.next()) {
      changes.expect_event();
      rows.into(wrong_codes);
    }
  }
  if (wrong_codes > 0) changes.append(event);
  return wrong_codes;
}

bool LoginTable::allow(HandoffId handoff, const store::LoginDecision& decision, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver,
          "update logins set granted = $1, lifetime = $2, return_code_hash = $3, allowed_at = $4"
          " where handoff = $5 and allowed_at = 0",
          text_of(decision.granted), decision.lifetime, decision.return_code_hash, decision.at, handoff) == 0) {
    return false;
  }
  changes.append(event);
  changes.changed(handoff.value());
  return true;
}

// Never for a login that nobody allowed, whatever the caller believes.
bool LoginTable::release(HandoffId handoff, AgentId grant, Instant now, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver,
          "update logins set agent = $1, released_at = $2 where handoff = $3 and agent = 0 and allowed_at <> 0", grant,
          now, handoff) == 0) {
    return false;
  }
  changes.append(event);
  changes.changed(handoff.value());
  return true;
}

}  // namespace countersign::sql
