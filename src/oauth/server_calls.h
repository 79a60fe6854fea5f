// Every request to an authorization server but metadata: token, PAR, registration, revocation, and the account's
// name. One attempt each, no redirect, one client authentication method. Thread-safe; blocks on the network.
// A refusal is a value; thrown is only what is no matter of the other side.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "domain/oauth_client.h"
#include "http/client.h"
#include "oauth/token_answer.h"

namespace countersign::oauth {

// A client with its secret in hand, for as long as one call takes.
struct OpenedClient {
  const domain::OAuthClient& client;
  Secret secret;       // "client_secret"; empty for kNone and kPrivateKeyJwt
  Secret private_key;  // "private_key"
};

// Where a request goes: `server` is the transaction's own, with its host labels filled in.
struct Target {
  const domain::OAuthServer& server;
  const domain::OAuthSpec& spec;
  const OpenedClient& client;
};

struct CodeGrant {
  Secret code;
  Secret verifier;  // empty: Pkce::kNotSent
  std::string redirect_uri;
};

struct Pushed {
  std::string request_uri;
  std::chrono::seconds lifetime{};
};

struct Account {
  std::string id;     // empty: it could not be learned
  std::string label;  // hostile text, cut
};

// Revoked, or nothing was there to revoke; or why not.
struct RevocationResult {
  bool confirmed = false;
  bool worth_retrying = false;
  std::string problem;
};

struct RegistrationRequest {
  std::string registration_endpoint;
  std::string redirect_uri;
  std::vector<domain::OAuthGrant> grants;
  std::vector<std::string> scopes;
  domain::ClientAuth auth = domain::ClientAuth::kNone;
  bool native = false;     // application_type: a redirect to loopback
  std::string public_jwk;  // for kPrivateKeyJwt
};
struct Registered {
  std::string client_id;
  domain::ClientAuth auth = domain::ClientAuth::kNone;  // what the server settled on, not what was asked
  Secret client_secret;
  Secret registration_token;
  Instant secret_expires_at;  // epoch: never
};

class ServerCalls {
 public:
  ServerCalls(http::Client& client, const Clock& clock, Random& random)
      : client_(client), clock_(clock), random_(random) {}

  TokenResult redeem(const Target& target, const CodeGrant& grant, std::string_view resource) const;
  TokenResult refresh(const Target& target, const Secret& refresh_token, std::string_view resource) const;
  TokenResult client_credentials(const Target& target, const std::vector<std::string>& scopes,
                                 std::string_view resource) const;
  // RFC 9126. `parameters` is the whole authorization request.
  std::variant<Pushed, TokenRefusal> push(const Target& target, const domain::Parameters& parameters) const;
  // RFC 7009 and its two kin. Unknown tokens count as revoked; `unsupported_token_type` too (nothing can be done).
  RevocationResult revoke(const Target& target, const Secret& token, std::string_view token_type_hint) const;
  // OAuthSpec::account of kind kRequest, with the access token. Empty when it cannot be learned.
  Account account(const Target& target, const Secret& access_token, const domain::Parameters& plain_fields) const;
  // The user info of `server` (OIDC Core section 5.3); its `sub` is the caller's to compare.
  Account userinfo(const Target& target, const Secret& access_token) const;
  // RFC 7591; 200 and 201 both count. Throws kUpstream `registration_refused`, with the server's code in the detail.
  Registered register_client(const RegistrationRequest& wanted) const;

 private:
  http::Client& client_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace countersign::oauth
