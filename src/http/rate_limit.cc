#include "http/rate_limit.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace countersign::http {

template <class Key>
RateLimit<Key>::RateLimit(Rate rate, std::size_t max_keys, const Clock& clock)
    : interval_(std::chrono::nanoseconds(rate.per) / rate.burst),
      tolerance_(interval_ * (rate.burst - 1)),
      max_keys_(max_keys),
      clock_(clock) {}

template <class Key>
std::optional<std::chrono::seconds> RateLimit<Key>::take(const Key& key) {
  const std::lock_guard lock(mutex_);
  const SteadyInstant now = clock_.steady_now();
  forget_oldest(now);
  Bucket& found = bucket(key, now);
  const SteadyInstant from = std::max(found.full_at, now);
  if (from - now > tolerance_) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(from - now - tolerance_);
    return std::max(wait, std::chrono::seconds(1));
  }
  found.full_at = from + std::chrono::duration_cast<SteadyInstant::duration>(interval_);
  return std::nullopt;
}

template <class Key>
std::size_t RateLimit<Key>::size() const {
  const std::lock_guard lock(mutex_);
  return by_key_.size();
}

// The key's bucket, moved to the end of the line; a refused try counts as use, or an abuser would be forgotten first.
template <class Key>
typename RateLimit<Key>::Bucket& RateLimit<Key>::bucket(const Key& key, SteadyInstant now) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    buckets_.splice(buckets_.end(), buckets_, found->second);
    return *found->second;
  }
  if (by_key_.size() >= max_keys_ && !buckets_.empty()) {
    by_key_.erase(buckets_.front().key);
    buckets_.pop_front();
  }
  buckets_.push_back({key, now});
  by_key_.emplace(key, std::prev(buckets_.end()));
  return buckets_.back();
}

// Two for each call: the table shrinks faster than it can grow, and no call pays for a sweep.
template <class Key>
void RateLimit<Key>::forget_oldest(SteadyInstant now) {
  for (int i = 0; i < 2 && !buckets_.empty() && buckets_.front().full_at <= now; ++i) {
    by_key_.erase(buckets_.front().key);
    buckets_.pop_front();
  }
}

template class RateLimit<std::string>;
template class RateLimit<std::int64_t>;

}  // namespace countersign::http
