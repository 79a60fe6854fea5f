#include "sql/writer.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace countersign::sql {
namespace {

constexpr std::size_t kGroupLimit = 256;  // bounds how long the first of a group waits for the last
constexpr int kPassiveAt = 2'000;         // log pages, 8 MB: moved while readers go on
constexpr int kTruncateAt = 16'000;       // 64 MB: readers were in the way too long, try to cut the file

Error unavailable(std::string_view reason, const char* message) {
  return Error(ErrorCode::kUnavailable, reason, message).retry_after(std::chrono::seconds(1));
}

}  // namespace

Writer::Writer(SqliteDriver& driver, ReaderPool& readers, const domain::ChainMac& mac, int node,
               const store::CommitFeed& commits, const Options& options)
    : driver_(driver),
      readers_(readers),
      journal_(driver, mac, node),
      tables_({driver, &journal_}),
      commits_(commits),
      options_(options),
      next_checkpoint_(kPassiveAt),
      thread_([this] { loop(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  thread_.join();
  // Those who were answered last may still be on their way out of run().
  std::unique_lock lock(mutex_);
  work_.wait(lock, [&] { return free_.size() == requests_.size(); });
}

void Writer::run(const std::function<void(store::Transaction&)>& change) {
  if (std::this_thread::get_id() == thread_.get_id()) {
    throw Error(ErrorCode::kInternal, "nested_transaction", "A transaction was asked for inside another.");
  }
  Request* const request = enqueue(change);
  std::exception_ptr failure;
  {
    std::unique_lock lock(request->mutex);
    request->answered_changed.wait(lock, [&] { return request->answered; });
    failure = std::exchange(request->failure, nullptr);
  }
  give_back(request);
  if (failure) std::rethrow_exception(failure);
}

Writer::Request* Writer::enqueue(const std::function<void(store::Transaction&)>& change) {
  const std::lock_guard lock(mutex_);
  if (stopping_) throw unavailable("stopping", "The server is stopping.");
  if (waiting_.size() >= options_.queue_limit) throw unavailable("storage_busy", "Too many changes wait already.");
  if (free_.empty()) free_.push_back(requests_.emplace_back(std::make_unique<Request>()).get());
  Request* const request = free_.back();
  free_.pop_back();
  request->change = &change;
  request->answered = false;
  waiting_.push_back(request);
  if (waiting_.size() == 1) work_.notify_one();
  return request;
}

void Writer::give_back(Request* request) {
  const std::lock_guard lock(mutex_);
  free_.push_back(request);
  if (stopping_) work_.notify_all();
}

void Writer::loop() {
  while (take_group()) {
    write_group();
    keep_log_short();
  }
}

bool Writer::take_group() {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [&] { return !waiting_.empty() || stopping_; });
  const std::size_t count = std::min(waiting_.size(), kGroupLimit);
  group_.assign(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  return count > 0;
}

void Writer::write_group() {
  try {
    if (tail_suspect_) driver_.overwrite_log_tail();
    tail_suspect_ = false;
    driver_.begin(Access::kWrite);
    const bool any_kept = run_steps();
    if (options_.answer == AnswerWhen::kBeforeCommit) answer_group();
    if (any_kept) {
      journal_.flush_heads();
      driver_.commit();
      readers_.renew_snapshots();  // before the answers: who has one reads what it says
      ++commits_done_;
    } else {
      driver_.rollback();
    }
    const std::lock_guard lock(mutex_);
    health_ = {};
  } catch (const Error& e) {
    return fail_group(e);
  } catch (...) {
    return fail_group(Error(ErrorCode::kInternal, "storage_defect", "The writer failed."));
  }
  answer_group();
  publish();
}

// False when no step is to be kept.
bool Writer::run_steps() {
  bool any_kept = false;
  for (Request* const request : group_) any_kept |= run_step(*request);
  return any_kept;
}

// Throws only what ends the whole group.
bool Writer::run_step(Request& request) {
  driver_.savepoint();
  journal_.begin_step();
  try {
    (*request.change)(tables_);
    keep_step();
    return true;
  } catch (...) {
    request.failure = std::current_exception();
  }
  if (driver_.lost()) std::rethrow_exception(std::exchange(request.failure, nullptr));
  driver_.undo_savepoint();
  journal_.undo_step();
  return false;
}

void Writer::keep_step() {
  // Even if the closure swallowed the exception: promise 1 is not its to break.
  if (driver_.lost()) throw unavailable("storage_unavailable", "The storage failed; nothing was changed.");
  if (journal_.event_missing())
    throw Error(ErrorCode::kInternal, "event_missing", "A change was left without its event.");
  driver_.release_savepoint();
}

void Writer::fail_group(const Error& why) {
  driver_.rollback();
  journal_.forget();
  ++lost_groups_;
  const Error answer(ErrorCode::kUnavailable, "storage_unavailable", "The storage failed; nothing was changed.",
                     why.what());
  for (Request* const request : group_) request->failure = std::make_exception_ptr(answer);
  {
    const std::lock_guard lock(mutex_);
    health_ = {false, why.what()};
  }
  // Before anybody hears "nothing was changed": a crash now must not bring the refused group back.
  tail_suspect_ = true;
  try {
    driver_.overwrite_log_tail();
    tail_suspect_ = false;
  } catch (const Error&) {
    driver_.rollback();  // tried again before the next group
  }
  answer_group();
}

void Writer::answer_group() {
  answered_ += group_.size();
  for (Request* const request : group_) {
    {
      const std::lock_guard lock(request->mutex);
      request->answered = true;
    }
    request->answered_changed.notify_one();  // unlocked: the woken thread must not meet us at the mutex
  }
  group_.clear();  // from here on they belong to their threads
}

void Writer::publish() {
  if (!journal_.changed_rows().empty()) {
    try {
      commits_.publish(journal_.changed_rows());
    } catch (...) {
      // A hint that is lost costs a poll its shortcut; the change is durable and stays so.
    }
  }
  journal_.forget_changed_rows();
}

void Writer::keep_log_short() {
  // Stays until the log that holds deleted secrets is really gone: a reader in the way only puts it off.
  shredded_ = journal_.take_shredded() || shredded_;
  if (!shredded_ && driver_.log_pages() < next_checkpoint_) return;
  const bool cut = shredded_ || driver_.log_pages() >= kTruncateAt;
  readers_.renew_snapshots();
  try {
    const bool all_moved =
        driver_.checkpoint(cut ? SqliteDriver::Checkpoint::kTruncate : SqliteDriver::Checkpoint::kPassive);
    // Where a reader was in the way, the log grows on; trying after every group would only cost.
    next_checkpoint_ = all_moved ? kPassiveAt : driver_.log_pages() + kPassiveAt;
    if (cut && all_moved) shredded_ = false;
    ++checkpoints_;
  } catch (const Error&) {
    next_checkpoint_ = driver_.log_pages() + kPassiveAt;
    ++failed_checkpoints_;  // nothing is lost: the commits stand in the log
  }
}

WriterStats Writer::stats() const {
  const std::lock_guard lock(mutex_);
  return {answered_, commits_done_, lost_groups_, checkpoints_, failed_checkpoints_, waiting_.size()};
}

WriterHealth Writer::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

}  // namespace countersign::sql
