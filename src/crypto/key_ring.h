// The unwrapped keys of the program, by workspace, purpose and version; made once at start.
//
// Immutable, so readers share it without a lock. A reference it hands out lives as long as the ring: a
// version is never taken out of a running program, rotation adds one (DESIGN section 7).
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "crypto/key.h"
#include "crypto/master_key.h"

namespace countersign::crypto {

enum class KeyPurpose {
  kData,         // seals secrets; one chain of versions per workspace
  kToken,        // hashes of bearer tokens
  kLink,         // the secret of a handoff's link
  kAudit,        // the links of the audit chain
  kFingerprint,  // what a person recognises a secret by
  kCsrf,         // form tokens
  kCheckpoint,   // Ed25519 seed that signs audit checkpoints
};
// The word that is stored: "data", "token", ...
std::string_view purpose_text(KeyPurpose purpose);
std::optional<KeyPurpose> parse_purpose(std::string_view text);

// A key as it is stored. Holds no secret: without the master key it is noise.
struct WrappedKey {
  KeyId id;
  WorkspaceId workspace;  // none for a key of the whole installation
  std::string purpose;
  int version = 1;
  std::string kek_id;  // MasterKey::id() of what wrapped it
  std::string sealed;  // associated data: workspace, purpose and version, so rows cannot be swapped
  Instant created_at;
};

// A fresh key, wrapped. Store it first, then open the ring: a key that was used but not stored is a loss.
WrappedKey new_key(const MasterKey& master, KeyId id, WorkspaceId workspace, KeyPurpose purpose, int version,
                   Instant now, Random& random);

class KeyRing {
 public:
  KeyRing(KeyRing&&) = default;
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  // Unwraps everything or throws, so that a wrong key is noticed at the start and not at the first secret.
  // Error kInvalidArgument `wrong_master_key`: another master key wrapped it; the message has both ids.
  // Error kInternal `damaged_key`: the right master key, but the row was changed, or stands twice.
  static KeyRing open(const MasterKey& master, std::span<const WrappedKey> wrapped);

  // The newest version, for new seals and for all purposes but kData. Error kInternal `key_missing`.
  const Key& key(KeyPurpose purpose, WorkspaceId workspace = {}) const;
  const Key& data_key(WorkspaceId workspace, int version) const;
  int data_version(WorkspaceId workspace) const;

  // Whether a first start still has to make it.
  bool has(KeyPurpose purpose, WorkspaceId workspace = {}) const;

 private:
  struct Place {
    WorkspaceId workspace;
    KeyPurpose purpose{};
    int version = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  using Keys = std::map<Place, Key>;

  KeyRing() = default;
  Keys::const_iterator newest(KeyPurpose purpose, WorkspaceId workspace) const;

  Keys keys_;
};

}  // namespace countersign::crypto
