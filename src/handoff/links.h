// An id that cannot be guessed: its thirteen digits, a dot, and a MAC of them. Nothing of it is stored, and a
// retried call shows the same one. Used by this folder only. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "crypto/key_ring.h"

namespace countersign::handoff {

// What stands behind /h/: the person's door.
std::string link_token(const crypto::KeyRing& keys, HandoffId id);
// Nothing when the MAC does not hold; constant time.
std::optional<HandoffId> verify_link_token(const crypto::KeyRing& keys, std::string_view text);

// `as_…`, the asker's door to a login. The one does not open the other.
std::string session_request_id(const crypto::KeyRing& keys, HandoffId id);
std::optional<HandoffId> verify_session_request_id(const crypto::KeyRing& keys, std::string_view text);

// The digits of an id's text, without its prefix.
std::string digits_of(HandoffId id);

}  // namespace countersign::handoff
