// Randomness by constructor. Every token, id seed and user code draws from here; the system source is
// crypto::SystemRandom (libsodium), tests use a seeded one. Thread-safe; never returns short.
#pragma once

#include <cstddef>
#include <span>

namespace countersign {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;
};

}  // namespace countersign
