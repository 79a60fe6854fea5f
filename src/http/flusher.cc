#include "http/flusher.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <utility>

#include "base/error.h"
#include "http/connection.h"

namespace countersign::http {
namespace {

constexpr std::uint64_t kStopId = 0;  // connection ids begin at 1

void wake(Connection& connection) {
  try {
    connection.on_writable();
  } catch (const std::exception&) {
    connection.abort();  // out of memory for one client is no reason to stop serving the others
  }
}

}  // namespace

Flusher::Flusher() : epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)), stop_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kStopId;
  if (epoll_fd_ < 0 || stop_fd_ < 0 || ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, stop_fd_, &event) != 0) {
    if (epoll_fd_ >= 0) ::close(epoll_fd_);
    if (stop_fd_ >= 0) ::close(stop_fd_);
    throw Error(ErrorCode::kUnavailable, "no_descriptors", "The server could not be set up: too few file descriptors.");
  }
}

Flusher::~Flusher() {
  stop();
  ::close(epoll_fd_);
  ::close(stop_fd_);
}

void Flusher::start() { thread_ = std::thread(&Flusher::run, this); }

void Flusher::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_fd_, &one, sizeof one);
  thread_.join();
}

bool Flusher::watch(std::uint64_t id, int fd, std::weak_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  if (!watched_.emplace(id, std::move(connection)).second) return true;
  epoll_event event{};
  event.events = EPOLLOUT;
  event.data.u64 = id;
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0) return true;
  watched_.erase(id);
  return false;
}

void Flusher::forget(std::uint64_t id, int fd) {
  const std::lock_guard lock(mutex_);
  if (watched_.erase(id) != 0) ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

std::shared_ptr<Connection> Flusher::find(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(id);
  return found == watched_.end() ? nullptr : found->second.lock();
}

void Flusher::run() {
  std::array<epoll_event, 64> events;
  for (;;) {
    const int ready = ::epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const std::uint64_t id = events[static_cast<std::size_t>(i)].data.u64;
      if (id == kStopId) return;
      if (const auto connection = find(id)) wake(*connection);
    }
  }
}

}  // namespace countersign::http
