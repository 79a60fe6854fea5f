// The inbound address of a connection: its thirteen digits, a dot, and a MAC of them. Nothing of it is stored. Used by
// this folder only. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "crypto/key_ring.h"

namespace countersign::webhook {

// What stands behind /hooks/.
std::string address_token(const crypto::KeyRing& keys, ConnectionId id);
// Nothing when the MAC does not hold; constant time.
std::optional<ConnectionId> verify_address_token(const crypto::KeyRing& keys, std::string_view text);

}  // namespace countersign::webhook
