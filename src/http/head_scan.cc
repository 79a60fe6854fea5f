#include "http/head_scan.h"

#include <algorithm>
#include <array>

namespace countersign::http {
namespace {

using Table = std::array<bool, 256>;

constexpr bool is_alnum(int c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

template <class Predicate>
constexpr Table table_of(Predicate predicate) {
  Table table{};
  for (int c = 0; c < 256; ++c) table[static_cast<std::size_t>(c)] = predicate(c);
  return table;
}

constexpr Table kToken = table_of([](int c) {
  return is_alnum(c) ||
         (c > 0 && c < 128 && std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos);
});
constexpr Table kLineByte = table_of([](int c) { return c >= 0x20 && c < 0x7f; });
constexpr Table kValueByte = table_of([](int c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });

bool in(const Table& table, char c) { return table[static_cast<unsigned char>(c)]; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip(std::string_view text, std::size_t at, std::size_t end, const Table& table) {
  while (at < end && in(table, text[at])) ++at;
  return at;
}

bool all_of(std::string_view text, const Table& table) { return skip(text, 0, text.size(), table) == text.size(); }

}  // namespace

bool is_token(std::string_view text) { return !text.empty() && all_of(text, kToken); }

bool is_host(std::string_view text) {
  static constexpr Table kName = table_of([](int c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
  static constexpr Table kLiteral = table_of([](int c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
  });
  std::size_t end = 0;
  if (text.starts_with('[')) {
    const std::size_t close = skip(text, 1, text.size(), kLiteral);
    if (close < 3 || close >= text.size() || text[close] != ']') return false;
    end = close + 1;
  } else {
    end = skip(text, 0, text.size(), kName);
    if (end == 0) return false;
  }
  if (end == text.size()) return true;
  const std::string_view port = text.substr(end + 1);
  return text[end] == ':' && !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
}

void HeadScan::restart() {
  at_ = 0;
  fields_ = 0;
  state_ = State::kLine;
}

HeadScan::Result HeadScan::resume(std::string_view block) {
  const std::size_t end = std::min(block.size(), byte_limit_);
  while (at_ < end) {
    if (!step(block, end)) return Result::kRefused;
    if (state_ == State::kDone) return Result::kComplete;
  }
  if (at_ < byte_limit_) return Result::kNeedMore;
  if (state_ == State::kLine || state_ == State::kLineFeed) {
    refuse(414, "The request line is too long.");
  } else {
    refuse(431, "The header fields are too large.");
  }
  return Result::kRefused;
}

// Takes a run of bytes that the state allows, and the one that ends it.
bool HeadScan::step(std::string_view block, std::size_t end) {
  switch (state_) {
    case State::kLine:
      at_ = skip(block, at_, end, kLineByte);
      if (at_ == end) return true;
      if (block[at_] != '\r') return refuse(400, "The request line holds a control character.");
      if (!check_line(block.substr(0, at_))) return false;
      ++at_;
      state_ = State::kLineFeed;
      return true;
    case State::kLineFeed:
      return line_feed(block[at_], State::kFieldStart);
    case State::kFieldStart:
      return field_start(block[at_]);
    case State::kName:
      at_ = skip(block, at_, end, kToken);
      if (at_ == end) return true;
      // RFC 9112 section 5.1: a space before the colon hides the field from one of two parsers.
      if (block[at_] != ':') return refuse(400, "A header field's name is malformed.");
      ++at_;
      state_ = State::kValue;
      return true;
    case State::kValue:
      at_ = skip(block, at_, end, kValueByte);
      if (at_ == end) return true;
      if (block[at_] != '\r') return refuse(400, "A header field holds a control character.");
      ++at_;
      state_ = State::kValueFeed;
      return true;
    case State::kValueFeed:
      return line_feed(block[at_], State::kFieldStart);
    case State::kLastFeed:
      return line_feed(block[at_], State::kDone);
    case State::kDone:
      break;
  }
  return true;
}

bool HeadScan::line_feed(char byte, State next) {
  if (byte != '\n') return refuse(400, "A carriage return stands alone.");
  ++at_;
  state_ = next;
  return true;
}

bool HeadScan::field_start(char byte) {
  if (byte == '\r') {
    ++at_;
    state_ = State::kLastFeed;
    return true;
  }
  // RFC 9112 section 5.2: obs-fold; a field without a name falls under the same sentence.
  if (!in(kToken, byte)) return refuse(400, "A header field is folded or has no name.");
  if (++fields_ > field_limit_) return refuse(431, "There are too many header fields.");
  state_ = State::kName;
  return true;
}

// RFC 9112 section 3: method SP request-target SP HTTP-version. Only the origin form of a target is taken:
// this server is no proxy, and `OPTIONS *` has no use here.
bool HeadScan::check_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(400, "The request line is malformed.");
  if (!is_token(line.substr(0, first))) return refuse(400, "The method is malformed.");
  const std::string_view version = line.substr(last + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7])) {
    return refuse(400, "The HTTP version is malformed.");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!target.starts_with('/') || target.find_first_of(" #") != std::string_view::npos) {
    return refuse(400, "The request target must be a path.");
  }
  return true;
}

bool HeadScan::refuse(int status, std::string_view detail) {
  refusal_ = {status, detail};
  return false;
}

}  // namespace countersign::http
