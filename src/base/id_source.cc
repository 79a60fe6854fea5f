#include "base/id_source.h"

#include <algorithm>

namespace countersign {
namespace {
constexpr int kSequenceBits = 13;
constexpr int kNodeBits = 8;
}  // namespace

IdSource::IdSource(const Clock& clock, std::uint8_t node) : clock_(clock), node_(node) {}

std::int64_t IdSource::next_value() {
  const std::int64_t tick = clock_.now().time_since_epoch().count() << kSequenceBits;
  std::int64_t last = last_.load(std::memory_order_relaxed);
  std::int64_t mine = 0;
  do {
    mine = std::max(tick, last + 1);
  } while (!last_.compare_exchange_weak(last, mine, std::memory_order_relaxed));
  const std::int64_t milliseconds = mine >> kSequenceBits;
  const std::int64_t sequence = mine & ((1 << kSequenceBits) - 1);
  return (milliseconds << (kNodeBits + kSequenceBits)) | (std::int64_t{node_} << kSequenceBits) | sequence;
}

}  // namespace countersign
