#include "http/message.h"

#include <utility>

namespace countersign::http {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes the piece before the next `separator` off `rest`.
std::string_view next_piece(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view piece = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return piece;
}

}  // namespace

std::string_view name(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kOther:
      break;
  }
  return "OTHER";
}

std::optional<std::string_view> Request::header(std::string_view lower_case_name) const {
  std::optional<std::string_view> found;
  for (const Header& field : headers) {
    if (field.name != lower_case_name) continue;
    if (found) return std::nullopt;
    found = field.value;
  }
  return found;
}

std::optional<std::string_view> Request::cookie(std::string_view cookie_name) const {
  std::optional<std::string_view> found;
  for (const Header& field : headers) {
    if (field.name != "cookie") continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::string_view pair = trim(next_piece(rest, ';'));
      const std::size_t equals = pair.find('=');
      // A pair without '=' is junk some other site left on a parent domain: no reason to refuse a request.
      if (equals == std::string_view::npos || trim(pair.substr(0, equals)) != cookie_name) continue;
      if (found) return std::nullopt;
      found = trim(pair.substr(equals + 1));
    }
  }
  return found;
}

Response::Response(int code, std::string_view content_type, std::string_view text) : status(code) {
  headers.push_back({"Content-Type", std::string(content_type)});
  append(body, text);
}

Response&& Response::with(std::string_view header_name, std::string_view value) && {
  headers.push_back({std::string(header_name), std::string(value)});
  return std::move(*this);
}

Response see_other(std::string_view location) {
  Response response;
  response.status = 303;
  response.headers.push_back({"Location", std::string(location)});
  return response;
}

}  // namespace countersign::http
