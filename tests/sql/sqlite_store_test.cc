// Opening, closing, looking beside a server, and what the writer does besides writing.
#include "sql/sqlite_store.h"

#include <SQLiteCpp/Database.h>
#include <sys/stat.h>
#include <unistd.h>
#include <atomic>

#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "opened_store.h"

namespace countersign::sql {
namespace {

using namespace support;  // NOLINT: records by the dozen
namespace fs = std::filesystem;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

SqliteStore::Options looking() {
  SqliteStore::Options options;
  options.mode = Mode::kLook;
  return options;
}

TEST(SqliteStore, ASecondOwnerIsRefusedAndToldWhoHasIt) {
  const TempDir directory;
  {
    OpenedStore first(directory.path());
    const Error e = error_of([&] { OpenedStore second(directory.path()); });
    EXPECT_EQ(e.reason(), "in_use");
    EXPECT_NE(e.message().find("process " + std::to_string(::getpid())), std::string::npos) << e.message();
    first.mint(1);
  }
  OpenedStore(directory.path()).mint(2);
}

TEST(SqliteStore, AMissingDirectoryIsAClearError) {
  const TempDir directory;
  const Error e = error_of([&] { OpenedStore store(directory.path() / "nowhere"); });
  EXPECT_EQ(e.code(), ErrorCode::kUnavailable);
  EXPECT_EQ(e.reason(), "storage_unavailable");
}

TEST(SqliteStore, ItsFilesAreForTheOwnerAlone) {
  const TempDir directory;
  OpenedStore store(directory.path());
  store.mint(1);
  for (const char* name : {"test.db", "test.db-wal", "test.db-shm", "lock"}) {
    struct stat found {};
    ASSERT_EQ(::stat(directory.file(name).c_str(), &found), 0) << name;
    EXPECT_EQ(found.st_mode & 0777, 0600U) << name;
  }
}

TEST(SqliteStore, WritesWaitForTheChainKeyAndReadsDoNot) {
  const TempDir directory;
  SqliteStore::Options options;
  options.path = directory.file("test.db");
  SqliteStore store(options);
  EXPECT_EQ(store.read([](const store::Snapshot& s) { return s.keys().all().size(); }), 0U);
  EXPECT_EQ(error_of([&] { store.transact([](store::Transaction&) {}); }).reason(), "not_started");
  store.start(kMac);
  store.transact([](store::Transaction& tx) { tx.keys().insert(key_row(1), event_in(kWorkspace)); });
  EXPECT_THROW(store.start(kMac), Error);
}

TEST(SqliteStore, ClosingLeavesOneFileWithEverythingInIt) {
  const TempDir directory;
  { OpenedStore(directory.path()).mint(1); }
  EXPECT_TRUE(!fs::exists(directory.file("test.db-wal")) || fs::file_size(directory.file("test.db-wal")) == 0);
  OpenedStore again(directory.path());
  EXPECT_TRUE(again.minted(1));
}

TEST(SqliteStore, ALookBesideAServerSeesCommitsAndWritesNothing) {
  const TempDir directory;
  OpenedStore server(directory.path());
  server.mint(1);
  {
    OpenedStore look(directory.path(), looking());
    EXPECT_TRUE(look.minted(1));
    server.mint(2);
    EXPECT_TRUE(look.minted(2));
    EXPECT_EQ(look.chain_problem(), "");
    EXPECT_EQ(error_of([&] { look.mint(3); }).reason(), "not_started");
    EXPECT_THROW(look->start(kMac), Error);
  }
  const auto log_size = fs::file_size(directory.file("test.db-wal"));
  EXPECT_GT(log_size, 0U) << "the look must not move the log into the file";
  server.mint(4);
  EXPECT_EQ(server.chain_problem(), "");
}

TEST(SqliteStore, ALookAfterTheServerWorksTooAndMakesNoDatabase) {
  const TempDir directory;
  EXPECT_EQ(error_of([&] { OpenedStore look(directory.path(), looking()); }).reason(), "storage_unavailable");
  EXPECT_FALSE(fs::exists(directory.file("test.db")));
  { OpenedStore(directory.path()).mint(1); }
  const std::string before = bytes_of(directory.file("test.db"));
  { EXPECT_TRUE(OpenedStore(directory.path(), looking()).minted(1)); }
  EXPECT_EQ(bytes_of(directory.file("test.db")), before);
}

// Each kind of damage is named, and the file stays as it was found.
class DamagedFile : public testing::TestWithParam<std::pair<const char*, void (*)(const std::string&)>> {};

TEST_P(DamagedFile, IsRefusedAndNotHealed) {
  const TempDir directory;
  {
    OpenedStore store(directory.path());
    for (std::int64_t id = 1; id < 50; ++id) store.mint(id);
  }
  const std::string path = directory.file("test.db");
  GetParam().second(path);
  const std::string damaged = bytes_of(path);
  for (const Mode mode : {Mode::kServe, Mode::kLook}) {
    SqliteStore::Options options;
    options.mode = mode;
    const Error e = error_of([&] { OpenedStore store(directory.path(), options); });
    EXPECT_EQ(e.code(), ErrorCode::kUnavailable) << e.what();
    EXPECT_EQ(e.reason(), "corrupt") << e.what();
    EXPECT_EQ(bytes_of(path), damaged);
  }
}

void overwrite(const std::string& path, std::streamoff at, const std::string& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(at);
  file << bytes;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, DamagedFile,
    testing::Values(
        std::pair{"NotADatabase", +[](const std::string& path) { overwrite(path, 0, "this is no database"); }},
        std::pair{"Truncated", +[](const std::string& path) { fs::resize_file(path, 4096); }},
        std::pair{"SchemaPage", +[](const std::string& path) { overwrite(path, 100, std::string(2000, '\xff')); }},
        std::pair{"SomebodyElses",
                  +[](const std::string& path) {
                    fs::remove(path);
                    SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("create table t (a)");
                  }},
        std::pair{"DataPage",
                  +[](const std::string& path) {
                    // Every page but the first, from its type byte on.
                    for (std::uintmax_t at = 4096; at < fs::file_size(path); at += 4096) {
                      overwrite(path, static_cast<std::streamoff>(at), std::string(64, '\x77'));
                    }
                  }}),
    [](const auto& kind) { return kind.param.first; });

class RevokedSecrets : public testing::Test {
 protected:
  void insert() {
    const std::vector<domain::SealedField> secrets = {{"token", 1, sealed_}};
    store_->transact(
        [&](store::Transaction& tx) { tx.connections().insert(connection(41), secrets, event_in(kWorkspace)); });
    EXPECT_TRUE(found_anywhere()) << "the search must be able to find it";
  }
  void insert_and_revoke() {
    insert();
    store_->transact([&](store::Transaction& tx) {
      tx.connections().revoke(kWorkspace, ConnectionId(41), kNow, event_in(kWorkspace));
      tx.handoffs().insert(handoff(1), event_in(kWorkspace));  // told to the commit feed
    });
    store_.mint(2);  // the log is cut after the answer; this one waits for it
  }
  bool found_anywhere() const {
    for (const auto& file : fs::directory_iterator(directory_.path())) {
      if (bytes_of(file.path()).find(sealed_) != std::string::npos) return true;
    }
    return false;
  }

