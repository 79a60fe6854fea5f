#include "http/address_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <span>

#include "base/error.h"

namespace countersign::http {
namespace {

using Family = Address::Family;

struct Range {
  std::array<std::uint8_t, 16> base;
  std::size_t bits;
  AddressKind kind;
};

// The IANA special-purpose registries (RFC 6890 and what it points to); the first match decides.
constexpr Range kFourRanges[] = {
    {{0}, 8, AddressKind::kUnspecified},
    {{10}, 8, AddressKind::kPrivate},
    {{100, 64}, 10, AddressKind::kShared},
    {{127}, 8, AddressKind::kLoopback},
    {{168, 63, 129, 16}, 32, AddressKind::kReserved},  // Azure's host agent hands out certificates here
    {{169, 254}, 16, AddressKind::kLinkLocal},
    {{172, 16}, 12, AddressKind::kPrivate},
    {{192, 0, 0}, 24, AddressKind::kReserved},
    {{192, 0, 2}, 24, AddressKind::kReserved},
    {{192, 88, 99}, 24, AddressKind::kReserved},  // 6to4 relays
    {{192, 168}, 16, AddressKind::kPrivate},
    {{198, 18}, 15, AddressKind::kReserved},
    {{198, 51, 100}, 24, AddressKind::kReserved},
    {{203, 0, 113}, 24, AddressKind::kReserved},
    {{224}, 4, AddressKind::kMulticast},
    {{240}, 4, AddressKind::kReserved},
};

constexpr Range kSixRanges[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 128, AddressKind::kUnspecified},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, AddressKind::kLoopback},
    {{0xfc}, 7, AddressKind::kPrivate},
    {{0xfe, 0x80}, 10, AddressKind::kLinkLocal},
    {{0xfe, 0xc0}, 10, AddressKind::kPrivate},
    {{0xff}, 8, AddressKind::kMulticast},
    {{0x20, 0x01, 0x00}, 23, AddressKind::kReserved},  // protocol assignments, benchmarks, ORCHID
    {{0x20, 0x01, 0x0d, 0xb8}, 32, AddressKind::kReserved},
    {{0x3f, 0xff}, 20, AddressKind::kReserved},
    {{0x20}, 3, AddressKind::kPublic},  // all that is routed today
    {{0}, 0, AddressKind::kReserved},
};

// Where an IPv6 address of this prefix holds its IPv4 one.
struct Carrier {
  std::array<std::uint8_t, 16> prefix;
  std::size_t bits;
  std::size_t at;
  bool inverted;  // RFC 4380 section 4
};
constexpr Carrier kCarriers[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12, false},  // mapped, RFC 4291 section 2.5.5.2
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12, false},        // translated, RFC 2765
    {{0}, 96, 12, false},                                         // compatible, RFC 4291 section 2.5.5.1
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12, false},                    // NAT64, RFC 6052
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, 12, false},              // local NAT64, RFC 8215, as a /96
    {{0x20, 0x02}, 16, 2, false},                                 // 6to4
    {{0x20, 0x01, 0, 0}, 32, 12, true},                           // Teredo
};

bool in_prefix(const std::array<std::uint8_t, 16>& bytes, const std::array<std::uint8_t, 16>& base, std::size_t bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole), base.begin())) return false;
  const std::size_t rest = bits % 8;
  return rest == 0 || (bytes[whole] >> (8 - rest)) == (base[whole] >> (8 - rest));
}

Address four_at(const Address& address, std::size_t at, bool inverted) {
  Address four;
  for (std::size_t i = 0; i < 4; ++i) {
    four.bytes[i] = static_cast<std::uint8_t>(inverted ? ~address.bytes[at + i] : address.bytes[at + i]);
  }
  return four;
}

// RFC 5214 section 6.1: an interface identifier of 0000:5efe or 0200:5efe under any prefix.
bool is_isatap(const Address& address) {
  const auto& b = address.bytes;
  return (b[8] & ~2) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe;
}

std::string host_key(std::string_view host) {
  std::string key(host);
  if (key.ends_with('.')) key.pop_back();
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return key;
}

// A plain name as it stands in a URL. Not one of digits and dots alone: that is an address written wrongly.
bool is_host_name(std::string_view text) {
  const bool characters = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
  return !text.empty() && characters && text.find_first_not_of("0123456789.") != std::string_view::npos;
}

