// What all connections of one server share. Each connection holds it, so an answer that comes after the
// server has stopped still finds everything in place. Members are thread-safe or never change.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "http/client_address.h"
#include "http/connection_table.h"
#include "http/flusher.h"
#include "http/framing.h"
#include "http/response_text.h"
#include "http/server.h"

namespace countersign::http {

struct ServerCore {
  ServerCore(const ServerOptions& options, const ConnectionTable::Caps& caps, const Clock& real_clock,
             Random& random_source, Log& log_sink)
      : limits(options.limits),
        proxies(options.trusted_proxies),
        clock(real_clock),
        random(random_source),
        log(log_sink),
        table(caps) {}

  const ServerLimits limits;
  const TrustedProxies proxies;
  Framing::BodyLimit body_limit;                   // set before the first connection
  std::function<void(Request, Responder)> handle;  // the same; lets no exception out
  const Clock& clock;
  Random& random;
  Log& log;
  HttpDate date;
  ConnectionTable table;
  Flusher flusher;
  std::atomic<bool> draining{false};

  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bad_requests{0};
  std::atomic<std::uint64_t> timeouts{0};
};

}  // namespace countersign::http
