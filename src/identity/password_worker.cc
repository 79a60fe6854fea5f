#include "identity/password_worker.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "base/error.h"

namespace countersign::identity {

class PasswordWorker::Impl {
 public:
  Impl(crypto::PasswordCost password_cost, std::size_t queue_limit)
      : cost(password_cost), queue_limit_(queue_limit), thread_([this] { run(); }) {}

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    ready_.notify_one();
    thread_.join();
  }

  // Runs `work` on the worker and waits for it; what it throws comes out here. The caller stands still
  // meanwhile, so `work` may refer to its locals.
  template <class Work>
  auto wait_for(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto result = task.get_future();
    enqueue([&task] { task(); });
    return result.get();
  }

  // What an unknown login is compared with. On the worker only.
  const std::string& decoy() {
    if (decoy_.empty()) decoy_ = crypto::hash_password(Secret(std::string("nobody has this one")), cost);
    return decoy_;
  }

  const crypto::PasswordCost cost;

 private:
  void enqueue(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      if (queue_.size() >= queue_limit_) {
        throw Error(ErrorCode::kRateLimited, "sign_in_busy", "Too many sign-ins at once. Try again in a moment.")
            .retry_after(std::chrono::seconds(2));
      }
      queue_.push_back(std::move(job));
    }
    ready_.notify_one();
  }

  void run() {
    // Ahead of need, or the first unknown login would take twice as long. Short of memory it throws into the
    // task, and verify() tries again.
    std::packaged_task<void()> warm_up([this] { decoy(); });
    warm_up();
    while (auto job = next()) job();
  }

  // What is queued is finished even when stopping: its callers wait.
  std::function<void()> next() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return {};
    auto job = std::move(queue_.front());
    queue_.pop_front();
    return job;
  }

  const std::size_t queue_limit_;
  std::string decoy_;  // the worker's alone
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;  // last: it starts with everything above in place
};

PasswordWorker::PasswordWorker(crypto::PasswordCost cost, std::size_t queue_limit)
    : impl_(std::make_unique<Impl>(cost, queue_limit)) {}
PasswordWorker::~PasswordWorker() = default;

std::string PasswordWorker::hash(const Secret& password) {
  return impl_->wait_for([&] { return crypto::hash_password(password, impl_->cost); });
}

bool PasswordWorker::verify(std::string_view hash, const Secret& password) {
  return impl_->wait_for([&] {
    const std::string compared = hash.empty() ? impl_->decoy() : std::string(hash);
    return crypto::password_matches(password, compared) && !hash.empty();
  });
}

bool PasswordWorker::outdated(const std::string& hash) const { return crypto::needs_rehash(hash, impl_->cost); }

}  // namespace countersign::identity
