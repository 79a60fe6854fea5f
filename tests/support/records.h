// Ready-made records for tests that need one and do not care: every field is filled, so that a column that
// is dropped or swapped shows. Change what the test is about.
#pragma once

#include <string>
#include <vector>

#include "domain/audit.h"
#include "domain/connection.h"
#include "domain/handoff.h"
#include "domain/key_row.h"
#include "domain/login.h"
#include "domain/oauth_account.h"
#include "domain/oauth_client.h"
#include "domain/oauth_flow.h"
#include "domain/people.h"
#include "domain/provider_binding.h"
#include "domain/webhook.h"

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
  h.proposal = {"deploy", "the \"shop\"", {{"token", "env", "SHOP_TOKEN"}, {"other", "file", "a/b [c]"}}};
  return h;
}

// A login's handoff, with the record that stands beside it.
inline domain::Handoff login_handoff(std::int64_t id, WorkspaceId workspace = kWorkspace) {
  domain::Handoff h;
  h.id = HandoffId(id);
  h.workspace = workspace;
  h.kind = domain::HandoffKind::kLogin;
  h.user_code = "ABCD-EFGH";
  h.created_at = kNow;
  h.expires_at = after(600);
  return h;
}

// Nobody has decided on it yet.
inline domain::Login login(std::int64_t handoff, std::string asked_from = "203.0.113.9",
                           WorkspaceId workspace = kWorkspace) {
  domain::Login l;
  l.handoff = HandoffId(handoff);
  l.workspace = workspace;
  l.agent_identifier = "claude on 'laptop'; --";
  l.asked = {domain::Scope::kRead, domain::Scope::kUse};
  l.asked_from = std::move(asked_from);
  l.code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  l.verifier_held = true;
  l.wrong_codes = 1;
  return l;
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
  c.references = {{"token", "env", "SHOP_TOKEN"}, {"other", "file", "a/b [c]"}};
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
  return {SessionId(id), kWorkspace, person,         std::string("\0hash", 5), kNow, after(1), after(900),
          Instant(),     after(2),   "198.51.100.7", "Firefox '131' \xc2\xa7"};
}

inline domain::SignInLink link(std::int64_t id, PersonId person) {
  return {SignInLinkId(id),
          kWorkspace,
          person,
          std::string("\0hash", 5),
          kNow,
          after(900),
          Instant(),
          domain::LinkPurpose::kRecovery};
}

inline domain::Agent agent(std::int64_t id, WorkspaceId workspace = kWorkspace) {
  return {AgentId(id),
          workspace,
          PersonId(31),
          "claude",
          std::string("\0hash", 5),
          {domain::Scope::kRead, domain::Scope::kUse},
          kNow,
          after(9000),
          Instant(),
          after(1),
          Instant(),
          Instant(),
          std::string("\0old", 4),
          after(60),
          7};
}

inline domain::ProviderBinding binding(std::int64_t id, std::string item = "SHOP_TOKEN",
                                       WorkspaceId workspace = kWorkspace) {
  return {BindingId(id), workspace, "env", std::move(item), "github", domain::Owner::user(PersonId(31)),
          PersonId(32),  kNow};
}

// Every flag differs from what a server is taken for that says nothing.
inline domain::OAuthServer oauth_server(std::string issuer = "https://id.example.com") {
  domain::OAuthServer s;
  s.authorization_endpoint = issuer + "/authorize?a=1&b='2'";
  s.token_endpoint = issuer + "/token";
  s.refresh_endpoint = issuer + "/refresh";
  s.revocation_endpoint = issuer + "/revoke";
  s.registration_endpoint = issuer + "/register";
  s.par_endpoint = issuer + "/par";
  s.jwks_uri = issuer + "/keys";
  s.userinfo_endpoint = issuer + "/me";
  s.issuer = std::move(issuer);
  s.par_required = true;
  s.iss_in_callback = true;
  s.client_id_metadata = true;
  s.s256 = false;
  s.auth_methods = {"client_secret_post", "none"};
  s.scopes = {"openid", "\"a b\""};
  return s;
}

