// OAuth as data: how an integration's authorization server is spoken to, and the server as we know it. Pure.
//
// OAuthSpec is what an integration file says (config/integrations/*.json); OAuthServer is what a transaction goes
// by: from the spec, from the server's own metadata (RFC 8414, OpenID Connect Discovery) or from what an admin
// confirmed. A client keeps the server it was registered at, so that no later document can move its credentials.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "domain/state_machine.h"

namespace countersign::domain {

// How a client proves who it is at the token endpoint (RFC 6749 section 2.3, RFC 7523).
enum class ClientAuth { kNone, kBasic, kPost, kPrivateKeyJwt };
inline constexpr Names<ClientAuth, 4> kClientAuthNames{
    {"none", "client_secret_basic", "client_secret_post", "private_key_jwt"}};

enum class OAuthGrant { kAuthorizationCode, kClientCredentials };
inline constexpr Names<OAuthGrant, 2> kOAuthGrantNames{{"authorization_code", "client_credentials"}};

// RFC 7636. Everything but kS256 is a waiver: it stands in the integration file, is recorded and shown.
enum class Pkce {
  kS256,         // required: a server that says it does not know S256 is refused
  kUnconfirmed,  // sent; the provider does not say that it checks it
  kNotSent,      // the provider refuses a request that has it
};
inline constexpr Names<Pkce, 3> kPkceNames{{"s256", "unconfirmed", "not_sent"}};

// RFC 8707: some servers need `resource`, some refuse it, some call it `audience`.
enum class ResourceUse { kOmit, kResource, kAudience };
inline constexpr Names<ResourceUse, 3> kResourceUseNames{{"omit", "resource", "audience"}};

enum class TokenBody { kForm, kJson };
inline constexpr Names<TokenBody, 2> kTokenBodyNames{{"form", "json"}};

enum class RevocationStyle {
  kRfc7009,    // POST token and token_type_hint, the client authenticated as at the token endpoint
  kBearer,     // POST nothing; the access token as bearer is what is revoked
  kBasicJson,  // DELETE {"access_token": …}, the client by Basic
};
inline constexpr Names<RevocationStyle, 3> kRevocationStyleNames{{"rfc7009", "bearer", "basic_json"}};

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct OAuthScope {
  std::string name;   // as it stands on the wire
  std::string words;  // for people: "Read your calendars"
  bool asked = true;  // without a wish of the caller's
  friend bool operator==(const OAuthScope&, const OAuthScope&) = default;
};

// Where a token answer differs from RFC 6749 section 5.1. Pointers are JSON Pointers (RFC 6901).
struct TokenShape {
  std::string access_token = "/access_token";
  std::string refresh_token = "/refresh_token";
  std::string expires_in = "/expires_in";
  std::string scope = "/scope";
  std::string token_type = "/token_type";
  std::string scope_separator;  // of the answer; empty: as asked
  std::string ok;               // a flag that is false in an error sent with status 200; empty: none
  bool token_type_optional = false;
  bool milliseconds = false;  // unit of expires_in
  bool numeric_text = false;  // expires_in may be "3600"
  friend bool operator==(const TokenShape&, const TokenShape&) = default;
};

// A value of the token answer, or of the callback's query, that later calls need; it becomes a plain field.
struct KeptValue {
  std::string from;   // a JSON Pointer ("/team/id"), or the name of a query parameter ("realmId")
  std::string field;  // "team_id"
  friend bool operator==(const KeptValue&, const KeptValue&) = default;
};

// Who was connected. Without an id a reconnect cannot tell accounts apart, and the page says so.
enum class AccountFrom { kNowhere, kIdToken, kTokenAnswer, kRequest };
inline constexpr Names<AccountFrom, 4> kAccountFromNames{{"nowhere", "id_token", "token_answer", "request"}};
struct AccountSource {
  AccountFrom from = AccountFrom::kNowhere;
  std::string url;                 // kRequest: asked with the access token; may name host labels
  std::string body;                // kRequest: a JSON text makes it a POST; "null" is an empty POST
  std::vector<std::string> id;     // pointers; all of them together are the account: ["/team/id", "/user/id"]
  std::vector<std::string> label;  // pointers; the first that is text
  friend bool operator==(const AccountSource&, const AccountSource&) = default;
};

struct OAuthServer {
  std::string issuer;  // compared byte by byte; empty where the provider has none
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string refresh_endpoint;       // empty: token_endpoint
  std::string revocation_endpoint;    // empty: cannot revoke
  std::string registration_endpoint;  // empty: no dynamic registration
  std::string par_endpoint;           // RFC 9126; empty: none
  std::string jwks_uri;
  std::string userinfo_endpoint;
  bool par_required = false;
  bool iss_in_callback = false;           // authorization_response_iss_parameter_supported (RFC 9207)
  bool client_id_metadata = false;        // client_id_metadata_document_supported
  bool s256 = true;                       // code_challenge_methods_supported says so, or the file vouches for it
  std::vector<std::string> auth_methods;  // token_endpoint_auth_methods_supported; empty: not said
  std::vector<std::string> scopes;        // scopes_supported; at most 100 are taken over
  friend bool operator==(const OAuthServer&, const OAuthServer&) = default;
};

// The `oauth` of an auth template of kind oauth2. URLs may name host labels, "https://{subdomain}.example.com/…".
struct OAuthSpec {
  OAuthServer server;              // what the file states; the endpoints are empty when `discover` is set
  bool discover = false;           // ask server.issuer for its metadata
  std::string protected_resource;  // an MCP server or API whose metadata names the issuer (RFC 9728); empty: none
  std::vector<OAuthGrant> grants{OAuthGrant::kAuthorizationCode};
  std::vector<ClientAuth> client_auth{ClientAuth::kBasic};  // what the provider takes, best first
  std::vector<OAuthScope> scopes;
  std::string scope_parameter = "scope";
  std::string scope_separator = " ";
  Pkce pkce = Pkce::kS256;
  std::string pkce_reason;  // for a waiver: why, in words for people
  ResourceUse resource_use = ResourceUse::kOmit;
  std::string resource;
  Parameters authorization_parameters;  // access_type=offline
  Parameters token_parameters;
  Parameters refresh_parameters;
  Parameters token_headers;  // of token and revocation requests
  TokenBody token_body = TokenBody::kForm;
  TokenShape answer;
  std::vector<KeptValue> keep;              // from the token answer
  std::vector<KeptValue> keep_callback;     // from the callback's query
  KeptValue base_url;                       // the API's address, told by the token answer; `field` is unused
  std::vector<std::string> base_url_hosts;  // suffixes it must have: ".my.salesforce.com"
  RevocationStyle revocation = RevocationStyle::kRfc7009;
  AccountSource account;
  std::chrono::seconds lifetime{};   // when the answer says nothing; 0: unknown, never refreshed by the clock
  std::chrono::seconds leeway{120};  // refreshed so long before the end
  std::string client_help_url;       // the provider's page where a client is registered
  std::string client_hint;           // what to choose there
  std::vector<std::string> sources;  // the public pages this was written from
  friend bool operator==(const OAuthSpec&, const OAuthSpec&) = default;
};

}  // namespace countersign::domain
