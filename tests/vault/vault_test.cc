#include "vault/vault.h"

#include "vault/field_check.h"
#include "vault/fixture.h"
#include "vault/words.h"

namespace countersign::vault {
namespace {

class VaultTest : public StoreTest {
 protected:
  static Fields fields(std::string token) {
    Fields all;
    all.emplace("token", Secret(std::move(token)));
    return all;
  }
  static domain::Connection sealed_connection(std::int64_t id, std::string name = "main") {
    auto connection = support::connection(id, std::move(name));
    connection.references.clear();
    return connection;
  }
  Fields open(const domain::Connection& connection) {
    return vault.open(domain::Actor::system(), connection.workspace, connection.id, "test", no_bindings);
  }

  const Bindings no_bindings{store, {}, clock, ids};
};

TEST_F(VaultTest, OpensWhatItSealedAndRecordsThat) {
  auto connection = sealed_connection(1);
  put(connection, vault.seal(connection, fields("sk-secret-of-many-characters")));
  EXPECT_EQ(open(connection).at("token").reveal(), "sk-secret-of-many-characters");
  EXPECT_THAT(events_called("connection.opened"), ::testing::ElementsAre("{\"purpose\":\"test\"} "));
}

TEST_F(VaultTest, ShowsTheLastFourOfLongSecretsOnly) {
  auto connection = sealed_connection(1);
  vault.seal(connection, fields("12345678901234567890"));
  ASSERT_EQ(connection.secrets.size(), 1U);
  EXPECT_EQ(connection.secrets[0].last4, "7890");
  vault.seal(connection, fields("1234567890123456789"));
  EXPECT_EQ(connection.secrets[0].last4, "");
  EXPECT_EQ(connection.secrets[0].fingerprint.size(), 16U);
}

TEST_F(VaultTest, ASealDoesNotOpenElsewhere) {
  auto first = sealed_connection(1, "a");
  auto second = sealed_connection(2, "b");
  const auto sealed = vault.seal(first, fields("one"));
  vault.seal(second, fields("two"));
  put(second, sealed);  // the first one's bytes in the second one's row
  EXPECT_THROW(open(second), Error);

  auto moved = sealed_connection(3, "c");
  const auto bound = vault.seal(moved, fields("three"));
  moved.base_url = "https://evil.example";
  put(moved, bound);
  EXPECT_THROW(open(moved), Error) << "another target";

  auto given_away = sealed_connection(6, "f");
  const auto personal = vault.seal(given_away, fields("six"));
  given_away.owner = domain::Owner::org();
  put(given_away, personal);
  EXPECT_THROW(open(given_away), Error) << "another owner";

  auto renamed = sealed_connection(4, "d");
  auto swapped = vault.seal(renamed, fields("four"));
  swapped[0].field = "other";
  put(renamed, swapped);
  EXPECT_THROW(open(renamed), Error) << "another field";

  auto versioned = sealed_connection(5, "e");
  auto old = vault.seal(versioned, fields("five"));
  old[0].version = 2;
  put(versioned, old);
  EXPECT_THROW(open(versioned), Error) << "another version";
}

TEST_F(VaultTest, ARotationIsSealedAsItsVersionAndNoOlderRowOpensAsIt) {
  auto connection = sealed_connection(1);
  auto first = vault.seal(connection, fields("first"));
  auto second = vault.seal(connection, fields("second"), 2);
  EXPECT_EQ(first.at(0).version, 1);
  EXPECT_EQ(second.at(0).version, 2);
  EXPECT_EQ(connection.secrets.at(0).version, 2);
  EXPECT_EQ(vault.unseal(connection, second).at("token").reveal(), "second");
  first[0].version = 2;  // an old copy, put back as the token of today
  EXPECT_EQ(reason_of([&] { vault.unseal(connection, first); }), "seal_broken");
  second[0].version = 1;
  EXPECT_EQ(reason_of([&] { vault.unseal(connection, second); }), "seal_broken");
}

// A refresh or a revocation has its own event; unseal() must not write a second one.
TEST_F(VaultTest, UnsealingIsRecordedByWhoAsksForIt) {
  auto connection = sealed_connection(1);
  const auto sealed = vault.seal(connection, fields("x"));
  put(connection, sealed);
  EXPECT_EQ(vault.unseal(connection, sealed).at("token").reveal(), "x");
  EXPECT_TRUE(events_called("connection.opened").empty());
}

TEST_F(VaultTest, ARevokedConnectionIsGone) {
  auto connection = sealed_connection(1);
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
  EXPECT_THROW(vault.open(domain::Actor::system(), support::kOtherWorkspace, connection.id, "x", no_bindings), Error);
}

TEST_F(VaultTest, EverySealIsInTheFacts) {
  auto connection = sealed_connection(1);
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
