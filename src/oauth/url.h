// A URL in its parts, read strictly: where two readers could disagree about the host, it is no URL. For this folder.
// Pure; views point into the text that was read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace countersign::oauth {

struct Url {
  std::string_view scheme;     // as it stands: "https"
  std::string_view authority;  // "accounts.example.com:8443"
  std::string_view host;       // of IPv6 with its brackets
  std::string_view path;       // "" or "/…"
  std::string_view query;      // behind the first '?'
  bool has_query = false;
  bool has_fragment = false;

  std::string origin() const;  // "https://accounts.example.com:8443", as it stands
};
// http or https in lower case, no user name, a host of letters, digits, dots and hyphens or an IPv6 address in
// brackets, visible ASCII and at most 2048 bytes. No dot segments in the path: libcurl would take them away.
std::optional<Url> parse_url(std::string_view text);

// 127.0.0.0/8, [::1], decided on the parsed address, or the name localhost; never a prefix of the text.
bool is_loopback(std::string_view host);

}  // namespace countersign::oauth
