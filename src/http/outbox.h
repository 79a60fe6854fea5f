// What one socket has been given to send and has not taken yet. Sends at once while it can; keeps the
// rest, up to a cap, for the flusher.
//
// Not thread-safe: its connection holds its mutex and knows that the descriptor is still its own.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/wipe.h"

namespace countersign::http {

class Outbox {
 public:
  enum class Result { kDone, kPending, kFailed };

  explicit Outbox(std::size_t byte_limit) : byte_limit_(byte_limit) {}

  // In order behind what is pending. kFailed: the peer is gone or the rest is over the cap; send no more.
  Result send(int fd, std::string_view head, std::string_view body);
  // Sends what is pending; `sent` says how much the socket took.
  Result flush(int fd, std::size_t& sent);

  // Bytes that the kernel holds because the peer has not acknowledged them.
  static int in_kernel(int fd);

  std::size_t pending() const { return unsent_.size() - at_; }
  std::size_t memory() const { return unsent_.capacity(); }
  void clear();

 private:
  Result keep(std::string_view head, std::string_view body);
  void compact();

  std::size_t byte_limit_;
  WipingBuffer unsent_;
  std::size_t at_ = 0;  // what lies before is sent
};

}  // namespace countersign::http
