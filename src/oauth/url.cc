#include "oauth/url.h"

#include <algorithm>
#include <charconv>

#include "http/address_rules.h"
#include "http/media_type.h"

namespace countersign::oauth {
namespace {

constexpr std::size_t kLongestUrl = 2048;
constexpr std::size_t kLongestHost = 253;

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
}

// The text before the first of `ends`; what is left begins with it.
std::string_view take_until(std::string_view& text, std::string_view ends) {
  const std::size_t at = std::min(text.find_first_of(ends), text.size());
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at);
  return head;
}

std::string_view without_brackets(std::string_view host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) return host.ends_with(']') && http::parse_address(without_brackets(host)).has_value();
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  return !host.empty() && host.size() <= kLongestHost && host.find_first_not_of(kAllowed) == std::string_view::npos &&
         host.front() != '.' && host.front() != '-' && host.find("..") == std::string_view::npos;
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = take_until(path, "/");
    if (segment == "." || segment == "..") return true;
  }
  return false;
}

bool read_authority(Url& url) {
  const std::string_view authority = url.authority;
  const std::size_t behind_host = authority.starts_with('[') ? std::min(authority.find(']'), authority.size()) : 0;
  const std::size_t colon = std::min(authority.find(':', behind_host), authority.size());
  url.host = authority.substr(0, colon);
  return is_host(url.host) && (colon == authority.size() || is_port(authority.substr(colon + 1)));
}

}  // namespace

std::string Url::origin() const { return std::string(scheme) + "://" + std::string(authority); }

std::optional<Url> parse_url(std::string_view text) {
  if (text.size() > kLongestUrl || !is_visible(text)) return std::nullopt;
  Url url;
  url.scheme = take_until(text, ":");
  if ((url.scheme != "https" && url.scheme != "http") || !text.starts_with("://")) return std::nullopt;
  text.remove_prefix(3);
  url.authority = take_until(text, "/?#");
  if (!read_authority(url)) return std::nullopt;
  url.path = take_until(text, "?#");
  if (has_dot_segment(url.path)) return std::nullopt;
  url.has_query = text.starts_with('?');
  if (url.has_query) {
    text.remove_prefix(1);
    url.query = take_until(text, "#");
  }
  url.has_fragment = text.starts_with('#');
  return url;
}

bool is_loopback(std::string_view host) {
  if (http::equal_ignoring_case(host, "localhost")) return true;
  const auto address = http::parse_address(without_brackets(host));
  return address && http::kind_of(*address) == http::AddressKind::kLoopback;
}

}  // namespace countersign::oauth
