// The one answer to one request: respond(), or in pieces begin(), push() ..., end(). Move-only, usable from any
// thread, but by one at a time. At most one answer: the first wins, a Responder that is dropped without one
// sends 500 and closes, one that is dropped in the middle of its pieces ends them. After the client has gone
// all of this does nothing: bytes can never reach another client that got the same descriptor.
#pragma once

#include <memory>
#include <string_view>

#include "http/message.h"

namespace countersign::http {

class Responder {
 public:
  // What a transport implements.
  class Channel {
   public:
    virtual ~Channel() = default;
    virtual void respond(Response&& response) noexcept = 0;
    // False once the client has gone; a held request is dropped then.
    virtual bool alive() const noexcept = 0;
    // The answer will take its time.
    virtual void hold() noexcept = 0;
    // False when nothing more can be sent: the client has gone, or does not read.
    virtual bool begin(Response&& head) noexcept = 0;
    virtual bool push(std::string_view bytes) noexcept = 0;
    virtual void end() noexcept = 0;
  };

  explicit Responder(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;  // what it held before counts as dropped
  ~Responder();

  void respond(Response response) noexcept;
  bool alive() const noexcept { return channel_ && channel_->alive(); }
  // Says that the answer will take its time: meanwhile the edge keeps less of what the client sends behind it.
  void hold() noexcept {
    if (channel_) channel_->hold();
  }

  // The head, its body as the first piece, at once. While pieces may come no read or idle deadline runs.
  // Both are false when nothing more can be sent; end() is welcome all the same.
  bool begin(Response head) noexcept;
  bool push(std::string_view bytes) noexcept { return channel_ && begun_ && channel_->push(bytes); }
  void end() noexcept;

 private:
  void give_up() noexcept;

  std::unique_ptr<Channel> channel_;
  bool begun_ = false;
};

}  // namespace countersign::http
