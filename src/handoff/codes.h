// The short codes that people compare, type and carry: letters of RFC 8628 section 6.1 in groups of four, no
// vowels, so no words. Used by this folder only. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/random.h"
#include "crypto/key_ring.h"

namespace countersign::handoff {

// "WDJB-MJHT": 20^8 is enough to tell two hands apart and, typed, to stand five tries. It is no secret.
std::string new_user_code(Random& random);
// "WDJB-MJHT-KFQX": 20^12. Made from the id, so that the page can show it without its being stored.
std::string return_code(const crypto::KeyRing& keys, HandoffId id);
// What is stored of it: finds the row, tells nothing without the key. `typed` as people type.
std::string return_code_hash(const crypto::KeyRing& keys, std::string_view typed);

// The same letters; case, dashes and spaces do not count. Takes as long for any two codes of one length.
bool same_code(std::string_view typed, std::string_view code);

}  // namespace countersign::handoff
