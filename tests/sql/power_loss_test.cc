// Power loss at any moment: what was acknowledged is there. A test that forgives would be worthless, so it
// also runs against two stores that lie and must notice both.
#include <set>
#include <thread>

#include "fault_vfs.h"
#include "opened_store.h"

namespace countersign::sql {
namespace {

using namespace support;  // NOLINT: records by the dozen

struct Result {
  int lost = 0;  // acknowledged, and not there after the restart
  int surviving = 0;
  bool powered = false;  // the moment lay behind the last write
};

// Mints one after the other until the power goes at the given write or sync, then restarts from what was synced.
Result cut_at(int operation, const SqliteStore::Options& how, Survivors survivors) {
  const TempDir directory;
  const TempDir restarted_in;
  put_empty_store(directory.path());
  FaultVfs vfs;
  std::set<std::int64_t> acknowledged_ids;
  Result result;
  {
    SqliteStore::Options options = how;
    options.vfs = vfs.name();
    OpenedStore store(directory.path(), options);
    vfs.cut_power_at(operation);
    for (std::int64_t id = 1; id <= 3; ++id) {
      if (acknowledged([&] { store.mint(id); })) acknowledged_ids.insert(id);
    }
    result.powered = vfs.powered();
    vfs.cut_power();
    vfs.restore(restarted_in.path(), survivors, static_cast<unsigned>(operation));
  }
  OpenedStore restarted(restarted_in.path());
  EXPECT_EQ(restarted.chain_problem(), "");
  for (const std::int64_t id : acknowledged_ids) {
    restarted.minted(id) ? ++result.surviving : ++result.lost;
  }
  return result;
}

int lost_in_all(const SqliteStore::Options& how, Survivors survivors) {
  int lost = 0;
  for (int operation = 1;; ++operation) {
    const Result result = cut_at(operation, how, survivors);
    lost += result.lost;
    if (result.powered) break;
    if (operation > 500) ADD_FAILURE() << "the power never stayed on";
    if (operation > 500) break;
  }
  return lost;
}

TEST(PowerLoss, NothingAcknowledgedIsLostAtAnyMoment) { EXPECT_EQ(lost_in_all({}, Survivors::kSynced), 0); }

TEST(PowerLoss, NothingIsLostWhenTheDiskKeepsAnyPartOfTheRest) {
  EXPECT_EQ(lost_in_all({}, Survivors::kSyncedAndSome), 0);
}

TEST(PowerLoss, TheTestNoticesAStoreThatDoesNotSync) {
  SqliteStore::Options lying;
  lying.durability = Durability::kOff;
  EXPECT_GT(lost_in_all(lying, Survivors::kSynced), 0);
}

TEST(PowerLoss, TheTestNoticesAStoreThatAnswersBeforeItsCommit) {
  SqliteStore::Options lying;
  lying.answer = AnswerWhen::kBeforeCommit;
  EXPECT_GT(lost_in_all(lying, Survivors::kSynced), 0);
}

TEST(PowerLoss, GroupsOfManyThreadsAreKeptOrRefusedAsAWhole) {
  for (int round = 0; round < 10; ++round) {
    const TempDir directory;
    const TempDir restarted_in;
    put_empty_store(directory.path());
    FaultVfs vfs;
    std::mutex mutex;
    std::set<std::int64_t> acknowledged_ids;
    {
      SqliteStore::Options options;
      options.vfs = vfs.name();
      OpenedStore store(directory.path(), options);
      vfs.cut_power_at(40 + 37 * round);
      std::vector<std::jthread> threads;
      for (int t = 0; t < 16; ++t) {
        threads.emplace_back([&, t] {
          for (std::int64_t id = t * 1000 + 1; vfs.powered() && id < t * 1000 + 200; ++id) {
            if (!acknowledged([&] { store.mint(id); })) continue;
            const std::lock_guard lock(mutex);
            acknowledged_ids.insert(id);
          }
        });
      }
      threads.clear();
      vfs.cut_power();
      vfs.restore(restarted_in.path(), Survivors::kSyncedAndSome, static_cast<unsigned>(round) + 1);
    }
    OpenedStore restarted(restarted_in.path());
    EXPECT_EQ(restarted.chain_problem(), "");
    for (const std::int64_t id : acknowledged_ids) EXPECT_TRUE(restarted.minted(id)) << id;
    EXPECT_GE(restarted.events(), static_cast<std::int64_t>(acknowledged_ids.size()));
  }
}

}  // namespace
}  // namespace countersign::sql
