// The store's ports as SQL, written once for every engine. One set of tables belongs to one connection
// and is used by whoever uses that connection; without a journal it only reads.
//
// Each changing method is: one statement that changes rows or finds nothing to change, then the event.
// What takes more statements announces its event first (Journal::expect_event).
#pragma once

#include "sql/connected.h"
#include "sql/oauth_tables.h"
#include "store/store.h"

namespace countersign::sql {

class HandoffTable final : public store::Handoffs {
 public:
  explicit HandoffTable(Connected to) : to_(to) {}
  std::optional<domain::Handoff> find(WorkspaceId, HandoffId) const override;
  std::optional<domain::Handoff> find_by_request_key(AgentId, std::string_view request_key) const override;
  std::vector<domain::Handoff> waiting_for(WorkspaceId, PersonId, domain::Role, Instant now) const override;
  void insert(const domain::Handoff&, const domain::AuditEvent&) override;
  bool advance(WorkspaceId, HandoffId, domain::HandoffState from, domain::HandoffState to, const store::HandoffStep&,
               const domain::AuditEvent&) override;
  std::vector<HandoffId> cancel_all_of(WorkspaceId, AgentId, Instant now, const domain::AuditEvent&) override;
  std::size_t prune_logins(WorkspaceId, Instant before, std::size_t limit, const domain::AuditEvent&) override;

 private:
  std::vector<HandoffId> stale_logins(WorkspaceId, Instant before, std::size_t limit) const;
  Connected to_;
};

class LoginTable final : public store::Logins {
 public:
  explicit LoginTable(Connected to) : to_(to) {}
  std::optional<domain::Login> find(WorkspaceId, HandoffId) const override;
  std::optional<domain::Login> find_by_return_code(std::string_view hash) const override;
  store::OpenLogins count_open(WorkspaceId, std::string_view address, Instant now) const override;
  void insert(const domain::Login&) override;
  void mark_remote(HandoffId, const domain::AuditEvent&) override;
  int count_wrong_code(HandoffId, const domain::AuditEvent&) override;
  bool allow(HandoffId, const store::LoginDecision&, const domain::AuditEvent&) override;
  bool release(HandoffId, AgentId grant, Instant now, const domain::AuditEvent&) override;

 private:
  Connected to_;
};

class ConnectionTable final : public store::Connections {
 public:
  explicit ConnectionTable(Connected to) : to_(to) {}
  std::optional<domain::Connection> find(WorkspaceId, ConnectionId) const override;
  std::optional<domain::Connection> find_by_name(WorkspaceId, const domain::Owner&, std::string_view integration,
                                                 std::string_view name) const override;
  std::vector<domain::Connection> list(WorkspaceId, const store::ConnectionFilter&) const override;
  std::vector<domain::SealedField> sealed_fields(WorkspaceId, ConnectionId) const override;
  void insert(const domain::Connection&, std::span<const domain::SealedField>, const domain::AuditEvent&) override;
  bool replace_source(const domain::Connection& with, const domain::AuditEvent&) override;
  bool revoke(WorkspaceId, ConnectionId, Instant now, const domain::AuditEvent&) override;
  bool revoke_later(WorkspaceId, ConnectionId, Instant now, const domain::AuditEvent&) override;
  bool rename(WorkspaceId, ConnectionId, std::string_view name, const domain::AuditEvent&) override;

 private:
  Connected to_;
};

class PersonTable final : public store::People {
 public:
  explicit PersonTable(Connected to) : to_(to) {}
  std::optional<domain::Person> find(WorkspaceId, PersonId) const override;
  std::optional<domain::Person> find_by_login(WorkspaceId, std::string_view login) const override;
  std::vector<domain::Person> list(WorkspaceId) const override;
  void insert(const domain::Person&, const domain::AuditEvent&) override;
  bool set_password(WorkspaceId, PersonId, std::string_view password_hash, const domain::AuditEvent&) override;
  bool set_role(WorkspaceId, PersonId, domain::Role, const domain::AuditEvent&) override;
  bool set_name(WorkspaceId, PersonId, std::string_view display_name, const domain::AuditEvent&) override;
  bool set_disabled(WorkspaceId, PersonId, bool disabled, const domain::AuditEvent&) override;

 private:
  Connected to_;
};

class SessionTable final : public store::Sessions {
 public:
  explicit SessionTable(Connected to) : to_(to) {}
  std::optional<domain::BrowserSession> find(SessionId) const override;
  std::optional<domain::SignInLink> find_link(SignInLinkId) const override;
  std::vector<domain::BrowserSession> list_of(WorkspaceId, PersonId) const override;
  void insert(const domain::BrowserSession&, const domain::AuditEvent&) override;
  bool end(SessionId, Instant now, const domain::AuditEvent&) override;
  std::size_t end_all_of(WorkspaceId, PersonId, SessionId except, Instant now, const domain::AuditEvent&) override;
  bool set_verified(SessionId, Instant now, const domain::AuditEvent&) override;
  void touch(SessionId, Instant now) override;
  void insert_link(const domain::SignInLink&, const domain::AuditEvent&) override;
  bool use_link(SignInLinkId, Instant now, const domain::AuditEvent&) override;
  std::size_t void_links_of(WorkspaceId, PersonId, Instant now, const domain::AuditEvent&) override;

