// The one answer to one request. Move-only, usable from any thread, at most once: the first respond()
// wins, a Responder that is dropped without an answer sends 500 and closes. After the client has gone
// respond() does nothing: bytes can never reach another client that got the same descriptor.
#pragma once

#include <memory>

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
    // While held, the connection's idle deadline rests.
    virtual void hold() noexcept = 0;
  };

  explicit Responder(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;  // what it held before counts as dropped
  ~Responder();

  void respond(Response response) noexcept;
  bool alive() const noexcept { return channel_ && channel_->alive(); }
  void hold() noexcept {
    if (channel_) channel_->hold();
  }

 private:
  void give_up() noexcept;

  std::unique_ptr<Channel> channel_;
};

}  // namespace countersign::http
