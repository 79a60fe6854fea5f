#include "oauth/tokens.h"

#include <algorithm>

#include "handoff/removal.h"
#include "oauth/tokens_flights.h"
#include "oauth/tokens_refresh.h"
#include "oauth/tokens_rules.h"
#include "oauth/tokens_target.h"

namespace countersign::oauth {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookEvery{50};
constexpr milliseconds kPatience{5'000};
constexpr int kMostRounds = 4;
constexpr std::size_t kMostARun = 20;
constexpr std::chrono::seconds kLongestRun{15};  // then no other is begun: whoever stops the program waits for it
// More are looked at than may be asked for: the soonest may be of those that nothing can be done about yet.
constexpr std::size_t kMostLookedAt = 500;

Error reauth_required(const domain::Connection& connection, std::string_view problem) {
  return Error(ErrorCode::kConflict, "reauth_required",
               "The connection \"" + connection.name + "\" to " + connection.integration +
                   " does not work any more: " + reauth_cause(problem) + ". A person has to connect the account again.")
      .recovery("oauth.start");
}

Error refresh_failed(const domain::OAuthAccount& account, Instant now) {
  const auto wait = std::chrono::ceil<std::chrono::seconds>(account.next_try_at - now);
  return Error(ErrorCode::kUnavailable, "refresh_failed",
               "The access token of this connection has ended, and the provider cannot be asked for a new one right "
               "now (" +
                   (account.problem.empty() ? "refresh_under_way" : account.problem) +
                   "). It is tried again by itself; nothing was sent.")
      .retry_after(std::max(wait, std::chrono::seconds(1)));
}

}  // namespace

Tokens::Tokens(const Parts& parts, const Clients& clients, const ServerCalls& calls,
               std::function<void(milliseconds)> pause)
    : parts_(parts),
      pause_(pause),
      flights_(std::make_unique<Flights>()),
      refreshes_(std::make_unique<Refreshes>(parts, clients, calls, std::move(pause))) {}

Tokens::~Tokens() = default;

Tokens::Counts Tokens::counts() const { return refreshes_->counts(); }

vault::Fields Tokens::fresh(const domain::Actor& actor, WorkspaceId workspace, ConnectionId connection,
                            std::string_view purpose) const {
  const bool by_oauth = make_fresh(workspace, connection);
  auto fields = parts_.vault.open(actor, workspace, connection, purpose, parts_.bindings);
  // It is for the token endpoint alone.
  if (const auto found = fields.find(kRefreshToken); by_oauth && found != fields.end()) fields.erase(found);
  return fields;
}

bool Tokens::make_fresh(WorkspaceId workspace, ConnectionId connection) const {
  const Standing before = look(workspace, connection);
  if (!before.account) return false;
  if (before.connection.state == domain::ConnectionState::kNeedsReauth) {
    throw reauth_required(before.connection, before.account->problem);
  }
  if (!is_wanted(before, Urgency::kWhenDue, parts_.clock.now())) return true;
  const RefreshResult result = refresh(workspace, connection, Force::kWhenDue);
  if (result.outcome == RefreshResult::Outcome::kNeedsReauth) throw reauth_required(before.connection, result.problem);
  if (result.outcome != RefreshResult::Outcome::kPutOff) return true;
  const Standing after = look(workspace, connection);
  if (after.account && has_ended(*after.account, parts_.clock.now())) {
    throw refresh_failed(*after.account, parts_.clock.now());
  }
  return true;
}

RefreshResult Tokens::refresh(WorkspaceId workspace, ConnectionId connection, Force force) const {
  return run(workspace, connection, force == Force::kNow ? Urgency::kNow : Urgency::kWhenDue);
}

// Who waited for somebody that found nothing to do, by a weaker wish, looks again.
RefreshResult Tokens::run(WorkspaceId workspace, ConnectionId connection, Urgency urgency) const {
  for (;;) {
    const auto landed = flights_->join(workspace, connection, [&] { return lead(workspace, connection, urgency); });
    const bool nothing_done = landed.result.outcome == RefreshResult::Outcome::kFresh;
    if (landed.led || !nothing_done || urgency == Urgency::kWhenDue) return landed.result;
  }
}

RefreshResult Tokens::lead(WorkspaceId workspace, ConnectionId connection, Urgency urgency) const {
  for (int round = 0; round < kMostRounds; ++round) {
    const Instant now = parts_.clock.now();
    const Standing standing = look(workspace, connection);
    if (!standing.account) return {};
    const domain::OAuthAccount& account = *standing.account;
    const bool active = standing.connection.state == domain::ConnectionState::kActive;
    if (standing.connection.state == domain::ConnectionState::kNeedsReauth) {
      return {RefreshResult::Outcome::kNeedsReauth, account.problem};
    }
    if (!is_wanted(standing, urgency, now)) return {};
    if (is_leased(standing, now)) {
      if (!wait_for_another(standing)) break;
      continue;
    }
    if (active && !not_renewable(standing).empty() && !has_ended(account, now)) return {};
    if (active && account.next_try_at > now) return {RefreshResult::Outcome::kPutOff, account.problem};
    if (auto result = refreshes_->attempt(standing)) return *result;
  }
  return {RefreshResult::Outcome::kPutOff, "refresh_under_way"};
}

Standing Tokens::look(WorkspaceId workspace, ConnectionId id) const {
  auto standing = parts_.store.read([&](const store::Snapshot& now) -> std::optional<Standing> {
    auto connection = now.connections().find(workspace, id);
    if (!connection) return std::nullopt;
    Standing found{std::move(*connection), now.oauth_accounts().find(workspace, id), {}, {}};
    if (found.account) found.client = now.oauth_clients().find(workspace, found.account->client);
    return found;
  });
  if (!standing) throw handoff::no_such_connection();
  if (standing->connection.state == domain::ConnectionState::kRevoked) {
    throw Error(ErrorCode::kConflict, "connection_revoked", "This connection was removed.");
  }
  if (standing->account) standing->spec = spec_of(parts_.catalog, standing->connection);
  return std::move(*standing);
}

// By steps as well as by the clock: one that was set back must not keep anybody here. With a token that still works
// nobody sits out the lease of a process that may be dead.
bool Tokens::wait_for_another(const Standing& seen) const {
  const bool can_go_on = !has_ended(*seen.account, parts_.clock.now());
  const milliseconds patience = can_go_on ? kPatience : milliseconds(kRefreshLease);
  for (milliseconds waited{0}; waited < patience; waited += kLookEvery) {
    pause_(kLookEvery);
    const Standing now = look(seen.connection.workspace, seen.connection.id);
    if (!now.account || now.account->fence != seen.account->fence) return true;
    if (!is_leased(now, parts_.clock.now())) return true;
  }
  return false;
}

// The widest leeway that any integration asks for; each account is then judged by its own.
Instant Tokens::due_horizon() const {
  std::chrono::seconds widest = domain::OAuthSpec().leeway;
  for (const auto& integration : parts_.catalog.list()) {
    for (const domain::AuthTemplate& form : integration->templates) {
      if (form.oauth) widest = std::max(widest, form.oauth->leeway);
    }
  }
  return parts_.clock.now() + widest + kMostSpread;
}

void Tokens::refresh_due(WorkspaceId workspace) const {
  const Instant now = parts_.clock.now();
  const auto [due, left_behind] = parts_.store.read([&](const store::Snapshot& look) {
    return std::pair(look.oauth_accounts().due(workspace, due_horizon(), now, kMostLookedAt),
                     look.oauth_accounts().left_behind(workspace, now, kMostARun));
  });
  const SteadyInstant until = parts_.clock.steady_now() + kLongestRun;
  std::size_t asked = 0;
  std::optional<Error> failure;
  const auto renew = [&](const domain::OAuthAccount& account, Urgency urgency) {
    if (asked >= kMostARun || parts_.clock.steady_now() >= until ||
        flights_->is_under_way(workspace, account.connection))
      return;
    try {
      const auto result = run(workspace, account.connection, urgency);
      if (result.outcome != RefreshResult::Outcome::kFresh) ++asked;
    } catch (const Error& error) {
      // With a store that takes nothing the others would only fail, too.
      if (error.reason() == "storage_unavailable") throw;
      // Removed meanwhile is no failure. For the others: they have their turn first.
      if (error.reason() != "connection_revoked") failure = error;
    }
  };
  for (const domain::OAuthAccount& account : due) renew(account, Urgency::kEarly);
  asked = 0;
  for (const domain::OAuthAccount& account : left_behind) renew(account, Urgency::kLeftBehind);
  if (failure) throw Error(*failure);
}

std::optional<domain::OAuthAccount> Tokens::account(WorkspaceId workspace, ConnectionId connection) const {
  return parts_.store.read(
      [&](const store::Snapshot& now) { return now.oauth_accounts().find(workspace, connection); });
}

}  // namespace countersign::oauth
