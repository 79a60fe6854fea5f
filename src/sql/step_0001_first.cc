// 0001_first, as released: never edited again. What a column takes is written out, so that a name the domain
// learns later does not change the past.
#include "sql/steps.h"

namespace countersign::sql::steps {
namespace {

// Ids and instants that may be absent are 0, never null: then equality and unique indexes mean what they say.
std::string people_and_agents() {
  return R"(
create table people (
  id {key},
  workspace {int} not null,
  login text not null,
  display_name text not null,
  role text not null check (role in ('member', 'approver', 'admin')),
  password_hash text not null,
  disabled {int} not null check (disabled in (0, 1)),
  created_at {int} not null,
  unique (workspace, login)
) {table};

create table browser_sessions (
  id {key},
  workspace {int} not null,
  person {int} not null references people (id),
  token_hash {bytes} not null,
  created_at {int} not null,
  last_seen_at {int} not null,
  expires_at {int} not null,
  ended_at {int} not null
) {table};

create table sign_in_links (
  id {key},
  workspace {int} not null,
  person {int} not null references people (id),
  token_hash {bytes} not null,
  created_at {int} not null,
  expires_at {int} not null,
  used_at {int} not null
) {table};

create table agents (
  id {key},
  workspace {int} not null,
  owner {int} not null,
  name text not null,
  token_hash {bytes} not null,
  scopes text not null,
  created_at {int} not null,
  expires_at {int} not null,
  revoked_at {int} not null,
  last_used_at {int} not null
) {table};

create index agents_listed on agents (workspace, id);
)";
}

std::string handoffs() {
  return R"(
create table handoffs (
  id {key},
  workspace {int} not null,
  kind text not null check (kind in ('secret_form', 'confirm')),
  state text not null check (state in ('pending', 'opened', 'completing', 'completed', 'failed', 'declined', 'cancelled', 'expired', 'locked')),
  agent {int} not null,
  owner_kind text not null check (owner_kind in ('user', 'org')),
  owner_person {int} not null,
  subject {int} not null,
  integration text not null,
  auth_template text not null,
  label text not null,
  user_code text not null,
  action text not null check (action in ('', 'connections.remove')),
  connection {int} not null,
  request_key text not null,
  request_digest {bytes} not null,
  created_at {int} not null,
  expires_at {int} not null,
  settled_at {int} not null
) {table};

create unique index handoffs_by_request_key on handoffs (agent, request_key) where request_key <> '';
create index handoffs_waiting on handoffs (workspace, subject, expires_at, agent) where state in ('pending', 'opened');
)";
}

std::string connections() {
  return R"(
create table connections (
  id {key},
  workspace {int} not null,
  owner_kind text not null check (owner_kind in ('user', 'org')),
  owner_person {int} not null,
  integration text not null,
  name text not null,
  auth_template text not null,
  state text not null check (state in ('active', 'refreshing', 'needs_reauth', 'revoked')),
  identity_label text not null,
  base_url text not null,
  plain_fields text not null,
  secret_traces text not null,
  created_by {int} not null,
  created_at {int} not null,
  updated_at {int} not null
) {table};

create unique index connections_by_name on connections (workspace, owner_kind, owner_person, integration, name)
  where state <> 'revoked';
create index connections_listed on connections (workspace, owner_kind, owner_person, id) where state <> 'revoked';

create table connection_secrets (
  connection {int} not null references connections (id),
  field text not null,
  version {int} not null,
  sealed {bytes} not null,
  primary key (connection, field, version)
) {sorted};
)";
}

std::string keys_and_audit() {
  return R"(
create table keys (
  id {key},
  workspace {int} not null,
  purpose text not null,
  version {int} not null,
  master_key_id text not null,
  wrapped {bytes} not null,
  created_at {int} not null,
  unique (workspace, purpose, version)
) {table};

create table audit_events (
  workspace {int} not null,
  node {int} not null,
  sequence {int} not null,
  at {int} not null,
  actor text not null,
  action text not null,
  object text not null,
  facts text not null,
  commitment text not null,
  link {bytes} not null,
  primary key (workspace, node, sequence)
) {sorted};

create table audit_notes (
  workspace {int} not null,
  node {int} not null,
  sequence {int} not null,
  note text not null,
  primary key (workspace, node, sequence),
  foreign key (workspace, node, sequence) references audit_events (workspace, node, sequence)
) {sorted};

create table audit_heads (
  workspace {int} not null,
  node {int} not null,
  count {int} not null,
  link {bytes} not null,
  primary key (workspace, node)
) {sorted};
)";
}

}  // namespace

std::string first() { return people_and_agents() + handoffs() + connections() + keys_and_audit(); }

}  // namespace countersign::sql::steps
