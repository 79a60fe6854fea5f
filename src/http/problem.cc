// What every error looks like in HTTP: its status, and its body for programs (RFC 9457).
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http/guard.h"
#include "http/status.h"

namespace countersign::http {

int http_status(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kInvalidArgument:
      return 400;
    case ErrorCode::kUnauthenticated:
      return 401;
    case ErrorCode::kPermissionDenied:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kRateLimited:
      return 429;
    case ErrorCode::kUpstream:
      return 502;
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;  // not a value of the enum
}

Response problem(const Error& error, int status, std::string_view request_id) {
  Json body = {
      {"type", "urn:countersign:error:" + error.reason()},
      {"title", reason_phrase(status)},
      {"status", status},
      {"detail", error.message()},
      {"code", error.reason()},
      {"retryable", error.retryable()},
      {"request_id", request_id},
  };
  if (!error.recovery().empty()) body["recovery"] = error.recovery();
  if (!error.pointer().empty()) body["pointer"] = error.pointer();
  return Response(status, "application/problem+json", dump_json(body));
}

}  // namespace countersign::http
