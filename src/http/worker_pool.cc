#include "http/worker_pool.h"

#include <exception>
#include <utility>

namespace countersign::http {

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue_limit, Log& log) : log_(log), queue_limit_(queue_limit) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

WorkerPool::~WorkerPool() { stop(); }

// Both wake a worker after the lock is free, or it would wake up only to wait for it; and only when one
// sleeps: a busy pool takes the next job by itself and the system call is saved.
bool WorkerPool::submit(std::function<void()>&& job) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= queue_limit_) return false;
    queue_.push_back(std::move(job));
    wake = claim_wake();
  }
  if (wake) ready_.notify_one();
  return true;
}

void WorkerPool::submit_always(std::function<void()> job) {
  std::unique_lock lock(mutex_);
  if (stopping_) {
    lock.unlock();
    run_logged(job);
    return;
  }
  woken_.push_back(std::move(job));
  const bool wake = claim_wake();
  lock.unlock();
  if (wake) ready_.notify_one();
}

void WorkerPool::stop() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);  // a second stop() finds nothing to join
  }
  ready_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

bool WorkerPool::idle() const {
  const std::lock_guard lock(mutex_);
  return queue_.empty() && woken_.empty() && running_ == 0;
}

// Under the lock, with something queued: whether the caller has to wake a worker. One at a time, and who wakes to
// find more work wakes the next: meanwhile those who are done take it without a switch of threads.
bool WorkerPool::claim_wake() {
  if (waking_ || waiting_ == 0) return false;
  waking_ = true;
  return true;
}

// Under the lock, with something queued.
std::function<void()> WorkerPool::next() {
  const bool take_woken = queue_.empty() || (woken_next_ && !woken_.empty());
  woken_next_ = !take_woken;
  auto& source = take_woken ? woken_ : queue_;
  std::function<void()> job = std::move(source.front());
  source.pop_front();
  return job;
}

void WorkerPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    while (queue_.empty() && woken_.empty() && !stopping_) {
      ++waiting_;
      ready_.wait(lock);
      --waiting_;
      waking_ = false;
    }
    if (queue_.empty() && woken_.empty()) return;
    std::function<void()> job = next();
    ++running_;
    const bool wake = !(queue_.empty() && woken_.empty()) && claim_wake();
    lock.unlock();
    if (wake) ready_.notify_one();
    run_logged(job);
    job = nullptr;  // what it owned is gone before the pool calls itself idle
    lock.lock();
    --running_;
  }
}

// The guard answers for its own jobs; what still gets here must not take the process down.
void WorkerPool::run_logged(const std::function<void()>& job) noexcept {
  try {
    job();
  } catch (const std::exception& error) {
    log_.write(LogLevel::kError, "job_failed", {{"error", error.what()}});
  } catch (...) {
    log_.write(LogLevel::kError, "job_failed", {{"error", "not a std::exception"}});
  }
}

}  // namespace countersign::http
