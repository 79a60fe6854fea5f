// How long a server wants to be left alone (RFC 9110 section 10.2.3). For this folder. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "http/client.h"

namespace countersign::oauth {

inline constexpr std::chrono::hours kLongestRetryAfter{1};

// Seconds, or a date: measured against the answer's own Date, since the two clocks may differ. Nothing when it says
// nothing that can be read; a date that has passed is zero.
std::optional<std::chrono::seconds> retry_after(const http::ClientResponse& response);

}  // namespace countersign::oauth
