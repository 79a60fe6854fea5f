// The one thread that writes. It takes whatever waits as one group: each request in a savepoint of its own,
// one commit and so one fsync for all, then the answers, then the commit feed.
//
// A request that throws is rolled back alone. A storage failure, or a commit that fails, ends the group:
// everybody in it gets kUnavailable and nothing of it is kept, conflicts that were found against each
// other's changes included. The queue is bounded: more than that is kUnavailable `storage_busy` at once.
// Checkpoints run here, between groups (why: sqlite_driver.h). run() is thread-safe; the rest is as marked.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sql/journal.h"
#include "sql/reader_pool.h"
#include "sql/sqlite_driver.h"
#include "sql/tables.h"
#include "store/store.h"

namespace countersign::sql {

struct WriterStats {
  std::uint64_t requests = 0;     // answered, in whatever way
  std::uint64_t commits = 0;      // groups that became durable: one fsync each
  std::uint64_t lost_groups = 0;  // groups that the storage failed
  std::uint64_t checkpoints = 0;
  std::uint64_t failed_checkpoints = 0;
  std::uint64_t waiting = 0;  // in the queue now
};

struct WriterHealth {
  bool writable = true;
  std::string problem;  // the last failure's message and detail, for the log
};

enum class AnswerWhen {
  kDurable,
  kBeforeCommit,  // a lie; lets the crash test prove that it notices
};

class Writer {
 public:
  struct Options {
    std::size_t queue_limit = 1024;
    AnswerWhen answer = AnswerWhen::kDurable;
  };
  Writer(SqliteDriver& driver, ReaderPool& readers, const domain::ChainMac& mac, int node,
         const store::CommitFeed& commits, const Options& options);
  ~Writer();  // answers what waits, then ends the thread

  // Blocks until the change is durable or nothing of it is there; throws what `change` threw.
  void run(const std::function<void(store::Transaction&)>& change);

  WriterStats stats() const;
  WriterHealth health() const;

 private:
  // Pooled and never freed before the writer is: a late wake-up finds memory that is still a request.
  struct Request {
    const std::function<void(store::Transaction&)>* change = nullptr;
    std::exception_ptr failure;
    std::mutex mutex;
    std::condition_variable answered_changed;
    bool answered = false;
  };

  Request* enqueue(const std::function<void(store::Transaction&)>& change);
  void give_back(Request* request);

  // The rest runs on the writer's thread.
  void loop();
  bool take_group();
  void write_group();
  bool run_steps();
  bool run_step(Request& request);
  void keep_step();
  void fail_group(const Error& why);
  void answer_group();
  void publish();
  void keep_log_short();

  SqliteDriver& driver_;
  ReaderPool& readers_;
  Journal journal_;
  Tables tables_;
  const store::CommitFeed& commits_;
  const Options options_;

  std::vector<Request*> group_;  // writer's thread only
  bool tail_suspect_ = false;    // the log may hold a refused transaction, or the storage failed
  int next_checkpoint_ = 0;      // log pages
  bool shredded_ = false;        // the log still holds secrets that were deleted

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable work_;
  std::vector<std::unique_ptr<Request>> requests_;
  std::vector<Request*> free_;
  std::vector<Request*> waiting_;
  bool stopping_ = false;
  WriterHealth health_;

  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> commits_done_{0};
  std::atomic<std::uint64_t> lost_groups_{0};
  std::atomic<std::uint64_t> checkpoints_{0};
  std::atomic<std::uint64_t> failed_checkpoints_{0};

  std::thread thread_;  // last: everything it uses is there before it starts
};

}  // namespace countersign::sql
