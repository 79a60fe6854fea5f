#include "oauth/revoker.h"

#include <algorithm>
#include <array>

#include "handoff/removal.h"
#include "oauth/tokens_target.h"

namespace countersign::oauth {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kLease{60};  // longer than two calls can take
constexpr std::size_t kMostARun = 20;
constexpr std::chrono::seconds kLongestRun{15};  // then no other is begun: whoever stops the program waits for it
constexpr std::size_t kMostShown = 200;

std::chrono::minutes wait_after(int attempts) {
  constexpr std::array<std::chrono::minutes, 4> kWaits{1min, 5min, 30min, 60min};
  return kWaits[static_cast<std::size_t>(std::clamp(attempts, 0, 3))];
}

domain::AuditEvent event_for(const domain::Revocation& revocation, std::string_view action, Instant now) {
  domain::AuditEvent event;
  event.workspace = revocation.workspace;
  event.at = now;
  event.actor = domain::Actor::system();
  event.action = action;
  event.object = revocation.connection.text();
  return event;
}

// What it takes to prove who we are is shredded with a removed client.
bool can_still_speak(const std::optional<domain::OAuthClient>& client, const domain::OAuthSpec& spec) {
  if (!client) return false;
  if (client->removed_at == Instant() || spec.revocation == domain::RevocationStyle::kBearer) return true;
  return client->auth == domain::ClientAuth::kNone;
}

RevocationResult hopeless(std::string_view problem) {
  return {.confirmed = false, .worth_retrying = false, .problem = std::string(problem)};
}

}  // namespace

// What a claim found.
struct Revoker::Claim {
  domain::Revocation revocation;
  domain::Connection connection;
  std::optional<domain::OAuthClient> client;
  std::vector<domain::SealedField> sealed;
};

Revoker::Revoker(const Parts& parts, const Clients& clients, const ServerCalls& calls)
    : parts_(parts), clients_(clients), calls_(calls) {}

std::optional<domain::Revocation> Revoker::state(WorkspaceId workspace, ConnectionId connection) const {
  return parts_.store.read([&](const store::Snapshot& now) { return now.revocations().find(workspace, connection); });
}

std::optional<domain::Revocation> Revoker::attempt(WorkspaceId workspace, ConnectionId connection) const {
  if (const auto claimed = claim(workspace, connection)) settle(*claimed, ask(*claimed));
  return state(workspace, connection);
}

// The opening of the tokens is recorded with the claim, before a byte is decrypted.
std::optional<Revoker::Claim> Revoker::claim(WorkspaceId workspace, ConnectionId id) const {
  const Instant now = parts_.clock.now();
  return parts_.store.transact([&](store::Transaction& tx) -> std::optional<Claim> {
    auto revocation = tx.revocations().find(workspace, id);
    auto connection = tx.connections().find(workspace, id);
    if (!revocation || !connection || !tx.revocations().claim(workspace, id, now, now + kLease)) return std::nullopt;
    auto event = event_for(*revocation, "connection.opened", now);
    event.facts.emplace_back("purpose", "revocation");
    tx.audit().record(event);
    const auto account = tx.oauth_accounts().find(workspace, id);
    return Claim{std::move(*revocation), std::move(*connection),
                 account ? tx.oauth_clients().find(workspace, account->client) : std::nullopt,
                 tx.connections().sealed_fields(workspace, id)};
  });
}

// A fault of ours is put off like one of the provider's: the claim has to be undone.
RevocationResult Revoker::ask(const Claim& claim) const {
  const domain::OAuthSpec spec = spec_of(parts_.catalog, claim.connection);
  if (!can_still_speak(claim.client, spec)) return hopeless("client_removed");
  try {
    const domain::OAuthServer server = server_of(*claim.client, claim.connection);
    if (server.revocation_endpoint.empty()) return hopeless("no_revocation_endpoint");
    const auto tokens = parts_.vault.unseal(claim.connection, claim.sealed);
    const OpenedClient client = clients_.open(*claim.client);
    return revoke_all(calls_, {server, spec, client}, tokens);
  } catch (const Error& error) {
    return {.confirmed = false, .worth_retrying = true, .problem = error.reason()};
  }
}

void Revoker::settle(const Claim& claim, const RevocationResult& result) const {
  const Instant now = parts_.clock.now();
  const Instant give_up_at = claim.connection.updated_at + domain::kRevokeWithin;  // counted from the removal
  const domain::Revocation& queued = claim.revocation;
  const bool again = !result.confirmed && result.worth_retrying && now < give_up_at;
  auto event = event_for(queued,
                         result.confirmed ? "connection.revocation_confirmed"
                         : again          ? "connection.revocation_put_off"
                                          : "connection.revocation_given_up",
                         now);
  if (!result.problem.empty()) event.facts.emplace_back("problem", result.problem);
  event.facts.emplace_back("attempts", std::to_string(queued.attempts + 1));
  parts_.store.transact([&](store::Transaction& tx) {
    if (!again) {
      return tx.revocations().settle(queued.workspace, queued.connection, result.confirmed, result.problem, now, event);
    }
    const Instant due_at = std::min<Instant>(now + wait_after(queued.attempts), give_up_at);
    return tx.revocations().put_off(queued.workspace, queued.connection, result.problem, due_at, event);
  });
}

std::vector<std::pair<domain::Connection, domain::Revocation>> Revoker::open(const handoff::Opener& opener) const {
  return parts_.store.read([&](const store::Snapshot& now) {
    std::vector<std::pair<domain::Connection, domain::Revocation>> shown;
    for (domain::Revocation& revocation : now.revocations().open(opener.workspace, kMostShown)) {
      auto connection = now.connections().find(opener.workspace, revocation.connection);
      if (!connection || !handoff::may_see(connection->owner, opener.person)) continue;
      shown.emplace_back(std::move(*connection), std::move(revocation));
    }
    return shown;
  });
}

void Revoker::revoke_due() const {
  const auto due = parts_.store.read(
      [&](const store::Snapshot& now) { return now.revocations().due(parts_.clock.now(), kMostARun); });
  const SteadyInstant until = parts_.clock.steady_now() + kLongestRun;
  for (const domain::Revocation& one : due) {
    if (parts_.clock.steady_now() >= until) return;
    attempt(one.workspace, one.connection);
  }
}

}  // namespace countersign::oauth
