// From the master key to an open key ring: what a first start makes, what every later start checks.
#pragma once

#include <filesystem>
#include <vector>

#include "app/config.h"
#include "base/clock.h"
#include "base/id_source.h"
#include "base/random.h"
#include "crypto/key_ring.h"
#include "domain/audit.h"
#include "store/store.h"

namespace countersign::app {

inline constexpr WorkspaceId kDefaultWorkspace{1};

// An open ring, and the keys of it that are not stored yet: all of them at a first start, none later. Store
// them before the ring is used for anything that lasts.
struct OpenedRing {
  crypto::KeyRing ring;
  std::vector<domain::KeyRow> unsaved;
};

// The configured file, else the systemd credential; empty: there is neither.
std::filesystem::path master_key_path(const Config& config);
// Throws with the reasons of crypto/master_key.h and crypto/key_ring.h; `master_key_lost` when the database
// holds sealed keys and the file that opens them is gone (not to be mended by a new one).
crypto::MasterKey find_master_key(const Config& config, const store::Store& store);
OpenedRing open_ring(const crypto::MasterKey& master, const store::Store& store, const Clock& clock, Random& random,
                     IdSource& ids);
void save_keys(store::Store& store, const std::vector<domain::KeyRow>& rows, const Clock& clock);

// The chain's MAC under the ring's audit key.
class RingMac final : public domain::ChainMac {
 public:
  explicit RingMac(const crypto::KeyRing& ring) : ring_(ring) {}
  domain::Link mac(std::string_view domain, std::span<const std::string_view> parts) const override;

 private:
  const crypto::KeyRing& ring_;
};

}  // namespace countersign::app
