// Keys for tests, told apart by one byte.
#pragma once

#include <array>
#include <cstddef>

#include "crypto/key.h"

namespace countersign::crypto {

inline Key test_key(unsigned char first = 0) {
  std::array<std::byte, Key::kSize> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(first + i);
  return Key::copy_of(bytes);
}

}  // namespace countersign::crypto
