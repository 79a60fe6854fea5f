// Storage that fails: at every single write and sync in turn, for ever, and when the disk is full.
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <future>
#include <thread>

#include "fault_vfs.h"
#include "opened_store.h"

namespace countersign::sql {
namespace {

using namespace support;  // NOLINT: records by the dozen
namespace fs = std::filesystem;

SqliteStore::Options on(const FaultVfs& vfs) {
  SqliteStore::Options options;
  options.vfs = vfs.name();
  return options;
}

// Several rows in several tables, a note and a shredding: everything a change can be.
void big_change(SqliteStore& store) {
  store.transact([](store::Transaction& tx) {
    tx.handoffs().insert(handoff(2), event_in(kWorkspace, "handoff.created", "a note"));
    tx.connections().revoke(kWorkspace, ConnectionId(41), kNow, event_in(kWorkspace));
    tx.connections().insert(connection(42, "new"), sealed_fields(), event_in(kWorkspace));
  });
}

// The big change is there as a whole or not at all, and so is its part of the chain.
void expect_whole(OpenedStore& store, bool there, const std::string& when) {
  EXPECT_TRUE(store.minted(1)) << when;
  EXPECT_EQ(store.minted(2), there) << when;
  store->read([&](const store::Snapshot& s) {
    EXPECT_EQ(s.connections().find(kWorkspace, ConnectionId(41))->state == domain::ConnectionState::kRevoked, there)
        << when;
    EXPECT_EQ(s.connections().sealed_fields(kWorkspace, ConnectionId(41)).empty(), there) << when;
    EXPECT_EQ(s.connections().find(kWorkspace, ConnectionId(42)).has_value(), there) << when;
    return 0;
  });
  EXPECT_EQ(store.chain_problem(), "") << when;
}

struct Outcome {
  bool fired = false;
  bool acknowledged = false;
};

// Prepares a store, lets the k-th operation of the big change fail, and looks at what a killed process and a
// machine without power would leave.
Outcome fail_at(int k, unsigned kinds, int code) {
  const std::string when = "operation " + std::to_string(k) + " code " + std::to_string(code);
  const TempDir directory;
  const TempDir powerless;
  put_empty_store(directory.path());
  FaultVfs vfs;
  Outcome outcome;
  {
    OpenedStore store(directory.path(), on(vfs));
    store.mint(1);
    store->transact(
        [](store::Transaction& tx) { tx.connections().insert(connection(41), sealed_fields(), event_in(kWorkspace)); });
    vfs.fail(k, kinds, Repeat::kOnce, code);
    outcome.acknowledged = acknowledged([&] { big_change(*store); });
    // Nobody hears an answer before the writer has made sure of it, so the fault is behind us.
    outcome.fired = vfs.fired();
    vfs.heal();
    expect_whole(store, outcome.acknowledged, when);
    vfs.restore(powerless.path());
    vfs.cut_power();  // the process dies here: nothing that closing does reaches the files
  }
  OpenedStore killed(directory.path());
  expect_whole(killed, outcome.acknowledged, when + ", after a kill");
  OpenedStore restarted(powerless.path());
  expect_whole(restarted, outcome.acknowledged, when + ", after power loss");
  restarted.mint(3);
  EXPECT_EQ(restarted.chain_problem(), "") << when;
  return outcome;
}

void fail_everywhere(unsigned kinds, int code) {
  int refused = 0;
  int k = 1;
  for (;; ++k) {
    const Outcome outcome = fail_at(k, kinds, code);
    if (!outcome.fired) break;
    refused += !outcome.acknowledged;
    ASSERT_LT(k, 500);
  }
  EXPECT_GT(refused, 0);
  EXPECT_TRUE(fail_at(k, kinds, code).acknowledged);
}

TEST(StorageFaults, EveryFailingWriteLeavesAllOrNothing) { fail_everywhere(kWrites, SQLITE_IOERR_WRITE); }
TEST(StorageFaults, EveryFullDiskLeavesAllOrNothing) { fail_everywhere(kWrites, SQLITE_FULL); }
TEST(StorageFaults, EveryFailingSyncLeavesAllOrNothing) { fail_everywhere(kSyncs, SQLITE_IOERR_FSYNC); }

TEST(StorageFaults, AfterAFailedGroupTheWriterGoesOn) {
  const TempDir directory;
  put_empty_store(directory.path());
  FaultVfs vfs;
  OpenedStore store(directory.path(), on(vfs));
  store.mint(1);
  for (std::int64_t id = 10; id < 40; ++id) {
    vfs.fail(1 + static_cast<int>(id) % 5, kBoth, Repeat::kOnce);
    const bool done = acknowledged([&] { store.mint(id); });
    vfs.heal();
    EXPECT_EQ(store.minted(id), done);
    store.mint(id + 100);
  }
  EXPECT_EQ(store.chain_problem(), "");
}

TEST(StorageFaults, WhileTheStorageFailsNothingIsPromisedAndHealthSaysSo) {
  const TempDir directory;
  const TempDir powerless;
  put_empty_store(directory.path());
  FaultVfs vfs;
  {
    OpenedStore store(directory.path(), on(vfs));
    store.mint(1);
    EXPECT_TRUE(store->health().writable);
    vfs.fail(1, kSyncs, Repeat::kForEver);
    for (const std::int64_t id : {2, 3, 4}) EXPECT_FALSE(acknowledged([&] { store.mint(id); }));
    EXPECT_FALSE(store->health().writable);
    EXPECT_NE(store->health().problem, "");
    EXPECT_TRUE(store.minted(1)) << "reading goes on";
    vfs.restore(powerless.path());

    vfs.heal();
    EXPECT_TRUE(store->health().writable) << "a disk that works again shows without traffic";
    store.mint(5);
    EXPECT_FALSE(store.minted(2) || store.minted(3) || store.minted(4));
    EXPECT_EQ(store.chain_problem(), "");
    EXPECT_EQ(store.events(), 2);
  }
  OpenedStore restarted(powerless.path());
  EXPECT_FALSE(restarted.minted(2) || restarted.minted(3) || restarted.minted(4));
  EXPECT_EQ(restarted.events(), 1);
}

TEST(StorageFaults, AFailedCommitRefusesEveryMemberOfItsGroup) {
  const TempDir directory;
  put_empty_store(directory.path());
  FaultVfs vfs;
  OpenedStore store(directory.path(), on(vfs));
  store.mint(1);

  // The first request holds the writer until five others wait; they are the group whose commit fails.
  std::promise<void> running;
  std::promise<void> queued;
  std::vector<std::jthread> threads;
  std::atomic<int> refused = 0;
  threads.emplace_back([&] {
    store->transact([&](store::Transaction& tx) {
      running.set_value();
      queued.get_future().wait();
      tx.handoffs().insert(handoff(2), event_in(kWorkspace));
    });
  });
  running.get_future().wait();
  for (const std::int64_t id : {11, 12, 13, 14, 15}) {
    threads.emplace_back([&, id] {
      refused += !acknowledged([&] {
        store->transact([&](store::Transaction& tx) {
          vfs.fail(1, kSyncs, Repeat::kOnce);
          tx.handoffs().insert(handoff(id), event_in(kWorkspace));
          // Refused on its own account, on top of changes that are then lost: no conflict to report either.
          if (id == 15) throw Error(ErrorCode::kConflict, "planted", "");
        });
      });
    });
  }
  while (store->stats().waiting < 5) std::this_thread::yield();
  queued.set_value();
  threads.clear();

  EXPECT_EQ(refused, 5);
  EXPECT_EQ(store->stats().lost_groups, 1U);
  EXPECT_TRUE(store.minted(2));
  for (const std::int64_t id : {11, 12, 13, 14, 15}) EXPECT_FALSE(store.minted(id));
  store.mint(16);
  EXPECT_EQ(store.chain_problem(), "");
  EXPECT_EQ(store.events(), 3);
}

TEST(StorageFaults, AFailingCheckpointLosesNothing) {
  const TempDir directory;
  put_empty_store(directory.path());
  FaultVfs vfs;
  {
    OpenedStore store(directory.path(), on(vfs));
    store->transact(
        [](store::Transaction& tx) { tx.connections().insert(connection(41), sealed_fields(), event_in(kWorkspace)); });
    // The commit is the first sync; the checkpoint that a shredding asks for needs the next ones.
    vfs.fail(2, kSyncs, Repeat::kForEver);
    EXPECT_TRUE(acknowledged([&] {
      store->transact([](store::Transaction& tx) {
        tx.connections().revoke(kWorkspace, ConnectionId(41), kNow, event_in(kWorkspace));
      });
    }));
    while (store->stats().failed_checkpoints == 0) std::this_thread::yield();
    vfs.cut_power();
  }
  OpenedStore killed(directory.path());
  EXPECT_EQ(killed.events(), 2);
}

// A disk of two megabytes: a tmpfs where we may mount one, else a limit on file sizes.
class SmallDisk {
 public:
  SmallDisk() : mounted_(::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=2m") == 0) {
    if (mounted_) {
      std::ofstream(ballast()) << std::string(512 * 1024, 'b');
      return;
    }
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    limit(1024 * 1024);
  }
  ~SmallDisk() {
    make_room();
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }
  void make_room() {
    if (mounted_) {
      fs::remove(ballast());
    } else {
      limit(before_.rlim_cur);
    }
  }
  const fs::path& path() const { return directory_.path(); }

 private:
  std::string ballast() const { return directory_.file("ballast"); }
  void limit(rlim_t bytes) {
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }

  TempDir directory_;
  rlimit before_{};
  bool mounted_;
};

TEST(StorageFaults, AFullDiskRefusesAndRoomLetsItGoOn) {
  SmallDisk disk;
  std::int64_t id = 1;
  {
    OpenedStore store(disk.path());
    const auto mint_large = [&] {
      store->transact([&](store::Transaction& tx) {
        auto large = handoff(id);
        large.label = std::string(20'000, 'x');
        tx.handoffs().insert(large, event_in(kWorkspace));
      });
    };
    while (acknowledged(mint_large)) ASSERT_LT(++id, 1000);
    EXPECT_FALSE(store.minted(id));
    EXPECT_TRUE(store.minted(id - 1));
    EXPECT_EQ(store.events(), id - 1);

    disk.make_room();
    EXPECT_TRUE(store->health().writable);
    EXPECT_TRUE(acknowledged(mint_large));
  }
  OpenedStore again(disk.path());
  EXPECT_EQ(again.events(), id);
  EXPECT_TRUE(again.minted(id));
  EXPECT_EQ(again.chain_problem(), "");
}

}  // namespace
}  // namespace countersign::sql
