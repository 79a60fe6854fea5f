// A vault on a real store.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/id_source.h"
#include "crypto/mac.h"
#include "sql/sqlite_store.h"
#include "support/fake_clock.h"
#include "support/records.h"
#include "support/seeded_random.h"
#include "support/temp_dir.h"
#include "vault/vault.h"

namespace countersign::vault {

class RingMac final : public domain::ChainMac {
 public:
  explicit RingMac(const crypto::KeyRing& ring) : ring_(ring) {}
  domain::Link mac(std::string_view use, std::span<const std::string_view> parts) const override {
    return crypto::mac(ring_.key(crypto::KeyPurpose::kAudit), use, parts);
  }

 private:
  const crypto::KeyRing& ring_;
};

inline crypto::KeyRing make_ring(Random& random) {
  const crypto::MasterKey master(crypto::Key::random(random));
  std::vector<crypto::WrappedKey> keys;
  std::int64_t id = 1;
  const auto add = [&](crypto::KeyPurpose purpose, WorkspaceId workspace) {
    keys.push_back(crypto::new_key(master, KeyId(id++), workspace, purpose, 1, support::kNow, random));
  };
  add(crypto::KeyPurpose::kAudit, {});
  add(crypto::KeyPurpose::kFingerprint, {});
  add(crypto::KeyPurpose::kData, support::kWorkspace);
  add(crypto::KeyPurpose::kData, support::kOtherWorkspace);
  return crypto::KeyRing::open(master, keys);
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : ring(make_ring(random)), mac(ring), store({.path = dir.file("db")}), vault(store, ring, clock, random) {
    store.start(mac);
  }

  // What is in the audit record under that name: facts and note, in order.
  std::vector<std::string> events_called(std::string_view action) {
    std::vector<std::string> found;
    store.run_read([&](const store::Snapshot& now) {
      now.audit().walk(support::kWorkspace, 0, 0, [&](const domain::AuditRow& row, std::string_view note) {
        if (row.action == action) found.push_back(row.facts + " " + std::string(note));
        return true;
      });
    });
    return found;
  }
  void put(const domain::Connection& connection, const std::vector<domain::SealedField>& sealed) {
    store.transact([&](store::Transaction& tx) {
      tx.connections().insert(connection, sealed, support::event_in(connection.workspace));
    });
  }

  support::TempDir dir;
  support::FakeClock clock;
  support::SeededRandom random;
  IdSource ids{clock};
  crypto::KeyRing ring;
  RingMac mac;
  sql::SqliteStore store;
  Vault vault;
};

}  // namespace countersign::vault
