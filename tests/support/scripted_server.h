// A server on a free loopback port that does exactly what a test tells it: the script runs once for each
// connection, on a thread of its own, and says what is read and what is sent, well-formed or not.
// Destroying it ends all connections and waits for the scripts.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace countersign::support {

class ScriptedServer {
 public:
  // One connection, as the script sees it.
  class Peer {
   public:
    // The next request: head and, by its Content-Length, body. Empty when there is none any more.
    std::string read() {
      std::size_t end = std::string::npos;
      while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
        if (!receive()) return {};
      }
      const std::size_t length = input_.find("Content-Length: ");
      const std::size_t size = end + 4 + (length < end ? std::stoul(input_.substr(length + 16)) : 0);
      while (input_.size() < size && receive()) {
      }
      const std::string request = input_.substr(0, size);
      input_.erase(0, size);
      const std::lock_guard lock(server_.mutex_);
      server_.requests_.push_back(request);
      return request;
    }
    // False when the other side does not take it any more.
    bool send(std::string_view bytes) {
      while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      }
      return true;
    }
    int fd() const { return fd_; }

   private:
    friend class ScriptedServer;
    Peer(ScriptedServer& server, int fd) : server_(server), fd_(fd) {}
    bool receive() {
      char buffer[4096];
      const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
      if (got > 0) input_.append(buffer, static_cast<std::size_t>(got));
      return got > 0;
    }
    ScriptedServer& server_;
    const int fd_;
    std::string input_;
  };
  using Script = std::function<void(Peer&)>;

  explicit ScriptedServer(Script script, const char* address = "127.0.0.1") : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in place{};
    place.sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &place.sin_addr);
    socklen_t size = sizeof place;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&place), size) != 0 || ::listen(listener_, 128) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&place), &size) != 0) {
      throw std::runtime_error("a scripted server cannot listen");
    }
    port_ = ntohs(place.sin_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string port() const { return std::to_string(port_); }
  std::string url(std::string_view path = "/") const { return "http://127.0.0.1:" + port() + std::string(path); }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return connections_;
  }

  // A whole answer with its length.
  static std::string answer(std::string_view body, std::string_view status = "200 OK", std::string_view fields = "") {
    return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }
  // Answers every request in the same way and keeps the connection.
  static Script always(std::string reply) {
    return [reply = std::move(reply)](Peer& peer) {
      while (!peer.read().empty() && peer.send(reply)) {
      }
    };
  }

 private:
  void accept() {
    int fd = -1;
    while ((fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0) {
      const std::lock_guard lock(mutex_);
      ++connections_;
      open_.push_back(fd);
      threads_.emplace_back([this, fd] { run(fd); });
    }
  }
  void run(int fd) {
    Peer peer(*this, fd);
    script_(peer);
    const std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    ::close(fd);
  }

  const Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::size_t connections_ = 0;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::vector<std::string> requests_;
};

}  // namespace countersign::support
