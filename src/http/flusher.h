// Sends what a socket did not take at once: one epoll thread for all connections of a server, so that a
// slow reader costs a buffer and no reader thread.
//
// Thread-safe. Connections are found by their id, never by descriptor number: an event that was queued
// for a closed connection finds nothing. Lock order: connection, then flusher.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace countersign::http {

class Connection;

class Flusher {
 public:
  Flusher();   // throws Error kUnavailable when the system has no descriptor left
  ~Flusher();  // stop()
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;

  void start();
  void stop();

  // The connection's on_writable() is called whenever its socket takes bytes, until forget().
  // False when the system refuses: the connection must be given up.
  bool watch(std::uint64_t id, int fd, std::weak_ptr<Connection> connection);
  // Before the descriptor is closed.
  void forget(std::uint64_t id, int fd);

 private:
  void run();
  std::shared_ptr<Connection> find(std::uint64_t id);

  int epoll_fd_ = -1;
  int stop_fd_ = -1;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::weak_ptr<Connection>> watched_;
  std::thread thread_;
};

}  // namespace countersign::http
