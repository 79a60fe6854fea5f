#include "identity/last_seen.h"

namespace countersign::identity {
namespace {

constexpr std::size_t kProbes = 8;

// Row keys of one second differ in few bits; a multiplication spreads them (Fibonacci hashing).
std::size_t home_of(std::int64_t row_key) {
  return static_cast<std::size_t>((static_cast<std::uint64_t>(row_key) * 0x9E37'79B9'7F4A'7C15U) >> 54U);
}
static_assert(LastSeen::kSlots == std::size_t{1} << (64U - 54U));

}  // namespace

void LastSeen::note(std::int64_t row_key, Instant now) noexcept {
  const std::size_t home = home_of(row_key);
  for (std::size_t probe = 0; probe < kProbes; ++probe) {
    Slot& slot = slots_[(home + probe) % kSlots];
    std::int64_t holder = slot.row_key.load(std::memory_order_relaxed);
    if (holder == row_key) return;
    if (holder != 0) continue;
    // Before the slot is claimed, so that take() never sees a row without its time. Two claimants at once
    // write two times a moment apart; either will do.
    slot.at.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    if (slot.row_key.compare_exchange_strong(holder, row_key, std::memory_order_release, std::memory_order_relaxed)) {
      return;
    }
    if (holder == row_key) return;
  }
}

std::vector<LastSeen::Sighting> LastSeen::take() {
  std::vector<Sighting> taken;
  for (Slot& slot : slots_) {
    if (slot.row_key.load(std::memory_order_relaxed) == 0) continue;
    const std::int64_t row_key = slot.row_key.exchange(0, std::memory_order_acquire);
    taken.push_back({row_key, Instant(std::chrono::milliseconds(slot.at.load(std::memory_order_relaxed)))});
  }
  return taken;
}

bool LastSeen::holds(std::int64_t row_key) const noexcept {
  const std::size_t home = home_of(row_key);
  for (std::size_t probe = 0; probe < kProbes; ++probe) {
    if (slots_[(home + probe) % kSlots].row_key.load(std::memory_order_relaxed) == row_key) return true;
  }
  return false;
}

}  // namespace countersign::identity
