// Threads that run blocking service code from a bounded queue. submit() never blocks: a full queue says
// no, and the guard answers 503 with Retry-After in well under a millisecond (budget 12).
// Thread-safe. stop() finishes what is queued; it must not be called by a job.
//
// Woken work has a queue of its own and the two are served in turn: ten thousand held requests that are
// decided at once do not make a new poll wait for all of them (budget 7), nor the other way round.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"

namespace countersign::http {

class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t queue_limit, Log& log);
  ~WorkerPool();  // stop()

  // False when the queue is full or the pool stops; the job was not taken then.
  bool submit(std::function<void()>&& job);
  // For work that must not be refused (waking what is already held); bounded by the number of holds.
  // Once the pool stops it runs in the caller.
  void submit_always(std::function<void()> job);
  void stop();
  bool idle() const;

 private:
  void run();
  std::function<void()> next();
  bool claim_wake();
  void run_logged(const std::function<void()>& job) noexcept;

  Log& log_;
  const std::size_t queue_limit_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
  std::deque<std::function<void()>> woken_;
  bool woken_next_ = true;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  bool waking_ = false;  // a worker is on its way out of its wait
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace countersign::http
