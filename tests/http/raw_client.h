// A client that sends exactly the bytes a test wants and reads what comes back, with a time-out on every
// wait. Blocking, one thread per client.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace countersign::http::testing {

struct RawResponse {
  int status = 0;  // 0: the connection ended, or nothing came in time
  std::string head;
  std::string body;

  // The value of a field, compared without case; empty when absent.
  std::string field(std::string_view name) const {
    const std::string wanted = "\r\n" + std::string(name) + ": ";
    for (std::size_t at = 0; at + wanted.size() <= head.size(); ++at) {
      if (::strncasecmp(head.data() + at, wanted.data(), wanted.size()) == 0) {
        const std::size_t begin = at + wanted.size();
        return head.substr(begin, head.find("\r\n", begin) - begin);
      }
    }
    return {};
  }
};

class RawClient {
 public:
  static constexpr std::chrono::milliseconds kPatience{20'000};  // for a busy machine

  explicit RawClient(std::uint16_t port, int receive_buffer = 0, const char* from = nullptr) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (receive_buffer != 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (from != nullptr) {
      ::inet_pton(AF_INET, from, &address.sin_addr);
      ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  struct Connected {
    int fd;
  };
  explicit RawClient(Connected socket) : fd_(socket.fd), connected_(true) {}
  RawClient(RawClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_), input_(std::move(other.input_)) {}
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() { close(); }

  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  // RST instead of FIN.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void end_output() { ::shutdown(fd_, SHUT_WR); }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // The next answer; `head_only` for the answer to a HEAD request.
  RawResponse read(bool head_only = false) {
    RawResponse response;
    std::size_t end = std::string::npos;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(kPatience)) return response;
    }
    response.head = input_.substr(0, end + 2);
    input_.erase(0, end + 4);
    const std::string length = response.field("Content-Length");
    const std::size_t size = head_only || length.empty() ? 0 : std::stoul(length);
    while (input_.size() < size) {
      if (!receive(kPatience)) return RawResponse{};
    }
    response.body = input_.substr(0, size);
    input_.erase(0, size);
    response.status = std::stoi(response.head.substr(9, 3));
    return response;
  }

  RawResponse ask(std::string_view request) {
    send(request);
    return read();
  }

  // What comes, up to and with `mark`; all that came when it does not in time. For bodies without a length.
  std::string read_past(std::string_view mark, std::chrono::milliseconds patience = kPatience) {
    std::size_t at = std::string::npos;
    while ((at = input_.find(mark)) == std::string::npos && receive(patience)) {
    }
    const std::string got = input_.substr(0, at == std::string::npos ? at : at + mark.size());
    input_.erase(0, got.size());
    return got;
  }

  // All that comes until the server ends the connection; empty when it does not in time.
  std::optional<std::string> read_to_end(std::chrono::milliseconds patience = kPatience) {
    while (receive(patience)) {
    }
    if (!ended_) return std::nullopt;
    return std::exchange(input_, {});
  }
  bool ended(std::chrono::milliseconds patience = kPatience) { return read_to_end(patience).has_value(); }
  bool writable(std::chrono::milliseconds patience) {
    pollfd poll_fd{fd_, POLLOUT, 0};
    return ::poll(&poll_fd, 1, static_cast<int>(patience.count())) == 1 && (poll_fd.revents & POLLERR) == 0;
  }
  // Takes up to `most` bytes as they come, head or body; 0 at the end or when nothing comes in time.
  std::size_t take(std::size_t most) {
    if (!receive(kPatience)) return 0;
    while (input_.size() < most && receive(std::chrono::milliseconds(0))) {
    }
    return std::exchange(input_, {}).size();
  }
  // How often the kernel had to say something again, a SYN included.
  unsigned retransmits() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    return ::getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_total_retrans : ~0U;
  }
  // The connection ended with a reset, which can destroy an answer on its way.
  bool was_reset() const { return broken_; }
  // Nothing comes for this long.
  bool silent(std::chrono::milliseconds time) { return input_.empty() && !receive(time) && !ended_; }

 private:
  // One piece of input; false at the end or when nothing comes in time.
  bool receive(std::chrono::milliseconds patience) {
    pollfd poll_fd{fd_, POLLIN, 0};
    if (ended_ || ::poll(&poll_fd, 1, static_cast<int>(patience.count())) <= 0) return false;
    char buffer[16 * 1024];
    const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got > 0) input_.append(buffer, static_cast<std::size_t>(got));
    ended_ = got <= 0;
    broken_ = got < 0;
    return got > 0;
  }

  int fd_ = -1;
  bool connected_ = false;
  bool ended_ = false;
  bool broken_ = false;
  std::string input_;
};

inline std::string get(std::string_view path, std::string_view more_fields = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more_fields) + "\r\n";
}

inline std::string post(std::string_view path, std::string_view body, std::string_view more_fields = {}) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(more_fields) + "\r\n" + std::string(body);
}

}  // namespace countersign::http::testing
