// Whose request it is. A peer that is no listed proxy speaks for itself; a listed one is believed about
// the hop before it, and so on from right to left (RFC 7239, and X-Forwarded-For).
//
// When both headers stand in a request and disagree, one of them was not written by the proxy: then the
// peer's own address is used. Immutable after construction, thread-safe.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace countersign::http {

// The one spelling of an IP address (IPv4-mapped IPv6 becomes IPv4); empty when it is none.
std::optional<std::string> canonical_address(std::string_view text);
// The peer of a connected socket; empty when it has none any more.
std::string peer_address(int fd);
// What a cap per address counts by: IPv4 whole, IPv6 by its /64, which one client may own.
std::string address_group(std::string_view canonical);

class TrustedProxies {
 public:
  // Throws Error kInvalidArgument, reason `bad_address`.
  explicit TrustedProxies(const std::vector<std::string>& addresses);

  bool contains(const std::string& canonical) const { return addresses_.contains(canonical); }
  std::string client_of(const Request& request, const std::string& peer) const;

 private:
  std::string nearest_client(const std::vector<std::string>& hops, const std::string& peer) const;

  std::set<std::string, std::less<>> addresses_;
};

}  // namespace countersign::http
