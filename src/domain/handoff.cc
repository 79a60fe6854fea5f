#include "domain/handoff.h"

namespace countersign::domain {

HandoffState state_at(const Handoff& handoff, Instant now) {
  if (is_open(handoff.state) && now >= handoff.expires_at) return kExpired;
  return handoff.state;
}

}  // namespace countersign::domain
