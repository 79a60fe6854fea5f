// Reproducible bytes for tests: the same seed gives the same tokens. Thread-safe.
#pragma once

#include <mutex>
#include <random>

#include "base/random.h"

namespace countersign::support {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed = 1) : engine_(seed) {}
  void fill(std::span<std::byte> out) override {
    const std::lock_guard lock(mutex_);
    for (std::byte& byte : out) byte = static_cast<std::byte>(engine_());
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace countersign::support
