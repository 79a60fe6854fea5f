// A server on a free loopback port whose handler each test chooses; by default it echoes what it got.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "http/raw_client.h"
#include "http/server.h"
#include "support/captured_log.h"
#include "support/seeded_random.h"

namespace countersign::http::testing {

// "GET /path?query body"
inline Response echo(const Request& request) {
  std::string text = std::string(name(request.method)) + ' ' + request.path;
  if (!request.query.empty()) text += '?' + request.query;
  if (!request.body.empty()) text += ' ' + std::string(view(request.body));
  return {200, "text/plain", text};
}

inline std::size_t generous(Method, std::string_view) { return 256 * 1024; }

// Threads that answer later, in no particular order: the workers of the real program.
class LateAnswers {
 public:
  explicit LateAnswers(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
  }
  ~LateAnswers() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    ready_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void add(std::function<void()> answer) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(answer));
    }
    ready_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const auto answer = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      answer();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// A Responder in a std::function must be copyable.
inline std::shared_ptr<Responder> share(Responder responder) {
  return std::make_shared<Responder>(std::move(responder));
}

class Edge : public ::testing::Test {
 protected:
  ~Edge() override {
    if (server_) server_->stop();
  }

  void start(Server::Handler handler = {}, Server::BodyLimit body_limit = generous) {
    if (!handler) handler = [](Request request, Responder responder) { responder.respond(echo(request)); };
    server_ = std::make_unique<Server>(options_, clock_, random_, log_);
    server_->start(std::move(handler), std::move(body_limit));
  }

  // A handler whose answers come later, from `threads` others.
  Server::Handler echo_later(int threads) {
    late_ = std::make_unique<LateAnswers>(threads);
    return [this](Request request, Responder responder) {
      late_->add(
          [held = share(std::move(responder)), answer = echo(request)]() mutable { held->respond(std::move(answer)); });
    };
  }

  RawClient client() { return RawClient(server_->port()); }
  int status_of(std::string_view request) { return client().ask(request).status; }

  // Waits until `holds` or twenty seconds have gone.
  static bool eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 10'000; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }

  ServerOptions options_;
  SystemClock clock_;
  support::SeededRandom random_;
  support::CapturedLog log_;
  std::unique_ptr<LateAnswers> late_;  // like all that a handler uses, it outlives the server
  std::unique_ptr<Server> server_;
};

}  // namespace countersign::http::testing
