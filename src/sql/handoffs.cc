#include <algorithm>

#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::Handoff;
using domain::HandoffState;

#define HANDOFF_COLUMNS                                                                                      \
  "id, workspace, kind, state, agent, owner_kind, owner_person, subject, integration, auth_template, label," \
  " user_code, action, connection, request_key, request_digest, created_at, expires_at, settled_at"

// More open steps than a person can look at are not read; the rest shows as these are answered.
constexpr int kWaitingLimit = 200;

Handoff handoff_of(const Query& row) {
  Handoff h;
  row.into(h.id, h.workspace, h.kind, h.state, h.agent, h.owner.kind, h.owner.person, h.subject, h.integration,
           h.auth_template, h.label, h.user_code, h.action, h.connection, h.request_key, BytesInto{h.request_digest},
           h.created_at, h.expires_at, h.settled_at);
  return h;
}

std::optional<Handoff> first_of(Query& rows) {
  if (!rows.next()) return std::nullopt;
  return handoff_of(rows);
}

bool is_edge(HandoffState from, HandoffState to) {
  return std::any_of(domain::kHandoffEdges.begin(), domain::kHandoffEdges.end(),
                     [&](const auto& edge) { return edge.from == from && edge.to == to; });
}

// Ordered by deadline, as the index is: stale rows, which nothing has to clean up, are never touched.
void append_waiting(Driver& driver, WorkspaceId workspace, PersonId subject, Instant now, std::vector<Handoff>& to) {
  Query rows(driver,
             "select " HANDOFF_COLUMNS
             " from handoffs where workspace = $1 and subject = $2 and expires_at > $3"
             " and state in ('pending', 'opened') order by expires_at desc limit $4",
             workspace, subject, now, kWaitingLimit);
  while (rows.next()) to.push_back(handoff_of(rows));
}

}  // namespace

std::optional<Handoff> HandoffTable::find(WorkspaceId workspace, HandoffId id) const {
  Query rows(to_.driver, "select " HANDOFF_COLUMNS " from handoffs where id = $1 and workspace = $2", id, workspace);
  return first_of(rows);
}

std::optional<Handoff> HandoffTable::find_by_request_key(AgentId agent, std::string_view request_key) const {
  Query rows(to_.driver,
             "select " HANDOFF_COLUMNS " from handoffs where agent = $1 and request_key = $2 and request_key <> ''",
             agent, request_key);
  return first_of(rows);
}

std::vector<Handoff> HandoffTable::waiting_for(WorkspaceId workspace, PersonId person, domain::Role role,
                                               Instant now) const {
  std::vector<Handoff> waiting;
  append_waiting(to_.driver, workspace, person, now, waiting);
  if (role == domain::Role::kAdmin) append_waiting(to_.driver, workspace, PersonId(), now, waiting);
  std::sort(waiting.begin(), waiting.end(), [](const Handoff& a, const Handoff& b) { return a.id > b.id; });
  return waiting;
}

void HandoffTable::insert(const Handoff& h, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  const auto inserted = run(to_.driver,
                            "insert into handoffs (" HANDOFF_COLUMNS
                            ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
                            " $18, $19) on conflict (agent, request_key) where request_key <> '' do nothing",
                            h.id, h.workspace, h.kind, h.state, h.agent, h.owner.kind, h.owner.person, h.subject,
                            h.integration, h.auth_template, h.label, h.user_code, h.action, h.connection, h.request_key,
                            BytesView{h.request_digest}, h.created_at, h.expires_at, h.settled_at);
  if (inserted == 0) {
    throw Error(ErrorCode::kConflict, "request_key_taken", "This idempotency key was used before.");
  }
  changes.append(event);
  changes.changed(h.id.value());
}

bool HandoffTable::advance(WorkspaceId workspace, HandoffId id, HandoffState from, HandoffState to,
                           const store::HandoffStep& step, const domain::AuditEvent& event) {
  if (!is_edge(from, to)) {
    throw Error(ErrorCode::kInternal, "no_such_step", "The handoff cannot take this step.",
                std::string(names_of(from)[from]) + " to " + std::string(names_of(to)[to]));
  }
  Journal& changes = to_.changes();
  // A deadline no row reaches stands for "no demand on the deadline".
  const bool in_time = domain::is_open(from) && to != HandoffState::kExpired;
  const auto after = in_time ? step.now : Instant(std::chrono::milliseconds(-1));
  const auto moved = run(to_.driver,
                         "update handoffs set state = $1, settled_at = $2,"
                         " subject = case when cast($3 as bigint) = 0 then subject else cast($3 as bigint) end,"
                         " connection = case when cast($4 as bigint) = 0 then connection else cast($4 as bigint) end"
                         " where id = $5 and workspace = $6 and state = $7 and expires_at > $8",
                         to, domain::is_settled(to) ? step.now : Instant(), step.subject.value_or(PersonId()),
                         step.connection.value_or(ConnectionId()), id, workspace, from, after);
  if (moved == 0) return false;
  changes.append(event);
  changes.changed(id.value());
  return true;
}

std::vector<HandoffId> HandoffTable::cancel_all_of(WorkspaceId workspace, AgentId agent, Instant now,
                                                   const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  std::vector<HandoffId> cancelled;
  {
    Query rows(to_.driver,
               "update handoffs set state = 'cancelled', settled_at = $1 where workspace = $2 and agent = $3"
               " and state in ('pending', 'opened') and expires_at > $1 returning id",
               now, workspace, agent);
    while (rows.next()) {
      changes.expect_event();
      rows.into(cancelled.emplace_back());
    }
  }
  if (cancelled.empty()) return cancelled;
  changes.append(event);
  for (const HandoffId id : cancelled) changes.changed(id.value());
  return cancelled;
}

}  // namespace countersign::sql
