// Status lines and the small answers that the edge gives by itself, before any route is known.
// Pure functions.
#pragma once

#include <string_view>

#include "http/message.h"

namespace countersign::http {

// RFC 9110 section 15; "Unknown" for a code that has no name here.
std::string_view reason_phrase(int status);

// RFC 9457 problem that ends the connection. `detail` is a fixed sentence of ours, never input.
Response refusal_response(int status, std::string_view detail);

}  // namespace countersign::http
