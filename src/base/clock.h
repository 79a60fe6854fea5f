// Time by constructor. SystemClock is the only place that reads a real clock for a rule; tests use
// support::FakeClock, which moves only when told. Thread-safe.
#pragma once

#include <chrono>

namespace countersign {

// Wall time, milliseconds since the Unix epoch: what is stored, shown and compared with deadlines.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;
// Monotonic time: what socket deadlines and leases inside one process are measured in.
using SteadyInstant = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual SteadyInstant steady_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
  SteadyInstant steady_now() const override;
};

}  // namespace countersign
