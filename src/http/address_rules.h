// Which IP addresses a request of ours may be sent to: the public ones, and those an operator listed.
//
// A name in a URL proves nothing, since whoever owns it decides where it points, and may decide again between
// two look-ups. So these rules judge the address a socket is about to be connected to (http/client.cc), not
// the text. Pure; AddressRules is immutable after construction and thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

namespace countersign::http {

// One IPv4 address is its first four bytes.
struct Address {
  enum class Family : std::uint8_t { kFour, kSix };
  Family family = Family::kFour;
  std::array<std::uint8_t, 16> bytes{};

  friend bool operator==(const Address&, const Address&) = default;
};
std::optional<Address> parse_address(std::string_view text);
// Empty for anything but IPv4 and IPv6. `socket_address` must be as long as its family says.
std::optional<Address> address_of(const sockaddr& socket_address);
std::string text_of(const Address& address);

enum class AddressKind {
  kPublic,
  kUnspecified,  // 0.0.0.0/8, ::  Linux takes it for this machine
  kLoopback,     // 127.0.0.0/8, ::1
  kPrivate,      // RFC 1918, RFC 4193, and the old site-local fec0::/10
  kShared,       // 100.64.0.0/10, RFC 6598; some clouds answer for their metadata here
  kLinkLocal,    // 169.254.0.0/16, fe80::/10: where cloud metadata lives
  kMulticast,
  kReserved,    // documentation, benchmarks, broadcast, the future, and one host agent inside public space
  kCarriesFour  // IPv6 that a router or the kernel turns into some IPv4 address: mapped, compatible, NAT64
                // (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214)
};
AddressKind kind_of(const Address& address);
std::string_view name(AddressKind kind);  // for logs: "loopback"

// The IPv4 address inside one of kCarriesFour; for Teredo the client's, the one that matters.
std::optional<Address> carried_four(const Address& address);

class AddressRules {
 public:
  // What is admitted beyond public addresses. An entry is an address ("10.1.2.3"), a network ("10.0.0.0/8",
  // "fd00::/8") or a host name ("vault.corp.example"): requests to exactly that name may go to loopback,
  // private and shared addresses, whatever it resolves to. No name opens link-local ones, where cloud
  // metadata answers; that takes the address itself. Throws Error kInvalidArgument, reason `bad_address`.
  explicit AddressRules(const std::vector<std::string>& allowed);

  // Whether a request for `host` may go to `address`. An IPv6 address that carries an IPv4 one must be
  // listed itself, and the one inside must be admitted too: listing 64:ff9b::/96, as a host behind NAT64
  // has to, does not open 64:ff9b::10.0.0.1.
  bool admits(const Address& address, std::string_view host) const;

 private:
  struct Network {
    Address base;
    std::size_t bits;
  };
  bool is_listed(const Address& address) const;
  bool is_listed(std::string_view host) const;

  std::vector<Network> networks_;
  std::vector<std::string> hosts_;  // lower case, no dot at the end
};

}  // namespace countersign::http
