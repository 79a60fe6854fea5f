// Reads what servers say about themselves: RFC 8414 and OpenID Connect Discovery 1.0 (one shape), RFC 9728, and the
// challenge that leads there (RFC 6750 section 3). Pure; the texts are hostile.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/oauth.h"

namespace countersign::oauth {

// Where the metadata of an issuer with path P may stand, in this order (RFC 8414 section 3.1 and 5; OIDC Discovery
// section 4): /.well-known/oauth-authorization-server<P>, /.well-known/openid-configuration<P>,
// <issuer>/.well-known/openid-configuration. Throws kInvalidArgument `bad_issuer`: no URL, a query or a fragment.
std::vector<std::string> server_metadata_urls(std::string_view issuer);
// Throws kUpstream `bad_metadata` (no object, an endpoint that is no http(s) URL, no token endpoint, over the limits)
// or `issuer_mismatch`: it must be the very text that was asked for (RFC 8414 section 3.3).
domain::OAuthServer parse_server_metadata(std::string_view text, std::string_view issuer);

// RFC 9728 section 3.1: with the path of the resource, then without.
std::vector<std::string> resource_metadata_urls(std::string_view resource);
struct ResourceMetadata {
  std::string resource;  // byte for byte as it stands there: sent in all later requests
  std::vector<std::string> authorization_servers;
  std::vector<std::string> scopes;
};
// Throws kUpstream `bad_metadata` or `resource_mismatch`. `resource` is what was asked for; the root's document may
// name the origin of it.
ResourceMetadata parse_resource_metadata(std::string_view text, std::string_view resource);

struct BearerChallenge {
  std::string resource_metadata;  // a URL from outside: to be judged like any other
  std::string scope;
  std::string error;
};
// Of a WWW-Authenticate field; empty parts where it says nothing.
BearerChallenge parse_bearer_challenge(std::string_view www_authenticate);

inline constexpr std::size_t kMostScopesTaken = 100;

}  // namespace countersign::oauth
