// SQLite behind the Driver interface: one connection, WAL, durable commits, no checkpoint that was not
// asked for. The only place that knows SQLite's result codes.
//
// SQLite 3.40 has a defect where a write during another connection's checkpoint can lose the log: so one
// process, one writing connection, and only that connection checkpoints, between its own transactions.
#pragma once

#include <SQLiteCpp/Database.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "sql/driver.h"

struct sqlite3_stmt;

namespace countersign::sql {

enum class Durability {
  kFull,  // a commit is on the disk when it returns
  kOff,   // never in production: lets the crash test prove that it notices
};

class SqliteStatement;

class SqliteDriver final : public Driver {
 public:
  struct Options {
    std::string path;
    Access access = Access::kWrite;
    Durability durability = Durability::kFull;
    std::string vfs = {};  // empty: the system's
  };
  // kWrite creates a missing file, readable by its owner alone. Throws reason `corrupt` for a file that is
  // damaged or not ours.
  explicit SqliteDriver(const Options& options);
  ~SqliteDriver() override;

  Statement& prepared(Sql sql) override;
  void execute(const std::string& statements) override;
  const TypeWords& words() const override;

  void begin(Access access) override;
  void commit() override;
  void rollback() noexcept override;
  void savepoint() override;
  void release_savepoint() override;
  void undo_savepoint() override;
  bool lost() const override { return lost_; }

  // Pages in the write-ahead log after the last commit.
  int log_pages() const { return log_pages_; }
  enum class Checkpoint { kPassive, kTruncate };
  // Moves the log into the database file; never waits for readers. False when one was in the way.
  bool checkpoint(Checkpoint kind);

  // A small durable commit of its own. After a commit whose fsync failed, the log may hold the whole refused
  // transaction, and a crash would bring it back: this overwrites its first page in the log, which ends it.
  void overwrite_log_tail();

  // Throws the Error for a result code that is not OK, ROW or DONE.
  void check(int code, const char* sql);

 private:
  void configure(const Options& options);
  void check_identity(Access access);
  std::int64_t pragma(const char* text);
  void step_through(Sql sql);

  bool lost_ = false;
  int log_pages_ = 0;
  std::unique_ptr<SQLite::Database> database_;
  std::unordered_map<const char*, std::unique_ptr<SqliteStatement>> statements_;  // by address of the literal
};

}  // namespace countersign::sql
