#include "app/jobs.h"

#include <algorithm>

namespace countersign::app {

void Jobs::every(std::chrono::milliseconds period, std::string name, std::function<void()> work) {
  jobs_.push_back({period, std::move(name), std::move(work), {}, {}});
}

void Jobs::start() {
  const SteadyInstant now = std::chrono::steady_clock::now();
  for (Job& job : jobs_) job.next = now + job.period;
  thread_ = std::thread([this] { run(); });
}

void Jobs::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Jobs::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_ && !jobs_.empty()) {
    const auto due =
        std::min_element(jobs_.begin(), jobs_.end(), [](const Job& a, const Job& b) { return a.next < b.next; });
    if (wake_.wait_until(lock, due->next, [this] { return stopping_; })) return;
    lock.unlock();
    run_one(*due);
    due->next = std::chrono::steady_clock::now() + due->period;
    lock.lock();
  }
}

void Jobs::run_one(Job& job) {
  std::string failure;
  try {
    job.work();
  } catch (const std::exception& error) {
    failure = error.what();
  } catch (...) {
    failure = "an unknown exception";
  }
  if (!failure.empty() && failure != job.last_error) {
    log_.write(LogLevel::kError, "job failed", {{"job", job.name}, {"error", failure}});
  }
  job.last_error = std::move(failure);
}

}  // namespace countersign::app
