// A transport for tests: keeps what a Responder was told, lets a test wait for it and lets a client vanish. Of an
// answer in pieces wait() gives the head.
// Thread-safe; the channel and the test share it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/responder.h"

namespace countersign::http {

class RecordedAnswer {
 public:
  static std::shared_ptr<RecordedAnswer> make() { return std::make_shared<RecordedAnswer>(); }
  static Responder responder(const std::shared_ptr<RecordedAnswer>& record) {
    return Responder(std::make_unique<Channel>(record));
  }

  // Blocks until answered; a test that would wait for ever fails instead.
  Response wait() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(60), [&] { return answer_.has_value(); })) return {};
    return *answer_;
  }
  std::string wait_text() { return std::string(view(wait().body)); }
  bool answered() const {
    const std::lock_guard lock(mutex_);
    return answer_.has_value();
  }
  int answers() const {
    const std::lock_guard lock(mutex_);
    return answers_;
  }
  bool held() const {
    const std::lock_guard lock(mutex_);
    return held_;
  }
  // Runs in the middle of each push(); set before the first.
  std::function<void()> during_push;
  // The pieces so far, the first one with them.
  std::string streamed() const {
    const std::lock_guard lock(mutex_);
    return streamed_;
  }
  bool ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  void client_leaves() {
    const std::lock_guard lock(mutex_);
    alive_ = false;
  }

 private:
  class Channel final : public Responder::Channel {
   public:
    explicit Channel(std::shared_ptr<RecordedAnswer> record) : record_(std::move(record)) {}
    void respond(Response&& response) noexcept override {
      const std::lock_guard lock(record_->mutex_);
      ++record_->answers_;
      record_->answer_ = std::move(response);
      record_->changed_.notify_all();
    }
    bool alive() const noexcept override {
      const std::lock_guard lock(record_->mutex_);
      return record_->alive_;
    }
    void hold() noexcept override {
      const std::lock_guard lock(record_->mutex_);
      record_->held_ = true;
    }
    bool begin(Response&& head) noexcept override {
      push(view(head.body));
      respond(std::move(head));
      return alive();
    }
    bool push(std::string_view bytes) noexcept override {
      if (record_->during_push) record_->during_push();
      const std::lock_guard lock(record_->mutex_);
      if (record_->alive_) record_->streamed_ += bytes;
      return record_->alive_;
    }
    void end() noexcept override {
      const std::lock_guard lock(record_->mutex_);
      record_->ended_ = true;
    }

   private:
    std::shared_ptr<RecordedAnswer> record_;
  };

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Response> answer_;
  int answers_ = 0;
  bool alive_ = true;
  bool held_ = false;
  std::string streamed_;
  bool ended_ = false;
};

inline std::string header_of(const Response& response, std::string_view name) {
  for (const Header& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

}  // namespace countersign::http
