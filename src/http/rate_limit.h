// Token buckets by key: `burst` at once, refilled evenly over `per` (DESIGN §8.14: writes 30 a minute per
// grant). A bucket is one instant, the time at which it is full again (GCRA); a full one is forgotten.
//
// Bounded: beyond `max_keys` the key not used for longest is forgotten, and with it what it had taken. So
// a flood of invented keys can buy fresh bursts: put a cap over all of them beside it. Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace countersign::http {

struct Rate {
  int burst = 30;
  std::chrono::seconds per{60};
};

// `Key` is std::string or std::int64_t.
template <class Key>
class RateLimit {
 public:
  RateLimit(Rate rate, std::size_t max_keys, const Clock& clock);

  // Takes one, or says how long (rounded up to a second) until there is one again.
  std::optional<std::chrono::seconds> take(const Key& key);
  std::size_t size() const;

 private:
  struct Bucket {
    Key key;
    SteadyInstant full_at;
  };
  using Buckets = std::list<Bucket>;

  Bucket& bucket(const Key& key, SteadyInstant now);
  void forget_oldest(SteadyInstant now);

  const std::chrono::nanoseconds interval_;   // of one token
  const std::chrono::nanoseconds tolerance_;  // a bucket emptier than this has nothing left
  const std::size_t max_keys_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  Buckets buckets_;  // oldest use first
  // Ordered, not hashed: a key may be chosen by a stranger.
  std::map<Key, typename Buckets::iterator> by_key_;
};

extern template class RateLimit<std::string>;
extern template class RateLimit<std::int64_t>;

}  // namespace countersign::http
