// How a seal stands in a row: `<data key version>.<seal>`, so that rows sealed before and after a rotation open side
// by side while it re-seals them. Inside vault only. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/key_ring.h"

namespace countersign::vault {

// Under the workspace's newest data key.
std::string seal_for_row(const crypto::KeyRing& keys, WorkspaceId workspace, const Secret& value,
                         std::string_view associated_data, Random& random);
// Empty when it does not authenticate.
std::optional<Secret> open_from_row(const crypto::KeyRing& keys, WorkspaceId workspace, std::string_view stored,
                                    std::string_view associated_data);

}  // namespace countersign::vault
