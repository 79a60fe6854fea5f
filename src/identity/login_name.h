// The one spelling of a login and the one spelling of a network address: what is compared, stored, counted.
// Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace countersign::identity {

// Trimmed and in lower case; empty unless it is then 1 to 64 of `a-z 0-9 . _ @ + -`. ASCII only: no two
// logins look alike.
std::optional<std::string> login_name(std::string_view typed);

// What throttling counts as one place: an IPv4 address, or the /64 of an IPv6 one, since a household has as
// many addresses in it as it likes. Anything else as it is, cut.
std::string address_scope(std::string_view address);

}  // namespace countersign::identity
