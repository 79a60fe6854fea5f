// 0003_oauth: clients at authorization servers, the flows and accounts made with them, what has still to be revoked
// there, and what webhooks delivered.
#include "sql/steps.h"

namespace countersign::sql::steps {
namespace {

// Made anew for two kinds more, as in 0002_people; no table of this step refers to it either.
std::string handoffs() {
  return R"(
drop index handoffs_by_request_key;
drop index handoffs_waiting;
drop index handoffs_logins;
alter table handoffs rename to handoffs_0002;

create table handoffs (
  id {key},
  workspace {int} not null,
  kind text not null check (kind in ('login', 'secret_form', 'confirm', 'oauth', 'oauth_client')),
  state text not null check (state in ('pending', 'opened', 'completing', 'completed', 'failed', 'declined', 'cancelled', 'expired', 'locked')),
  agent {int} not null,
  owner_kind text not null check (owner_kind in ('user', 'org')),
  owner_person {int} not null,
  subject {int} not null,
  integration text not null,
  auth_template text not null,
  label text not null,
  user_code text not null,
  action text not null check (action in ('', 'connections.remove', 'connections.create', 'connections.replace')),
  connection {int} not null,
  request_key text not null,
  request_digest {bytes} not null,
  created_at {int} not null,
  expires_at {int} not null,
  settled_at {int} not null,
  proposal text not null
) {table};

insert into handoffs (id, workspace, kind, state, agent, owner_kind, owner_person, subject, integration, auth_template,
  label, user_code, action, connection, request_key, request_digest, created_at, expires_at, settled_at, proposal)
  select id, workspace, kind, state, agent, owner_kind, owner_person, subject, integration, auth_template,
  label, user_code, action, connection, request_key, request_digest, created_at, expires_at, settled_at, proposal
  from handoffs_0002;
drop table handoffs_0002;

create unique index handoffs_by_request_key on handoffs (agent, request_key) where request_key <> '';
create index handoffs_waiting on handoffs (workspace, subject, expires_at, agent, kind)
  where state in ('pending', 'opened');
create index handoffs_logins on handoffs (workspace, expires_at, state, created_at, kind)
  where kind = 'login' and state <> 'completed';
)";
}

std::string clients() {
  return R"(
create table oauth_clients (
  id {key},
  workspace {int} not null,
  owner_kind text not null check (owner_kind in ('user', 'org')),
  owner_person {int} not null,
  slug text not null,
  integration text not null,
  auth_template text not null,
  grant_type text not null check (grant_type in ('authorization_code', 'client_credentials')),
  origin text not null check (origin in ('manual', 'client_id_metadata_document', 'dynamic_client_registration')),
  server text not null,
  client_id text not null,
  auth text not null check (auth in ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')),
  resource text not null,
  plain_fields text not null,
  secret_traces text not null,
  public_jwk text not null,
  secret_expires_at {int} not null,
  created_by {int} not null,
  created_at {int} not null,
  removed_at {int} not null
) {table};

create unique index oauth_clients_by_slug on oauth_clients (workspace, owner_kind, owner_person, slug)
  where removed_at = 0;
create index oauth_clients_listed on oauth_clients (workspace, owner_kind, owner_person, id) where removed_at = 0;

create table oauth_client_secrets (
  client {int} not null references oauth_clients (id),
  field text not null,
  version {int} not null,
  sealed {bytes} not null,
  primary key (client, field, version)
) {sorted};

create table oauth_client_proposals (
  handoff {key},
  workspace {int} not null,
  change text not null check (change in ('enter', 'register', 'remove')),
  client {int} not null,
  slug text not null,
  grant_type text not null check (grant_type in ('authorization_code', 'client_credentials')),
  client_id text not null,
  server text not null,
  foreign_server {int} not null check (foreign_server in (0, 1)),
  resource text not null,
  scopes text not null
) {table};
)";
}

std::string flows_and_accounts() {
  return R"(
create table oauth_flows (
  handoff {key},
  workspace {int} not null,
  client {int} not null,
  reconnects {int} not null,
  name text not null,
  identity_label text not null,
  scopes text not null,
  state_hash {bytes} not null,
  browser_hash {bytes} not null,
  sealed {bytes} not null,
  server text not null,
  plain_fields text not null,
  left_at {int} not null,
  state_until {int} not null,
  claimed_until {int} not null,
  problem text not null,
  problem_words text not null
) {table};

create index oauth_flows_claimed on oauth_flows (claimed_until) where claimed_until <> 0;

create table oauth_accounts (
  connection {key},
  workspace {int} not null,
  client {int} not null,
  issuer text not null,
  account_id text not null,
  asked text not null,
  granted text not null,
  resource text not null,
  expires_at {int} not null,
  refreshable {int} not null check (refreshable in (0, 1)),
  version {int} not null,
  refreshed_at {int} not null,
  fence {int} not null,
  lease_until {int} not null,
  failures {int} not null,
  next_try_at {int} not null,
  problem text not null,
  problem_words text not null
) {table};

create index oauth_accounts_due on oauth_accounts (workspace, expires_at) where expires_at <> 0;
create index oauth_accounts_leased on oauth_accounts (workspace, lease_until) where lease_until <> 0;
create index oauth_accounts_by_client on oauth_accounts (client);
)";
}

std::string revocations_and_deliveries() {
  return R"(
create table oauth_revocations (
  connection {key},
  workspace {int} not null,
  queued_at {int} not null,
  due_at {int} not null,
  attempts {int} not null,
  problem text not null,
  lease_until {int} not null,
  settled_at {int} not null,
  confirmed {int} not null check (confirmed in (0, 1))
) {table};

create index oauth_revocations_due on oauth_revocations (due_at) where settled_at = 0;
create index oauth_revocations_open on oauth_revocations (workspace, queued_at) where settled_at = 0;

create table webhook_deliveries (
  id {key},
  workspace {int} not null,
  connection {int} not null,
  delivery_key text not null,
  verdict text not null check (verdict in ('accepted', 'repeated', 'bad_signature', 'stale', 'malformed')),
  content_type text not null,
  body {bytes} not null,
  size {int} not null,
  received_at {int} not null
) {table};

create unique index webhook_deliveries_by_key on webhook_deliveries (connection, delivery_key)
  where delivery_key <> '';
create index webhook_deliveries_listed on webhook_deliveries (connection, id);
)";
}

}  // namespace

std::string oauth() { return handoffs() + clients() + flows_and_accounts() + revocations_and_deliveries(); }

}  // namespace countersign::sql::steps
