// The target that the person names for an integration without a fixed one (`generic-http`). Pure.
//
// It is bound into the seal, so the credential can never be sent elsewhere. https, or http on loopback
// for development; no user info, query, fragment or dot segments (DESIGN 8.13).
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace countersign::handoff {

inline constexpr std::string_view kBaseUrlField = "base_url";

struct BaseUrlProblem {
  std::string message;
};
// The normalised URL (scheme and host in lower case, no trailing slash), or what is wrong with it.
std::variant<std::string, BaseUrlProblem> parse_base_url(std::string_view text);

}  // namespace countersign::handoff
