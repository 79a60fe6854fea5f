// One HTTP/1.1 request and one response, as the rest of the program sees them. Plain values.
//
// A Request comes from the edge already well-formed (docs/decisions: the edge): one Host, one length,
// no folds, names in lower case, no control characters. Its body may hold a secret, so it sits in a
// wiping buffer and is never copied into a std::string.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/wipe.h"

namespace countersign::http {

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
std::string_view name(Method method);

struct Header {
  std::string name;  // lower case in a Request
  std::string value;
};

struct Request {
  Method method = Method::kGet;
  std::string path;   // starts with '/', still percent-encoded, without query
  std::string query;  // after '?', still encoded
  std::vector<Header> headers;
  WipingBuffer body;
  std::string client_address;  // the peer's, or the one a listed proxy vouches for (no port)
  std::string id;              // of this request: for logs and page footers
  SteadyInstant received{};

  // The only value of a field, or empty when it is absent or stands there more than once.
  std::optional<std::string_view> header(std::string_view lower_case_name) const;
  // RFC 6265 section 5.4; empty when absent or when two cookies carry the name (cookie tossing).
  std::optional<std::string_view> cookie(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;  // Content-Length, Date and Connection are the edge's
  WipingBuffer body;            // wiped: a rendered form or a token shown once may be in it
  bool close = false;           // end the connection after this answer

  Response() = default;
  Response(int code, std::string_view content_type, std::string_view text);
  Response&& with(std::string_view header_name, std::string_view value) &&;
};

// 303 See Other: the only redirect an answer to a form uses.
Response see_other(std::string_view location);

}  // namespace countersign::http
