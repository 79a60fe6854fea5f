// Makes row keys: 42 bits of milliseconds, 8 bits of node, 13 bits of sequence. Unique per node as long
// as two processes never share a node number; strictly increasing even if the clock steps back.
// Thread-safe. More than 8,192 in one millisecond borrow from the next one.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/ids.h"

namespace countersign {

class IdSource {
 public:
  explicit IdSource(const Clock& clock, std::uint8_t node = 0);

  template <class AnyId>
  AnyId next() {
    return AnyId(next_value());
  }

 private:
  std::int64_t next_value();

  const Clock& clock_;
  std::uint8_t node_;
  std::atomic<std::int64_t> last_{0};  // milliseconds and sequence, without the node
};

}  // namespace countersign
