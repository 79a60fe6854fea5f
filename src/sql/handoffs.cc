#include <algorithm>

#include "sql/json_columns.h"
#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::Handoff;
using domain::HandoffState;

#define HANDOFF_COLUMNS                                                                                      \
  "id, workspace, kind, state, agent, owner_kind, owner_person, subject, integration, auth_template, label," \
  " user_code, action, connection, request_key, request_digest, created_at, expires_at, settled_at, proposal"

// More open steps than a person can look at are not read; the rest shows as these are answered.
constexpr int kWaitingLimit = 200;

// One change must not hold up the others for long.
constexpr std::size_t kLargestPruning = 1000;

Handoff handoff_of(const Query& row) {
  Handoff h;
  row.into(h.id, h.workspace, h.kind, h.state, h.agent, h.owner.kind, h.owner.person, h.subject, h.integration,
           h.auth_template, h.label, h.user_code, h.action, h.connection, h.request_key, BytesInto{h.request_digest},
           h.created_at, h.expires_at, h.settled_at, JsonInto{h.proposal});
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

// Ordered by deadline, as the index is: stale rows, which nothing has to clean up, are never touched. A login
// without a subject is a stranger's wish, not the admins' work.
void append_waiting(Driver& driver, WorkspaceId workspace, PersonId subject, Instant now, std::vector<Handoff>& to) {
  const std::string_view hidden = subject.valid() ? "" : "login";
  Query rows(driver,
             "select " HANDOFF_COLUMNS
             " from handoffs where workspace = $1 and subject = $2 and expires_at > $3"
             " and state in ('pending', 'opened') and kind <> $4 order by expires_at desc limit $5",
             workspace, subject, now, hidden, kWaitingLimit);
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
                            " $18, $19, $20) on conflict (agent, request_key) where request_key <> '' do nothing",
                            h.id, h.workspace, h.kind, h.state, h.agent, h.owner.kind, h.owner.person, h.subject,
                            h.integration, h.auth_template, h.label, h.user_code, h.action, h.connection, h.request_key,
                            BytesView{h.request_digest}, h.created_at, h.expires_at, h.settled_at, text_of(h.proposal));
  if (inserted == 0) {
    throw Error(ErrorCode::kConflict, "request_key_taken", "This idempotency key was used before.");
  }
  changes.append(event);
  changes.changed(h.id.value());
  changes.changed_for(h.workspace, h.subject);
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
  PersonId subject;
  bool moved = false;
  {
    Query rows(to_.driver,
               "update handoffs set state = $1, settled_at = $2,"
               " subject = case when cast($3 as bigint) = 0 then subject else cast($3 as bigint) end,"
               " connection = case when cast($4 as bigint) = 0 then connection else cast($4 as bigint) end"
               " where id = $5 and workspace = $6 and state = $7 and expires_at > $8 returning subject",
               to, domain::is_settled(to) ? step.now : Instant(), step.subject.value_or(PersonId()),
               step.connection.value_or(ConnectionId()), id, workspace, from, after);
    while (rows.next()) {
      changes.expect_event();
      rows.into(subject);
      moved = true;
    }
  }
  if (!moved) return false;
  changes.append(event);
  changes.changed(id.value());
  changes.changed_for(workspace, subject);
  if (step.subject) changes.changed_for(workspace, PersonId());  // it was anybody's until now
  return true;
}

std::vector<HandoffId> HandoffTable::cancel_all_of(WorkspaceId workspace, AgentId agent, Instant now,
                                                   const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  std::vector<HandoffId> cancelled;
  {
    Query rows(to_.driver,
               "update handoffs set state = 'cancelled', settled_at = $1 where workspace = $2 and agent = $3"
               " and state in ('pending', 'opened') and expires_at > $1 returning id, subject",
               now, workspace, agent);
    PersonId subject;
    while (rows.next()) {
      changes.expect_event();
      rows.into(cancelled.emplace_back(), subject);
      changes.changed(cancelled.back().value());
      changes.changed_for(workspace, subject);
    }
  }
  changes.append_each(event, cancelled);
  return cancelled;
}

// What the person allowed is never thrown away; of the rest the journal keeps what happened.
std::vector<HandoffId> HandoffTable::stale_logins(WorkspaceId workspace, Instant before, std::size_t limit) const {
  Query rows(to_.driver,
             "select h.id from handoffs h join logins l on l.handoff = h.id where h.workspace = $1 and h.kind = 'login'"
             " and h.state <> 'completed' and h.created_at < $2 and (h.state in ('declined', 'cancelled', 'expired',"
             " 'locked') or (h.state in ('pending', 'opened') and h.expires_at <= $2)) and l.allowed_at = 0"
             " order by h.expires_at limit $3",
             workspace, before, static_cast<std::int64_t>(std::min(limit, kLargestPruning)));
  std::vector<HandoffId> stale;
  while (rows.next()) rows.into(stale.emplace_back());
  return stale;
}

std::size_t HandoffTable::prune_logins(WorkspaceId workspace, Instant before, std::size_t limit,
                                       const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  const std::vector<HandoffId> stale = stale_logins(workspace, before, limit);
  if (stale.empty()) return 0;
  changes.expect_event();
  for (const HandoffId id : stale) {
    run(to_.driver, "delete from logins where handoff = $1", id);
    run(to_.driver, "delete from handoffs where id = $1", id);
  }
  domain::AuditEvent counted = event;
  counted.facts.emplace_back("count", std::to_string(stale.size()));
  changes.append(counted);
  return stale.size();
}

}  // namespace countersign::sql
