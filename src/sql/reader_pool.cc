#include "sql/reader_pool.h"

namespace countersign::sql {

class ReaderPool::Loan {
 public:
  explicit Loan(ReaderPool& pool) : pool_(pool) {
    std::unique_lock lock(pool_.mutex_);
    pool_.returned_.wait(lock, [&] { return !pool_.free_.empty(); });
    reader_ = pool_.free_.back();
    pool_.free_.pop_back();
  }
  ~Loan() {
    {
      const std::lock_guard lock(pool_.mutex_);
      pool_.free_.push_back(reader_);
    }
    pool_.returned_.notify_one();
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  Reader* operator->() const { return reader_; }

 private:
  ReaderPool& pool_;
  Reader* reader_ = nullptr;
};

ReaderPool::ReaderPool(const SqliteDriver::Options& options, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    readers_.push_back(std::make_unique<Reader>(options));
    free_.push_back(readers_.back().get());
  }
}

void ReaderPool::run(const std::function<void(const store::Snapshot&)>& look) {
  const Loan reader(*this);
  reader->driver.begin(Access::kRead);
  const struct Scope {
    SqliteDriver& driver;
    ~Scope() { driver.rollback(); }
  } scope{reader->driver};
  look(reader->tables);
  reader->driver.commit();
}

}  // namespace countersign::sql
