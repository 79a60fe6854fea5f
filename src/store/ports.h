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
#include "domain/people.h"

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
  // Open ones the person may act on, newest first: their own, and for admins those still unclaimed.
  virtual std::vector<domain::Handoff> waiting_for(WorkspaceId, PersonId, domain::Role, Instant now) const = 0;

  // Throws kConflict, reason `request_key_taken`, when the agent used the key already.
  virtual void insert(const domain::Handoff&, const domain::AuditEvent&) = 0;
  // Compare-and-set along one edge of domain::kHandoffEdges; throws kInternal on any other pair.
  virtual bool advance(WorkspaceId, HandoffId, domain::HandoffState from, domain::HandoffState to, const HandoffStep&,
                       const domain::AuditEvent&) = 0;
  // Cancels everything open of a revoked agent; returns the row keys.
  virtual std::vector<HandoffId> cancel_all_of(WorkspaceId, AgentId, Instant now, const domain::AuditEvent&) = 0;
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
  // active, refreshing or needs_reauth ▸ revoked, and the sealed bytes are overwritten and deleted.
  virtual bool revoke(WorkspaceId, ConnectionId, Instant now, const domain::AuditEvent&) = 0;
};

class People {
 public:
  virtual ~People() = default;
  virtual std::optional<domain::Person> find(WorkspaceId, PersonId) const = 0;
  virtual std::optional<domain::Person> find_by_login(WorkspaceId, std::string_view login) const = 0;
  virtual std::vector<domain::Person> list(WorkspaceId) const = 0;

  // Throws kConflict, reason `login_taken`.
  virtual void insert(const domain::Person&, const domain::AuditEvent&) = 0;
  virtual bool set_password(WorkspaceId, PersonId, std::string_view password_hash, const domain::AuditEvent&) = 0;
};

class Sessions {
 public:
  virtual ~Sessions() = default;
  virtual std::optional<domain::BrowserSession> find(SessionId) const = 0;
  virtual std::optional<domain::SignInLink> find_link(SignInLinkId) const = 0;

  virtual void insert(const domain::BrowserSession&, const domain::AuditEvent&) = 0;
  virtual bool end(SessionId, Instant now, const domain::AuditEvent&) = 0;
  virtual void touch(SessionId, Instant now) = 0;
  virtual void insert_link(const domain::SignInLink&, const domain::AuditEvent&) = 0;
  // Unused and not expired ▸ used.
  virtual bool use_link(SignInLinkId, Instant now, const domain::AuditEvent&) = 0;
};

class Agents {
 public:
  virtual ~Agents() = default;
  virtual std::optional<domain::Agent> find(AgentId) const = 0;
  virtual std::vector<domain::Agent> list(WorkspaceId) const = 0;

  virtual void insert(const domain::Agent&, const domain::AuditEvent&) = 0;
  virtual bool revoke(WorkspaceId, AgentId, Instant now, const domain::AuditEvent&) = 0;
  virtual void touch(AgentId, Instant now) = 0;
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

class AuditLog {
 public:
  virtual ~AuditLog() = default;
  virtual std::vector<Chain> chains() const = 0;
  // Rows of one chain in order, from `after` on; stops when `row` returns false. `note` is empty when there
  // was none or it was erased.
  virtual void walk(WorkspaceId, int node, std::int64_t after,
                    const std::function<bool(const domain::AuditRow& row, std::string_view note)>& visit) const = 0;

  // An event that changes no row of its own: a refused opener, a failed sign-in.
  virtual void record(const domain::AuditEvent&) = 0;
};

}  // namespace countersign::store
