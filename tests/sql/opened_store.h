// A store on a file of its own for the tests of this module, and what is asked of it again and again.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"
#include "sql/sqlite_store.h"
#include "support/records.h"
#include "support/temp_dir.h"
#include "support/test_mac.h"

namespace countersign::sql {

inline const support::TestMac kMac;

class OpenedStore {
 public:
  explicit OpenedStore(const std::filesystem::path& directory, SqliteStore::Options options = {}) {
    options.path = (directory / "test.db").string();
    store_ = std::make_unique<SqliteStore>(options);
    if (options.mode == Mode::kServe) store_->start(kMac);
  }
  SqliteStore& operator*() { return *store_; }
  SqliteStore* operator->() { return store_.get(); }
  void close() { store_.reset(); }

  void mint(std::int64_t id) {
    store_->transact([&](store::Transaction& tx) {
      tx.handoffs().insert(support::handoff(id), support::event_in(support::kWorkspace, "handoff.created", "a note"));
    });
  }
  bool minted(std::int64_t id) {
    return store_->read([&](const store::Snapshot& snapshot) {
      return snapshot.handoffs().find(support::kWorkspace, HandoffId(id)).has_value();
    });
  }
  std::int64_t events() {
    return store_->read([](const store::Snapshot& snapshot) {
      const auto chains = snapshot.audit().chains();
      return chains.empty() ? std::int64_t{0} : chains.front().head.count;
    });
  }
  // Empty, or what is wrong with a chain.
  std::string chain_problem() {
    return store_->read([](const store::Snapshot& snapshot) {
      std::string problem;
      for (const store::Chain& chain : snapshot.audit().chains()) {
        domain::ChainWalk walk(kMac);
        snapshot.audit().walk(chain.workspace, chain.node, 0, [&](const domain::AuditRow& row, std::string_view) {
          return (problem = walk.step(row)).empty();
        });
        if (problem.empty() && walk.head().link != chain.head.link) problem = "the head does not fit the last row";
      }
      return problem;
    });
  }

 private:
  std::unique_ptr<SqliteStore> store_;
};

// Puts an empty database in the directory. A copy of one made once: making it takes ten flushes of the disk.
inline void put_empty_store(const std::filesystem::path& directory) {
  static const support::TempDir made_once;
  static const bool made = (OpenedStore(made_once.path()), true);
  if (made) std::filesystem::copy_file(made_once.file("test.db"), directory / "test.db");
}

// The error that `work` throws; fails the test when it throws none.
template <class Work>
Error error_of(Work&& work) {
  try {
    work();
  } catch (const Error& e) {
    return e;
  }
  ADD_FAILURE() << "no error was thrown";
  return {ErrorCode::kInternal, "none", ""};
}

// Whether it was done or refused because the storage failed; any other error fails the test.
template <class Work>
bool acknowledged(Work&& work) {
  try {
    work();
    return true;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kUnavailable) << e.what();
    EXPECT_EQ(e.reason(), "storage_unavailable") << e.what();
    return false;
  }
}

}  // namespace countersign::sql
