#include "oauth/tokens_refresh.h"

#include <algorithm>
#include <variant>

#include "oauth/authorization_request.h"
#include "oauth/tokens_target.h"

namespace countersign::oauth {
namespace {

using std::chrono::milliseconds;

// A full disk may have room again in a moment, and the old refresh token may be dead already: about 16 s in all,
// which with the longest call is well inside the lease.
constexpr milliseconds kFirstStoreWait{250};
constexpr milliseconds kLastStoreWait{8'000};

domain::AuditEvent event_for(const Standing& standing, std::string_view action, std::int64_t fence, Instant now) {
  domain::AuditEvent event;
  event.workspace = standing.connection.workspace;
  event.at = now;
  event.actor = domain::Actor::system();
  event.action = action;
  event.object = standing.connection.id.text();
  event.facts.emplace_back("fence", std::to_string(fence));
  return event;
}

// Somebody at the provider took scopes away, or gave more.
void add_scope_change(domain::AuditEvent& event, const domain::OAuthAccount& before,
                      const std::vector<std::string>& granted) {
  if (granted == before.granted) return;
  event.facts.emplace_back("granted", std::to_string(granted.size()));
  event.facts.emplace_back("shortfall", std::to_string(shortfall(before.asked, granted)));
}

TokenRefusal refusal_with(TokenRefusal::Kind kind, std::string_view error) {
  TokenRefusal refusal;
  refusal.kind = kind;
  refusal.error = error;
  return refusal;
}

const std::string& endpoint_of(const domain::OAuthServer& server) {
  return server.refresh_endpoint.empty() ? server.token_endpoint : server.refresh_endpoint;
}

bool by_client_credentials(const Standing& standing) {
  return standing.client && standing.client->grant == domain::OAuthGrant::kClientCredentials;
}

// Some servers answer an early refresh with a 400 of their own; what still works is kept (oauth checklist D4).
bool is_only_too_early(const TokenRefusal& refusal, const domain::OAuthAccount& account, Instant now) {
  return refusal.status == 400 && refusal.error != "invalid_grant" && account.expires_at > now;
}

}  // namespace

struct Refreshes::Claim {
  Standing standing;  // as the claim found it
  std::vector<domain::SealedField> sealed;
  std::int64_t fence = 0;
  bool taken_over = false;  // from somebody whose lease ended: nobody knows how far they came

