// Seals the secrets of objects that are no connections: an OAuth client's secret and key, a flow's PKCE verifier.
//
// Associated data: `workspace|kind|object|field`, so a sealed text moved to another row does not open. Who opens one
// records it with the change it is opened for. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/key_ring.h"

namespace countersign::vault {

struct SealedObject {
  WorkspaceId workspace;
  std::string_view kind;  // "oauth client"
  std::string object;     // its text id
  std::string_view field;
};

class ObjectSeal {
 public:
  ObjectSeal(const crypto::KeyRing& keys, Random& random) : keys_(keys), random_(random) {}

  std::string seal(const SealedObject& belongs_to, const Secret& value) const;
  // Throws kInternal `seal_broken`.
  Secret open(const SealedObject& belongs_to, std::string_view sealed) const;

 private:
  const crypto::KeyRing& keys_;
  Random& random_;
};

}  // namespace countersign::vault
