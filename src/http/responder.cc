#include "http/responder.h"

#include <exception>
#include <utility>

#include "http/status.h"

namespace countersign::http {

Responder::~Responder() { give_up(); }

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    give_up();
    channel_ = std::move(other.channel_);
    begun_ = other.begun_;
  }
  return *this;
}

void Responder::respond(Response response) noexcept {
  if (begun_) return end();
  if (!channel_) return;
  const std::unique_ptr<Channel> channel = std::move(channel_);
  channel->respond(std::move(response));
}

bool Responder::begin(Response head) noexcept {
  if (!channel_ || begun_) return false;
  begun_ = true;
  return channel_->begin(std::move(head));
}

void Responder::end() noexcept {
  if (!channel_ || !begun_) return;
  const std::unique_ptr<Channel> channel = std::move(channel_);
  channel->end();
}

void Responder::give_up() noexcept {
  if (begun_) return end();
  if (!channel_) return;
  const std::unique_ptr<Channel> channel = std::move(channel_);
  Response response;
  response.status = 500;
  response.close = true;
  try {
    response = refusal_response(500, "The request was not answered.");
  } catch (const std::exception&) {
    // Out of memory: the bare 500 above says enough.
  }
  channel->respond(std::move(response));
}

}  // namespace countersign::http
