// What the services of this folder are built on; made once by the app, which outlives them. Copied freely.
#pragma once

#include "base/clock.h"
#include "base/id_source.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "crypto/key_ring.h"
#include "handoff/handoffs.h"
#include "store/store.h"
#include "vault/bindings.h"
#include "vault/object_seal.h"
#include "vault/vault.h"

namespace countersign::oauth {

struct Parts {
  store::Store& store;
  const catalog::Catalog& catalog;
  const handoff::Handoffs& handoffs;
  const vault::Vault& vault;
  const vault::Bindings& bindings;
  const vault::ObjectSeal& seals;
  const crypto::KeyRing& keys;
  const Clock& clock;
  Random& random;
  IdSource& ids;
  WorkspaceId workspace{};  // of the doors that anybody may knock at: the callback, the documents of clients
};

}  // namespace countersign::oauth
