#include "base/error.h"

#include <utility>

namespace countersign {

Error::Error(ErrorCode code, std::string_view reason, std::string message, std::string detail)
    : code_(code), reason_(reason), message_(std::move(message)), detail_(std::move(detail)) {
  what_ = reason_ + ": " + message_;
  if (!detail_.empty()) what_ += " [" + detail_ + "]";
}

Error&& Error::retry_after(std::chrono::seconds wait) && {
  retry_after_ = wait;
  return std::move(*this);
}

Error&& Error::recovery(std::string_view next_tool) && {
  recovery_ = next_tool;
  return std::move(*this);
}

Error&& Error::at(std::string_view json_pointer) && {
  pointer_ = json_pointer;
  return std::move(*this);
}

bool Error::retryable() const {
  switch (code_) {
    case ErrorCode::kRateLimited:
    case ErrorCode::kUpstream:
    case ErrorCode::kUnavailable:
      return true;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kNotFound:
    case ErrorCode::kConflict:
    case ErrorCode::kInternal:
      return false;
  }
  return false;
}

}  // namespace countersign
