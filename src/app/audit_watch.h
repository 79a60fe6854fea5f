// Follows the audit chain while the broker runs and says how far it is in order, for the audit page and the
// metrics. Starts at the beginning, goes on where it stopped, a bounded number of rows at a time. A job calls
// step(); state() is for any thread. What it cannot see (a cut tail, an older copy) `audit verify` does.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "domain/audit.h"
#include "store/store.h"
#include "web/services.h"

namespace countersign::app {

class AuditWatch {
 public:
  AuditWatch(const store::Store& store, const domain::ChainMac& mac, const Clock& clock, WorkspaceId workspace);

  void step();
  web::AuditState state() const;
  // How many of each there are in what was verified so far: by action, which are words of ours.
  std::map<std::string, std::int64_t> counts() const;

 private:
  static constexpr std::size_t kRowsAtOnce = 20'000;

  const store::Store& store_;
  const Clock& clock_;
  const WorkspaceId workspace_;
  domain::ChainWalk walk_;  // of step() alone
  mutable std::mutex mutex_;
  web::AuditState state_;
  std::map<std::string, std::int64_t> counts_;
};

}  // namespace countersign::app
