#include "sql/json_columns.h"
#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::OAuthFlow;

#define FLOW_COLUMNS                                                                                                \
  "handoff, workspace, client, reconnects, name, identity_label, scopes, state_hash, browser_hash, sealed, server," \
  " plain_fields, left_at, state_until, claimed_until, problem, problem_words"

OAuthFlow flow_of(const Query& row) {
  OAuthFlow f;
  row.into(f.handoff, f.workspace, f.client, f.reconnects, f.name, f.identity_label, JsonInto{f.scopes},
           BytesInto{f.state_hash}, BytesInto{f.browser_hash}, BytesInto{f.sealed}, JsonInto{f.server},
           JsonInto{f.plain_fields}, f.left_at, f.state_until, f.claimed_until, f.problem, f.problem_words);
  return f;
}

}  // namespace

std::optional<OAuthFlow> OAuthFlowTable::find(WorkspaceId workspace, HandoffId handoff) const {
  Query rows(to_.driver, "select " FLOW_COLUMNS " from oauth_flows where handoff = $1 and workspace = $2", handoff,
             workspace);
  if (!rows.next()) return std::nullopt;
  return flow_of(rows);
}

std::vector<OAuthFlow> OAuthFlowTable::left_behind(Instant now, std::size_t limit) const {
  Query rows(to_.driver,
             "select " FLOW_COLUMNS
             " from oauth_flows where claimed_until <> 0 and claimed_until <= $1 order by claimed_until limit $2",
             now, static_cast<std::int64_t>(limit));
  std::vector<OAuthFlow> flows;
  while (rows.next()) flows.push_back(flow_of(rows));
  return flows;
}

void OAuthFlowTable::insert(const OAuthFlow& f) {
  to_.changes().expect_event_in_step();
  run(to_.driver,
      "insert into oauth_flows (" FLOW_COLUMNS
      ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
      f.handoff, f.workspace, f.client, f.reconnects, f.name, f.identity_label, text_of(f.scopes),
      BytesView{f.state_hash}, BytesView{f.browser_hash}, BytesView{f.sealed}, text_of(f.server),
      text_of(f.plain_fields), f.left_at, f.state_until, f.claimed_until, f.problem, f.problem_words);
}

// The handoff is moved first: it is the one that says whether anybody may still leave.
bool OAuthFlowTable::depart(WorkspaceId workspace, HandoffId handoff, const store::Departure& d,
                            const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver,
          "update handoffs set expires_at = case when expires_at < $1 then $1 else expires_at end"
          " where id = $2 and workspace = $3 and kind = 'oauth' and state = 'opened' and expires_at > $4"
          " and exists (select 1 from oauth_flows f where f.handoff = handoffs.id)",
          d.state_until, handoff, workspace, d.left_at) == 0) {
    return false;
  }
  changes.expect_event();
  run(to_.driver,
      "update oauth_flows set state_hash = $1, browser_hash = $2, sealed = $3, server = $4, plain_fields = $5,"
      " left_at = $6, state_until = $7, problem = '', problem_words = '' where handoff = $8",
      BytesView{d.state_hash}, BytesView{d.browser_hash}, BytesView{d.sealed}, text_of(d.server),
      text_of(d.plain_fields), d.left_at, d.state_until, handoff);
  changes.append(event);
  changes.changed(handoff.value());
  return true;
}

// Whoever comes second finds another hash there, or a claim that holds.
bool OAuthFlowTable::claim(WorkspaceId workspace, HandoffId handoff, std::string_view state_hash, Instant now,
                           Instant until) {
  Journal& changes = to_.changes();
  const bool nobody_left = state_hash.empty();
  const auto claimed =
      run(to_.driver,
          "update oauth_flows set state_hash = $1, browser_hash = $1, sealed = $1, claimed_until = $2"
          " where handoff = $3 and workspace = $4 and state_hash = $5 and claimed_until <= $6 and state_until > $7",
          BytesView{""}, until, handoff, workspace, BytesView{state_hash}, now,
          nobody_left ? Instant(std::chrono::milliseconds(-1)) : now);
  if (claimed == 0) return false;
  changes.expect_event_in_step();
  changes.changed(handoff.value());
  return true;
}

void OAuthFlowTable::settle(WorkspaceId workspace, HandoffId handoff, std::string_view problem,
                            std::string_view words) {
  Journal& changes = to_.changes();
  if (run(to_.driver,
          "update oauth_flows set claimed_until = 0, problem = $1, problem_words = $2"
          " where handoff = $3 and workspace = $4",
          problem, words, handoff, workspace) == 0) {
    return;
  }
  changes.expect_event_in_step();
  changes.changed(handoff.value());
}

}  // namespace countersign::sql
