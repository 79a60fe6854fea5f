// The only module that seals and opens connection secrets.
//
// Each field is sealed under the workspace's data key with the associated data
// `workspace|connection|owner|integration|field|version|base_url`: a row moved to another place, given to
// another owner or pointed at another target does not open. The digest of every seal stands in the audit chain, so a
// row put back from an old copy is found (audit verify). Thread-safe.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/key_ring.h"
#include "domain/audit.h"
#include "domain/connection.h"

namespace countersign::store {
class Store;
}

namespace countersign::vault {

using Fields = std::map<std::string, Secret, std::less<>>;
using Facts = std::vector<std::pair<std::string_view, std::string>>;

class Bindings;

class Vault {
 public:
  Vault(store::Store& store, const crypto::KeyRing& keys, const Clock& clock, Random& random);

  // Seals the fields for this connection and notes in it what may be shown of them (fingerprint; the last
  // four of secrets of twenty characters or more). The caller stores the result with the record, in one
  // transaction. `version` is part of every seal: a rotation has the next one, so that no older row opens as it.
  std::vector<domain::SealedField> seal(domain::Connection& connection, const Fields& fields, int version = 1) const;

  // Opening is a change: it is in the audit chain, with its purpose, before the plaintext leaves. A connection
  // made of references has nothing sealed: its values come from `bindings`, now, which may block on a file or
  // on the network. Throws kNotFound, kConflict (`connection_revoked`), kInternal (`seal_broken`: the row does
  // not belong here), and as Bindings::resolve.
  Fields open(const domain::Actor& actor, WorkspaceId workspace, ConnectionId connection, std::string_view purpose,
              const Bindings& bindings) const;

  // For who records the opening in a transaction of its own: a refresh, a revocation. Throws kInternal `seal_broken`.
  Fields unseal(const domain::Connection& connection, std::span<const domain::SealedField> sealed) const;

 private:
  store::Store& store_;
  const crypto::KeyRing& keys_;
  const Clock& clock_;
  Random& random_;
};

// Version and digest of each sealed field, for the event that records the change.
Facts seal_facts(std::span<const domain::SealedField> sealed);

}  // namespace countersign::vault
