// Notes who was seen, for a job to write down later: a last-seen time is worth no fsync on a request.
//
// note() is a few loads and stores, no lock, no allocation; when its table is full the note is dropped, and
// the next request tries again. Thread-safe; one thread at a time may take().
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace countersign::identity {

// A row whose last-seen time is younger than this is not written again.
inline constexpr std::chrono::seconds kSeenInterval{60};

class LastSeen {
 public:
  static constexpr std::size_t kSlots = 1024;

  struct Sighting {
    std::int64_t row_key = 0;
    Instant at;
  };

  // Keeps the first sighting of a row until it is taken.
  void note(std::int64_t row_key, Instant now) noexcept;
  std::vector<Sighting> take();
  // Noted and not taken yet.
  bool holds(std::int64_t row_key) const noexcept;

 private:
  struct Slot {
    std::atomic<std::int64_t> row_key{0};  // 0: free
    std::atomic<std::int64_t> at{0};
  };

  std::array<Slot, kSlots> slots_{};
};

}  // namespace countersign::identity