inline domain::OAuthClient oauth_client(std::int64_t id, std::string slug = "main",
                                        WorkspaceId workspace = kWorkspace) {
  domain::OAuthClient c;
  c.id = OAuthClientId(id);
  c.workspace = workspace;
  c.owner = domain::Owner::user(PersonId(31));
  c.slug = std::move(slug);
  c.integration = "github";
  c.auth_template = "oauth";
  c.grant = domain::OAuthGrant::kClientCredentials;
  c.origin = domain::ClientOrigin::kDynamic;
  c.server = oauth_server();
  c.client_id = "client 'one'; --";
  c.auth = domain::ClientAuth::kPrivateKeyJwt;
  c.resource = "https://api.example.com/mcp";
  c.plain_fields = {{"subdomain", "acme"}, {"region", ""}};
  c.secrets = {{"client_secret", 1, "9f3a", "wxyz"}, {"private_key", 1, "77aa", ""}};
  c.public_jwk = R"({"kty":"EC"})";
  c.secret_expires_at = after(90'000);
  c.created_by = PersonId(32);
  c.created_at = kNow;
  return c;
}

inline std::vector<domain::SealedField> client_secrets() {
  return {{"client_secret", 1, std::string("\0sealed\0secret", 14)}, {"private_key", 1, std::string(300, '\x7e')}};
}

inline domain::Handoff oauth_handoff(std::int64_t id, WorkspaceId workspace = kWorkspace) {
  domain::Handoff h = handoff(id, workspace);
  h.kind = domain::HandoffKind::kOAuth;
  h.auth_template = "oauth";
  h.action = domain::ConfirmAction::kNone;
  h.connection = ConnectionId();
  h.proposal = {};
  return h;
}

inline domain::ClientProposal client_proposal(std::int64_t handoff, WorkspaceId workspace = kWorkspace) {
  domain::ClientProposal p;
  p.handoff = HandoffId(handoff);
  p.workspace = workspace;
  p.change = domain::ClientChange::kRegister;
  p.client = OAuthClientId(101);
  p.slug = "main";
  p.grant = domain::OAuthGrant::kClientCredentials;
  p.client_id = "client 'one'; --";
  p.server = oauth_server();
  p.foreign = true;
  p.resource = "https://api.example.com/mcp";
  p.scopes = {"read", "\"write\" all"};
  return p;
}

// Nobody has left for the provider yet.
inline domain::OAuthFlow oauth_flow(std::int64_t handoff, WorkspaceId workspace = kWorkspace) {
  domain::OAuthFlow f;
  f.handoff = HandoffId(handoff);
  f.workspace = workspace;
  f.client = OAuthClientId(101);
  f.reconnects = ConnectionId(41);
  f.name = "main";
  f.identity_label = "the \"shop\"";
  f.scopes = {"read", "\"write\" all"};
  return f;
}

// Of a connection whose token ends in an hour.
inline domain::OAuthAccount oauth_account(std::int64_t connection, WorkspaceId workspace = kWorkspace) {
  domain::OAuthAccount a;
  a.connection = ConnectionId(connection);
  a.workspace = workspace;
  a.client = OAuthClientId(101);
  a.issuer = "https://id.example.com";
  a.account_id = "octo 'cat'; --";
  a.asked = {"read", "write"};
  a.granted = {"read"};
  a.resource = "https://api.example.com/mcp";
  a.expires_at = after(3600);
  a.refreshable = true;
  a.refreshed_at = after(1);
  return a;
}

inline std::vector<domain::SealedField> sealed_tokens(int version = 1) {
  return {{"access_token", version, std::string("\0access ", 8) + std::to_string(version)},
          {"refresh_token", version, "refresh " + std::to_string(version)}};
}

inline domain::Revocation revocation(std::int64_t connection, WorkspaceId workspace = kWorkspace) {
  domain::Revocation r;
  r.connection = ConnectionId(connection);
  r.workspace = workspace;
  r.due_at = kNow;
  return r;
}

inline domain::WebhookDelivery delivery(std::int64_t id, std::string key, Instant received_at = kNow,
                                        std::int64_t connection = 41) {
  domain::WebhookDelivery d;
  d.id = DeliveryId(id);
  d.workspace = kWorkspace;
  d.connection = ConnectionId(connection);
  d.delivery_key = std::move(key);
  d.content_type = "application/json; charset='x'";
  d.body = std::string("{\"a\":\0\xff", 7);
  d.size = 70'000;
  d.received_at = received_at;
  return d;
}

inline domain::KeyRow key_row(std::int64_t id) {
  return {KeyId(id), kWorkspace, "data", static_cast<int>(id), "mk_1", std::string("\0wrapped\xff", 9), kNow};
}

}  // namespace countersign::support
