// Bytes in, requests out: HTTP/1.1 message framing (RFC 9112) for one connection, strict where leniency
// would let two parsers disagree (abuse cases of group G, facts of the stock server's defects).
//
// The raw scan (head_scan.h) goes first, then Boost.Beast's grammar, then the length rules: one
// digits-only Content-Length or one `chunked`, never both; no chunk extension, no trailer. After a
// refusal nothing more is parsed, ever. Bytes behind a complete request wait for the next call of next().
//
// Not thread-safe: its connection holds its mutex. All buffers wipe what they held.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "http/head_scan.h"
#include "http/message.h"

namespace countersign::http {

struct FramingLimits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t header_fields = 100;
};

class Framing {
 public:
  // The largest body that a request to this path may carry.
  using BodyLimit = std::function<std::size_t(Method, std::string_view path)>;
  enum class Event {
    kNeedMore,
    kContinue,  // the client waits for "100 Continue" before it sends the body; told once
    kRequest,   // take() it
    kRefused,   // answer refusal() and close
  };

  // `body_limit` must outlive this object.
  Framing(const FramingLimits& limits, const BodyLimit& body_limit);
  ~Framing();
  Framing(const Framing&) = delete;
  Framing& operator=(const Framing&) = delete;

  void append(std::string_view bytes);
  Event next();

  // After kRequest, once: without client_address, id and received.
  Request take();
  // Whether the client lets the connection live on after the request taken last.
  bool keep_alive() const;
  // The request taken last came as HTTP/1.0, where a lasting connection must be said aloud.
  bool old_version() const;

  // A request has begun and is not complete.
  bool reading() const;
  // Bytes held that belong to no request yet.
  std::size_t buffered() const;
  const Refusal& refusal() const;
  // Forgets and wipes everything; only refusal() and keep_alive() stay meaningful.
  void discard();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace countersign::http
