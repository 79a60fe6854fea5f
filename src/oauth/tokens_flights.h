// One refresh at a time for a connection in this process: whoever comes while one is under way waits for its result.
// Used by tokens.cc alone. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/ids.h"
#include "oauth/tokens.h"

namespace countersign::oauth {

class Flights {
 public:
  struct Landed {
    RefreshResult result;
    bool led = false;  // this caller did the work
  };
  // Does the work, or waits for whoever does it. Throws what the work throws; those who waited for it then get
  // kUnavailable `refresh_failed`: a thousand of them must not try one after another what has just failed.
  Landed join(WorkspaceId workspace, ConnectionId connection, const std::function<RefreshResult()>& work);
  bool is_under_way(WorkspaceId workspace, ConnectionId connection) const;

 private:
  using Key = std::pair<WorkspaceId, ConnectionId>;
  struct Flight {
    std::condition_variable changed;
    bool over = false;
    std::optional<RefreshResult> result;  // nothing: the work threw
  };
  class Landing;

  mutable std::mutex mutex_;
  std::map<Key, std::shared_ptr<Flight>> flights_;
};

}  // namespace countersign::oauth
