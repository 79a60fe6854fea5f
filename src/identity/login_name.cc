#include "identity/login_name.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "base/encoding.h"

namespace countersign::identity {
namespace {

constexpr std::size_t kLongestLogin = 64;
constexpr std::string_view kSpace = " \t\r\n";

bool is_login_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("._@+-").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> login_name(std::string_view typed) {
  const std::size_t begin = typed.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return std::nullopt;
  typed = typed.substr(begin, typed.find_last_not_of(kSpace) + 1 - begin);
  if (typed.size() > kLongestLogin) return std::nullopt;
  std::string name(typed);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (!std::all_of(name.begin(), name.end(), is_login_character)) return std::nullopt;
  return name;
}

std::string address_scope(std::string_view address) {
  std::string text(address.substr(0, INET6_ADDRSTRLEN));
  std::array<std::byte, 16> bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  constexpr std::array<std::byte, 12> kMappedIpv4{
      {{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, std::byte{0xFF}, std::byte{0xFF}}};
  if (std::equal(kMappedIpv4.begin(), kMappedIpv4.end(), bytes.begin())) {
    std::array<char, INET_ADDRSTRLEN> ipv4{};
    inet_ntop(AF_INET, bytes.data() + kMappedIpv4.size(), ipv4.data(), ipv4.size());
    return ipv4.data();
  }
  return hex(std::span(bytes).first(8)) + "/64";
}

}  // namespace countersign::identity
