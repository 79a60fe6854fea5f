// The listener: Pistache accepts, polls and reads; framing, writing and deadlines are ours
// (docs/decisions/0001). Replacing the transport means replacing edge.cc.
//
// Threads: `options.readers` Pistache reader threads call the handler, one flusher writes what a socket
// did not take, one timer sweeps deadlines. The handler must not block: it hands the request on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "http/message.h"
#include "http/responder.h"

namespace countersign::http {

struct ServerLimits {
  std::size_t head_bytes = 16 * 1024;  // request line and header fields together
  std::size_t header_fields = 100;
  std::size_t body_bytes = 64 * 1024;          // a route may allow less, or more through body_limit
  std::size_t connections = 0;                 // 0: descriptor limit less a reserve
  std::size_t connections_per_address = 0;     // 0: no cap (loopback, or a proxy that caps itself)
  std::size_t unsent_bytes = 4 * 1024 * 1024;  // per connection, beyond what the socket took
  std::size_t stream_bytes = 256 * 1024;       // the same for an event stream
  std::chrono::milliseconds read{10'000};      // from a request's first byte to its last
  std::chrono::milliseconds idle{60'000};      // between requests
  std::chrono::milliseconds write{10'000};     // without progress
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  int readers = 1;
  int backlog = 4096;
  std::vector<std::string> trusted_proxies;  // addresses whose Forwarded / X-Forwarded-For is believed
  ServerLimits limits;
};

// Counters for /metrics; read without a lock, each by itself exact.
struct ServerCounters {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  // over a cap
  std::uint64_t requests = 0;
  std::uint64_t bad_requests = 0;  // refused by framing
  std::uint64_t timeouts = 0;
};

class Server {
 public:
  using Handler = std::function<void(Request, Responder)>;
  // The largest body a request to this path may carry; called when the header block is complete.
  using BodyLimit = std::function<std::size_t(Method, std::string_view path)>;

  Server(ServerOptions options, const Clock& clock, Random& random, Log& log);
  ~Server();  // stop()

  // Throws Error kUnavailable, reason `address_in_use` or `bad_address`.
  void start(Handler handler, BodyLimit body_limit);
  std::uint16_t port() const;

  // Refuses new connections, answers with `Connection: close` from now on.
  void drain();
  // True when no request is being read, handled or written any more.
  bool quiet() const;
  void stop();

  ServerCounters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace countersign::http
