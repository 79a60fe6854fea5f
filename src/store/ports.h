// One small interface per aggregate. Const methods read, the others change and take the audit event of
// the change; those without one write what is not a change (last-seen times). See store.h for the promises.
//
// Every look-up names the workspace: a row of another tenant does not exist. Compare-and-set methods return
// false when the row was not in the expected state, and then nothing, the event included, was written.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "domain/audit.h"
#include "domain/connection.h"
#include "domain/handoff.h"
#include "domain/key_row.h"
#include "domain/login.h"
#include "domain/people.h"
#include "domain/provider_binding.h"

namespace countersign::store {

struct Page {
  std::int64_t before = 0;  // row key; 0: from the newest
  std::size_t limit = 50;
};

// What a step of the handoff machine changes besides the state; absent members stay.
struct HandoffStep {
  std::optional<PersonId> subject = {};
  std::optional<ConnectionId> connection = {};
  Instant now = {};  // steps out of an open state demand now < expires_at, except to kExpired
};

class Handoffs {
 public:
  virtual ~Handoffs() = default;
  virtual std::optional<domain::Handoff> find(WorkspaceId, HandoffId) const = 0;
  virtual std::optional<domain::Handoff> find_by_request_key(AgentId, std::string_view request_key) const = 0;
  // Open ones the person may act on, newest first: their own, and for admins those still unclaimed (no logins:
  // these are anybody's until somebody has opened one).
  virtual std::vector<domain::Handoff> waiting_for(WorkspaceId, PersonId, domain::Role, Instant now) const = 0;

  // Throws kConflict, reason `request_key_taken`, when the agent used the key already.
  virtual void insert(const domain::Handoff&, const domain::AuditEvent&) = 0;
  // Compare-and-set along one edge of domain::kHandoffEdges; throws kInternal on any other pair.
  virtual bool advance(WorkspaceId, HandoffId, domain::HandoffState from, domain::HandoffState to, const HandoffStep&,
                       const domain::AuditEvent&) = 0;
  // Cancels everything open of a revoked agent, each with an event of its own: `event` with its object set.
  virtual std::vector<HandoffId> cancel_all_of(WorkspaceId, AgentId, Instant now, const domain::AuditEvent& event) = 0;
  // Takes away logins that ended unallowed before `before`, which strangers make at will; at most `limit`.
  virtual std::size_t prune_logins(WorkspaceId, Instant before, std::size_t limit, const domain::AuditEvent&) = 0;
};

struct OpenLogins {
  std::size_t all = 0;
  std::size_t from_address = 0;
};

// What the person decided on a login.
struct LoginDecision {
  domain::ScopeSet granted;
  std::chrono::seconds lifetime{};
  std::string return_code_hash;
  Instant at;
};

class Logins {
 public:
  virtual ~Logins() = default;
  virtual std::optional<domain::Login> find(WorkspaceId, HandoffId) const = 0;
  virtual std::optional<domain::Login> find_by_return_code(std::string_view hash) const = 0;
  virtual OpenLogins count_open(WorkspaceId, std::string_view address, Instant now) const = 0;

  // Beside its handoff, in the same transaction; the event is the handoff's.
  virtual void insert(const domain::Login&) = 0;
  // Once; `remote` never goes back to false.
  virtual void mark_remote(HandoffId, const domain::AuditEvent&) = 0;
  // One more wrong code; how many there are now.
  virtual int count_wrong_code(HandoffId, const domain::AuditEvent&) = 0;
  // Not allowed yet ▸ allowed.
  virtual bool allow(HandoffId, const LoginDecision&, const domain::AuditEvent&) = 0;
  // No grant yet ▸ this one.
  virtual bool release(HandoffId, AgentId grant, Instant now, const domain::AuditEvent&) = 0;
};

struct ConnectionFilter {
  std::optional<domain::Owner> owner;  // exactly this owner
  std::string integration;             // empty: any
  PersonId visible_to;                 // org's and this person's own; none: org's only
  Page page;
};

class Connections {
 public:
  virtual ~Connections() = default;
  virtual std::optional<domain::Connection> find(WorkspaceId, ConnectionId) const = 0;
  virtual std::optional<domain::Connection> find_by_name(WorkspaceId, const domain::Owner&,
                                                         std::string_view integration, std::string_view name) const = 0;
  // Without the revoked ones, newest first.
  virtual std::vector<domain::Connection> list(WorkspaceId, const ConnectionFilter&) const = 0;
  virtual std::vector<domain::SealedField> sealed_fields(WorkspaceId, ConnectionId) const = 0;

  // Throws kConflict, reason `name_taken`.
  virtual void insert(const domain::Connection&, std::span<const domain::SealedField>, const domain::AuditEvent&) = 0;
  // Another source for a live connection: its sealed bytes are shredded, `references` takes their place.
  virtual bool replace_source(const domain::Connection& with, const domain::AuditEvent&) = 0;
  // active, refreshing or needs_reauth ▸ revoked, and the sealed bytes are overwritten and deleted.
  virtual bool revoke(WorkspaceId, ConnectionId, Instant now, const domain::AuditEvent&) = 0;
  // The same, but the sealed bytes stay until Revocations::settle(): the provider has to be shown what it is to
  // revoke. They cannot be opened for any other use.
  virtual bool revoke_later(WorkspaceId, ConnectionId, Instant now, const domain::AuditEvent&) = 0;
  // What people call it; false when it is revoked. Throws kConflict, reason `name_taken`.
  virtual bool rename(WorkspaceId, ConnectionId, std::string_view name, const domain::AuditEvent&) = 0;
};

class People {
 public:
  virtual ~People() = default;
  virtual std::optional<domain::Person> find(WorkspaceId, PersonId) const = 0;
  virtual std::optional<domain::Person> find_by_login(WorkspaceId, std::string_view login) const = 0;
  virtual std::vector<domain::Person> list(WorkspaceId) const = 0;

