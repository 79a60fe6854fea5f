#include "identity/slow_down.h"

#include <algorithm>
#include <utility>

namespace countersign::identity {

SlowDown::SlowDown(Patience patience, std::size_t most_keys) : patience_(patience), most_keys_(most_keys) {}

std::chrono::milliseconds SlowDown::try_begin(KeyDigest key, SteadyInstant now) {
  const std::lock_guard lock(mutex_);
  if (records_.size() >= most_keys_ && !records_.contains(key)) make_room(now);
  Record& record = records_.try_emplace(key, Record{0, now, now}).first->second;
  forgive(record, now);
  if (const auto wait = wait_of(record, now); wait > wait.zero()) return wait;
  ++record.tries;
  record.last_try = now;
  return std::chrono::milliseconds(0);
}

void SlowDown::take_back(KeyDigest key) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(key);
  if (found != records_.end()) found->second.tries = std::max(found->second.tries - 1, 0);
}

void SlowDown::forget(KeyDigest key) {
  const std::lock_guard lock(mutex_);
  records_.erase(key);
}

std::size_t SlowDown::size() const {
  const std::lock_guard lock(mutex_);
  return records_.size();
}

std::chrono::milliseconds SlowDown::wait_of(const Record& record, SteadyInstant now) const {
  if (record.tries < patience_.free_tries) return std::chrono::milliseconds(0);
  // The shift is cut where every sensible limit has long been reached.
  const int doublings = std::min(record.tries - patience_.free_tries, 20);
  const auto wait = std::min(patience_.first_wait * (std::int64_t{1} << doublings), patience_.longest_wait);
  // Up: a wait that is told must be long enough.
  return std::chrono::ceil<std::chrono::milliseconds>(record.last_try + wait - now);
}

void SlowDown::forgive(Record& record, SteadyInstant now) const {
  const auto due = (now - record.counted_from) / patience_.forget_one_after;
  if (due >= record.tries) {
    record.tries = 0;
    record.counted_from = now;
    return;
  }
  record.tries -= static_cast<int>(due);
  record.counted_from += due * patience_.forget_one_after;
}

// A walk over a full table takes less time than the password hash that the new key's try will cost.
void SlowDown::make_room(SteadyInstant now) {
  for (auto& [key, record] : records_) forgive(record, now);
  std::erase_if(records_, [](const auto& entry) { return entry.second.tries == 0; });
  if (records_.size() < most_keys_) return;
  records_.erase(std::min_element(records_.begin(), records_.end(),
                                  [](const auto& a, const auto& b) { return a.second.tries < b.second.tries; }));
}

std::optional<std::uint64_t> Sampler::let_through(SteadyInstant now) {
  const std::lock_guard lock(mutex_);
  if (const auto due = (now - refilled_at_) / refill_; due > 0) {
    tokens_ = due >= burst_ ? burst_ : std::min(burst_, tokens_ + static_cast<int>(due));
    refilled_at_ += due * refill_;
  }
  if (tokens_ == 0) {
    ++held_back_;
    return std::nullopt;
  }
  --tokens_;
  return std::exchange(held_back_, 0);
}

void Sampler::held_back() {
  const std::lock_guard lock(mutex_);
  ++held_back_;
}

}  // namespace countersign::identity