Error bad_entry(std::string_view entry) {
  return Error(ErrorCode::kInvalidArgument, "bad_address",
               "Not an address, a network or a host name: " + std::string(entry));
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  const std::string zero_ended(text);
  Address address;
  if (::inet_pton(AF_INET, zero_ended.c_str(), address.bytes.data()) == 1) return address;
  address.family = Family::kSix;
  if (::inet_pton(AF_INET6, zero_ended.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<Address> address_of(const sockaddr& socket_address) {
  Address address;
  if (socket_address.sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &socket_address, sizeof four);
    std::memcpy(address.bytes.data(), &four.sin_addr, 4);
    return address;
  }
  if (socket_address.sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 six{};
  std::memcpy(&six, &socket_address, sizeof six);
  address.family = Family::kSix;
  std::memcpy(address.bytes.data(), &six.sin6_addr, 16);
  return address;
}

std::string text_of(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = address.family == Family::kFour ? AF_INET : AF_INET6;
  ::inet_ntop(family, address.bytes.data(), text.data(), text.size());
  return text.data();
}

std::optional<Address> carried_four(const Address& address) {
  if (address.family == Family::kFour) return std::nullopt;
  const auto begin = address.bytes.begin();
  // ::/96 holds two addresses of their own.
  if (std::all_of(begin, begin + 15, [](std::uint8_t b) { return b == 0; }) && address.bytes[15] <= 1)
    return std::nullopt;
  for (const Carrier& carrier : kCarriers) {
    if (in_prefix(address.bytes, carrier.prefix, carrier.bits)) return four_at(address, carrier.at, carrier.inverted);
  }
  if (is_isatap(address)) return four_at(address, 12, false);
  return std::nullopt;
}

AddressKind kind_of(const Address& address) {
  if (carried_four(address)) return AddressKind::kCarriesFour;
  const std::span<const Range> ranges =
      address.family == Family::kFour ? std::span<const Range>(kFourRanges) : std::span<const Range>(kSixRanges);
  for (const Range& range : ranges) {
    if (in_prefix(address.bytes, range.base, range.bits)) return range.kind;
  }
  return AddressKind::kPublic;
}

std::string_view name(AddressKind kind) {
  switch (kind) {
    case AddressKind::kPublic:
      return "public";
    case AddressKind::kUnspecified:
      return "unspecified";
    case AddressKind::kLoopback:
      return "loopback";
    case AddressKind::kPrivate:
      return "private";
    case AddressKind::kShared:
      return "shared";
    case AddressKind::kLinkLocal:
      return "link-local";
    case AddressKind::kMulticast:
      return "multicast";
    case AddressKind::kReserved:
      return "reserved";
    case AddressKind::kCarriesFour:
      return "an IPv4 address inside an IPv6 one";
  }
  return "unknown";
}

AddressRules::AddressRules(const std::vector<std::string>& allowed) {
  for (const std::string& entry : allowed) {
    const std::size_t slash = entry.find('/');
    const auto base = parse_address(entry.substr(0, slash));
    if (!base) {
      if (!is_host_name(entry)) throw bad_entry(entry);
      hosts_.push_back(host_key(entry));
      continue;
    }
    const std::size_t most = base->family == Family::kFour ? 32 : 128;
    std::size_t bits = most;
    if (slash != std::string::npos) {
      const char* end = entry.data() + entry.size();
      const auto [at, error] = std::from_chars(entry.data() + slash + 1, end, bits);
      if (error != std::errc() || at != end || bits > most) throw bad_entry(entry);
    }
    networks_.push_back({*base, bits});
  }
}

bool AddressRules::is_listed(const Address& address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    return network.base.family == address.family && in_prefix(address.bytes, network.base.bytes, network.bits);
  });
}

bool AddressRules::is_listed(std::string_view host) const {
  return std::find(hosts_.begin(), hosts_.end(), host_key(host)) != hosts_.end();
}

bool AddressRules::admits(const Address& address, std::string_view host) const {
  switch (kind_of(address)) {
    case AddressKind::kPublic:
      return true;
    case AddressKind::kLoopback:
    case AddressKind::kPrivate:
    case AddressKind::kShared:
      return is_listed(address) || is_listed(host);
    case AddressKind::kUnspecified:
    case AddressKind::kLinkLocal:
    case AddressKind::kMulticast:
    case AddressKind::kReserved:
      return is_listed(address);
    case AddressKind::kCarriesFour:
      return is_listed(address) && admits(*carried_four(address), host);
  }
  return false;
}

}  // namespace countersign::http
