#include "vault/object_seal.h"

#include "vault/fixture.h"
#include "vault/words.h"

namespace countersign::vault {
namespace {

class ObjectSealTest : public ::testing::Test {
 protected:
  static SealedObject verifier() { return {support::kWorkspace, "oauth flow", "ho_1", "verifier"}; }
  std::string outcome(const SealedObject& belongs_to, std::string_view sealed) const {
    std::string opened;
    const std::string reason = reason_of([&] { opened = seals.open(belongs_to, sealed).reveal(); });
    return reason == "none" ? opened : reason;
  }

  support::SeededRandom random;
  crypto::KeyRing ring = make_ring(random);
  const ObjectSeal seals{ring, random};
};

TEST_F(ObjectSealTest, OpensWhatItSealed) {
  const std::string sealed = seals.seal(verifier(), Secret::copy_of(kCanary));
  EXPECT_EQ(outcome(verifier(), sealed), kCanary);
  EXPECT_THAT(sealed, ::testing::StartsWith("1."));
  EXPECT_THAT(sealed, ::testing::Not(::testing::HasSubstr(std::string(kCanary))));
  EXPECT_NE(seals.seal(verifier(), Secret::copy_of(kCanary)), sealed) << "each has a nonce of its own";
}

TEST_F(ObjectSealTest, ASealDoesNotOpenElsewhere) {
  const std::string sealed = seals.seal(verifier(), Secret::copy_of(kCanary));
  SealedObject elsewhere = verifier();
  elsewhere.workspace = support::kOtherWorkspace;
  EXPECT_EQ(outcome(elsewhere, sealed), "seal_broken") << "another workspace";
  elsewhere = verifier();
  elsewhere.kind = "oauth client";
  EXPECT_EQ(outcome(elsewhere, sealed), "seal_broken") << "another kind of object";
  elsewhere = verifier();
  elsewhere.object = "ho_2";
  EXPECT_EQ(outcome(elsewhere, sealed), "seal_broken") << "another object";
  elsewhere = verifier();
  elsewhere.field = "nonce";
  EXPECT_EQ(outcome(elsewhere, sealed), "seal_broken") << "another field";
  const SealedObject shifted{support::kWorkspace, "oauth flowho_1", "", "verifier"};
  EXPECT_EQ(outcome(shifted, sealed), "seal_broken") << "the same letters, cut elsewhere";
}

TEST_F(ObjectSealTest, AChangedSealDoesNotOpen) {
  const std::string sealed = seals.seal(verifier(), Secret::copy_of(kCanary));
  for (std::size_t i = 2; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(outcome(verifier(), changed), "seal_broken") << i;
  }
  EXPECT_EQ(outcome(verifier(), sealed.substr(0, sealed.size() - 1)), "seal_broken");
  EXPECT_EQ(outcome(verifier(), "1."), "seal_broken");
}

// Two tables, one data key: a row of the one must not pass for a row of the other.
TEST_F(ObjectSealTest, IsNoConnectionsSealAndNoneIsIts) {
  support::FakeClock clock;
  const support::TempDir dir;
  sql::SqliteStore store({.path = dir.file("db")});
  const Vault vault(store, ring, clock, random);
  auto connection = support::connection(1);
  Fields fields;
  fields.emplace("token", Secret::copy_of(kCanary));
  auto sealed = vault.seal(connection, fields);
  const SealedObject as_object{connection.workspace, "connection", connection.id.text(), "token"};
  EXPECT_EQ(outcome(as_object, sealed.at(0).sealed), "seal_broken");
  sealed[0].sealed = seals.seal(as_object, Secret::copy_of(kCanary));
  EXPECT_EQ(reason_of([&] { vault.unseal(connection, sealed); }), "seal_broken");
}

}  // namespace
}  // namespace countersign::vault
