// The one funnel: route ▸ authenticate ▸ limit ▸ parse ▸ CALL ▸ answer, hold or stream, and the only catch that
// answers. What a handler throws leaves as the surface's error, `detail` goes to the log, an exception
// that is no Error becomes 500 without its text.
//
// handle() may be called from any thread and does not block: it queues the work on the pool, but for
// routes that run at once.
// Queued work, held requests and streams refer to the guard: before it goes, drain the Waiters and the Streams
// and stop the pool.
#pragma once

#include <functional>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "http/authenticator.h"
#include "http/rate_limit.h"
#include "http/responder.h"
#include "http/router.h"
#include "http/streams.h"
#include "http/waiters.h"
#include "http/worker_pool.h"

namespace countersign::http {

// How errors look on the two surfaces http cannot draw itself (it draws problem+json). They may answer
// with something else, as a redirect to the sign-in page; Retry-After, Allow and the default headers are
// added to whatever they return. For a held request the given Request has no headers and no query, and its
// body only on the MCP surface; for a form route its body is gone once the form is parsed.
struct ErrorViews {
  std::function<Response(const Request&, const Error&, int status)> page;
  std::function<Response(const Request&, const Error&, int status)> mcp;
};

// One answered request, for metrics: the route's pattern (empty without a route), never the path.
struct Answered {
  std::string_view pattern;
  Method method = Method::kGet;
  int status = 0;
  std::chrono::nanoseconds took{};
};

class Guard {
 public:
  Guard(const Router& router, Authenticator& authenticator, WorkerPool& pool, Waiters& waiters, Streams& streams,
        const Clock& clock, Log& log, ErrorViews views, std::function<void(const Answered&)> observe);

  void handle(Request request, Responder responder);

 private:
  void run(Request& request, Responder responder, Router::Match& match);
  Outcome call(Request& request, Router::Match& match);
  Outcome call_route(Request& request, Router::Match& match);
  Hold shielded(Hold hold, const Request& request, const Route& route);
  void open(const Request& request, const Route& route, Stream stream, Responder responder);
  Stream shielded(Stream stream, const Request& request);
  Response refuse(const Request& request, Surface surface, const Error& error, int status);
  Response refuse_thrown(const Request& request, Surface surface);
  Response render(const Request& request, Surface surface, const Error& error, int status);
  void log_refusal(const Request& request, const Error& error, int status);
  void finish(const Request& request, const Route* route, Response& response);
  void account(const Request& request, const Route* route, int status);

  const Router& router_;
  Authenticator& authenticator_;
  WorkerPool& pool_;
  Waiters& waiters_;
  Streams& streams_;
  const Clock& clock_;
  Log& log_;
  ErrorViews views_;
  std::function<void(const Answered&)> observe_;
  RateLimit<std::int64_t> refusals_logged_;  // by error code: strangers cannot fill the log
};

// The HTTP status of an error: one exhaustive switch.
int http_status(const Error& error);
// RFC 9457 problem+json.
Response problem(const Error& error, int status, std::string_view request_id);

}  // namespace countersign::http
