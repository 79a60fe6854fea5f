// The ports of what OAuth and webhooks add. As ports.h: const methods read, the others take the event of the
// change, compare-and-set methods return false and write nothing when the row was not as expected.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/audit.h"
#include "domain/connection.h"
#include "domain/oauth_account.h"
#include "domain/oauth_client.h"
#include "domain/oauth_flow.h"
#include "domain/webhook.h"

namespace countersign::store {

class OAuthClients {
 public:
  virtual ~OAuthClients() = default;
  // Removed ones too: what they made still has to be revoked. Their secrets are gone.
  virtual std::optional<domain::OAuthClient> find(WorkspaceId, OAuthClientId) const = 0;
  virtual std::optional<domain::OAuthClient> find_by_slug(WorkspaceId, const domain::Owner&,
                                                          std::string_view slug) const = 0;
  // Not removed, newest first: the org's and this person's own (none: the org's alone). `integration` empty: any.
  virtual std::vector<domain::OAuthClient> list(WorkspaceId, PersonId visible_to,
                                                std::string_view integration) const = 0;
  virtual std::vector<domain::SealedField> sealed_fields(WorkspaceId, OAuthClientId) const = 0;
  // How many live connections use it.
  virtual std::size_t count_connections(WorkspaceId, OAuthClientId) const = 0;

  // Throws kConflict, reason `name_taken`.
  virtual void insert(const domain::OAuthClient&, std::span<const domain::SealedField>, const domain::AuditEvent&) = 0;
  // Another secret, or what the server answered to a registration; for one that is in use. Replaces all sealed fields.
  // Whose it is, its slug, what it is for and the server it was registered at stay as they were.
  virtual bool update(const domain::OAuthClient&, std::span<const domain::SealedField>, const domain::AuditEvent&) = 0;
  // In use ▸ removed; its secrets are shredded. Connections stay.
  virtual bool remove(WorkspaceId, OAuthClientId, Instant now, const domain::AuditEvent&) = 0;

  virtual std::optional<domain::ClientProposal> find_proposal(WorkspaceId, HandoffId) const = 0;
  // Beside its handoff, in the same transaction; the event is the handoff's.
  virtual void insert_proposal(const domain::ClientProposal&) = 0;
};

// What is written when the person leaves for the provider.
struct Departure {
  std::string state_hash;
  std::string browser_hash;
  std::string sealed;
  domain::OAuthServer server;
  domain::Parameters plain_fields;
  Instant left_at;
  Instant state_until;
};

class OAuthFlows {
 public:
  virtual ~OAuthFlows() = default;
  virtual std::optional<domain::OAuthFlow> find(WorkspaceId, HandoffId) const = 0;
  // Claimed, and the claim is over: whoever redeemed the code has died.
  virtual std::vector<domain::OAuthFlow> left_behind(Instant now, std::size_t limit) const = 0;

  // Beside its handoff, in the same transaction; the event is the handoff's.
  virtual void insert(const domain::OAuthFlow&) = 0;
  // For a handoff that is `opened` and in time. A state that was out becomes void; the handoff's deadline moves to
  // `state_until` where that is later.
  virtual bool depart(WorkspaceId, HandoffId, const Departure&, const domain::AuditEvent&) = 0;
  // The state is this one and in time ▸ used up (state_hash, browser_hash and sealed are emptied), claimed until
  // `until`. Beside opened ▸ completing of the handoff, in the same transaction; the event is the handoff's.
  // An empty `state_hash` claims a flow that nobody left by (client credentials).
  virtual bool claim(WorkspaceId, HandoffId, std::string_view state_hash, Instant now, Instant until) = 0;
  // The claim is over, with this problem or none. Beside a step of the handoff out of `completing`.
  virtual void settle(WorkspaceId, HandoffId, std::string_view problem, std::string_view words) = 0;
};

// What a refresh changed. Absent members stay.
struct TokenRotation {
  std::vector<std::string> granted;
  Instant expires_at;
  bool refreshable = false;
  Instant now;
};
// Why one did not work.
struct RefreshFailure {
  std::string problem;
  std::string words;
  Instant next_try_at;
};

class OAuthAccounts {
 public:
  virtual ~OAuthAccounts() = default;
  virtual std::optional<domain::OAuthAccount> find(WorkspaceId, ConnectionId) const = 0;
  // Active ones whose token ends before `before` and that may be tried, soonest first; none with a lease that holds.
  virtual std::vector<domain::OAuthAccount> due(WorkspaceId, Instant before, Instant now, std::size_t limit) const = 0;
  // Connections left in `refreshing` by whoever has died: the lease is over.
  virtual std::vector<domain::OAuthAccount> left_behind(WorkspaceId, Instant now, std::size_t limit) const = 0;

