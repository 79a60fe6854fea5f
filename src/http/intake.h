// What comes back from outside, gathered under the limits of its request (http/client.h). Used by one thread
// for one answer. Invariant: it never holds more than the limits say, whatever is fed to it.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/client.h"

namespace countersign::http {

class Intake {
 public:
  enum class Fault { kNone, kHeaderBytes, kHeaderCount, kBodyBytes, kEncoded };

  explicit Intake(const ClientLimits& limits) : limits_(limits) {}

  // One line of a header block with its end, the status line and the empty line included. A block after an
  // interim answer (1xx) replaces what the one before said; lines after the body began are trailers.
  // Both return false when the answer must not be read on.
  bool take_header_line(std::string_view line);
  bool take_body(std::string_view bytes);

  Fault fault() const { return fault_; }
  ClientResponse finish(int status) &&;

 private:
  bool fail(Fault fault);
  void take_field(std::string_view line);

  const ClientLimits& limits_;
  ClientResponse response_;
  std::size_t header_bytes_ = 0;
  std::size_t header_count_ = 0;
  bool block_ended_ = false;  // what follows is another block (an interim answer came before) or trailers
  bool in_trailers_ = false;
  bool last_kept_ = false;  // the line before this one is the last of response_.headers
  Fault fault_ = Fault::kNone;
};

}  // namespace countersign::http
