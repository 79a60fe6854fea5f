#include "handoff/login_limits.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/error.h"
#include "identity/login_name.h"

namespace countersign::handoff {
namespace {

constexpr std::size_t kMostAddresses = 10'000;
constexpr std::size_t kMostSessions = 10'000;
constexpr std::int64_t kEverybody = 0;
// Twelve letters cannot be guessed at this pace in the lifetime of anybody.
constexpr http::Rate kCodesPerAddress{5, std::chrono::minutes(1)};
constexpr http::Rate kCodesInAll{100, std::chrono::minutes(1)};

constexpr std::chrono::seconds kFirstInterval{2};
constexpr std::chrono::seconds kSlowerBy{5};
constexpr std::chrono::seconds kLongestInterval{60};

http::Rate a_minute(int most) { return {most, std::chrono::minutes(1)}; }

// One address first: what is refused to it takes nothing from everybody.
std::optional<std::chrono::seconds> wait_for(http::RateLimit<std::string>& by_address,
                                             http::RateLimit<std::int64_t>& in_all, std::string_view address) {
  if (const auto wait = by_address.take(identity::address_scope(address))) return wait;
  return in_all.take(kEverybody);
}

}  // namespace

LoginLimits::LoginLimits(Caps asked, const Clock& clock)
    : pace(clock),
      mints_by_address_(a_minute(asked.per_address), kMostAddresses, clock),
      mints_(a_minute(asked.in_all), 1, clock),
      codes_by_address_(kCodesPerAddress, kMostAddresses, clock),
      codes_(kCodesInAll, 1, clock) {}

void LoginLimits::begin_mint(std::string_view address) {
  const auto wait = wait_for(mints_by_address_, mints_, address);
  if (!wait) return;
  throw Error(ErrorCode::kRateLimited, "login_cap", "Too many logins were asked for. Wait a moment and try again.")
      .retry_after(*wait);
}

void LoginLimits::begin_connect(std::string_view address) {
  const auto wait = wait_for(codes_by_address_, codes_, address);
  if (!wait) return;
  throw Error(ErrorCode::kRateLimited, "code_cap", "Too many codes were tried. Wait a moment and try again.")
      .retry_after(*wait);
}

void LoginPace::look(HandoffId id) {
  const std::lock_guard lock(mutex_);
  const SteadyInstant now = clock_.steady_now();
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) {
    if (records_.size() >= kMostSessions) {
      by_id_.erase(records_.front().id);
      records_.pop_front();
    }
    records_.push_back({id, kFirstInterval, now});
    by_id_.emplace(id, std::prev(records_.end()));
    return;
  }
  Record& record = *found->second;
  records_.splice(records_.end(), records_, found->second);
  // A tenth is forgiven: timers and networks are not exact.
  if (now - record.looked_at >= std::chrono::milliseconds(record.interval) * 9 / 10) {
    record.looked_at = now;
    return;
  }
  record.interval = std::min(record.interval + kSlowerBy, kLongestInterval);
  throw Error(ErrorCode::kRateLimited, "slow_down",
              "You look too often. Wait " + std::to_string(record.interval.count()) +
                  " seconds between two looks, or use wait to be answered as soon as something happens.")
      .retry_after(record.interval);
}

std::chrono::seconds LoginPace::interval_of(HandoffId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? kFirstInterval : found->second->interval;
}

std::size_t LoginPace::size() const {
  const std::lock_guard lock(mutex_);
  return records_.size();
}

}  // namespace countersign::handoff
