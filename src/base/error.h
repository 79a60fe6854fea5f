// The one exception of the program: thrown when an operation is over, caught only by the HTTP guard,
// the job loop, the SQL writer and where a claim must be undone (docs/errors.md).
//
// Codes are named by remedy, a closed set: a new one does not compile until every protocol maps it
// (-Werror=switch). `message` may reach the caller, `detail` goes to the log and nowhere else.
// Neither may hold a secret. An outcome the caller must choose between is a value, never an Error.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace countersign {

enum class ErrorCode {
  kInvalidArgument,   // the caller must change the request
  kUnauthenticated,   // the caller must prove who it is
  kPermissionDenied,  // somebody else may do this, the caller may not
  kNotFound,          // does not exist, or not for this caller: never told apart
  kConflict,          // the object's state does not allow it
  kRateLimited,       // later; retry_after says when
  kUpstream,          // a provider failed
  kUnavailable,       // we cannot right now, and nothing was changed
  kInternal,          // a defect of ours
};

class Error : public std::exception {
 public:
  // `reason` is the stable machine-readable word ("unknown_integration"); documented in docs/errors.md.
  Error(ErrorCode code, std::string_view reason, std::string message, std::string detail = {});

  // Both return the error itself so that they chain in a throw expression.
  Error&& retry_after(std::chrono::seconds wait) &&;
  Error&& recovery(std::string_view next_tool) &&;  // the tool an agent should call next
  Error&& at(std::string_view json_pointer) &&;     // which part of the input, RFC 6901

  ErrorCode code() const { return code_; }
  const std::string& reason() const { return reason_; }
  const std::string& message() const { return message_; }
  const std::string& detail() const { return detail_; }
  const std::string& recovery() const { return recovery_; }
  const std::string& pointer() const { return pointer_; }
  std::optional<std::chrono::seconds> retry_after() const { return retry_after_; }

  // True when the same request may succeed later without a change.
  bool retryable() const;

  // For logs: reason, message and detail.
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  ErrorCode code_;
  std::string reason_;
  std::string message_;
  std::string detail_;
  std::string what_;
  std::string recovery_;
  std::string pointer_;
  std::optional<std::chrono::seconds> retry_after_;
};

}  // namespace countersign
