// When a token is renewed, and how long to wait after a refresh that went wrong. Used by tokens*.cc alone. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "base/random.h"
#include "domain/connection.h"
#include "domain/oauth_account.h"
#include "domain/oauth_client.h"
#include "oauth/token_answer.h"

namespace countersign::oauth {

enum class Urgency {
  kWhenDue,     // somebody is about to use it
  kEarly,       // the job: some time before that, each connection at its own
  kNow,         // whatever the clock says
  kLeftBehind,  // only what a dead process left in `refreshing`
};

// What a refresh is decided on, as one reading of the store saw it.
struct Standing {
  domain::Connection connection;
  std::optional<domain::OAuthAccount> account;  // nothing: no OAuth
  std::optional<domain::OAuthClient> client;
  domain::OAuthSpec spec;
};

inline constexpr std::chrono::seconds kForcedEvery{30};
inline constexpr std::chrono::seconds kMostSpread{60};

// The access token is over by the clock; one without an end never is.
bool has_ended(const domain::OAuthAccount& account, Instant now);
bool is_leased(const Standing& standing, Instant now);
// Of an account.
bool is_wanted(const Standing& standing, Urgency urgency, Instant now);
// Empty: it can be renewed. Otherwise why it cannot: "no_refresh_token", "client_removed".
std::string_view not_renewable(const Standing& standing);

// 30 s, doubled with each failure, one hour at most, a fifth more or less; never before the server's Retry-After.
Instant next_try(int failures, std::optional<std::chrono::seconds> retry_after, Instant now, Random& random);
// After such a failure nobody knows whether the server has rotated the refresh token.
bool may_have_rotated(std::string_view problem);

}  // namespace countersign::oauth
