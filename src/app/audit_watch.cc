#include "app/audit_watch.h"

namespace countersign::app {

AuditWatch::AuditWatch(const store::Store& store, const domain::ChainMac& mac, const Clock& clock,
                       WorkspaceId workspace)
    : store_(store), clock_(clock), workspace_(workspace), walk_(mac) {}

void AuditWatch::step() {
  if (!state().problem.empty()) return;  // a broken chain does not mend itself
  constexpr int kNode = 0;
  std::string problem;
  std::map<std::string, std::int64_t> counts;
  store_.run_read([&](const store::Snapshot& now) {
    std::size_t looked_at = 0;
    now.audit().walk(workspace_, kNode, walk_.head().count, [&](const domain::AuditRow& row, std::string_view) {
      problem = walk_.step(row);
      if (problem.empty()) ++counts[row.action];
      return problem.empty() && ++looked_at < kRowsAtOnce;
    });
  });
  const std::lock_guard lock(mutex_);
  state_ = {walk_.head().count, clock_.now(), std::move(problem)};
  for (const auto& [action, count] : counts) counts_[action] += count;
}

std::map<std::string, std::int64_t> AuditWatch::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

web::AuditState AuditWatch::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace countersign::app
