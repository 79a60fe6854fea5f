// A response's head as bytes. Date, Content-Length and Connection are written here and nowhere else; a
// value that could split the response (CR, LF, NUL, other controls) never reaches the wire.
//
// HttpDate is thread-safe and shared by all connections; the rest is pure.
#pragma once

#include <array>
#include <chrono>
#include <mutex>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/wipe.h"
#include "http/message.h"

namespace countersign::http {

// RFC 9110 section 5.6.7, made anew once a second.
class HttpDate {
 public:
  using Text = std::array<char, 29>;
  Text at(Instant now);

 private:
  std::mutex mutex_;
  std::chrono::sys_seconds second_{std::chrono::seconds(-1)};
  Text text_{};
};

// What the connection knows and the response does not.
enum class Persistence { kClose, kKeepSilent, kKeepAloud };  // aloud: HTTP/1.0 must be told

// How the reader finds the body's end: by Content-Length, by the last chunk, or by what comes after the head
// otherwise (the connection's end, or no body at all).
enum class Length { kKnown, kChunked, kUnsaid };

// The status line and all fields up to the empty line. Refused fields are logged by name, never by value.
WipingBuffer response_head(const Response& response, const HttpDate::Text& date, Persistence persistence, Length length,
                           Log& log);

// RFC 9112 section 7.1. Never for empty bytes: an empty chunk ends the body.
void append_chunk(WipingBuffer& out, std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// RFC 9110 sections 6.4.1 and 9.3.2: whether the body goes out behind the head.
bool carries_body(const Response& response, Method method);

}  // namespace countersign::http
