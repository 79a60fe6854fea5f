#include "web/waiting.h"

#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace countersign::web {
namespace {

// FNV-1a, 64 bit: tells two lists apart; nothing depends on it being hard to collide.
class Fnv {
 public:
  void add(std::uint64_t number) {
    for (int byte = 0; byte < 8; ++byte) hash_ = (hash_ ^ (number >> (8 * byte) & 0xff)) * 0x100000001b3;
  }
  std::string text() const {
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash_));
    return digits.data();
  }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace

Waiting waiting_for(const handoff::Handoffs& handoffs, const domain::Acting& acting) {
  Waiting waiting;
  Fnv digest;
  for (const handoff::Minted& one : handoffs.waiting_for(acting)) {
    ++waiting.count;
    digest.add(static_cast<std::uint64_t>(one.handoff.id.value()));
    digest.add(static_cast<std::uint64_t>(one.handoff.state));
  }
  waiting.digest = digest.text();
  return waiting;
}

std::string json_of(const Waiting& waiting) {
  return dump_json(Json{{"count", waiting.count}, {"digest", waiting.digest}});
}

}  // namespace countersign::web
