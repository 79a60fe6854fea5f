#include "handoff/base_url.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace countersign::handoff {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool is_loopback(std::string_view host) { return host == "localhost" || host == "127.0.0.1" || host == "[::1]"; }

bool valid_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
  }
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789.-";
  return !host.empty() && host.size() <= 253 && host.find_first_not_of(kAllowed) == std::string_view::npos &&
         host.front() != '.' && host.front() != '-' && host.find("..") == std::string_view::npos;
}

bool valid_port(std::string_view port) {
  return !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos &&
         std::stoi(std::string(port)) >= 1 && std::stoi(std::string(port)) <= 65535;
}

bool valid_path(std::string_view path) {
  constexpr std::string_view kForbidden = "?#\\%;@\"<>^`{|} ";
  if (path.find_first_of(kForbidden) != std::string_view::npos || path.find("//") != std::string_view::npos) {
    return false;
  }
  const auto printable = [](char c) { return c > 0x20 && c < 0x7f; };
  return std::all_of(path.begin(), path.end(), printable) && path.find("/.") == std::string_view::npos;
}

BaseUrlProblem problem(std::string_view what) { return {std::string(what)}; }

}  // namespace

std::variant<std::string, BaseUrlProblem> parse_base_url(std::string_view text) {
  if (text.empty()) return problem("Enter the base URL, for example https://api.example.com");
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return problem("The address must begin with https://");
  const std::string scheme = lower(text.substr(0, scheme_end));
  const std::string_view rest = text.substr(scheme_end + 3);
  const auto path_start = std::min(rest.find('/'), rest.size());
  const std::string authority = lower(rest.substr(0, path_start));
  std::string_view path = rest.substr(path_start);

  const auto port_colon = authority.find(':', authority.starts_with('[') ? authority.find(']') : 0);
  const std::string host = authority.substr(0, port_colon);
  if (!valid_host(host)) return problem("The address must name a host and nothing else before the path");
  if (port_colon != std::string::npos && !valid_port(std::string_view(authority).substr(port_colon + 1))) {
    return problem("The port of the address is not a number from 1 to 65535");
  }
  if (scheme != "https" && !(scheme == "http" && is_loopback(host))) {
    return problem("The address must begin with https:// (plain http only for this machine itself)");
  }
  if (!valid_path(path)) {
    return problem("The path of the address may not hold a query, a fragment, escapes or dot segments");
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  return scheme + "://" + authority + std::string(path);
}

}  // namespace countersign::handoff
