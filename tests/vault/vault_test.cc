#include "vault/vault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "crypto/mac.h"
#include "sql/sqlite_store.h"
#include "support/fake_clock.h"
#include "support/records.h"
#include "support/seeded_random.h"
#include "support/temp_dir.h"
#include "vault/field_check.h"

namespace countersign::vault {
namespace {

class RingMac final : public domain::ChainMac {
 public:
  explicit RingMac(const crypto::KeyRing& ring) : ring_(ring) {}
  domain::Link mac(std::string_view use, std::span<const std::string_view> parts) const override {
    return crypto::mac(ring_.key(crypto::KeyPurpose::kAudit), use, parts);
  }

 private:
  const crypto::KeyRing& ring_;
};

crypto::KeyRing make_ring(Random& random) {
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

class VaultTest : public ::testing::Test {
 protected:
  VaultTest() : ring(make_ring(random)), mac(ring), store({.path = dir.file("db")}), vault(store, ring, clock, random) {
    store.start(mac);
  }

  static Fields fields(std::string token) {
    Fields all;
    all.emplace("token", Secret(std::move(token)));
    return all;
  }
  void put(const domain::Connection& connection, const std::vector<domain::SealedField>& sealed) {
    store.transact([&](store::Transaction& tx) {
      tx.connections().insert(connection, sealed, support::event_in(connection.workspace));
    });
  }
  Fields open(const domain::Connection& connection) {
    return vault.open(domain::Actor::system(), connection.workspace, connection.id, "test");
  }
  std::int64_t events_called(std::string_view action) {
    std::int64_t count = 0;
    store.run_read([&](const store::Snapshot& now) {
      now.audit().walk(support::kWorkspace, 0, 0, [&](const domain::AuditRow& row, std::string_view) {
        count += row.action == action ? 1 : 0;
        return true;
      });
    });
    return count;
  }

  support::TempDir dir;
  support::FakeClock clock;
  support::SeededRandom random;
  crypto::KeyRing ring;
  RingMac mac;
  sql::SqliteStore store;
  Vault vault;
};

TEST_F(VaultTest, OpensWhatItSealedAndRecordsThat) {
  auto connection = support::connection(1);
  put(connection, vault.seal(connection, fields("sk-secret-of-many-characters")));
  EXPECT_EQ(open(connection).at("token").reveal(), "sk-secret-of-many-characters");
  EXPECT_EQ(events_called("connection.opened"), 1);
}

TEST_F(VaultTest, ShowsTheLastFourOfLongSecretsOnly) {
  auto connection = support::connection(1);
  vault.seal(connection, fields("12345678901234567890"));
  ASSERT_EQ(connection.secrets.size(), 1U);
  EXPECT_EQ(connection.secrets[0].last4, "7890");
  vault.seal(connection, fields("1234567890123456789"));
  EXPECT_EQ(connection.secrets[0].last4, "");
  EXPECT_EQ(connection.secrets[0].fingerprint.size(), 16U);
}

TEST_F(VaultTest, ASealDoesNotOpenElsewhere) {
  auto first = support::connection(1, "a");
  auto second = support::connection(2, "b");
  const auto sealed = vault.seal(first, fields("one"));
  vault.seal(second, fields("two"));
  put(second, sealed);  // the first one's bytes in the second one's row
  EXPECT_THROW(open(second), Error);

  auto moved = support::connection(3, "c");
  const auto bound = vault.seal(moved, fields("three"));
  moved.base_url = "https://evil.example";
  put(moved, bound);
  EXPECT_THROW(open(moved), Error) << "another target";

  auto given_away = support::connection(6, "f");
  const auto personal = vault.seal(given_away, fields("six"));
  given_away.owner = domain::Owner::org();
  put(given_away, personal);
  EXPECT_THROW(open(given_away), Error) << "another owner";

  auto renamed = support::connection(4, "d");
  auto swapped = vault.seal(renamed, fields("four"));
  swapped[0].field = "other";
  put(renamed, swapped);
  EXPECT_THROW(open(renamed), Error) << "another field";

  auto versioned = support::connection(5, "e");
  auto old = vault.seal(versioned, fields("five"));
  old[0].version = 2;
  put(versioned, old);
  EXPECT_THROW(open(versioned), Error) << "another version";
}

TEST_F(VaultTest, ARevokedConnectionIsGone) {
  auto connection = support::connection(1);
  put(connection, vault.seal(connection, fields("x")));
  store.transact([&](store::Transaction& tx) {
    return tx.connections().revoke(support::kWorkspace, connection.id, clock.now(),
                                   support::event_in(support::kWorkspace));
  });
  try {
    open(connection);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), "connection_revoked");
  }
  EXPECT_THROW(vault.open(domain::Actor::system(), support::kOtherWorkspace, connection.id, "x"), Error);
}

TEST_F(VaultTest, EverySealIsInTheFacts) {
  auto connection = support::connection(1);
  const auto sealed = vault.seal(connection, fields("x"));
  const Facts facts = seal_facts(sealed);
  ASSERT_EQ(facts.size(), 1U);
  EXPECT_THAT(facts[0].second, ::testing::StartsWith("token:1:"));
}

TEST(FieldCheck, TrimsAndSaysSo) {
  Secret padded(std::string(" \tkey\r\n"));
  EXPECT_EQ(trim(padded), Trimmed::kYes);
  EXPECT_EQ(padded.reveal(), "key");
  EXPECT_EQ(trim(padded), Trimmed::kNo);
  Secret blank(std::string("  "));
  EXPECT_EQ(trim(blank), Trimmed::kYes);
  EXPECT_TRUE(blank.empty());
  Secret none;
  EXPECT_EQ(trim(none), Trimmed::kNo);
}

TEST(FieldCheck, NamesTheProblemAndNeverTheValue) {
  domain::Field field;
  field.name = "token";
  field.label = "token";
  field.prefixes = {"ghp_", "github_pat_"};
  field.min_length = 8;
  field.max_length = 12;
  using ::testing::HasSubstr;
  EXPECT_THAT(problem_with(field, ""), HasSubstr("Enter the token"));
  EXPECT_THAT(problem_with(field, "ghp_1"), HasSubstr("too short"));
  EXPECT_THAT(problem_with(field, "ghp_123456789"), HasSubstr("too long"));
  EXPECT_THAT(problem_with(field, "wrong-start"), HasSubstr("ghp_"));
  EXPECT_THAT(problem_with(field, "wrong-start"), ::testing::Not(HasSubstr("wrong-start")));
  EXPECT_THAT(problem_with(field, "ghp_12\n456"), HasSubstr("one line"));
  EXPECT_THAT(problem_with(field, "ghp_\xff\xff\xff\xff"), HasSubstr("valid text"));
  EXPECT_EQ(problem_with(field, "ghp_1234"), "");
}

}  // namespace
}  // namespace countersign::vault
