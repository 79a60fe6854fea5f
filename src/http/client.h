// The one way out: every request to a provider, an upstream or a listener of our own goes through Client.
//
// CurlClient is it on libcurl; tests give a service a scripted one. https only; the address is judged on the
// socket that is about to be connected (http/address_rules.h); no redirect is followed; no cookies, no netrc,
// no proxy of the environment, no compression. What comes back is hostile text, bounded in time, in bytes and
// in fields, and nothing else has been checked. Thread-safe; send() blocks its caller.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "base/wipe.h"
#include "http/address_rules.h"
#include "http/message.h"

namespace countersign::http {

// {"Authorization", "Bearer ", token}: `secret` stands behind `value` on the wire and nowhere else.
struct ClientHeader {
  std::string name;
  std::string value;
  Secret secret;
};

struct ClientLimits {
  std::chrono::milliseconds total{10'000};  // all of it, looking up the name included
  std::chrono::milliseconds connect{5'000};
  std::size_t body_bytes = 1024 * 1024;
  std::size_t header_bytes = 32 * 1024;  // of all header blocks: interim answers and trailers count too
  std::size_t header_count = 128;        // lines of them
};

struct ClientRequest {
  Method method = Method::kGet;
  std::string url;  // without user, password and fragment; must hold no secret
  // Host, framing, connection and Accept-Encoding are the client's own.
  std::vector<ClientHeader> headers;
  WipingBuffer body;
  ClientLimits limits;
};

struct ClientResponse {
  int status = 0;               // 200 to 599
  std::vector<Header> headers;  // names in lower case; trailers are dropped
  WipingBuffer body;

  // The only value of a field, or empty when it is absent or stands there more than once.
  std::optional<std::string_view> header(std::string_view lower_case_name) const;
};

// Any status is an answer and comes back as a value. Throws Error:
//   kInvalidArgument  bad_upstream_url, bad_upstream_header
//   kUnavailable      outbound_busy: too many requests are on their way
//   kUpstream         nothing was sent:     upstream_address_refused, upstream_unreachable, upstream_tls
//                     it may have arrived:  upstream_timeout, upstream_lost, upstream_malformed,
//                                           upstream_too_large
// A request that is not GET, HEAD or OPTIONS is sent at most once. Messages name scheme, host and port of the
// URL; neither they nor the details hold its path, a header or a body.
class Client {
 public:
  virtual ~Client() = default;
  virtual ClientResponse send(ClientRequest request) = 0;
};

struct CurlClientOptions {
  // For development and for our own listeners: loopback may be called, also by plain http.
  bool allow_loopback_http = false;
  // Private places that an operator admits: addresses, networks, host names (AddressRules). By https.
  std::vector<std::string> allowed;
  // "http://host:port" or "https://host:port"; empty: none, whatever the environment says. A proxy resolves
  // names by itself: it then has to keep requests from private places, we only see addresses written in URLs.
  std::string proxy;
  std::string ca_file;  // PEM; empty: the system's
  std::string user_agent = "countersign";
  // More at once are refused, so that one slow provider cannot hold every worker.
  std::size_t most_at_once = 32;
  // Instead of the system's look-up, for tests: addresses separated by commas, empty for none known here.
  std::function<std::string(const std::string& host)> resolve;
};

class CurlClient final : public Client {
 public:
  // Throws kInvalidArgument `bad_address` (options.allowed).
  explicit CurlClient(CurlClientOptions options);
  ~CurlClient() override;  // no send() may be running
  ClientResponse send(ClientRequest request) override;

 private:
  class Handles;  // kept connections, one set per handle

  const CurlClientOptions options_;
  const AddressRules rules_;
  const std::unique_ptr<Handles> handles_;
};

}  // namespace countersign::http