  const domain::OAuthAccount& account() const { return *standing.account; }
};

Refreshes::Refreshes(const Parts& parts, const Clients& clients, const ServerCalls& calls,
                     std::function<void(milliseconds)> pause)
    : parts_(parts), clients_(clients), calls_(calls), pause_(std::move(pause)), breaker_(parts.clock) {}

std::optional<RefreshResult> Refreshes::attempt(const Standing& standing) {
  const auto claimed = claim(standing);
  if (!claimed) return std::nullopt;
  if (const auto why = not_renewable(claimed->standing); !why.empty()) {
    if (has_ended(claimed->account(), parts_.clock.now())) return reject(*claimed, why, {});
    return put_off(*claimed, refusal_with(TokenRefusal::Kind::kConfiguration, why));
  }
  const Instant asked_at = parts_.clock.now();
  vault::Fields opened;
  TokenResult result = ask(*claimed, opened);
  if (auto* answer = std::get_if<TokenAnswer>(&result)) {
    return keep(*claimed, std::move(opened), std::move(*answer), asked_at);
  }
  return refused(*claimed, std::get<TokenRefusal>(result));
}

// The fence is the row's version here: whatever happened since the look has moved it.
std::optional<Refreshes::Claim> Refreshes::claim(const Standing& standing) const {
  const Instant now = parts_.clock.now();
  const WorkspaceId workspace = standing.connection.workspace;
  const ConnectionId id = standing.connection.id;
  return parts_.store.transact([&](store::Transaction& tx) -> std::optional<Claim> {
    auto connection = tx.connections().find(workspace, id);
    auto account = tx.oauth_accounts().find(workspace, id);
    if (!connection || !account || account->fence != standing.account->fence) return std::nullopt;
    auto event = event_for(standing, "connection.refresh_started", account->fence + 1, now);
    event.facts.emplace_back("version", std::to_string(account->version));
    event.facts.emplace_back("purpose", "refresh");
    const auto fence = tx.oauth_accounts().claim(workspace, id, now, now + kRefreshLease, event);
    if (!fence) return std::nullopt;
    Claim claim{standing, tx.connections().sealed_fields(workspace, id), *fence,
                connection->state == domain::ConnectionState::kRefreshing};
    claim.standing.connection = std::move(*connection);
    claim.standing.account = std::move(account);
    return claim;
  });
}

// A fault of ours is a refusal, too: the claim has to be undone.
TokenResult Refreshes::ask(const Claim& claim, vault::Fields& opened) {
  try {
    const domain::OAuthServer server = server_of(*claim.standing.client, claim.standing.connection);
    opened = parts_.vault.unseal(claim.standing.connection, claim.sealed);
    const OpenedClient client = clients_.open(*claim.standing.client);
    return call({server, claim.standing.spec, client}, claim, opened);
  } catch (const Error& error) {
    const bool passes = error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kUpstream;
    return refusal_with(passes ? TokenRefusal::Kind::kPassing : TokenRefusal::Kind::kConfiguration, error.reason());
  }
}

TokenResult Refreshes::call(const Target& target, const Claim& claim, const vault::Fields& opened) {
  const std::string host = host_of(endpoint_of(target.server));
  if (const milliseconds wait = breaker_.wait_for(host); wait > milliseconds(0)) {
    auto paused = refusal_with(TokenRefusal::Kind::kPassing, "provider_paused");
    paused.retry_after = std::chrono::ceil<std::chrono::seconds>(wait);
    return paused;
  }
  const auto refresh_token = opened.find(kRefreshToken);
  if (!by_client_credentials(claim.standing) && refresh_token == opened.end()) {
    return refusal_with(TokenRefusal::Kind::kGrant, "no_refresh_token");
  }
  TokenResult result = by_client_credentials(claim.standing)
                           ? calls_.client_credentials(target, claim.account().asked, claim.account().resource)
                           : calls_.refresh(target, refresh_token->second, claim.account().resource);
  note(host, std::get_if<TokenRefusal>(&result));
  return result;
}

// That we had too many requests on their way ourselves says nothing about the server.
void Refreshes::note(const std::string& host, const TokenRefusal* refusal) {
  if (refusal == nullptr || refusal->kind != TokenRefusal::Kind::kPassing) return breaker_.answered(host);
  if (refusal->error != "outbound_busy") breaker_.failed(host);
}

// The lifetime counts from before the request: the token is over then at the latest.
std::optional<RefreshResult> Refreshes::keep(const Claim& claim, vault::Fields opened, TokenAnswer answer,
                                             Instant asked_at) {
  const Standing& standing = claim.standing;
  const bool rotated = !answer.refresh_token.empty() && !by_client_credentials(standing);
  opened.insert_or_assign(std::string(kAccessToken), std::move(answer.access_token));
  if (rotated) opened.insert_or_assign(std::string(kRefreshToken), std::move(answer.refresh_token));

  const Instant now = parts_.clock.now();
  const int version = claim.account().version + 1;
  domain::Connection connection = standing.connection;
  const auto sealed = parts_.vault.seal(connection, opened, version);
  const auto lifetime = answer.lifetime.value_or(standing.spec.lifetime);
  domain::OAuthAccount account = claim.account();
  account.refreshable = opened.contains(kRefreshToken);
  const auto granted = granted_by(answer.scopes, account);
  const store::TokenRotation rotation{granted, lifetime > std::chrono::seconds(0) ? asked_at + lifetime : Instant(),
                                      account.refreshable, now};
  auto event = event_for(standing, "connection.refreshed", claim.fence, now);
  event.facts.emplace_back("version", std::to_string(version));
  event.facts.emplace_back("rotated", rotated ? "yes" : "no");
  add_scope_change(event, account, granted);
  for (auto& fact : vault::seal_facts(sealed)) event.facts.push_back(std::move(fact));

  const bool kept = store_kept([&](store::Transaction& tx) {
    return tx.oauth_accounts().rotate(connection, claim.fence, version, rotation, sealed, event);
  });
  if (!kept) {
    discard(claim, opened);
    return std::nullopt;
  }
  ++refreshed_;
  return RefreshResult{Outcome::kRefreshed, {}};
}

// Given up, the connection stays `refreshing`, and who takes it over when the lease is over finds out what is left.
bool Refreshes::store_kept(const std::function<bool(store::Transaction&)>& rotate) const {
  for (milliseconds wait = kFirstStoreWait;; wait *= 2) {
    try {
      return parts_.store.transact([&](store::Transaction& tx) { return rotate(tx); });
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kUnavailable || wait > kLastStoreWait) throw;
    }
    pause_(wait);
  }
}

// Best effort, for tokens that nobody will ever hold. Only of a connection that is removed: after a reconnect, or where
// another process was faster, revoking these would at some providers end the whole grant, with what works now.
void Refreshes::discard(const Claim& claim, const vault::Fields& tokens) const {
  const domain::Connection& was = claim.standing.connection;
  const auto is =
      parts_.store.read([&](const store::Snapshot& now) { return now.connections().find(was.workspace, was.id); });
  if (!is || is->state != domain::ConnectionState::kRevoked) return;
  try {
    const domain::OAuthServer server = server_of(*claim.standing.client, was);
    if (server.revocation_endpoint.empty()) return;
    const OpenedClient client = clients_.open(*claim.standing.client);
    revoke_all(calls_, {server, claim.standing.spec, client}, tokens);
  } catch (const Error&) {
    return;
  }
}

std::optional<RefreshResult> Refreshes::refused(const Claim& claim, const TokenRefusal& refusal) {
  if (refusal.kind != TokenRefusal::Kind::kGrant) return put_off(claim, refusal);
  if (is_only_too_early(refusal, claim.account(), parts_.clock.now())) return put_off(claim, refusal);
  if (refusal.error == "no_refresh_token") return reject(claim, refusal.error, {});
  const bool lost = claim.taken_over || may_have_rotated(claim.account().problem);
  return reject(claim, lost ? "rotation_lost" : "invalid_grant", refusal.words);
}

std::optional<RefreshResult> Refreshes::put_off(const Claim& claim, const TokenRefusal& refusal) {
  const Instant now = parts_.clock.now();
  const domain::OAuthAccount& account = claim.account();
  store::RefreshFailure failure{refusal.error, refusal.words,
                                next_try(account.failures, refusal.retry_after, now, parts_.random)};
  // That an earlier answer was lost must still be known when the provider says invalid_grant.
  const bool arrived = refusal.kind != TokenRefusal::Kind::kPassing || refusal.may_have_arrived;
  if (!arrived && may_have_rotated(account.problem)) failure.problem = account.problem;
  auto event = event_for(claim.standing, "connection.refresh_put_off", claim.fence, now);
  event.facts.emplace_back("problem", refusal.error);
  event.facts.emplace_back("failures", std::to_string(account.failures + 1));
  event.note = refusal.words;
  const bool stored = parts_.store.transact([&](store::Transaction& tx) {
    return tx.oauth_accounts().put_off(account.workspace, account.connection, claim.fence, failure, event);
  });
  if (!stored) return std::nullopt;
  ++put_off_;
  return RefreshResult{Outcome::kPutOff, refusal.error};
}

// Without the newest fence nothing is rejected: somebody has stored other tokens, and those are looked at.
std::optional<RefreshResult> Refreshes::reject(const Claim& claim, std::string_view problem, std::string_view words) {
  const Instant now = parts_.clock.now();
  const domain::OAuthAccount& account = claim.account();
  const store::RefreshFailure failure{std::string(problem), std::string(words), {}};
  auto event = event_for(claim.standing, "connection.refresh_rejected", claim.fence, now);
  event.facts.emplace_back("problem", problem);
  event.note = words;
  const bool stored = parts_.store.transact([&](store::Transaction& tx) {
    return tx.oauth_accounts().reject(account.workspace, account.connection, claim.fence, failure, event);
  });
  if (!stored) return std::nullopt;
  ++rejected_;
  return RefreshResult{Outcome::kNeedsReauth, std::string(problem)};
}

Tokens::Counts Refreshes::counts() const { return {refreshed_.load(), put_off_.load(), rejected_.load()}; }

}  // namespace countersign::oauth