  const std::string sealed_ = "SEALED-" + std::string(200, 'q') + "-BYTES";
  const TempDir directory_;
  OpenedStore store_{directory_.path()};
};

TEST_F(RevokedSecrets, LeaveNoBytesInAnyFile) {
  insert_and_revoke();
  EXPECT_FALSE(found_anywhere());
}

TEST_F(RevokedSecrets, LeaveNoBytesEitherWhenAnotherSourceTakesTheirPlace) {
  insert();
  store_->transact([&](store::Transaction& tx) {
    EXPECT_TRUE(tx.connections().replace_source(connection(41), event_in(kWorkspace)));
  });
  store_.mint(2);
  EXPECT_FALSE(found_anywhere());
}

TEST_F(RevokedSecrets, ThatWaitForTheProviderLeaveNoBytesOnceSettled) {
  insert();
  store_->transact([](store::Transaction& tx) {
    EXPECT_TRUE(tx.connections().revoke_later(kWorkspace, ConnectionId(41), kNow, event_in(kWorkspace)));
    tx.revocations().insert(revocation(41));
  });
  store_.mint(2);
  EXPECT_TRUE(found_anywhere());
  store_->transact([](store::Transaction& tx) {
    EXPECT_TRUE(tx.revocations().settle(kWorkspace, ConnectionId(41), true, "", kNow, event_in(kWorkspace)));
  });
  store_.mint(3);
  EXPECT_FALSE(found_anywhere());
}

TEST_F(RevokedSecrets, OfAClientLeaveNoBytesOnceItIsRemoved) {
  const std::vector<domain::SealedField> secrets = {{"client_secret", 1, sealed_}};
  store_->transact(
      [&](store::Transaction& tx) { tx.oauth_clients().insert(oauth_client(101), secrets, event_in(kWorkspace)); });
  EXPECT_TRUE(found_anywhere());
  store_->transact([](store::Transaction& tx) {
    EXPECT_TRUE(tx.oauth_clients().remove(kWorkspace, OAuthClientId(101), kNow, event_in(kWorkspace)));
  });
  store_.mint(2);
  EXPECT_FALSE(found_anywhere());
}

// The log of a refresh is cut in its own time, at the latest when the store is closed.
TEST_F(RevokedSecrets, OfARefreshLeaveNoBytesInTheClosedFile) {
  insert();
  store_->transact([](store::Transaction& tx) {
    tx.oauth_accounts().insert(oauth_account(41));
    const auto fence = tx.oauth_accounts().claim(kWorkspace, ConnectionId(41), kNow, after(60), event_in(kWorkspace));
    EXPECT_TRUE(tx.oauth_accounts().rotate(connection(41), *fence, 2, {}, sealed_tokens(2), event_in(kWorkspace)));
  });
  store_.close();
  EXPECT_FALSE(found_anywhere());
}

// What a reader keeps for its next look stands in the way of cutting the log.
TEST_F(RevokedSecrets, LeaveNoBytesAlthoughSomebodyLookedInTheMeantime) {
  std::atomic<bool> looked = false;  // the feed runs on the writer's thread
  store_->commits().subscribe([&](auto) { looked = store_.minted(1) || looked; });
  insert_and_revoke();
  EXPECT_TRUE(looked) << "between the commit and the cut";
  EXPECT_FALSE(found_anywhere());
}

TEST(SqliteStore, AFullQueueRefusesAtOnce) {
  const TempDir directory;
  SqliteStore::Options options;
  options.queue_limit = 2;
  OpenedStore store(directory.path(), options);
  std::promise<void> release;
  std::promise<void> running;
  std::vector<std::jthread> threads;
  threads.emplace_back([&] {
    store->transact([&](store::Transaction&) {
      running.set_value();
      release.get_future().wait();
    });
  });
  running.get_future().wait();
  for (const std::int64_t id : {1, 2}) threads.emplace_back([&, id] { store.mint(id); });
  while (store->stats().waiting < 2) std::this_thread::yield();
  const Error e = error_of([&] { store.mint(3); });
  EXPECT_EQ(e.code(), ErrorCode::kUnavailable);
  EXPECT_EQ(e.reason(), "storage_busy");
  EXPECT_TRUE(e.retry_after());
  release.set_value();
  threads.clear();
  EXPECT_TRUE(store.minted(1) && store.minted(2));
  EXPECT_FALSE(store.minted(3));
}

TEST(SqliteStore, ATransactionInsideATransactionIsADefectAndNoDeadlock) {
  const TempDir directory;
  OpenedStore store(directory.path());
  const Error e = error_of([&] { store->transact([&](store::Transaction&) { store.mint(1); }); });
  EXPECT_EQ(e.reason(), "nested_transaction");
}

TEST(SqliteStore, WhatWaitsAtTheEndIsStillAnswered) {
  const TempDir directory;
  OpenedStore store(directory.path());
  std::promise<void> release;
  std::promise<void> running;
  std::vector<std::jthread> threads;
  std::atomic<int> done = 0;
  threads.emplace_back([&] {
    store->transact([&](store::Transaction&) {
      running.set_value();
      release.get_future().wait();
    });
  });
  running.get_future().wait();
  for (const std::int64_t id : {1, 2, 3}) {
    threads.emplace_back([&, id] {
      store.mint(id);
      ++done;
    });
  }
  while (store->stats().waiting < 3) std::this_thread::yield();
  std::jthread releasing([&] { release.set_value(); });
  store.close();
  threads.clear();
  EXPECT_EQ(done, 3);
  OpenedStore again(directory.path());
  EXPECT_TRUE(again.minted(1) && again.minted(2) && again.minted(3));
}

TEST(SqliteStore, TheLogStaysBounded) {
  const TempDir directory;
  OpenedStore store(directory.path());
  for (std::int64_t id = 1; id <= 150; ++id) {
    store->transact([&](store::Transaction& tx) {
      auto large = handoff(id);
      large.label = std::string(200'000, 'x');
      tx.handoffs().insert(large, event_in(kWorkspace));
    });
  }
  EXPECT_GT(store->stats().checkpoints, 1U);
  EXPECT_LT(fs::file_size(directory.file("test.db-wal")), 16U * 1024 * 1024);
}

// Reading the heads inside a step stores those of the whole group early; undoing the step must not lose them.
TEST(SqliteStore, AStepThatReadsTheHeadsAndFailsTakesNoNeighboursHeadWithIt) {
  const TempDir directory;
  OpenedStore store(directory.path());
  std::promise<void> release;
  std::promise<void> running;
  std::vector<std::jthread> threads;
  threads.emplace_back([&] {
    store->transact([&](store::Transaction&) {
      running.set_value();
      release.get_future().wait();
    });
  });
  running.get_future().wait();
  threads.emplace_back([&] { store.mint(1); });
  while (store->stats().waiting < 1) std::this_thread::yield();
  threads.emplace_back([&] {
    error_of([&] {
      store->transact([](store::Transaction& tx) {
        tx.audit().chains();
        throw Error(ErrorCode::kConflict, "planted", "");
      });
    });
  });
  while (store->stats().waiting < 2) std::this_thread::yield();
  release.set_value();
  threads.clear();
  EXPECT_EQ(store.events(), 1);
  EXPECT_EQ(store.chain_problem(), "");
}

// Rather no agent at all than one with other rights than it was given.
TEST(SqliteStore, AScopeThatNobodyKnowsIsDamageAndNotNoScope) {
  const TempDir directory;
  OpenedStore store(directory.path());
  store->transact([](store::Transaction& tx) { tx.agents().insert(agent(21), event_in(kWorkspace)); });
  SQLite::Database(directory.file("test.db"), SQLite::OPEN_READWRITE, 5000)
      .exec("update agents set scopes = 'read everything'");
  const Error e = error_of([&] {
    OpenedStore(directory.path(), looking())->read([](const store::Snapshot& s) {
      return s.agents().find(AgentId(21));
    });
  });
  EXPECT_EQ(e.reason(), "corrupt_row");
  EXPECT_EQ(e.code(), ErrorCode::kInternal);
}

// A change that touches nothing must not cost a flush of the disk.
TEST(SqliteStore, ATouchThatChangesNothingWritesNothing) {
  const TempDir directory;
  OpenedStore store(directory.path());
  store->transact([](store::Transaction& tx) { tx.agents().insert(agent(21), event_in(kWorkspace)); });
  const auto before = fs::file_size(directory.file("test.db-wal"));
  store->transact([](store::Transaction& tx) { tx.agents().touch(AgentId(21), kNow); });
  EXPECT_EQ(fs::file_size(directory.file("test.db-wal")), before);
  store->transact([](store::Transaction& tx) { tx.agents().touch(AgentId(21), after(99)); });
  EXPECT_GT(fs::file_size(directory.file("test.db-wal")), before);
}

}  // namespace
}  // namespace countersign::sql
