// A keyed digest for tests of the audit chain: every bit of every part, of the key and of the parts' borders
// reaches the result. Not cryptographic; the real one is the key ring's. Stateless, thread-safe.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "domain/audit.h"

namespace countersign::support {

class TestMac final : public domain::ChainMac {
 public:
  explicit TestMac(std::uint64_t key = 0x9e3779b97f4a7c15) : key_(key) {}

  domain::Link mac(std::string_view domain, std::span<const std::string_view> parts) const override {
    domain::Link link{};
    for (std::size_t lane = 0; lane < 4; ++lane) {
      std::uint64_t state = absorb(key_ + lane * 0xd1b54a32d192ed03, domain);
      for (const std::string_view part : parts) state = absorb(state, part);
      std::memcpy(link.data() + lane * sizeof state, &state, sizeof state);
    }
    return link;
  }

 private:
  static std::uint64_t stir(std::uint64_t state, std::uint64_t word) {
    state = (state ^ word) * 0xff51afd7ed558ccd;
    return state ^ std::rotl(state, 29) ^ (state >> 32);
  }
  static std::uint64_t absorb(std::uint64_t state, std::string_view part) {
    state = stir(state, part.size() + 1);
    for (const char c : part) state = stir(state, static_cast<unsigned char>(c));
    return state;
  }

  std::uint64_t key_;
};

}  // namespace countersign::support
