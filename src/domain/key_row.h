// A key of the ring as the store keeps it: wrapped by the master key, useless without it. Pure record.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/ids.h"

namespace countersign::domain {

struct KeyRow {
  KeyId id;
  WorkspaceId workspace;
  std::string purpose;  // "data", "token", "link", "audit", …
  int version = 1;
  std::string master_key_id;  // which master key wraps it
  std::string wrapped;
  Instant created_at;
};

}  // namespace countersign::domain
