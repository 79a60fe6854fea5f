// Slows down whoever keeps failing: some tries are free and come back with time, past them every further
// try doubles the wait up to a limit. There is no lock-out: after the wait there is always a next try.
//
// Bounded: with too many keys the one with the least on its record is forgotten. Thread-safe; steady time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/clock.h"

namespace countersign::identity {

struct Patience {
  int free_tries = 5;
  std::chrono::seconds first_wait{1};
  std::chrono::seconds longest_wait{900};
  std::chrono::seconds forget_one_after{300};  // one try comes back
};

class SlowDown {
 public:
  // Keys come from a keyed digest: nobody outside can choose two that meet.
  using KeyDigest = std::uint64_t;

  explicit SlowDown(Patience patience, std::size_t most_keys = 16'384);

  // Zero: the try may begin and is counted, before its outcome is known, or a hundred at once would all be
  // free. Otherwise how long to wait; then nothing was counted.
  std::chrono::milliseconds try_begin(KeyDigest key, SteadyInstant now);
  // It was no failure after all. What the key has failed before stays on its record: a right password in
  // between must not make the guesses around it free.
  void take_back(KeyDigest key);
  // A clean record.
  void forget(KeyDigest key);
  std::size_t size() const;

 private:
  struct Record {
    int tries = 0;
    SteadyInstant counted_from;  // when the last try came back
    SteadyInstant last_try;
  };

  std::chrono::milliseconds wait_of(const Record& record, SteadyInstant now) const;
  void forgive(Record& record, SteadyInstant now) const;
  void make_room(SteadyInstant now);

  const Patience patience_;
  const std::size_t most_keys_;
  mutable std::mutex mutex_;
  std::unordered_map<KeyDigest, Record> records_;
};

// Lets so many events through at a time and one more per `refill`, and counts what it held back: keeps a
// flood of failures from filling the audit log. Thread-safe.
class Sampler {
 public:
  Sampler(int burst, std::chrono::milliseconds refill) : burst_(burst), refill_(refill), tokens_(burst) {}

  // The number held back since the last one let through, or nothing: hold this one back too.
  std::optional<std::uint64_t> let_through(SteadyInstant now);
  // One more that was not even offered.
  void held_back();

 private:
  const int burst_;
  const std::chrono::milliseconds refill_;
  std::mutex mutex_;
  int tokens_;
  SteadyInstant refilled_at_{};
  std::uint64_t held_back_ = 0;
};

}  // namespace countersign::identity
