// How fast strangers may ask, look and guess. Used by this folder only. In memory and bounded, so a restart
// forgives; what is counted for good (open logins, wrong codes) stands in the store. Thread-safe; steady time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "http/rate_limit.h"

namespace countersign::handoff {

// How often a program may look, RFC 8628 section 3.5: too early, and the interval grows.
class LoginPace {
 public:
  explicit LoginPace(const Clock& clock) : clock_(clock) {}

  // Throws kRateLimited `slow_down`. The look that is refused does not count as one, so that a program which goes
  // on at its own pace is slowed down and never starves.
  void look(HandoffId id);
  std::chrono::seconds interval_of(HandoffId id) const;
  std::size_t size() const;

 private:
  struct Record {
    HandoffId id;
    std::chrono::seconds interval{};
    SteadyInstant looked_at;
  };
  using Records = std::list<Record>;

  const Clock& clock_;
  mutable std::mutex mutex_;
  Records records_;  // the one not heard of for longest first
  std::map<HandoffId, Records::iterator> by_id_;
};

class LoginLimits {
 public:
  // How many may be asked for in a minute.
  struct Caps {
    int per_address = 10;
    int in_all = 60;
  };
  LoginLimits(Caps asked, const Clock& clock);

  // Both count a try before its outcome is known; addresses are counted by identity::address_scope().
  void begin_mint(std::string_view address);     // throws kRateLimited `login_cap`
  void begin_connect(std::string_view address);  // throws kRateLimited `code_cap`

  LoginPace pace;

 private:
  http::RateLimit<std::string> mints_by_address_;
  http::RateLimit<std::int64_t> mints_;
  http::RateLimit<std::string> codes_by_address_;
  http::RateLimit<std::int64_t> codes_;
};

}  // namespace countersign::handoff
