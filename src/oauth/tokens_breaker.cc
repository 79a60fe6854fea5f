#include "oauth/tokens_breaker.h"

namespace countersign::oauth {

std::chrono::milliseconds Breaker::wait_for(std::string_view host) {
  const std::lock_guard lock(mutex_);
  const auto found = failing_.find(host);
  if (found == failing_.end() || found->second.in_a_row < kMostFailures) return {};
  const SteadyInstant now = clock_.steady_now();
  SteadyInstant& until = found->second.paused_until;
  if (now < until) return std::chrono::ceil<std::chrono::milliseconds>(until - now);
  until = now + kPause;
  return {};
}

void Breaker::answered(std::string_view host) {
  const std::lock_guard lock(mutex_);
  if (const auto found = failing_.find(host); found != failing_.end()) failing_.erase(found);
}

void Breaker::failed(std::string_view host) {
  const std::lock_guard lock(mutex_);
  if (failing_.size() >= kMostHosts && !failing_.contains(host)) failing_.clear();
  Failing& one = failing_[std::string(host)];
  one.in_a_row += 1;
  if (one.in_a_row >= kMostFailures) one.paused_until = clock_.steady_now() + kPause;
}

}  // namespace countersign::oauth
