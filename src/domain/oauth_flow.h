// The side record of a handoff of kind kOAuth: everything the callback needs, so that it may land on any node. Pure.
//
// `state` on the wire is minted when the person leaves for the provider, never before; only its keyed hash is here.
// PKCE verifier and nonce are sealed. One state is out at a time: leaving again makes the one before void.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/oauth.h"

namespace countersign::domain {

struct OAuthFlow {
  HandoffId handoff;
  WorkspaceId workspace;
  OAuthClientId client;
  ConnectionId reconnects;          // keeps this id and refuses another account; none: a new connection
  std::string name;                 // of the connection
  std::string identity_label;       // the agent's words
  std::vector<std::string> scopes;  // to ask for

  // Set by leaving.
  std::string state_hash;    // empty: nobody is on the way
  std::string browser_hash;  // of the cookie that the browser must bring back
  std::string sealed;        // verifier and nonce
  OAuthServer server;        // of this transaction: the code goes to its token endpoint and nowhere else
  Parameters plain_fields;   // what the person typed: host labels
  Instant left_at;
  Instant state_until;

  Instant claimed_until;      // the code is being redeemed; past it, whoever did that has died
  std::string problem;        // why the last try did not work: a reason of docs/errors.md
  std::string problem_words;  // the provider's, cut: hostile text; empty unless `iss` was right
};

inline constexpr std::chrono::minutes kStateLifetime{10};

}  // namespace countersign::domain
