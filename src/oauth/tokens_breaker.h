// Leaves a token endpoint alone for a while that has failed several times in a row: it is most likely down, and every
// caller would wait for its time-out. In memory, by host. Used by tokens*.cc alone. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace countersign::oauth {

class Breaker {
 public:
  static constexpr int kMostFailures = 5;
  static constexpr std::chrono::seconds kPause{30};

  explicit Breaker(const Clock& clock) : clock_(clock) {}

  // Zero: go ahead. After a pause one caller goes ahead, and the others wait for what comes of it, or for another
  // pause.
  std::chrono::milliseconds wait_for(std::string_view host);
  // What came of a call: it answered, or there is no telling.
  void answered(std::string_view host);
  void failed(std::string_view host);

 private:
  static constexpr std::size_t kMostHosts = 1000;
  struct Failing {
    int in_a_row = 0;
    SteadyInstant paused_until;
  };

  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Failing, std::less<>> failing_;  // those that work are not in it; forgets all when full
};

}  // namespace countersign::oauth
