#include "http/guard.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <typeinfo>
#include <utility>

#include "base/json.h"
#include "http/form.h"
#include "http/media_type.h"

namespace countersign::http {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr Rate kRefusalsLogged{10, std::chrono::seconds(10)};

// A refusal of the protocol's own, whose status no ErrorCode has.
struct Refusal {
  int status;
  Error error;
};

// What waits in the queue; copyable jobs share it.
struct Pending {
  Request request;
  Responder responder;
  Router::Match match;
};

Error defect(std::string detail) {
  return Error(ErrorCode::kInternal, "internal",
               "Something went wrong on our side. The log has it under this request's id.", std::move(detail));
}

bool has_header(const Response& response, std::string_view name) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [&](const Header& header) { return equal_ignoring_case(header.name, name); });
}

void set_default(Response& response, std::string_view name, std::string_view value) {
  if (!has_header(response, name)) response.headers.push_back({std::string(name), std::string(value)});
}

std::string type_name(const std::exception& error) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> readable(
      abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, &status), &std::free);
  return readable ? readable.get() : typeid(error).name();
}

// Inside a catch block only. The text of what is no Error goes to the log as detail, nowhere else.
Error thrown() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& error) {
    return defect(type_name(error) + ": " + error.what());
  } catch (...) {
    return defect("something that is no std::exception");
  }
}

// An answer may hold what only this caller may see; static files say otherwise themselves.
void add_defaults(Response& response) {
  set_default(response, "Cache-Control", "no-store");
  set_default(response, "X-Content-Type-Options", "nosniff");
}

std::string method_list(const std::vector<Method>& methods) {
  std::string list;
  for (const Method method : methods) (list += list.empty() ? "" : ", ") += name(method);
  return list;
}

std::optional<Refusal> check_content(const Request& request, const Route& route) {
  if (route.body == BodyKind::kRaw) return std::nullopt;
  if (route.body == BodyKind::kNone) {
    if (request.body.empty()) return std::nullopt;
    return Refusal{400, Error(ErrorCode::kInvalidArgument, "unexpected_body", "This endpoint takes no body.")};
  }
  const std::string_view wanted = route.body == BodyKind::kJson ? kJsonType : kFormType;
  const auto sent = request.header("content-type");
  if (sent && is_media_type(*sent, wanted)) return std::nullopt;
  return Refusal{415, Error(ErrorCode::kInvalidArgument, "unsupported_media_type",
                            "Send the body with Content-Type: " + std::string(wanted) + ", in UTF-8.")};
}

// All that an error view of a held request gets to see: ten thousand of these are kept.
Request abridged(const Request& request, Surface surface) {
  Request kept;
  kept.method = request.method;
  kept.path = request.path;
  kept.client_address = request.client_address;
  kept.id = request.id;
  kept.received = request.received;
  if (surface == Surface::kMcp) kept.body = request.body;  // the JSON-RPC id is in it
  return kept;
}

LogLevel severity(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInternal:
      return LogLevel::kError;
    case ErrorCode::kUpstream:
    case ErrorCode::kUnavailable:
      return LogLevel::kWarning;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kNotFound:
    case ErrorCode::kConflict:
    case ErrorCode::kRateLimited:
      return LogLevel::kInfo;
  }
  return LogLevel::kError;
}

}  // namespace

Guard::Guard(const Router& router, Authenticator& authenticator, WorkerPool& pool, Waiters& waiters, Streams& streams,
             const Clock& clock, Log& log, ErrorViews views, std::function<void(const Answered&)> observe)
    : router_(router),
      authenticator_(authenticator),
      pool_(pool),
      waiters_(waiters),
      streams_(streams),
      clock_(clock),
      log_(log),
      views_(std::move(views)),
      observe_(std::move(observe)),
      refusals_logged_(kRefusalsLogged, 16, clock) {}

void Guard::handle(Request request, Responder responder) {
  Router::Match match = router_.match(request.method, request.path);
  if (match.route != nullptr && match.route->runs == Runs::kAtOnce) return run(request, std::move(responder), match);
  const auto pending = std::make_shared<Pending>(Pending{std::move(request), std::move(responder), std::move(match)});
  if (pool_.submit([this, pending] { run(pending->request, std::move(pending->responder), pending->match); })) return;
  const Error busy = Error(ErrorCode::kUnavailable, "overloaded", "The server is busy. Nothing was changed; try again.")
                         .retry_after(std::chrono::seconds(1));
  Response response = refuse(pending->request, pending->match.surface, busy, http_status(busy));
  finish(pending->request, pending->match.route, response);
  pending->responder.respond(std::move(response));
}

void Guard::run(Request& request, Responder responder, Router::Match& match) {
  if (!responder.alive()) return;  // gone while it was queued: nobody was promised anything
  Outcome outcome = call(request, match);
  if (auto* hold = std::get_if<Hold>(&outcome)) {
    waiters_.hold(shielded(std::move(*hold), request, *match.route), std::move(responder));
    return;
  }
  if (auto* stream = std::get_if<Stream>(&outcome)) {
    return open(request, *match.route, std::move(*stream), std::move(responder));
  }
  auto& response = std::get<Response>(outcome);
  finish(request, match.route, response);
  responder.respond(std::move(response));
}

Outcome Guard::call(Request& request, Router::Match& match) {
  try {
    if (match.route != nullptr) return call_route(request, match);
    if (match.allowed.empty()) throw Error(ErrorCode::kNotFound, "not_found", "There is nothing at this address.");
    const std::string allowed = method_list(match.allowed);
    const Error error(ErrorCode::kInvalidArgument, "method_not_allowed", "This address takes only: " + allowed + ".");
    return refuse(request, match.surface, error, 405).with("Allow", allowed);
  } catch (...) {
    return refuse_thrown(request, match.surface);
  }
}

