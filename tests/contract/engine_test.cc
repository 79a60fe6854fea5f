// Defines the engines, and what every contract test checks when it ends.
#include "engine.h"

#include <SQLiteCpp/Database.h>

#include <atomic>
#include <random>
#include <thread>

#include "sql/sqlite_store.h"
#include "support/temp_dir.h"

namespace countersign::contract {
namespace {

using support::TestMac;

class SqliteEngine : public Engine {
 public:
  explicit SqliteEngine(store::CommitFeed::Subscriber subscriber) : subscriber_(std::move(subscriber)) { open(); }
  store::Store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    open();
  }
  std::uint64_t commits() const override { return store_->stats().commits; }
  void refuse_events() override {
    SQLite::Database(path(), SQLite::OPEN_READWRITE, 5000)
        .exec("create trigger refuse before insert on audit_events begin select raise(abort, 'refused'); end");
  }

 private:
  std::string path() const { return directory_.file("contract.db"); }
  void open() {
    sql::SqliteStore::Options options;
    options.path = path();
    store_ = std::make_unique<sql::SqliteStore>(options);
    store_->commits().subscribe(subscriber_);
    store_->start(mac_);
  }

  const store::CommitFeed::Subscriber subscriber_;
  support::TempDir directory_;
  TestMac mac_;
  std::unique_ptr<sql::SqliteStore> store_;
};

// The same contract holds while other threads write, fail and read in a workspace of their own.
class BusySqliteEngine final : public SqliteEngine {
 public:
  explicit BusySqliteEngine(store::CommitFeed::Subscriber subscriber) : SqliteEngine(std::move(subscriber)) { start(); }
  ~BusySqliteEngine() override { stop(); }
  void reopen() override {
    stop();
    SqliteEngine::reopen();
    start();
  }

 private:
  static constexpr WorkspaceId kNoise{999};

  void start() {
    stop_ = false;
    for (unsigned seed = 0; seed < 4; ++seed) threads_.emplace_back([this, seed] { make_noise(seed); });
  }
  void stop() {
    stop_ = true;
    threads_.clear();
  }
  void make_noise(unsigned seed) {
    std::minstd_rand random(seed + 1);
    while (!stop_) {
      try {
        one_noise(random() % 4, kNoiseFrom + next_++);
      } catch (const Error&) {
        // Planted failures, and whatever the test at hand does to the engine.
      }
      std::this_thread::yield();
    }
  }
  void one_noise(unsigned kind, std::int64_t id) {
    if (kind == 0) {
      store().read([&](const store::Snapshot& s) { return s.handoffs().find(kNoise, HandoffId(id)).has_value(); });
      return;
    }
    store().transact([&](store::Transaction& tx) {
      domain::Handoff noise = support::handoff(id, kNoise);
      noise.subject = PersonId(id);  // the feed names it too
      tx.handoffs().insert(noise, support::event_in(kNoise));
      if (kind == 1) throw Error(ErrorCode::kConflict, "planted", "");
    });
  }

  std::atomic<bool> stop_ = false;
  std::atomic<std::int64_t> next_ = 0;
  std::vector<std::jthread> threads_;
};

template <class Type>
std::unique_ptr<Engine> make(store::CommitFeed::Subscriber subscriber) {
  return std::make_unique<Type>(std::move(subscriber));
}

}  // namespace

const std::vector<EngineCase>& engines() {
  static const std::vector<EngineCase> all = {{"Sqlite", make<SqliteEngine>}, {"BusySqlite", make<BusySqliteEngine>}};
  return all;
}

std::int64_t StoreContract::events(WorkspaceId workspace) {
  return look([&](const store::Snapshot& snapshot) {
    for (const store::Chain& chain : snapshot.audit().chains()) {
      if (chain.workspace == workspace) return chain.head.count;
    }
    return std::int64_t{0};
  });
}

std::vector<store::AuditEntry> StoreContract::trail(WorkspaceId workspace) {
  return look([&](const store::Snapshot& snapshot) {
    std::vector<store::AuditEntry> entries;
    snapshot.audit().walk(workspace, 0, 0, [&](const domain::AuditRow& row, std::string_view note) {
      entries.push_back({row, std::string(note)});
      return true;
    });
    return entries;
  });
}

std::string StoreContract::chain_problem() {
  const TestMac mac;
  return look([&](const store::Snapshot& snapshot) {
    std::string problem;
    for (const store::Chain& chain : snapshot.audit().chains()) {
      domain::ChainWalk walk(mac);
      snapshot.audit().walk(chain.workspace, chain.node, 0, [&](const domain::AuditRow& row, std::string_view note) {
        problem = walk.step(row);
        const bool note_fits = note.empty() || row.commitment == domain::commitment_of(note, mac);
        if (problem.empty() && !note_fits) problem = "the note of event " + std::to_string(row.sequence);
        return problem.empty();
      });
      if (problem.empty() && walk.head().count != chain.head.count) problem = "the head counts other events";
      if (problem.empty() && walk.head().link != chain.head.link) problem = "the head has another link";
      if (!problem.empty()) return chain.workspace.text() + ": " + problem;
    }
    return problem;
  });
}

void StoreContract::note(std::span<const std::int64_t> keys) {
  const std::lock_guard lock(mutex_);
  for (const std::int64_t key : keys) {
    if (key < kNoiseFrom) told_.insert(key);
  }
}

std::set<std::int64_t> StoreContract::told() {
  // Answers come before the feed: it is out when the next change is answered.
  change([](store::Transaction& tx) { tx.audit().record(support::event_in(WorkspaceId(998))); });
  const std::lock_guard lock(mutex_);
  return std::exchange(told_, {});
}

void StoreContract::TearDown() { EXPECT_EQ(chain_problem(), ""); }

}  // namespace countersign::contract
