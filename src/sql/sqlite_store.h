// The store on one SQLite file, for one process: a writer thread that groups commits and a few readers.
//
// Opening takes the lock beside the file, checks that the file is ours, and migrates it; reads work from
// then on. Writes work after start(): the audit chain's key is wrapped in this very database, so somebody
// has to read it first. Thread-safe after construction, except start(), which comes once, before the first write.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sql/lock_file.h"
#include "sql/reader_pool.h"
#include "sql/sqlite_driver.h"
#include "sql/writer.h"
#include "store/store.h"

namespace countersign::sql {

enum class Mode {
  kServe,  // the one owner of the file
  kLook,   // beside a running server: no lock, no migration, no write of any kind
};

class SqliteStore final : public store::Store {
 public:
  struct Options {
    std::string path;
    Mode mode = Mode::kServe;
    std::size_t readers = 2;
    std::size_t queue_limit = 1024;
    int node = 0;
    // For tests alone: a file system that fails or crashes, and two ways to break promise 2 on purpose.
    std::string vfs = {};
    Durability durability = Durability::kFull;
    AnswerWhen answer = AnswerWhen::kDurable;
  };

  // Throws reason `in_use` (names the process), `corrupt`, `schema_too_new`, `schema_too_old` (kLook only)
  // or `storage_unavailable`; a file that was there is then as it was.
  explicit SqliteStore(const Options& options);
  // Answers the changes that wait, moves the log into the file, lets go of the lock.
  ~SqliteStore() override;

  // `mac` must outlive the store.
  void start(const domain::ChainMac& mac);

  void run_write(const std::function<void(store::Transaction&)>& change) override;
  void run_read(const std::function<void(const store::Snapshot&)>& look) const override;
  store::CommitFeed& commits() override { return commits_; }

  // For readiness. After a failed write this tries a small one, so a disk that has room again shows.
  WriterHealth health() const;
  WriterStats stats() const;

 private:
  Writer& writer() const;

  const Options options_;
  store::CommitFeed commits_;
  std::optional<LockFile> lock_;
  std::unique_ptr<SqliteDriver> driver_;  // the writing connection; the writer's thread owns it after start()
  std::unique_ptr<ReaderPool> readers_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace countersign::sql
