#include "http/client_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/error.h"

namespace countersign::http {
namespace {

std::string text_of(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, address, text.data(), text.size()) == nullptr ? std::string() : std::string(text.data());
}

std::string text_of(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) return text_of(AF_INET, &address.s6_addr[12]);
  return text_of(AF_INET6, &address);
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Splits at `separator` outside quoted strings (RFC 9110 section 5.6.4).
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (text[at] == '\\' && quoted) ++at;
    if (at < text.size() && text[at] == separator && !quoted) {
      pieces.push_back(trim(text.substr(begin, at - begin)));
      begin = at + 1;
    }
  }
  pieces.push_back(trim(text.substr(begin)));
  return pieces;
}

// An address with or without brackets and port; anything else ("unknown", "_hidden") is no address.
std::string node_address(std::string_view node) {
  if (node.size() >= 2 && node.front() == '"' && node.back() == '"') node = node.substr(1, node.size() - 2);
  if (node.starts_with('[')) {
    node = node.substr(1, node.find(']') - 1);
  } else if (node.find(':') == node.rfind(':')) {
    node = node.substr(0, node.find(':'));
  }
  return canonical_address(node).value_or("");
}

std::string forwarded_for(std::string_view element) {
  for (const std::string_view pair : split(element, ';')) {
    if (pair.size() > 4 && ::strncasecmp(pair.data(), "for=", 4) == 0) return node_address(pair.substr(4));
  }
  return {};
}

// The hops that header `name` tells, oldest first; one that cannot be read is an empty text.
std::vector<std::string> hops(const Request& request, std::string_view name, std::string (*read)(std::string_view)) {
  std::vector<std::string> found;
  for (const Header& field : request.headers) {
    if (field.name != name) continue;
    for (const std::string_view element : split(field.value, ',')) found.push_back(read(element));
  }
  return found;
}

}  // namespace

std::optional<std::string> canonical_address(std::string_view text) {
  const std::string address(text);
  in_addr four{};
  if (::inet_pton(AF_INET, address.c_str(), &four) == 1) return text_of(AF_INET, &four);
  in6_addr six{};
  if (::inet_pton(AF_INET6, address.c_str(), &six) == 1) return text_of(six);
  return std::nullopt;
}

std::string peer_address(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  if (storage.ss_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &storage, sizeof four);
    return text_of(AF_INET, &four.sin_addr);
  }
  sockaddr_in6 six{};
  std::memcpy(&six, &storage, sizeof six);
  return text_of(six.sin6_addr);
}

std::string address_group(std::string_view canonical) {
  in6_addr six{};
  if (::inet_pton(AF_INET6, std::string(canonical).c_str(), &six) != 1) return std::string(canonical);
  std::memset(&six.s6_addr[8], 0, 8);
  return text_of(six) + "/64";
}

TrustedProxies::TrustedProxies(const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) {
    auto canonical = canonical_address(address);
    if (!canonical)
      throw Error(ErrorCode::kInvalidArgument, "bad_address", "A trusted proxy is no IP address: " + address);
    addresses_.insert(*std::move(canonical));
  }
}

std::string TrustedProxies::client_of(const Request& request, const std::string& peer) const {
  if (!contains(peer)) return peer;
  const std::vector<std::string> standard = hops(request, "forwarded", forwarded_for);
  const std::vector<std::string> usual = hops(request, "x-forwarded-for", node_address);
  if (standard.empty()) return nearest_client(usual, peer);
  std::string client = nearest_client(standard, peer);
  if (!usual.empty() && nearest_client(usual, peer) != client) return peer;
  return client;
}

std::string TrustedProxies::nearest_client(const std::vector<std::string>& hops_told, const std::string& peer) const {
  std::string nearest = peer;
  for (auto hop = hops_told.rbegin(); hop != hops_told.rend(); ++hop) {  // NOLINT(modernize-loop-convert): backwards
    if (hop->empty()) break;  // what stands left of it came through somebody unknown
    nearest = *hop;
    if (!contains(nearest)) break;
  }
  return nearest;
}

}  // namespace countersign::http