// The order is the rule: who calls is known before anything they sent is parsed.
Outcome Guard::call_route(Request& request, Router::Match& match) {
  const Route& route = *match.route;
  Call input{request, authenticator_.authenticate(request, route.access), std::move(match.path_params), {}};
  if (const auto refusal = check_content(request, route)) {
    return refuse(request, route.surface, refusal->error, refusal->status);
  }
  input.query_params = parse_query(request.query);
  Json json;
  Form form;
  if (route.body == BodyKind::kJson) {
    json = parse_json(view(request.body), {.bytes = route.body_limit});
    input.json = &json;
  } else if (route.body == BodyKind::kForm) {
    form = parse_form(view(request.body), route.secret_fields);
    request.body = {};  // wiped: from here on a secret lives in the form alone
    input.form = &form;
  }
  if (route.access == Access::kBrowserForm || route.access == Access::kAnonymousForm) {
    authenticator_.check_form(request, input.caller, route.access, form);
  }
  return route.handler(input);
}

// A held request's look, which runs on a worker long after this call, behind the same catch.
Hold Guard::shielded(Hold hold, const Request& request, const Route& route) {
  hold.look = [this, &route, kept = abridged(request, route.surface),
               look = std::move(hold.look)](Hold::Round round) -> std::optional<Response> {
    std::optional<Response> response;
    try {
      response = look(round);
      if (!response && round == Hold::Round::kFinal) throw defect("no answer at the deadline");
    } catch (...) {
      response = refuse_thrown(kept, route.surface);
    }
    if (response) finish(kept, &route, *response);
    return response;
  };
  return hold;
}

// A HEAD has its head and no stream: nobody would read it.
void Guard::open(const Request& request, const Route& route, Stream stream, Responder responder) {
  add_defaults(stream.head);
  const int status = stream.head.status;
  if (request.method == Method::kHead) {
    responder.begin(std::move(stream.head));
    responder.end();
    return account(request, &route, status);
  }
  if (streams_.open(shielded(std::move(stream), request), responder)) return account(request, &route, status);
  const Error full = Error(ErrorCode::kUnavailable, "too_many_streams",
                           "Too many pages are waiting for news. This one still works; load it again to see changes.")
                         .retry_after(std::chrono::seconds(10));
  Response response = refuse(request, route.surface, full, http_status(full));
  finish(request, &route, response);
  responder.respond(std::move(response));
}

// An open stream's look: there is nobody left to show an error to, so it is logged and the stream ends.
Stream Guard::shielded(Stream stream, const Request& request) {
  stream.look = [this, kept = abridged(request, Surface::kApi),
                 look = std::move(stream.look)]() -> std::optional<std::string> {
    try {
      return look();
    } catch (...) {
      const Error error = thrown();
      log_refusal(kept, error, http_status(error));
      return std::nullopt;
    }
  };
  return stream;
}

Response Guard::refuse_thrown(const Request& request, Surface surface) {
  const Error error = thrown();
  return refuse(request, surface, error, http_status(error));
}

Response Guard::refuse(const Request& request, Surface surface, const Error& error, int status) {
  log_refusal(request, error, status);
  Response response = render(request, surface, error, status);
  if (const auto wait = error.retry_after()) set_default(response, "Retry-After", std::to_string(wait->count()));
  if (error.code() == ErrorCode::kUnavailable) set_default(response, "Retry-After", "1");
  // RFC 9110 section 11.6.1 asks for a challenge; a person is sent to the sign-in page instead.
  if (response.status == 401 && surface != Surface::kPage) set_default(response, "WWW-Authenticate", "Bearer");
  return response;
}

// A view that fails must not hide the error it was to show.
Response Guard::render(const Request& request, Surface surface, const Error& error, int status) {
  try {
    if (surface == Surface::kPage && views_.page) return views_.page(request, error, status);
    if (surface == Surface::kMcp && views_.mcp) return views_.mcp(request, error, status);
  } catch (const std::exception& failure) {
    log_.write(LogLevel::kError, "error_view_failed",
               {{"request_id", request.id}, {"type", type_name(failure)}, {"error", failure.what()}});
  }
  return problem(error, status, request.id);
}

void Guard::log_refusal(const Request& request, const Error& error, int status) {
  // Sampled but for our own defects; what is left out is still there at debug level.
  const bool written =
      error.code() == ErrorCode::kInternal || !refusals_logged_.take(static_cast<std::int64_t>(error.code()));
  log_.write(written ? severity(error.code()) : LogLevel::kDebug, "refused",
             {{"request_id", request.id},
              {"status", status},
              {"reason", error.reason()},
              {"message", error.message()},
              {"detail", error.detail()},
              {"client", request.client_address}});
}

void Guard::finish(const Request& request, const Route* route, Response& response) {
  add_defaults(response);
  account(request, route, response.status);
}

void Guard::account(const Request& request, const Route* route, int status) {
  const std::string_view pattern = route != nullptr ? std::string_view(route->pattern) : std::string_view();
  const auto took = clock_.steady_now() - request.received;
  if (log_.enabled(LogLevel::kDebug)) {
    // Never the path or the query: they may hold a link's token.
    log_.write(LogLevel::kDebug, "request",
               {{"request_id", request.id},
                {"method", name(request.method)},
                {"pattern", pattern},
                {"status", status},
                {"took_us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()}});
  }
  if (observe_) observe_({pattern, request.method, status, took});
}

}  // namespace countersign::http
