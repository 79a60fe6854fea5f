// How a client proves who it is (RFC 6749 section 2.3, RFC 7523 section 2.2): one method per request, and the one it
// is registered with. For this folder.
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "oauth/request_body.h"
#include "oauth/server_calls.h"

namespace countersign::oauth {

// Into the header or into the body.
void authenticate(const Target& target, const Clock& clock, Random& random, http::ClientRequest& request,
                  RequestBody& body);
// Authorization: Basic. Both parts are form-encoded before they are joined (RFC 6749 section 2.3.1).
http::ClientHeader basic(std::string_view client_id, const Secret& secret);
// What every request to `url` of this server has: limits, what is accepted, the provider's own headers.
http::ClientRequest request_to(const std::string& url, const domain::OAuthSpec& spec);

}  // namespace countersign::oauth
