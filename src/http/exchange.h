// What a Responder of the edge holds on to: the way back from one request to its connection, which does all the
// rest. Nothing is let out of here: an answer for which there is no memory ends the connection, so the client
// sees a closed one and never half an answer.
#pragma once

#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include "http/connection.h"
#include "http/responder.h"

namespace countersign::http {

class Exchange final : public Responder::Channel {
 public:
  explicit Exchange(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

  void respond(Response&& response) noexcept override {
    attempt([&] {
      connection_->answer(std::move(response));
      return true;
    });
  }
  bool alive() const noexcept override { return connection_->alive(); }
  void hold() noexcept override { connection_->hold(); }
  bool begin(Response&& head) noexcept override {
    return attempt([&] { return connection_->begin(std::move(head)); });
  }
  bool push(std::string_view bytes) noexcept override {
    return attempt([&] { return connection_->push(bytes); });
  }
  void end() noexcept override {
    attempt([&] {
      connection_->end();
      return true;
    });
  }

 private:
  template <class Act>
  bool attempt(Act act) noexcept {
    try {
      return act();
    } catch (const std::exception&) {
      connection_->abort();
      return false;
    }
  }

  std::shared_ptr<Connection> connection_;
};

}  // namespace countersign::http