  // Throws kConflict, reason `login_taken`.
  virtual void insert(const domain::Person&, const domain::AuditEvent&) = 0;
  // Empty: none any more.
  virtual bool set_password(WorkspaceId, PersonId, std::string_view password_hash, const domain::AuditEvent&) = 0;
  virtual bool set_role(WorkspaceId, PersonId, domain::Role, const domain::AuditEvent&) = 0;
  virtual bool set_name(WorkspaceId, PersonId, std::string_view display_name, const domain::AuditEvent&) = 0;
  // False when it is so already.
  virtual bool set_disabled(WorkspaceId, PersonId, bool disabled, const domain::AuditEvent&) = 0;
};

class Sessions {
 public:
  virtual ~Sessions() = default;
  virtual std::optional<domain::BrowserSession> find(SessionId) const = 0;
  virtual std::optional<domain::SignInLink> find_link(SignInLinkId) const = 0;
  // Not ended, newest first; whether they are past a limit is the reader's to say.
  virtual std::vector<domain::BrowserSession> list_of(WorkspaceId, PersonId) const = 0;

  virtual void insert(const domain::BrowserSession&, const domain::AuditEvent&) = 0;
  virtual bool end(SessionId, Instant now, const domain::AuditEvent&) = 0;
  // Ends all of a person's but `except` (none: all); how many. The event is written when there were any.
  virtual std::size_t end_all_of(WorkspaceId, PersonId, SessionId except, Instant now, const domain::AuditEvent&) = 0;
  virtual bool set_verified(SessionId, Instant now, const domain::AuditEvent&) = 0;
  virtual void touch(SessionId, Instant now) = 0;
  virtual void insert_link(const domain::SignInLink&, const domain::AuditEvent&) = 0;
  // Unused and not expired ▸ used.
  virtual bool use_link(SignInLinkId, Instant now, const domain::AuditEvent&) = 0;
  // Makes a person's unused links void; how many. The event is written when there were any.
  virtual std::size_t void_links_of(WorkspaceId, PersonId, Instant now, const domain::AuditEvent&) = 0;
};

class Agents {
 public:
  virtual ~Agents() = default;
  virtual std::optional<domain::Agent> find(AgentId) const = 0;
  virtual std::vector<domain::Agent> list(WorkspaceId) const = 0;

  virtual void insert(const domain::Agent&, const domain::AuditEvent&) = 0;
  virtual bool revoke(WorkspaceId, AgentId, Instant now, const domain::AuditEvent&) = 0;
  // For one that is not revoked. The old token is good until `old_until`.
  virtual bool rotate(WorkspaceId, AgentId, std::string_view new_hash, Instant old_until,
                      const domain::AuditEvent&) = 0;
  // `at` epoch: goes on. False when it is so already, or revoked.
  virtual bool set_paused(WorkspaceId, AgentId, Instant at, const domain::AuditEvent&) = 0;
  // All of an owner's; `at` epoch: not orphaned any more. One event for each, its object set.
  virtual std::vector<AgentId> set_orphaned(WorkspaceId, PersonId owner, Instant at, const domain::AuditEvent&) = 0;
  virtual void touch(AgentId, Instant now) = 0;
};

class Bindings {
 public:
  virtual ~Bindings() = default;
  virtual std::optional<domain::ProviderBinding> find(WorkspaceId, BindingId) const = 0;
  virtual std::optional<domain::ProviderBinding> find_item(WorkspaceId, std::string_view provider,
                                                           std::string_view item, std::string_view integration,
                                                           const domain::Owner&) const = 0;
  // All of the workspace, newest first.
  virtual std::vector<domain::ProviderBinding> list(WorkspaceId) const = 0;

  // Throws kConflict, reason `bound_already`.
  virtual void insert(const domain::ProviderBinding&, const domain::AuditEvent&) = 0;
  virtual bool remove(WorkspaceId, BindingId, const domain::AuditEvent&) = 0;
};

class Keys {
 public:
  virtual ~Keys() = default;
  virtual std::vector<domain::KeyRow> all() const = 0;
  virtual void insert(const domain::KeyRow&, const domain::AuditEvent&) = 0;
};

struct Chain {
  WorkspaceId workspace;
  int node = 0;
  domain::ChainHead head;
};

// Empty members match everything.
struct AuditFilter {
  std::string actor;   // "person:pe_…"
  std::string action;  // a whole one, or "handoff." for all of them
  std::string object;  // "ho_…"
  Instant from;
  Instant until;  // epoch: no end
};
struct AuditEntry {
  domain::AuditRow row;
  std::string note;
};
struct AuditPage {
  std::vector<AuditEntry> entries;  // newest first
  std::int64_t next_before = 0;     // goes on below this sequence; 0: nothing older
};

class AuditLog {
 public:
  virtual ~AuditLog() = default;
  // Of one chain, below sequence `before` (0: from the newest). Looks at no more than `most_looked_at` rows,
  // so a page may be short, or empty, and still go on.
  virtual AuditPage search(WorkspaceId, int node, const AuditFilter&, std::int64_t before, std::size_t limit,
                           std::size_t most_looked_at) const = 0;
  virtual std::vector<Chain> chains() const = 0;
  // Rows of one chain in order, from `after` on; stops when `row` returns false. `note` is empty when there
  // was none or it was erased.
  virtual void walk(WorkspaceId, int node, std::int64_t after,
                    const std::function<bool(const domain::AuditRow& row, std::string_view note)>& visit) const = 0;

  // An event that changes no row of its own: a refused opener, a failed sign-in.
  virtual void record(const domain::AuditEvent&) = 0;
};

}  // namespace countersign::store
