#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {

Journal& Connected::changes() const {
  if (journal == nullptr) throw Error(ErrorCode::kInternal, "read_only", "A reader tried to change the store.");
  return *journal;
}

std::vector<store::Chain> AuditTable::chains() const {
  if (to_.journal != nullptr) to_.journal->write_heads();
  Query rows(to_.driver, "select workspace, node, count, link from audit_heads order by workspace, node");
  std::vector<store::Chain> chains;
  while (rows.next()) {
    store::Chain& one = chains.emplace_back();
    rows.into(one.workspace, one.node, one.head.count, one.head.link);
  }
  return chains;
}

void AuditTable::walk(WorkspaceId workspace, int node, std::int64_t after,
                      const std::function<bool(const domain::AuditRow&, std::string_view)>& visit) const {
  Query rows(to_.driver,
             "select e.workspace, e.node, e.sequence, e.at, e.actor, e.action, e.object, e.facts, e.commitment, e.link,"
             " coalesce(n.note, '') from audit_events e left join audit_notes n"
             " on n.workspace = e.workspace and n.node = e.node and n.sequence = e.sequence"
             " where e.workspace = $1 and e.node = $2 and e.sequence > $3 order by e.sequence",
             workspace, node, after);
  domain::AuditRow row;
  while (rows.next()) {
    rows.into(row.workspace, row.node, row.sequence, row.at, row.actor, row.action, row.object, row.facts,
              row.commitment, row.link);
    if (!visit(row, rows.text(10))) return;
  }
}

void AuditTable::record(const domain::AuditEvent& event) { to_.changes().append(event); }

}  // namespace countersign::sql
