// Puts a credential where its template says it stands in a request. Pure, thread-safe.
//
// What comes out is ready for http::Client, and a secret part of it is still a Secret. A value that could
// add a line to the request, or move it to another host, is refused; no message repeats a value.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/integration.h"
#include "http/client.h"
#include "vault/vault.h"

namespace countersign::vault {

using PlainFields = std::vector<std::pair<std::string, std::string>>;

// What a call carries for a credential: header fields whose secret part stays a Secret.
struct PlacedCredential {
  std::vector<http::ClientHeader> headers;
};

// The integration's own headers come along. Throws kInvalidArgument `bad_credential`: a field is missing, has
// control characters, cannot be the name of a header, or a user name of Basic has a colon.
PlacedCredential place(const domain::Integration& integration, const domain::AuthTemplate& form, const Fields& secrets,
                       const PlainFields& plain);

// Where calls go: the integration's base URLs with their host labels filled in; the first is the one to use
// when the caller names none. None where the person or the token answer names it: then it is the connection's own
// base_url, and asking for the one is a defect. Throws kInvalidArgument `bad_host_label`.
std::vector<std::string> base_urls_for(const domain::Integration& integration, const domain::AuthTemplate& form,
                                       const PlainFields& plain);
std::string base_url_for(const domain::Integration& integration, const domain::AuthTemplate& form,
                         const PlainFields& plain);

}  // namespace countersign::vault
