#include "sql/journal.h"

#include "sql/query.h"

namespace countersign::sql {

Journal::Head& Journal::head_of(WorkspaceId workspace) {
  const auto [at, is_new] = heads_.try_emplace(workspace.value());
  if (!is_new) return at->second;
  try {
    Query row(driver_, "select count, link from audit_heads where workspace = $1 and node = $2", workspace, node_);
    if (row.next()) row.into(at->second.head.count, at->second.head.link);
  } catch (const Error&) {
    heads_.erase(at);
    throw;
  }
  return at->second;
}

void Journal::append(const domain::AuditEvent& event) {
  event_missing_ = true;
  Head& head = head_of(event.workspace);
  const domain::AuditRow row = domain::row_of(event, head.head, node_, mac_);
  insert(row);
  if (!event.note.empty()) {
    run(driver_, "insert into audit_notes (workspace, node, sequence, note) values ($1, $2, $3, $4)", row.workspace,
        row.node, row.sequence, event.note);
  }
  before_step_.emplace_back(event.workspace.value(), head);
  if (head.flushed) unflushed_.push_back(event.workspace.value());
  head = {{row.sequence, row.link}, false};
  event_missing_ = false;
}

void Journal::insert(const domain::AuditRow& row) {
  run(driver_,
      "insert into audit_events (workspace, node, sequence, at, actor, action, object, facts, commitment, link)"
      " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      row.workspace, row.node, row.sequence, row.at, row.actor, row.action, row.object, row.facts, row.commitment,
      row.link);
}

void Journal::write_heads() {
  for (const std::int64_t workspace : unflushed_) {
    const Head& head = heads_.at(workspace);
    if (head.flushed) continue;
    run(driver_,
        "insert into audit_heads (workspace, node, count, link) values ($1, $2, $3, $4)"
        " on conflict (workspace, node) do update set count = excluded.count, link = excluded.link",
        workspace, node_, head.head.count, head.head.link);
  }
}

void Journal::flush_heads() {
  write_heads();
  for (const std::int64_t workspace : unflushed_) heads_.at(workspace).flushed = true;
  unflushed_.clear();
}

void Journal::begin_step() {
  before_step_.clear();
  changed_before_step_ = changed_.size();
  event_missing_ = false;
}

void Journal::undo_step() {
  for (auto at = before_step_.rbegin(); at != before_step_.rend(); ++at) {  // NOLINT(modernize-loop-convert): backwards
    heads_.at(at->first) = at->second;
  }
  before_step_.clear();
  changed_.resize(changed_before_step_);
  event_missing_ = false;
}

void Journal::forget() {
  heads_.clear();
  unflushed_.clear();
  before_step_.clear();
  changed_.clear();
  changed_before_step_ = 0;
  event_missing_ = false;
}

}  // namespace countersign::sql
