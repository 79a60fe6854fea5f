#include "http/outbox.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace countersign::http {
namespace {

constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;

// Bytes taken, 0 when the socket is full, -1 when it is broken.
ssize_t push(int fd, std::string_view head, std::string_view body) {
  std::array<iovec, 2> parts{
      {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  for (;;) {
    const ssize_t taken = body.empty() ? ::send(fd, head.data(), head.size(), kFlags) : ::sendmsg(fd, &message, kFlags);
    if (taken >= 0) return taken;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
  }
}

}  // namespace

Outbox::Result Outbox::send(int fd, std::string_view head, std::string_view body) {
  if (pending() != 0) return keep(head, body);
  const ssize_t taken = push(fd, head, body);
  if (taken < 0) return Result::kFailed;
  const auto sent = static_cast<std::size_t>(taken);
  if (sent == head.size() + body.size()) return Result::kDone;
  if (sent < head.size()) return keep(head.substr(sent), body);
  return keep({}, body.substr(sent - head.size()));
}

Outbox::Result Outbox::keep(std::string_view head, std::string_view body) {
  if (pending() + head.size() + body.size() > byte_limit_) return Result::kFailed;
  compact();
  append(unsent_, head);
  append(unsent_, body);
  return Result::kPending;
}

// A stream may never be quite sent: what is must not pile up. A fresh buffer: moving the rest within the old one
// would leave sent bytes behind it.
void Outbox::compact() {
  if (at_ == 0 || at_ < pending()) return;
  WipingBuffer rest(unsent_.begin() + static_cast<std::ptrdiff_t>(at_), unsent_.end());
  unsent_.swap(rest);
  at_ = 0;
}

Outbox::Result Outbox::flush(int fd, std::size_t& sent) {
  sent = 0;
  while (pending() != 0) {
    const ssize_t taken = push(fd, view(unsent_).substr(at_), {});
    if (taken < 0) return Result::kFailed;
    if (taken == 0) return Result::kPending;
    at_ += static_cast<std::size_t>(taken);
    sent += static_cast<std::size_t>(taken);
  }
  clear();
  return Result::kDone;
}

int Outbox::in_kernel(int fd) {
  int bytes = 0;
  return ::ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

void Outbox::clear() {
  unsent_ = WipingBuffer();
  at_ = 0;
}

}  // namespace countersign::http
