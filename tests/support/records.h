// Ready-made records for tests that need one and do not care: every field is filled, so that a column that
// is dropped or swapped shows. Change what the test is about.
#pragma once

#include <string>
#include <vector>

#include "domain/audit.h"
#include "domain/connection.h"
#include "domain/handoff.h"
#include "domain/key_row.h"
#include "domain/people.h"

namespace countersign::support {

inline constexpr WorkspaceId kWorkspace{11};
inline constexpr WorkspaceId kOtherWorkspace{12};
inline constexpr Instant kNow{std::chrono::milliseconds{1'795'000'000'000}};

inline Instant after(long long seconds) { return kNow + std::chrono::seconds(seconds); }

inline domain::AuditEvent event_in(WorkspaceId workspace, std::string_view action = "test.changed",
                                   std::string note = {}) {
  return {workspace, kNow, domain::Actor::system(), action, "ob_1", {{"count", "1"}, {"a", "b"}}, std::move(note)};
}

inline domain::Handoff handoff(std::int64_t id, WorkspaceId workspace = kWorkspace) {
  domain::Handoff h;
  h.id = HandoffId(id);
  h.workspace = workspace;
  h.kind = domain::HandoffKind::kConfirm;
  h.agent = AgentId(21);
  h.owner = domain::Owner::user(PersonId(31));
  h.subject = PersonId(31);
  h.integration = "github";
  h.auth_template = "pat";
  h.label = "Zugang f\xc3\xbcr 'mich'; --";
  h.user_code = "ABCD-EFGH";
  h.action = domain::ConfirmAction::kRemoveConnection;
  h.connection = ConnectionId(41);
  h.request_digest = std::string("\0\xff digest", 9);
  h.created_at = kNow;
  h.expires_at = after(600);
  return h;
}

inline domain::Connection connection(std::int64_t id, std::string name = "main", WorkspaceId workspace = kWorkspace) {
  domain::Connection c;
  c.id = ConnectionId(id);
  c.workspace = workspace;
  c.owner = domain::Owner::user(PersonId(31));
  c.integration = "github";
  c.name = std::move(name);
  c.auth_template = "pat";
  c.identity_label = "octo\"cat\"";
  c.base_url = "https://api.example.com/";
  c.plain_fields = {{"user", "octo\ncat"}, {"region", ""}};
  c.secrets = {{"token", 1, "9f3a", "wxyz"}, {"other", 2, "77aa", ""}};
  c.created_by = HandoffId(51);
  c.created_at = kNow;
  c.updated_at = after(1);
  return c;
}

inline std::vector<domain::SealedField> sealed_fields() {
  return {{"other", 2, std::string("\0sealed\0two", 11)}, {"token", 1, std::string(300, '\x7f')}};
}

inline domain::Person person(std::int64_t id, std::string login = "ada", WorkspaceId workspace = kWorkspace) {
  return {PersonId(id), workspace, std::move(login), "Ada L.", domain::Role::kApprover, "$argon2id$x", true, kNow};
}

inline domain::BrowserSession session(std::int64_t id, PersonId person) {
  return {SessionId(id), kWorkspace, person, std::string("\0hash", 5), kNow, after(1), after(900), Instant()};
}

inline domain::SignInLink link(std::int64_t id, PersonId person) {
  return {SignInLinkId(id), kWorkspace, person, std::string("\0hash", 5), kNow, after(900), Instant()};
}

inline domain::Agent agent(std::int64_t id, WorkspaceId workspace = kWorkspace) {
  return {AgentId(id), workspace,   PersonId(31), "claude", std::string("\0hash", 5), {"handoffs", "connections:read"},
          kNow,        after(9000), Instant(),    after(1)};
}

inline domain::KeyRow key_row(std::int64_t id) {
  return {KeyId(id), kWorkspace, "data", static_cast<int>(id), "mk_1", std::string("\0wrapped\xff", 9), kNow};
}

}  // namespace countersign::support
