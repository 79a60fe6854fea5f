// A few read-only connections, each lent to one thread at a time; a look waits for a free one. One look is
// one transaction, so it sees one state of the store. Looks do not nest: with all connections lent to
// outer looks, the inner ones would wait for ever. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "sql/sqlite_driver.h"
#include "sql/tables.h"

namespace countersign::sql {

class ReaderPool {
 public:
  ReaderPool(const SqliteDriver::Options& options, std::size_t size);

  void run(const std::function<void(const store::Snapshot&)>& look);

 private:
  struct Reader {
    explicit Reader(const SqliteDriver::Options& options) : driver(options), tables({driver}) {}
    SqliteDriver driver;
    const Tables tables;
  };
  class Loan;

  std::vector<std::unique_ptr<Reader>> readers_;

  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<Reader*> free_;  // guarded by mutex_; last in, first out keeps caches warm
};

}  // namespace countersign::sql
