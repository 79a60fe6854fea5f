// The ports of store/oauth_ports.h as SQL; for the rules of every table see sql/tables.h.
//
// A lease stands on an account only while its connection is `refreshing`: whatever ends that state clears it. So the
// account's row alone decides who claims, and whoever comes second finds it taken.
#pragma once

#include "sql/connected.h"
#include "store/oauth_ports.h"

namespace countersign::sql {

class OAuthClientTable final : public store::OAuthClients {
 public:
  explicit OAuthClientTable(Connected to) : to_(to) {}
  std::optional<domain::OAuthClient> find(WorkspaceId, OAuthClientId) const override;
  std::optional<domain::OAuthClient> find_by_slug(WorkspaceId, const domain::Owner&,
                                                  std::string_view slug) const override;
  std::vector<domain::OAuthClient> list(WorkspaceId, PersonId visible_to, std::string_view integration) const override;
  std::vector<domain::SealedField> sealed_fields(WorkspaceId, OAuthClientId) const override;
  std::size_t count_connections(WorkspaceId, OAuthClientId) const override;
  void insert(const domain::OAuthClient&, std::span<const domain::SealedField>, const domain::AuditEvent&) override;
  bool update(const domain::OAuthClient&, std::span<const domain::SealedField>, const domain::AuditEvent&) override;
  bool remove(WorkspaceId, OAuthClientId, Instant now, const domain::AuditEvent&) override;
  std::optional<domain::ClientProposal> find_proposal(WorkspaceId, HandoffId) const override;
  void insert_proposal(const domain::ClientProposal&) override;

 private:
  Connected to_;
};

class OAuthFlowTable final : public store::OAuthFlows {
 public:
  explicit OAuthFlowTable(Connected to) : to_(to) {}
  std::optional<domain::OAuthFlow> find(WorkspaceId, HandoffId) const override;
  std::vector<domain::OAuthFlow> left_behind(Instant now, std::size_t limit) const override;
  void insert(const domain::OAuthFlow&) override;
  bool depart(WorkspaceId, HandoffId, const store::Departure&, const domain::AuditEvent&) override;
  bool claim(WorkspaceId, HandoffId, std::string_view state_hash, Instant now, Instant until) override;
  void settle(WorkspaceId, HandoffId, std::string_view problem, std::string_view words) override;

 private:
  Connected to_;
};

class OAuthAccountTable final : public store::OAuthAccounts {
 public:
  explicit OAuthAccountTable(Connected to) : to_(to) {}
  std::optional<domain::OAuthAccount> find(WorkspaceId, ConnectionId) const override;
  std::vector<domain::OAuthAccount> due(WorkspaceId, Instant before, Instant now, std::size_t limit) const override;
  std::vector<domain::OAuthAccount> left_behind(WorkspaceId, Instant now, std::size_t limit) const override;
  void insert(const domain::OAuthAccount&) override;
  std::optional<std::int64_t> claim(WorkspaceId, ConnectionId, Instant now, Instant until,
                                    const domain::AuditEvent&) override;
  bool rotate(const domain::Connection& with_traces, std::int64_t fence, int version, const store::TokenRotation&,
              std::span<const domain::SealedField>, const domain::AuditEvent&) override;
  bool put_off(WorkspaceId, ConnectionId, std::int64_t fence, const store::RefreshFailure&,
               const domain::AuditEvent&) override;
  bool reject(WorkspaceId, ConnectionId, std::int64_t fence, const store::RefreshFailure&,
              const domain::AuditEvent&) override;
  bool reconnect(const domain::Connection&, const domain::OAuthAccount&, std::span<const domain::SealedField>,
                 const domain::AuditEvent&) override;
  bool mark_unusable(WorkspaceId, ConnectionId, std::string_view problem, const domain::AuditEvent&) override;

 private:
  bool fail(WorkspaceId, ConnectionId, std::int64_t fence, domain::ConnectionState to, const store::RefreshFailure&,
            const domain::AuditEvent&);
  PersonId move_connection(WorkspaceId, ConnectionId, domain::ConnectionState to);
  void tell(WorkspaceId, ConnectionId, PersonId owner, const domain::AuditEvent&);
  Connected to_;
};

class RevocationTable final : public store::Revocations {
 public:
  explicit RevocationTable(Connected to) : to_(to) {}
  std::optional<domain::Revocation> find(WorkspaceId, ConnectionId) const override;
  std::vector<domain::Revocation> due(Instant now, std::size_t limit) const override;
  std::vector<domain::Revocation> open(WorkspaceId, std::size_t limit) const override;
  void insert(const domain::Revocation&) override;
  bool claim(WorkspaceId, ConnectionId, Instant now, Instant until) override;
  bool put_off(WorkspaceId, ConnectionId, std::string_view problem, Instant due_at, const domain::AuditEvent&) override;
  bool settle(WorkspaceId, ConnectionId, bool confirmed, std::string_view problem, Instant now,
              const domain::AuditEvent&) override;

 private:
  void tell(WorkspaceId, ConnectionId, const domain::AuditEvent&);
  Connected to_;
};

class DeliveryTable final : public store::Deliveries {
 public:
  explicit DeliveryTable(Connected to) : to_(to) {}
  std::vector<domain::WebhookDelivery> list(WorkspaceId, ConnectionId, std::size_t limit) const override;
  bool insert(const domain::WebhookDelivery&) override;

 private:
  void forget_old(const domain::WebhookDelivery& newest);
  Connected to_;
};

}  // namespace countersign::sql