  // Beside the connection's insert, in the same transaction; the event is the connection's.
  virtual void insert(const domain::OAuthAccount&) = 0;

  // active ▸ refreshing, or refreshing with a lease that is over; the lease is `until`'s. The fence, or nothing.
  virtual std::optional<std::int64_t> claim(WorkspaceId, ConnectionId, Instant now, Instant until,
                                            const domain::AuditEvent&) = 0;
  // With the newest fence alone, refreshing ▸ active. The sealed fields replace the older versions, in one
  // transaction: there is no moment without a token. `traces` is what may be shown of them.
  virtual bool rotate(const domain::Connection& with_traces, std::int64_t fence, int version, const TokenRotation&,
                      std::span<const domain::SealedField>, const domain::AuditEvent&) = 0;
  // With the newest fence alone: refreshing ▸ active, and it will be tried again.
  virtual bool put_off(WorkspaceId, ConnectionId, std::int64_t fence, const RefreshFailure&,
                       const domain::AuditEvent&) = 0;
  // With the newest fence alone: refreshing ▸ needs_reauth.
  virtual bool reject(WorkspaceId, ConnectionId, std::int64_t fence, const RefreshFailure&,
                      const domain::AuditEvent&) = 0;
  // A person connected the same account again: active or needs_reauth ▸ active, with a new client, account row,
  // plain fields, base URL and tokens. `version` must be one above the stored one: false when a rotation was faster.
  virtual bool reconnect(const domain::Connection&, const domain::OAuthAccount&, std::span<const domain::SealedField>,
                         const domain::AuditEvent&) = 0;
  // An upstream said 401 to a token that is not refreshable: active ▸ needs_reauth.
  virtual bool mark_unusable(WorkspaceId, ConnectionId, std::string_view problem, const domain::AuditEvent&) = 0;
};

class Revocations {
 public:
  virtual ~Revocations() = default;
  virtual std::optional<domain::Revocation> find(WorkspaceId, ConnectionId) const = 0;
  virtual std::vector<domain::Revocation> due(Instant now, std::size_t limit) const = 0;
  // Not settled, newest first: what the page shows.
  virtual std::vector<domain::Revocation> open(WorkspaceId, std::size_t limit) const = 0;

  // Beside Connections::revoke_later(), in the same transaction; the event is the connection's.
  virtual void insert(const domain::Revocation&) = 0;
  // Unsettled, and nobody is at it ▸ mine until `until`.
  virtual bool claim(WorkspaceId, ConnectionId, Instant now, Instant until) = 0;
  virtual bool put_off(WorkspaceId, ConnectionId, std::string_view problem, Instant due_at,
                       const domain::AuditEvent&) = 0;
  // Settled; what is still sealed of the connection is shredded.
  virtual bool settle(WorkspaceId, ConnectionId, bool confirmed, std::string_view problem, Instant now,
                      const domain::AuditEvent&) = 0;
};

class Deliveries {
 public:
  virtual ~Deliveries() = default;
  // Newest first. None of a removed connection: they go with it.
  virtual std::vector<domain::WebhookDelivery> list(WorkspaceId, ConnectionId, std::size_t limit) const = 0;
  // False when a delivery with this key was accepted before (then nothing is written). Takes no event: what a
  // provider sends is no change of ours. Keeps the newest kDeliveriesKept, but forgets no accepted key that could
  // still be in time (up to 500 of a connection: above that the oldest go all the same).
  virtual bool insert(const domain::WebhookDelivery&) = 0;
};

}  // namespace countersign::store
