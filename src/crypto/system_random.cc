#include "crypto/system_random.h"

#include <sodium.h>

namespace countersign::crypto {

void SystemRandom::fill(std::span<std::byte> out) {
  if (!out.empty()) randombytes_buf(out.data(), out.size());
}

}  // namespace countersign::crypto
