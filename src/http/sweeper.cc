#include "http/sweeper.h"

#include <chrono>
#include <exception>

#include "http/connection.h"

namespace countersign::http {
namespace {

// Deadlines are seconds long, the shortest is the 2 s of a closing connection: a tenth more hurts nobody, and ten
// times as many looks would be a quarter of what a broker costs that holds ten thousand polls.
constexpr std::chrono::milliseconds kTick{200};

void look_at(Connection& connection) {
  try {
    connection.on_deadline();
  } catch (const std::exception&) {
    connection.abort();
  }
}

}  // namespace

void Sweeper::start() { thread_ = std::thread(&Sweeper::run, this); }

void Sweeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sweeper::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kTick, [this] { return stopping_; })) {
    lock.unlock();
    for (const auto& connection : table_.take_due(clock_.steady_now())) look_at(*connection);
    lock.lock();
  }
}

}  // namespace countersign::http
