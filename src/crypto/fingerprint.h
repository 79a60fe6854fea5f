// Lets a person recognise a secret that is never shown again: "is this the key I pasted last week?".
// Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "crypto/key.h"

namespace countersign::crypto {

// 16 hex digits. Keyed, so that a short secret cannot be guessed from it; `scope` (the workspace) keeps
// two tenants from learning that they hold the same one.
std::string fingerprint(const Key& fingerprint_key, std::string_view scope, const Secret& secret);

}  // namespace countersign::crypto
