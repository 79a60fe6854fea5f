#include "sql/reader_pool.h"

namespace countersign::sql {

class ReaderPool::Loan {
 public:
  explicit Loan(ReaderPool& pool) : pool_(pool) {
    std::unique_lock lock(pool_.mutex_);
    pool_.returned_.wait(lock, [&] { return !pool_.free_.empty(); });
    reader_ = pool_.free_.back();
    pool_.free_.pop_back();
    generation_ = pool_.generation_;
  }
  ~Loan() {
    {
      const std::lock_guard lock(pool_.mutex_);
      if (!keep_ || reader_->generation != pool_.generation_) end(*reader_);
      pool_.free_.push_back(reader_);
    }
    pool_.returned_.notify_one();
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

  // A free reader's transaction, if it has one, is of the present generation. SQLite takes the snapshot at the
  // first read, so it may be newer than its generation says, never older.
  const Tables& begin() {
    if (reader_->generation == 0) reader_->driver.begin(Access::kRead);
    reader_->generation = generation_;
    return reader_->tables;
  }
  // Not after an exception: a read that failed may have ended the transaction.
  void keep() { keep_ = true; }

  static void end(Reader& reader) {
    reader.driver.rollback();
    reader.generation = 0;
  }

 private:
  ReaderPool& pool_;
  Reader* reader_ = nullptr;
  std::uint64_t generation_ = 0;
  bool keep_ = false;
};

ReaderPool::ReaderPool(const SqliteDriver::Options& options, std::size_t size, Snapshots snapshots)
    : snapshots_(snapshots) {
  for (std::size_t i = 0; i < size; ++i) {
    readers_.push_back(std::make_unique<Reader>(options));
    free_.push_back(readers_.back().get());
  }
}

void ReaderPool::run(const std::function<void(const store::Snapshot&)>& look) {
  Loan reader(*this);
  look(reader.begin());
  if (snapshots_ == Snapshots::kKept) reader.keep();
}

void ReaderPool::renew_snapshots() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  for (Reader* const reader : free_) {
    if (reader->generation != 0) Loan::end(*reader);
  }
}

}  // namespace countersign::sql
