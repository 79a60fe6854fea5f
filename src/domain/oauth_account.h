// What OAuth adds to a connection: which client and account, what was asked and granted, how fresh its tokens are,
// and the lease of whoever refreshes them. The side record of a connection. Pure; the tokens themselves are sealed
// fields of the connection ("access_token", "refresh_token").
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace countersign::domain {

struct OAuthAccount {
  ConnectionId connection;
  WorkspaceId workspace;
  OAuthClientId client;
  std::string issuer;      // or the token endpoint where there is no issuer
  std::string account_id;  // the provider's own, stable; never an address of e-mail; empty: unknown
  std::vector<std::string> asked;
  std::vector<std::string> granted;  // as asked when the answer says nothing (RFC 6749 section 5.1)
  std::string resource;
  Instant expires_at;  // of the access token; epoch: not known
  bool refreshable = false;
  int version = 1;  // of the sealed tokens; grows with every rotation
  Instant refreshed_at;
  // The lease: whoever holds it may call the token endpoint. `fence` grows with each claim; only the newest settles.
  std::int64_t fence = 0;
  Instant lease_until;
  // The last refresh that went wrong; cleared by the next that works.
  int failures = 0;
  Instant next_try_at;
  std::string problem;        // "invalid_grant", "upstream_timeout", …
  std::string problem_words;  // the provider's, cut: hostile text
};

// Removed here, not yet confirmed by the provider. Lives until it is, or until we give up.
struct Revocation {
  ConnectionId connection;
  WorkspaceId workspace;
  Instant due_at;
  int attempts = 0;
  std::string problem;     // of the last attempt
  Instant lease_until;     // somebody is at it
  Instant settled_at;      // epoch: still queued
  bool confirmed = false;  // settled: the provider said yes, or there is nothing to revoke there
};

// After so long the sealed tokens are shredded, confirmed or not.
inline constexpr std::chrono::hours kRevokeWithin{24 * 7};

}  // namespace countersign::domain
