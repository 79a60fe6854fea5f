#include "http/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/encoding.h"
#include "http/exchange.h"
#include "http/responder.h"
#include "http/server_core.h"
#include "http/status.h"

namespace countersign::http {
namespace {

// After our last word the client may still be sending; what it sends is thrown away for this long and this
// much, so that the kernel does not answer it with a reset that would destroy our last word on its way.
constexpr std::chrono::milliseconds kLinger{2'000};
constexpr std::size_t kLingerBytes = 1024 * 1024;

// Up to here a body is copied behind its head: one plain send() costs less than a gathering one.
constexpr std::size_t kJoinBytes = 8 * 1024;

std::uint64_t random_number(Random& random) {
  std::uint64_t number = 0;
  random.fill(std::as_writable_bytes(std::span(&number, 1)));
  return number;
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> core, std::uint64_t id, int fd, std::string peer)
    : core_(std::move(core)),
      id_(id),
      fd_(fd),
      peer_(std::move(peer)),
      next_request_(random_number(core_->random)),
      framing_({core_->limits.head_bytes, core_->limits.header_fields}, core_->body_limit),
      outbox_(core_->limits.unsent_bytes) {}

void Connection::on_connect() {
  const Lock lock(mutex_);
  wait_for_input();
}

void Connection::on_input(std::string_view bytes) {
  Lock lock(mutex_);
  if (state_ == State::kLingering) {
    discarded_ += bytes.size();
    if (discarded_ > kLingerBytes) shut(Unsent::kDeliver);
    return;
  }
  if (state_ == State::kClosing || state_ == State::kDead || close_after_) return;
  framing_.append(bytes);
  if (state_ == State::kReading) {
    pump(lock);
  } else if (over_input_cap()) {
    shut(Unsent::kDiscard);
  }
}

// One thread at a time parses and hands over; a handler that answers at once returns here through answer(),
// which leaves the next request to the loop below instead of recursing.
void Connection::pump(Lock& lock) {
  if (pumping_) return;
  pumping_ = true;
  while (state_ == State::kReading && !close_after_ && step(lock)) {
  }
  pumping_ = false;
}

bool Connection::step(Lock& lock) {
  switch (framing_.next()) {
    case Framing::Event::kNeedMore:
      wait_for_input();
      return false;
    case Framing::Event::kContinue:
      after_write(outbox_.send(fd_, "HTTP/1.1 100 Continue\r\n\r\n", {}));
      return true;
    case Framing::Event::kRequest:
      hand_over(lock);
      return true;
    case Framing::Event::kRefused:
      core_->bad_requests.fetch_add(1, std::memory_order_relaxed);
      refuse(framing_.refusal().status, framing_.refusal().detail);
      return false;
  }
  return false;
}

void Connection::hand_over(Lock& lock) {
  Request request = framing_.take();
  request.received = core_->clock.steady_now();
  request.id = hex(std::as_bytes(std::span(&next_request_, 1)));
  ++next_request_;
  request.client_address = core_->proxies.client_of(request, peer_);
  method_ = request.method;
  mid_request_ = false;
  held_ = false;
  state_ = State::kHandling;
  rest_deadline();
  core_->requests.fetch_add(1, std::memory_order_relaxed);
  Responder responder(std::make_unique<Exchange>(shared_from_this()));
  lock.unlock();
  core_->handle(std::move(request), std::move(responder));
  lock.lock();
}

void Connection::wait_for_input() {
  if (state_ != State::kReading) return;
  if (!framing_.reading()) {
    mid_request_ = false;
    set_deadline(core_->clock.steady_now() + core_->limits.idle);
    return;
  }
  // From the first byte to the last: further bytes do not move it (slowloris, abuse case 103).
  if (mid_request_) return;
  mid_request_ = true;
  set_deadline(core_->clock.steady_now() + core_->limits.read);
}

// While one request is handled the next ones wait here; the transport cannot be told to stop reading. What waits
// for minutes, behind a held request or a stream, is less: many thousand connections may be in that state.
bool Connection::over_input_cap() const {
  return framing_.buffered() > core_->limits.head_bytes + (held_ ? 0 : core_->limits.body_bytes);
}

void Connection::hold() {
  const Lock lock(mutex_);
  if (state_ != State::kHandling) return;
  held_ = true;
  if (over_input_cap()) shut(Unsent::kDiscard);
}

void Connection::answer(Response&& response) {
  const Response given = std::move(response);
  Lock lock(mutex_);
  if (state_ != State::kHandling) return;
  send(given, method_, given.close || !framing_.keep_alive());
  pump(lock);
}

bool Connection::begin(Response&& response) {
  const Response given = std::move(response);
  const Lock lock(mutex_);
  if (state_ != State::kHandling) return false;
  pieces_ = !carries_body(given, method_) ? Pieces::kNone : framing_.old_version() ? Pieces::kPlain : Pieces::kChunked;
  close_after_ = given.close || !framing_.keep_alive() || pieces_ == Pieces::kPlain ||
                 core_->draining.load(std::memory_order_relaxed);
  const Length length = pieces_ == Pieces::kChunked ? Length::kChunked : Length::kUnsaid;
  WipingBuffer out = response_head(given, core_->date.at(core_->clock.now()), persistence(), length, core_->log);
  append_piece(out, view(given.body));
  state_ = State::kStreaming;
  held_ = true;
  if (over_input_cap()) {
    shut(Unsent::kDiscard);
  } else {
    send_piece(view(out));
  }
  return state_ == State::kStreaming;
}

bool Connection::push(std::string_view bytes) {
  const Lock lock(mutex_);
  if (state_ != State::kStreaming) return false;
  WipingBuffer out;
  append_piece(out, bytes);
  if (!out.empty()) send_piece(view(out));
  return state_ == State::kStreaming;
}

void Connection::end() {
  Lock lock(mutex_);
  if (state_ != State::kStreaming) return;
  state_ = State::kWriting;
  close_after_ = close_after_ || core_->draining.load(std::memory_order_relaxed);
  after_write(outbox_.send(fd_, pieces_ == Pieces::kChunked ? kLastChunk : std::string_view(), {}));
  pump(lock);
}

void Connection::append_piece(WipingBuffer& out, std::string_view bytes) const {
  if (bytes.empty() || pieces_ == Pieces::kNone) return;
  if (pieces_ == Pieces::kChunked) return append_chunk(out, bytes);
  append(out, bytes);
}

// A piece behind unsent ones does not move the write deadline, only what the client takes does: or a client that
// reads nothing would live as long as there is news.
void Connection::send_piece(std::string_view bytes) {
  const bool behind = outbox_.pending() != 0;
  const Outbox::Result result = outbox_.send(fd_, bytes, {});
  if (outbox_.pending() > core_->limits.stream_bytes) return shut(Unsent::kDiscard);
  if (!behind || result == Outbox::Result::kFailed) after_write(result);
}

void Connection::refuse(int status, std::string_view detail) {
  framing_.discard();
  core_->log.write(LogLevel::kDebug, "request_refused", {{"status", status}, {"client", peer_}, {"why", detail}});
  send(refusal_response(status, detail), Method::kGet, true);
}

void Connection::turn_away(std::string_view why) {
  const Lock lock(mutex_);
  if (state_ != State::kReading) return;
  core_->refused.fetch_add(1, std::memory_order_relaxed);
  Response response = refusal_response(503, why);
  response.headers.push_back({"Retry-After", "1"});
  send(response, Method::kGet, true);
}

void Connection::send(const Response& response, Method method, bool close) {
  close_after_ = close || core_->draining.load(std::memory_order_relaxed);
  WipingBuffer head =
      response_head(response, core_->date.at(core_->clock.now()), persistence(), Length::kKnown, core_->log);
  std::string_view body = carries_body(response, method) ? view(response.body) : std::string_view{};
  if (body.size() <= kJoinBytes) {
    append(head, body);
    body = {};
  }
  state_ = State::kWriting;
  after_write(outbox_.send(fd_, view(head), body));
}

Persistence Connection::persistence() const {
  if (close_after_) return Persistence::kClose;
  return framing_.old_version() ? Persistence::kKeepAloud : Persistence::kKeepSilent;
}

void Connection::after_write(Outbox::Result result) {
  if (result == Outbox::Result::kFailed ||
      (result == Outbox::Result::kPending && !core_->flusher.watch(id_, fd_, weak_from_this()))) {
    return shut(Unsent::kDiscard);
  }
  if (state_ != State::kWriting && state_ != State::kStreaming) return;  // an interim answer
  if (result == Outbox::Result::kPending) {
    in_kernel_ = Outbox::in_kernel(fd_);
    return set_deadline(core_->clock.steady_now() + core_->limits.write);
  }
  if (state_ == State::kStreaming) return rest_deadline();
  if (close_after_) return linger();
  state_ = State::kReading;
}

void Connection::on_writable() {
  Lock lock(mutex_);
  if (state_ == State::kDead || state_ == State::kClosing) return;
  std::size_t sent = 0;
  const Outbox::Result result = outbox_.flush(fd_, sent);
  if (result == Outbox::Result::kDone) core_->flusher.forget(id_, fd_);
  if (result == Outbox::Result::kPending && sent == 0) return;  // no progress: the write deadline stands
  after_write(result);
  if (state_ == State::kReading) pump(lock);
}

// Half-closes and waits for the client's end, so that it reads our last word.
void Connection::linger() {
  framing_.discard();
  ::shutdown(fd_, SHUT_WR);
  state_ = State::kLingering;
  set_deadline(core_->clock.steady_now() + kLinger);
}

// The transport sees the end of input and calls on_disconnect(). With kDiscard the kernel drops
// what it still holds for a client that does not read, instead of keeping it for minutes.
void Connection::shut(Unsent unsent) {
  if (state_ == State::kDead || state_ == State::kClosing) return;
  if (unsent == Unsent::kDiscard) {
    const ::linger drop{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &drop, sizeof drop);
  }
  core_->flusher.forget(id_, fd_);
  ::shutdown(fd_, SHUT_RDWR);
  state_ = State::kClosing;
  rest_deadline();
  framing_.discard();
  outbox_.clear();
}

void Connection::abort() {
  const Lock lock(mutex_);
  shut(Unsent::kDiscard);
}

void Connection::on_disconnect() {
  const Lock lock(mutex_);
  if (state_ != State::kDead) die();
}

void Connection::close_descriptor() {
  const Lock lock(mutex_);
  if (state_ == State::kDead) return;
  die();
  ::close(fd_);
}

// Everything is wiped now: a held request's Responder may keep this object for a while.
void Connection::die() {
  core_->flusher.forget(id_, fd_);
  state_ = State::kDead;
  dead_.store(true, std::memory_order_release);
  rest_deadline();
  framing_.discard();
  outbox_.clear();
  core_->table.remove(id_);
}

void Connection::drain() {
  const Lock lock(mutex_);
  if (state_ == State::kReading && !framing_.reading() && outbox_.pending() == 0) linger();
}

bool Connection::busy() const {
  const Lock lock(mutex_);
  return state_ == State::kHandling || state_ == State::kStreaming || state_ == State::kWriting ||
         (state_ == State::kReading && framing_.reading());
}

// The table looks at a connection no later than its deadline; a deadline that moved back is found then.
void Connection::set_deadline(SteadyInstant when) {
  deadline_ = when;
  if (when >= scheduled_) return;
  scheduled_ = when;
  core_->table.schedule(id_, when);
}

void Connection::on_deadline() {
  Lock lock(mutex_);
  scheduled_ = SteadyInstant::max();
  if (deadline_ == SteadyInstant::max()) return;
  if (core_->clock.steady_now() < deadline_) return set_deadline(deadline_);
  act_on_deadline();
}

void Connection::act_on_deadline() {
  rest_deadline();
  switch (state_) {
    case State::kReading:
      if (!framing_.reading()) return shut(Unsent::kDeliver);  // idle
      core_->timeouts.fetch_add(1, std::memory_order_relaxed);
      return refuse(408, "The request took too long to arrive.");
    case State::kStreaming:
    case State::kWriting:
      return on_write_deadline();
    case State::kLingering:
      return shut(Unsent::kDeliver);
    case State::kHandling:
    case State::kClosing:
    case State::kDead:
      break;
  }
}

// A socket with megabytes queued calls itself writable again only after a third of them has gone: a slow but
// honest reader shows its progress in the kernel's queue long before.
void Connection::on_write_deadline() {
  const int left = Outbox::in_kernel(fd_);
  if (left < in_kernel_) {
    in_kernel_ = left;
    return set_deadline(core_->clock.steady_now() + core_->limits.write);
  }
  core_->timeouts.fetch_add(1, std::memory_order_relaxed);
  shut(Unsent::kDiscard);
}

}  // namespace countersign::http
