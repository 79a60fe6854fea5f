// The one way parts are joined before they are authenticated: 8 bytes of length, little endian, then the
// bytes. No two lists of parts give the same bytes. Inside crypto only.
#pragma once

#include <array>
#include <cstdint>

namespace countersign::crypto {

using LengthPrefix = std::array<unsigned char, 8>;

constexpr LengthPrefix length_prefix(std::uint64_t length) {
  LengthPrefix prefix{};
  for (unsigned char& byte : prefix) {
    byte = static_cast<unsigned char>(length & 0xff);
    length >>= 8;
  }
  return prefix;
}

}  // namespace countersign::crypto
