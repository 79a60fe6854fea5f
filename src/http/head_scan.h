// The raw look at a request's line and header fields, byte by byte, before the grammar library sees them:
// it undoes folds and forgives what two parsers may read in two ways (request smuggling), so nothing that
// RFC 9112 calls obsolete or invalid gets that far. Resumable: each byte is looked at once, however small
// the segments are.
//
// Not thread-safe; belongs to one Framing. Invariant: bytes before `at_` are checked.
#pragma once

#include <cstddef>
#include <string_view>

namespace countersign::http {

// Why a request is not taken: an HTTP status and a fixed sentence.
struct Refusal {
  int status = 0;  // 0: none
  std::string_view detail;
};

class HeadScan {
 public:
  enum class Result { kNeedMore, kComplete, kRefused };

  HeadScan(std::size_t byte_limit, std::size_t field_limit) : byte_limit_(byte_limit), field_limit_(field_limit) {}

  // `block` begins with the request line and is the block given before, possibly longer.
  Result resume(std::string_view block);
  // After kComplete: the block's length with its closing empty line.
  std::size_t length() const { return at_; }
  const Refusal& refusal() const { return refusal_; }
  void restart();

 private:
  enum class State { kLine, kLineFeed, kFieldStart, kName, kValue, kValueFeed, kLastFeed, kDone };

  bool step(std::string_view block, std::size_t end);
  bool line_feed(char byte, State next);
  bool field_start(char byte);
  bool check_line(std::string_view line);
  bool refuse(int status, std::string_view detail);

  std::size_t byte_limit_;
  std::size_t field_limit_;
  std::size_t at_ = 0;
  std::size_t fields_ = 0;
  State state_ = State::kLine;
  Refusal refusal_;
};

// RFC 9110 section 5.6.2.
bool is_token(std::string_view text);
// RFC 9110 section 7.2, held tighter: a name, an IPv4 or a bracketed IPv6 address, and digits after a colon.
bool is_host(std::string_view text);

}  // namespace countersign::http
