// A few read-only connections, each lent to one thread at a time; a look waits for a free one. One look is
// one transaction, so it sees one state of the store. Looks do not nest: with all connections lent to
// outer looks, the inner ones would wait for ever. Thread-safe.
//
// Beginning and ending a transaction costs two system calls, more than most looks. So a connection keeps
// its transaction for the next look for as long as there is nothing newer to see; who commits must say so.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "sql/sqlite_driver.h"
#include "sql/tables.h"

namespace countersign::sql {

enum class Snapshots {
  kKept,     // until renew_snapshots(): for the process that alone writes
  kPerLook,  // somebody else writes, and tells us nothing
};

class ReaderPool {
 public:
  ReaderPool(const SqliteDriver::Options& options, std::size_t size, Snapshots snapshots);

  void run(const std::function<void(const store::Snapshot&)>& look);

  // A look that begins after this returns sees every commit made before it was called. Also lets go of
  // the log, so that a checkpoint finds no idle connection in its way.
  void renew_snapshots();

 private:
  struct Reader {
    explicit Reader(const SqliteDriver::Options& options) : driver(options), tables({driver}) {}
    SqliteDriver driver;
    const Tables tables;
    std::uint64_t generation = 0;  // of its open transaction; 0: none is open
  };
  class Loan;

  const Snapshots snapshots_;
  std::vector<std::unique_ptr<Reader>> readers_;

  std::mutex mutex_;  // guards what follows, and the readers in free_
  std::condition_variable returned_;
  std::vector<Reader*> free_;     // last in, first out keeps caches warm
  std::uint64_t generation_ = 1;  // snapshots of an earlier one may miss a commit
};

}  // namespace countersign::sql
