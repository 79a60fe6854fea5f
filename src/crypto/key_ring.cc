#include "crypto/key_ring.h"

#include <array>
#include <iterator>
#include <limits>
#include <utility>

#include "base/error.h"
#include "crypto/seal.h"

namespace countersign::crypto {
namespace {

constexpr std::array<std::pair<KeyPurpose, std::string_view>, 7> kPurposes{{
    {KeyPurpose::kData, "data"},
    {KeyPurpose::kToken, "token"},
    {KeyPurpose::kLink, "link"},
    {KeyPurpose::kAudit, "audit"},
    {KeyPurpose::kFingerprint, "fingerprint"},
    {KeyPurpose::kCsrf, "csrf"},
    {KeyPurpose::kCheckpoint, "checkpoint"},
}};

std::string place_of(WorkspaceId workspace, std::string_view purpose, int version) {
  return associated_data({"key", workspace.text(), purpose, std::to_string(version)});
}

std::string name_of(const WrappedKey& key) {
  return key.id.text() + " (" + key.purpose + ", version " + std::to_string(key.version) + ")";
}

[[noreturn]] void refuse_master(const MasterKey& master, const WrappedKey& key) {
  throw Error(ErrorCode::kInvalidArgument, "wrong_master_key",
              "The data needs the master key " + key.kek_id + ", but the one given is " + master.id() +
                  ". Nothing was changed.",
              "wrapped key " + name_of(key));
}

[[noreturn]] void refuse_damage(const WrappedKey& key, std::string_view how) {
  throw Error(ErrorCode::kInternal, "damaged_key",
              "The stored key " + name_of(key) +
                  " is damaged, although the master key is the right one. Restore it from a backup.",
              std::string(how));
}

[[noreturn]] void missing(KeyPurpose purpose, WorkspaceId workspace, std::string_view which) {
  throw Error(ErrorCode::kInternal, "key_missing", "A key that is needed is not there.",
              std::string(purpose_text(purpose)) + " of " + workspace.text() + ", " + std::string(which));
}

}  // namespace

std::string_view purpose_text(KeyPurpose purpose) {
  for (const auto& [each, text] : kPurposes) {
    if (each == purpose) return text;
  }
  return {};
}

std::optional<KeyPurpose> parse_purpose(std::string_view text) {
  for (const auto& [purpose, each] : kPurposes) {
    if (each == text) return purpose;
  }
  return std::nullopt;
}

WrappedKey new_key(const MasterKey& master, KeyId id, WorkspaceId workspace, KeyPurpose purpose, int version,
                   Instant now, Random& random) {
  WrappedKey key{id, workspace, std::string(purpose_text(purpose)), version, master.id(), {}, now};
  key.sealed = master.wrap(Key::random(random), place_of(workspace, key.purpose, version), random);
  return key;
}

KeyRing KeyRing::open(const MasterKey& master, std::span<const WrappedKey> wrapped) {
  KeyRing ring;
  for (const WrappedKey& each : wrapped) {
    if (each.kek_id != master.id()) refuse_master(master, each);
    const auto purpose = parse_purpose(each.purpose);
    if (!purpose || each.version < 1) refuse_damage(each, "unknown purpose or version");
    auto key = master.unwrap(each.sealed, place_of(each.workspace, each.purpose, each.version));
    if (!key) refuse_damage(each, "it does not authenticate");
    const auto [place, is_new] = ring.keys_.try_emplace({each.workspace, *purpose, each.version}, std::move(*key));
    if (!is_new) refuse_damage(each, "this purpose and version stands twice");
  }
  return ring;
}

// Versions of one purpose are neighbours in the map: the last before the next purpose is the newest.
KeyRing::Keys::const_iterator KeyRing::newest(KeyPurpose purpose, WorkspaceId workspace) const {
  const Place last{workspace, purpose, std::numeric_limits<int>::max()};
  const auto after = keys_.upper_bound(last);
  if (after == keys_.begin()) return keys_.end();
  const auto found = std::prev(after);
  return found->first.workspace == workspace && found->first.purpose == purpose ? found : keys_.end();
}

bool KeyRing::has(KeyPurpose purpose, WorkspaceId workspace) const { return newest(purpose, workspace) != keys_.end(); }

const Key& KeyRing::key(KeyPurpose purpose, WorkspaceId workspace) const {
  const auto found = newest(purpose, workspace);
  if (found == keys_.end()) missing(purpose, workspace, "any version");
  return found->second;
}

int KeyRing::data_version(WorkspaceId workspace) const {
  const auto found = newest(KeyPurpose::kData, workspace);
  if (found == keys_.end()) missing(KeyPurpose::kData, workspace, "any version");
  return found->first.version;
}

const Key& KeyRing::data_key(WorkspaceId workspace, int version) const {
  const auto found = keys_.find({workspace, KeyPurpose::kData, version});
  if (found == keys_.end()) missing(KeyPurpose::kData, workspace, "version " + std::to_string(version));
  return found->second;
}

}  // namespace countersign::crypto
