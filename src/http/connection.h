// One client's connection from accept to close: frames its input, hands one request at a time to the
// handler, sends the answers in order, keeps its deadlines.
//
//   kReading ──request──▶ kHandling ──answer──▶ kWriting ──all sent──▶ kReading
//      │                   │                       └──"close"──▶ kLingering ──▶ kDead
//      │                   └──begin──▶ kStreaming ──end──▶ kWriting
//      └──refused, read time-out──▶ kWriting
//   any ──broken, over a cap, write time-out──▶ kClosing ──▶ kDead
//
// Thread-safe: readers, workers, flusher and sweeper all come in here, each under the mutex.
// Invariant (the reason this class exists): the descriptor is touched only under the mutex and only
// before kDead, and on_disconnect() sets kDead under the mutex before the descriptor is closed. So no byte
// can reach another client that was given the same number.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/framing.h"
#include "http/message.h"
#include "http/outbox.h"
#include "http/response_text.h"

namespace countersign::http {

struct ServerCore;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerCore> core, std::uint64_t id, int fd, std::string peer);

  // From the transport, on its reader thread.
  void on_connect();
  void on_input(std::string_view bytes);
  void on_disconnect();
  // Over a cap or draining: says 503 and closes; nothing the client sends is parsed.
  void turn_away(std::string_view why);
  // Closes at once, without a word; the transport then calls on_disconnect().
  void abort();

  // From the flusher and the sweeper.
  void on_writable();
  void on_deadline();

  // From the handler's Responder, on any thread.
  void answer(Response&& response);
  // The answer will take its time.
  void hold();
  // The answer in pieces. False when no more can be sent.
  bool begin(Response&& head);
  bool push(std::string_view bytes);
  void end();
  bool alive() const { return !dead_.load(std::memory_order_acquire); }

  // Closes now when nothing is under way; answers say `Connection: close` from now on.
  void drain();
  // A request is being read, handled or answered.
  bool busy() const;
  // For a transport that has ended without closing its descriptors: on_disconnect() and the close in one.
  void close_descriptor();

 private:
  enum class State { kReading, kHandling, kStreaming, kWriting, kLingering, kClosing, kDead };
  enum class Pieces { kChunked, kPlain, kNone };  // of a stream: as RFC 9112 has them, for HTTP/1.0, for HEAD
  enum class Unsent { kDeliver, kDiscard };
  using Lock = std::unique_lock<std::mutex>;

  void pump(Lock& lock);
  bool step(Lock& lock);
  void hand_over(Lock& lock);
  void wait_for_input();
  bool over_input_cap() const;

  void refuse(int status, std::string_view detail);
  void send(const Response& response, Method method, bool close);
  Persistence persistence() const;
  void append_piece(WipingBuffer& out, std::string_view bytes) const;
  void send_piece(std::string_view bytes);
  void after_write(Outbox::Result result);
  void linger();
  void shut(Unsent unsent);
  void die();
  void set_deadline(SteadyInstant when);
  void rest_deadline() { deadline_ = SteadyInstant::max(); }
  void act_on_deadline();
  void on_write_deadline();

  const std::shared_ptr<ServerCore> core_;
  const std::uint64_t id_;
  const int fd_;
  const std::string peer_;

  mutable std::mutex mutex_;
  State state_ = State::kReading;
  std::atomic<bool> dead_{false};
  bool pumping_ = false;      // some thread is in pump(): others leave the work to it
  bool mid_request_ = false;  // the read deadline of the current request is set
  bool close_after_ = false;  // once all is sent
  bool held_ = false;         // the answer to the request in hand takes its time
  Pieces pieces_ = Pieces::kNone;
  Method method_ = Method::kGet;  // of the request in hand
  std::uint64_t next_request_;    // id; counts from a random number: no system call for each
  Framing framing_;
  Outbox outbox_;
  int in_kernel_ = 0;          // of the answer being sent, when the write deadline was set
  std::size_t discarded_ = 0;  // input thrown away while lingering
  SteadyInstant deadline_ = SteadyInstant::max();
  SteadyInstant scheduled_ = SteadyInstant::max();  // when the sweeper will look next
};

}  // namespace countersign::http
