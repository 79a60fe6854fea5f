// The random source of the running program: the kernel's, through libsodium. Thread-safe; never short,
// never weak (the process aborts rather than continue without entropy).
#pragma once

#include "base/random.h"

namespace countersign::crypto {

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;
};

}  // namespace countersign::crypto
