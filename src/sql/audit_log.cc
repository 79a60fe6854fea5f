#include <algorithm>
#include <limits>

#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

#define AUDIT_ROWS                                                                                            \
  "select e.workspace, e.node, e.sequence, e.at, e.actor, e.action, e.object, e.facts, e.commitment, e.link," \
  " coalesce(n.note, '') from audit_events e left join audit_notes n"                                         \
  " on n.workspace = e.workspace and n.node = e.node and n.sequence = e.sequence"                             \
  " where e.workspace = $1 and e.node = $2"

constexpr int kNote = 10;
constexpr std::size_t kLargestPage = 1000;
constexpr std::size_t kFurthestLook = 100'000;

void read_row(const Query& rows, domain::AuditRow& row) {
  rows.into(row.workspace, row.node, row.sequence, row.at, row.actor, row.action, row.object, row.facts, row.commitment,
            row.link);
}

}  // namespace

Journal& Connected::changes() const {
  if (journal == nullptr) throw Error(ErrorCode::kInternal, "read_only", "A reader tried to change the store.");
  return *journal;
}

// 0: nothing.
std::int64_t AuditTable::newest_below(WorkspaceId workspace, int node, std::int64_t before) const {
  Query rows(to_.driver,
             "select sequence from audit_events where workspace = $1 and node = $2 and sequence < $3"
             " order by sequence desc limit 1",
             workspace, node, before);
  std::int64_t sequence = 0;
  if (rows.next()) rows.into(sequence);
  return sequence;
}

// A chain has no gaps, so that many numbers are that many rows: the look is one bounded walk down the primary
// key, whatever the filter. Prefixes are compared with substr, for which no character means anything.
store::AuditPage AuditTable::search(WorkspaceId workspace, int node, const store::AuditFilter& filter,
                                    std::int64_t before, std::size_t limit, std::size_t most_looked_at) const {
  store::AuditPage page;
  const std::int64_t newest =
      newest_below(workspace, node, before == 0 ? std::numeric_limits<std::int64_t>::max() : before);
  if (newest == 0) return page;
  const auto look = static_cast<std::int64_t>(std::clamp(most_looked_at, std::size_t{1}, kFurthestLook));
  const std::int64_t oldest = std::max<std::int64_t>(newest - look + 1, 1);
  const std::size_t most = std::clamp(limit, std::size_t{1}, kLargestPage);
  const bool family = filter.action.ends_with('.');
  {
    Query rows(to_.driver,
               AUDIT_ROWS
               " and e.sequence <= $3 and e.sequence >= $4 and e.at >= $5 and (cast($6 as bigint) = 0 or e.at < $6)"
               " and (cast($7 as text) = '' or e.actor = cast($7 as text))"
               " and (cast($8 as text) = '' or e.action = cast($8 as text))"
               " and substr(e.action, 1, length(cast($9 as text))) = cast($9 as text)"
               " and (cast($10 as text) = '' or e.object = cast($10 as text)) order by e.sequence desc limit $11",
               workspace, node, newest, oldest, filter.from, filter.until, filter.actor,
               family ? std::string_view() : filter.action, family ? filter.action : std::string_view(), filter.object,
               static_cast<std::int64_t>(most));
    while (rows.next()) {
      store::AuditEntry& one = page.entries.emplace_back();
      read_row(rows, one.row);
      one.note = rows.text(kNote);
    }
  }
  const std::int64_t reached = page.entries.size() == most ? page.entries.back().row.sequence : oldest;
  page.next_before = newest_below(workspace, node, reached) == 0 ? 0 : reached;
  return page;
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
  Query rows(to_.driver, AUDIT_ROWS " and e.sequence > $3 order by e.sequence", workspace, node, after);
  domain::AuditRow row;
  while (rows.next()) {
    read_row(rows, row);
    if (!visit(row, rows.text(kNote))) return;
  }
}

void AuditTable::record(const domain::AuditEvent& event) { to_.changes().append(event); }

}  // namespace countersign::sql
