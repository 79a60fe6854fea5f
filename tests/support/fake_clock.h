// Time that moves only when a test says so; wall and steady time move together. Thread-safe.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace countersign::support {

class FakeClock final : public Clock {
 public:
  Instant now() const override { return Instant(std::chrono::milliseconds(milliseconds_.load())); }
  SteadyInstant steady_now() const override { return SteadyInstant(std::chrono::milliseconds(milliseconds_.load())); }
  void advance(std::chrono::milliseconds by) { milliseconds_ += by.count(); }

 private:
  std::atomic<long long> milliseconds_{1'795'000'000'000};  // 2026-11-18
};

}  // namespace countersign::support
