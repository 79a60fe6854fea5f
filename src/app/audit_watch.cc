#include "app/audit_watch.h"

namespace countersign::app {

AuditWatch::AuditWatch(const store::Store& store, const domain::ChainMac& mac, const Clock& clock,
                       WorkspaceId workspace)
    : store_(store), clock_(clock), workspace_(workspace), walk_(mac) {}

void AuditWatch::step() {
  if (!state().problem.empty()) return;  // a broken chain does not mend itself
  constexpr int kNode = 0;
  std::string problem;
  store_.run_read([&](const store::Snapshot& now) {
    std::size_t looked_at = 0;
    now.audit().walk(workspace_, kNode, walk_.head().count, [&](const domain::AuditRow& row, std::string_view) {
      problem = walk_.step(row);
      return problem.empty() && ++looked_at < kRowsAtOnce;
    });
  });
  const std::lock_guard lock(mutex_);
  state_ = {walk_.head().count, clock_.now(), std::move(problem)};
}

web::AuditState AuditWatch::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace countersign::app
