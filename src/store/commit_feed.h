// Tells subscribers which objects changed, after the commit that changed them is durable. Held polls wake
// by it. A hint, not the truth: whoever is woken reads the store again.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace countersign::store {

class CommitFeed {
 public:
  // Runs on the committing thread: hand the work on, do not block, do not throw.
  using Subscriber = std::function<void(std::span<const std::int64_t> row_keys)>;

  // Before the first commit only; not synchronised.
  void subscribe(Subscriber subscriber) { subscribers_.push_back(std::move(subscriber)); }
  void publish(std::span<const std::int64_t> row_keys) const {
    for (const Subscriber& subscriber : subscribers_) subscriber(row_keys);
  }

 private:
  std::vector<Subscriber> subscribers_;
};

}  // namespace countersign::store
