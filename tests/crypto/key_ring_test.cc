#include "crypto/key_ring.h"

#include <gtest/gtest.h>

#include <set>
#include <type_traits>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/test_keys.h"
#include "support/fake_clock.h"
#include "support/seeded_random.h"

namespace countersign::crypto {
namespace {

constexpr WorkspaceId kOne(1);
constexpr WorkspaceId kTwo(2);
constexpr KeyPurpose kEveryPurpose[] = {KeyPurpose::kData,      KeyPurpose::kToken,       KeyPurpose::kLink,
                                        KeyPurpose::kAudit,     KeyPurpose::kFingerprint, KeyPurpose::kCsrf,
                                        KeyPurpose::kCheckpoint};

class Ring : public testing::Test {
 protected:
  WrappedKey made(KeyPurpose purpose, WorkspaceId workspace = {}, int version = 1) {
    return new_key(master, KeyId(++last_id), workspace, purpose, version, clock.now(), random);
  }
  // The reason why the keys are refused.
  std::string refusal(const std::vector<WrappedKey>& keys) const {
    try {
      KeyRing::open(master, keys);
    } catch (const Error& error) {
      return error.reason();
    }
    return "accepted";
  }

  support::SeededRandom random;
  support::FakeClock clock;
  MasterKey master{test_key()};
  std::int64_t last_id = 0;
};

std::string reason_of(const KeyRing& ring, KeyPurpose purpose, WorkspaceId workspace) {
  try {
    ring.key(purpose, workspace);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    return error.reason();
  }
  return "found";
}

static_assert(!std::is_copy_constructible_v<KeyRing>);

TEST(KeyPurposeText, RoundTripsAndIsStable) {
  std::set<std::string_view> words;
  for (const KeyPurpose purpose : kEveryPurpose) {
    EXPECT_EQ(parse_purpose(purpose_text(purpose)), purpose);
    words.insert(purpose_text(purpose));
  }
  EXPECT_EQ(words, (std::set<std::string_view>{"audit", "checkpoint", "csrf", "data", "fingerprint", "link", "token"}));
  EXPECT_FALSE(parse_purpose("Data"));
  EXPECT_FALSE(parse_purpose(""));
}

TEST_F(Ring, DescribesANewKeyAndHidesIt) {
  const WrappedKey key = made(KeyPurpose::kData, kOne, 3);
  EXPECT_EQ(key.workspace, kOne);
  EXPECT_EQ(key.purpose, "data");
  EXPECT_EQ(key.version, 3);
  EXPECT_EQ(key.kek_id, master.id());
  EXPECT_EQ(key.created_at, clock.now());
  const KeyRing ring = KeyRing::open(master, std::span(&key, 1));
  EXPECT_EQ(key.sealed.find(as_text(ring.key(KeyPurpose::kData, kOne).reveal())), std::string::npos);
}

TEST_F(Ring, GivesEveryPurposeAndWorkspaceItsOwnKey) {
  std::vector<WrappedKey> keys;
  for (const KeyPurpose purpose : kEveryPurpose) {
    for (const WorkspaceId workspace : {WorkspaceId(), kOne, kTwo}) keys.push_back(made(purpose, workspace));
  }
  const KeyRing ring = KeyRing::open(master, keys);
  std::set<std::string> different;
  for (const KeyPurpose purpose : kEveryPurpose) {
    for (const WorkspaceId workspace : {WorkspaceId(), kOne, kTwo}) {
      different.insert(hex(ring.key(purpose, workspace).reveal()));
    }
  }
  EXPECT_EQ(different.size(), keys.size());
}

TEST_F(Ring, IsTheSameAfterEveryStart) {
  const WrappedKey key = made(KeyPurpose::kToken);
  const std::string first = hex(KeyRing::open(master, std::span(&key, 1)).key(KeyPurpose::kToken).reveal());
  const MasterKey again(test_key());
  EXPECT_EQ(hex(KeyRing::open(again, std::span(&key, 1)).key(KeyPurpose::kToken).reveal()), first);
}

TEST_F(Ring, SealsWithTheNewestVersionAndStillOpensOlderOnes) {
  const std::vector<WrappedKey> keys{made(KeyPurpose::kData, kOne, 10), made(KeyPurpose::kData, kOne, 9),
                                     made(KeyPurpose::kData, kTwo, 1), made(KeyPurpose::kToken, kOne, 11)};
  const KeyRing ring = KeyRing::open(master, keys);
  EXPECT_EQ(ring.data_version(kOne), 10);
  EXPECT_EQ(ring.data_version(kTwo), 1);
  EXPECT_EQ(&ring.data_key(kOne, 10), &ring.key(KeyPurpose::kData, kOne));
  EXPECT_NE(hex(ring.data_key(kOne, 9).reveal()), hex(ring.data_key(kOne, 10).reveal()));
  EXPECT_THROW(ring.data_key(kOne, 8), Error);
  EXPECT_THROW(ring.data_key(kOne, 11), Error);
}

TEST_F(Ring, SaysWhichKeyIsMissing) {
  const std::vector<WrappedKey> keys{made(KeyPurpose::kData, kOne), made(KeyPurpose::kAudit, kTwo)};
  const KeyRing ring = KeyRing::open(master, keys);
  EXPECT_TRUE(ring.has(KeyPurpose::kData, kOne));
  for (const auto& [purpose, workspace] :
       {std::pair(KeyPurpose::kData, kTwo), std::pair(KeyPurpose::kAudit, kOne),
        std::pair(KeyPurpose::kData, WorkspaceId()), std::pair(KeyPurpose::kCheckpoint, kTwo)}) {
    EXPECT_FALSE(ring.has(purpose, workspace));
    EXPECT_EQ(reason_of(ring, purpose, workspace), "key_missing");
  }
  EXPECT_FALSE(KeyRing::open(master, {}).has(KeyPurpose::kToken));
}

TEST_F(Ring, TellsTheWrongMasterKeyByBothIds) {
  const std::vector<WrappedKey> keys{made(KeyPurpose::kToken)};
  const MasterKey other(test_key(1));
  try {
    KeyRing::open(other, keys);
    FAIL() << "opened with another master key";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error.reason(), "wrong_master_key");
    EXPECT_NE(error.message().find(master.id()), std::string::npos);
    EXPECT_NE(error.message().find(other.id()), std::string::npos);
  }
}

TEST_F(Ring, TellsADamagedKeyFromAWrongMasterKey) {
  const WrappedKey good = made(KeyPurpose::kToken);
  ASSERT_EQ(refusal({good}), "accepted");
  for (std::size_t i = 0; i < good.sealed.size(); ++i) {
    WrappedKey changed = good;
    changed.sealed[i] = static_cast<char>(changed.sealed[i] ^ 1);
    EXPECT_EQ(refusal({changed}), "damaged_key") << i;
  }
  WrappedKey emptied = good;
  emptied.sealed.clear();
  EXPECT_EQ(refusal({emptied}), "damaged_key");
}

TEST_F(Ring, NoticesAKeyThatWasMovedToAnotherPlace) {
  WrappedKey other_workspace = made(KeyPurpose::kData, kOne);
  other_workspace.workspace = kTwo;
  WrappedKey other_purpose = made(KeyPurpose::kData, kOne);
  other_purpose.purpose = "audit";
  WrappedKey other_version = made(KeyPurpose::kData, kOne, 1);
  other_version.version = 2;
  WrappedKey unknown_purpose = made(KeyPurpose::kData, kOne);
  unknown_purpose.purpose = "something";
  WrappedKey no_version = made(KeyPurpose::kData, kOne, 0);
  for (const WrappedKey& key : {other_workspace, other_purpose, other_version, unknown_purpose, no_version}) {
    EXPECT_EQ(refusal({key}), "damaged_key") << key.purpose << key.version;
  }
}

TEST_F(Ring, RefusesTwoKeysForOnePlace) {
  EXPECT_EQ(refusal({made(KeyPurpose::kData, kOne), made(KeyPurpose::kData, kOne)}), "damaged_key");
}

}  // namespace
}  // namespace countersign::crypto
