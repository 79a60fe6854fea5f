#include "app/keys.h"

#include <array>

#include "base/error.h"
#include "crypto/mac.h"
#include "crypto/master_key.h"

namespace countersign::app {
namespace {

using crypto::KeyPurpose;

// Keys of the whole installation; kData is per workspace.
constexpr std::array kGlobalPurposes = {KeyPurpose::kToken,       KeyPurpose::kLink, KeyPurpose::kAudit,
                                        KeyPurpose::kFingerprint, KeyPurpose::kCsrf, KeyPurpose::kCheckpoint};

crypto::WrappedKey wrapped(const domain::KeyRow& row) {
  return {row.id, row.workspace, row.purpose, row.version, row.master_key_id, row.wrapped, row.created_at};
}

domain::KeyRow row_of(const crypto::WrappedKey& key) {
  return {key.id, key.workspace, key.purpose, key.version, key.kek_id, key.sealed, key.created_at};
}

std::vector<domain::KeyRow> stored_keys(const store::Store& store) {
  return store.read([](const store::Snapshot& now) { return now.keys().all(); });
}

// Says which key the data needs: a backup has it, a new key never will.
Error lost(const domain::KeyRow& row, const Error& cause) {
  return Error(ErrorCode::kInvalidArgument, "master_key_lost",
               "The database is sealed by master key " + row.master_key_id + ", and that key is not there. " +
                   cause.message() +
                   " Restore the key file from your backup; a new key cannot open this data. "
                   "Nothing was touched.");
}

}  // namespace

std::filesystem::path master_key_path(const Config& config) {
  if (!config.master_key_file.empty()) return config.master_key_file;
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory == nullptr ? std::filesystem::path()
                              : std::filesystem::path(directory) / config.master_key_credential;
}

crypto::MasterKey find_master_key(const Config& config, const store::Store& store) {
  const std::vector<domain::KeyRow> rows = stored_keys(store);
  const std::filesystem::path path = master_key_path(config);
  try {
    if (!config.master_key_file.empty()) return crypto::load_master_key(path);
    if (path.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "master_key_missing",
                  "No master key: set keys.master_key_file, or give systemd the credential " +
                      config.master_key_credential + ". `countersign key create PATH` makes a new one.");
    }
    return crypto::load_master_key(path, crypto::MasterKeySource::kSystemdCredential);
  } catch (const Error& error) {
    if (error.reason() == "master_key_missing" && !rows.empty()) throw lost(rows.front(), error);
    throw;
  }
}

OpenedRing open_ring(const crypto::MasterKey& master, const store::Store& store, const Clock& clock, Random& random,
                     IdSource& ids) {
  std::vector<crypto::WrappedKey> keys;
  for (const domain::KeyRow& row : stored_keys(store)) keys.push_back(wrapped(row));
  const bool first_start = keys.empty();
  const crypto::KeyRing before = crypto::KeyRing::open(master, keys);
  std::vector<domain::KeyRow> unsaved;
  const auto make = [&](KeyPurpose purpose, WorkspaceId workspace) {
    if (before.has(purpose, workspace)) return;
    // A new one would open nothing that the lost one sealed, and hide that it is lost.
    if (!first_start) {
      throw Error(ErrorCode::kInternal, "damaged_key",
                  "The key \"" + std::string(crypto::purpose_text(purpose)) +
                      "\" is missing from the database. Restore the database from a backup.");
    }
    constexpr int kFirstVersion = 1;
    keys.push_back(crypto::new_key(master, ids.next<KeyId>(), workspace, purpose, kFirstVersion, clock.now(), random));
    unsaved.push_back(row_of(keys.back()));
  };
  for (const KeyPurpose purpose : kGlobalPurposes) make(purpose, {});
  make(KeyPurpose::kData, kDefaultWorkspace);
  return {crypto::KeyRing::open(master, keys), std::move(unsaved)};
}

void save_keys(store::Store& store, const std::vector<domain::KeyRow>& rows, const Clock& clock) {
  if (rows.empty()) return;
  store.transact([&](store::Transaction& tx) {
    for (const domain::KeyRow& row : rows) {
      domain::AuditEvent event;
      event.workspace = kDefaultWorkspace;
      event.at = clock.now();
      event.action = "key.created";
      event.object = row.id.text();
      event.facts = {
          {"purpose", row.purpose}, {"version", std::to_string(row.version)}, {"master_key", row.master_key_id}};
      tx.keys().insert(row, event);
    }
  });
}

domain::Link RingMac::mac(std::string_view domain, std::span<const std::string_view> parts) const {
  return crypto::mac(ring_.key(crypto::KeyPurpose::kAudit), domain, parts);
}

}  // namespace countersign::app