 private:
  Connected to_;
};

class AgentTable final : public store::Agents {
 public:
  explicit AgentTable(Connected to) : to_(to) {}
  std::optional<domain::Agent> find(AgentId) const override;
  std::vector<domain::Agent> list(WorkspaceId) const override;
  void insert(const domain::Agent&, const domain::AuditEvent&) override;
  bool revoke(WorkspaceId, AgentId, Instant now, const domain::AuditEvent&) override;
  bool rotate(WorkspaceId, AgentId, std::string_view new_hash, Instant old_until, const domain::AuditEvent&) override;
  bool set_paused(WorkspaceId, AgentId, Instant at, const domain::AuditEvent&) override;
  std::vector<AgentId> set_orphaned(WorkspaceId, PersonId owner, Instant at, const domain::AuditEvent&) override;
  void touch(AgentId, Instant now) override;

 private:
  Connected to_;
};

class BindingTable final : public store::Bindings {
 public:
  explicit BindingTable(Connected to) : to_(to) {}
  std::optional<domain::ProviderBinding> find(WorkspaceId, BindingId) const override;
  std::optional<domain::ProviderBinding> find_item(WorkspaceId, std::string_view provider, std::string_view item,
                                                   std::string_view integration, const domain::Owner&) const override;
  std::vector<domain::ProviderBinding> list(WorkspaceId) const override;
  void insert(const domain::ProviderBinding&, const domain::AuditEvent&) override;
  bool remove(WorkspaceId, BindingId, const domain::AuditEvent&) override;

 private:
  Connected to_;
};

class KeyTable final : public store::Keys {
 public:
  explicit KeyTable(Connected to) : to_(to) {}
  std::vector<domain::KeyRow> all() const override;
  void insert(const domain::KeyRow&, const domain::AuditEvent&) override;

 private:
  Connected to_;
};

class AuditTable final : public store::AuditLog {
 public:
  explicit AuditTable(Connected to) : to_(to) {}
  store::AuditPage search(WorkspaceId, int node, const store::AuditFilter&, std::int64_t before, std::size_t limit,
                          std::size_t most_looked_at) const override;
  std::vector<store::Chain> chains() const override;
  void walk(WorkspaceId, int node, std::int64_t after,
            const std::function<bool(const domain::AuditRow&, std::string_view)>& visit) const override;
  void record(const domain::AuditEvent&) override;

 private:
  std::int64_t newest_below(WorkspaceId, int node, std::int64_t before) const;
  Connected to_;
};

class Tables final : public store::Snapshot, public store::Transaction {
 public:
  explicit Tables(Connected to)
      : handoffs_(to),
        logins_(to),
        connections_(to),
        people_(to),
        sessions_(to),
        agents_(to),
        bindings_(to),
        oauth_clients_(to),
        oauth_flows_(to),
        oauth_accounts_(to),
        revocations_(to),
        deliveries_(to),
        keys_(to),
        audit_(to) {}

  const store::Handoffs& handoffs() const override { return handoffs_; }
  const store::Logins& logins() const override { return logins_; }
  const store::Connections& connections() const override { return connections_; }
  const store::People& people() const override { return people_; }
  const store::Sessions& sessions() const override { return sessions_; }
  const store::Agents& agents() const override { return agents_; }
  const store::Bindings& bindings() const override { return bindings_; }
  const store::OAuthClients& oauth_clients() const override { return oauth_clients_; }
  const store::OAuthFlows& oauth_flows() const override { return oauth_flows_; }
  const store::OAuthAccounts& oauth_accounts() const override { return oauth_accounts_; }
  const store::Revocations& revocations() const override { return revocations_; }
  const store::Deliveries& deliveries() const override { return deliveries_; }
  const store::Keys& keys() const override { return keys_; }
  const store::AuditLog& audit() const override { return audit_; }
  store::Handoffs& handoffs() override { return handoffs_; }
  store::Logins& logins() override { return logins_; }
  store::Connections& connections() override { return connections_; }
  store::People& people() override { return people_; }
  store::Sessions& sessions() override { return sessions_; }
  store::Agents& agents() override { return agents_; }
  store::Bindings& bindings() override { return bindings_; }
  store::OAuthClients& oauth_clients() override { return oauth_clients_; }
  store::OAuthFlows& oauth_flows() override { return oauth_flows_; }
  store::OAuthAccounts& oauth_accounts() override { return oauth_accounts_; }
  store::Revocations& revocations() override { return revocations_; }
  store::Deliveries& deliveries() override { return deliveries_; }
  store::Keys& keys() override { return keys_; }
  store::AuditLog& audit() override { return audit_; }

 private:
  HandoffTable handoffs_;
  LoginTable logins_;
  ConnectionTable connections_;
  PersonTable people_;
  SessionTable sessions_;
  AgentTable agents_;
  BindingTable bindings_;
  OAuthClientTable oauth_clients_;
  OAuthFlowTable oauth_flows_;
  OAuthAccountTable oauth_accounts_;
  RevocationTable revocations_;
  DeliveryTable deliveries_;
  KeyTable keys_;
  AuditTable audit_;
};

}  // namespace countersign::sql
