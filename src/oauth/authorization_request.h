// The authorization request (RFC 6749 section 4.1.1, RFC 7636, RFC 8707, OpenID Connect Core section 3.1.2.1) with
// what its provider adds. Pure. What is fixed here wins over a parameter of the same name in the spec.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/oauth.h"

namespace countersign::oauth {

struct AuthorizationRequest {
  std::string_view client_id;
  std::string_view redirect_uri;
  std::string_view state;
  std::string_view code_challenge;  // S256; left out with Pkce::kNotSent
  std::string_view nonce;           // empty: none
  std::string_view resource;        // empty: none
  const std::vector<std::string>& scopes;
};
domain::Parameters authorization_parameters(const domain::OAuthSpec& spec, const AuthorizationRequest& request);

// The endpoint's own query stays (RFC 6749 section 3.1); a fragment does not. Throws kInvalidArgument `bad_endpoint`
// for anything but https, or http on loopback (decided on the parsed address).
std::string with_query(std::string_view endpoint, const domain::Parameters& parameters);
// As application/x-www-form-urlencoded.
std::string form_encoded(const domain::Parameters& parameters);

// https, or http on 127.0.0.0/8, [::1] or the name localhost: what a server's endpoint may be.
bool is_endpoint(std::string_view url);
// "accounts.google.com:8443" of a URL; empty when it is none.
std::string host_of(std::string_view url);

}  // namespace countersign::oauth
