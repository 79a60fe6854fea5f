// Where the tokens of a connection are renewed and revoked, and by which rules. Used by tokens*.cc and revoker.cc.
#pragma once

#include "catalog/catalog.h"
#include "domain/connection.h"
#include "domain/oauth_client.h"
#include "oauth/server_calls.h"
#include "vault/vault.h"

namespace countersign::oauth {

inline constexpr std::string_view kAccessToken = "access_token";
inline constexpr std::string_view kRefreshToken = "refresh_token";

// The rules of its template; plain RFC 6749 when that is gone from the catalogue.
domain::OAuthSpec spec_of(const catalog::Catalog& catalog, const domain::Connection& connection);
// The server its client was registered at, host labels filled in. Throws kInvalidArgument `bad_host_label`.
domain::OAuthServer server_of(const domain::OAuthClient& client, const domain::Connection& connection);
// Refresh token first: a server that ends the whole grant with it needs no more. Where the access token is all that
// can be shown, it alone. The first that is not confirmed ends it.
RevocationResult revoke_all(const ServerCalls& calls, const Target& target, const vault::Fields& tokens);

}  // namespace countersign::oauth
