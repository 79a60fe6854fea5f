// Which claimed handoffs this process is working on right now. One that is claimed and in nobody's hands was left
// behind by a process that ended: it is put back, so that a crash during the live check wedges nothing. Should
// another node be at work on it after all, compare-and-set lets one of the two settle. Used by this folder only.
// Bounded by the number of threads at work. Thread-safe.
#pragma once

#include <mutex>
#include <set>

#include "base/ids.h"

namespace countersign::handoff {

class Claims {
 public:
  // As long as it lives, the handoff is in hand.
  class Hold {
   public:
    Hold(Claims& claims, HandoffId id) : claims_(claims), id_(id) {
      const std::lock_guard lock(claims_.mutex_);
      claims_.in_hand_.insert(id_);
    }
    ~Hold() {
      const std::lock_guard lock(claims_.mutex_);
      claims_.in_hand_.erase(claims_.in_hand_.find(id_));  // one of them
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Claims& claims_;
    const HandoffId id_;
  };

  bool holds(HandoffId id) const {
    const std::lock_guard lock(mutex_);
    return in_hand_.contains(id);
  }

 private:
  mutable std::mutex mutex_;
  std::multiset<HandoffId> in_hand_;  // twice, when two tabs are submitted at once: one of them loses the claim
};

}  // namespace countersign::handoff
