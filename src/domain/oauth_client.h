// Our registration at an authorization server. Pure. Keyed by its issuer (or its pair of endpoints where there is
// none): its credentials are for this server and are never shown to another one (OAuth 2.1 mix-up defence).
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/connection.h"
#include "domain/oauth.h"
#include "domain/owner.h"

namespace countersign::domain {

enum class ClientOrigin {
  kManual,            // registered at the provider by a person and entered here
  kMetadataDocument,  // its id is the URL of a document we serve (Client ID Metadata Document)
  kDynamic,           // RFC 7591
};
inline constexpr Names<ClientOrigin, 3> kClientOriginNames{
    {"manual", "client_id_metadata_document", "dynamic_client_registration"}};

// The sealed fields it may have: "client_secret", "registration_token" (RFC 7592) and "private_key" (our JSON Web Key).
struct OAuthClient {
  OAuthClientId id;  // stands in its redirect URI, so every client has a callback of its own
  WorkspaceId workspace;
  Owner owner;                // org: for everybody in the workspace
  std::string slug;           // unique per owner among those not removed
  std::string integration;    // slug; empty: for no integration of the catalogue
  std::string auth_template;  // slug; empty with `integration`
  OAuthGrant grant = OAuthGrant::kAuthorizationCode;
  ClientOrigin origin = ClientOrigin::kManual;
  OAuthServer server;
  std::string client_id;
  ClientAuth auth = ClientAuth::kNone;
  std::string resource;
  Parameters plain_fields;           // host labels the endpoints were filled with: {"subdomain", "acme"}
  std::vector<SecretTrace> secrets;  // what may be shown of the sealed fields
  std::string public_jwk;            // JSON; for private_key_jwt
  Instant secret_expires_at;         // epoch: never
  PersonId created_by;
  Instant created_at;
  Instant removed_at;  // epoch: in use
};

// What a handoff of kind kOAuthClient asks a person to set up. The side record of that handoff.
enum class ClientChange { kEnter, kRegister, kRemove };
inline constexpr Names<ClientChange, 3> kClientChangeNames{{"enter", "register", "remove"}};
struct ClientProposal {
  HandoffId handoff;
  WorkspaceId workspace;
  ClientChange change = ClientChange::kEnter;
  OAuthClientId client;  // the one to remove; else the id the new one gets, so its redirect URI can be shown
  std::string slug;
  OAuthGrant grant = OAuthGrant::kAuthorizationCode;
  std::string client_id;  // as the agent gave it; may be empty
  OAuthServer server;     // as the agent proposed it; empty endpoints: the catalogue's
  bool foreign = false;   // some endpoint is the agent's own: only an admin may confirm it
  std::string resource;
  std::vector<std::string> scopes;  // for a dynamic registration
};

}  // namespace countersign::domain
