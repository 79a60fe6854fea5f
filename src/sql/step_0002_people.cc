// 0002_people: agents log in by themselves (logins), accounts and their sessions say more, and connections may be
// made of secrets that live elsewhere.
#include "sql/steps.h"

namespace countersign::sql::steps {
namespace {

// The updates come last: PostgreSQL alters no table that has changes under way.
std::string accounts() {
  return R"(
alter table browser_sessions add column verified_at {int} not null default 0;
alter table browser_sessions add column address text not null default '';
alter table browser_sessions add column browser text not null default '';
create index browser_sessions_alive on browser_sessions (person, id) where ended_at = 0;

alter table sign_in_links add column purpose text not null default 'sign_in'
  check (purpose in ('sign_in', 'invitation', 'recovery'));
create index sign_in_links_unused on sign_in_links (person) where used_at = 0;

alter table agents add column paused_at {int} not null default 0;
alter table agents add column orphaned_at {int} not null default 0;
alter table agents add column old_token_hash {bytes} not null default {no bytes};
alter table agents add column old_token_until {int} not null default 0;
alter table agents add column writes_per_minute {int} not null default 0;
create index agents_owned on agents (owner) where owner <> 0;

alter table connections add column provider_references text not null default '[]';

update browser_sessions set verified_at = created_at;
update agents set scopes = 'read connect change use';
)";
}

// Made anew, because SQLite cannot change what a column takes. No table may refer to this one: its foreign key
// would follow the old table, and the next such step could not drop it.
std::string handoffs() {
  return R"(
drop index handoffs_by_request_key;
drop index handoffs_waiting;
alter table handoffs rename to handoffs_0001;

create table handoffs (
  id {key},
  workspace {int} not null,
  kind text not null check (kind in ('login', 'secret_form', 'confirm')),
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
  label, user_code, action, connection, request_key, request_digest, created_at, expires_at, settled_at, ''
  from handoffs_0001;
drop table handoffs_0001;

create unique index handoffs_by_request_key on handoffs (agent, request_key) where request_key <> '';
create index handoffs_waiting on handoffs (workspace, subject, expires_at, agent, kind)
  where state in ('pending', 'opened');
create index handoffs_logins on handoffs (workspace, expires_at, state, created_at, kind)
  where kind = 'login' and state <> 'completed';
)";
}

std::string logins_and_bindings() {
  return R"(
create table logins (
  handoff {key},
  workspace {int} not null,
  agent_identifier text not null,
  asked text not null,
  asked_from text not null,
  code_challenge text not null,
  verifier_held {int} not null check (verifier_held in (0, 1)),
  remote {int} not null check (remote in (0, 1)),
  wrong_codes {int} not null,
  granted text not null,
  lifetime {int} not null,
  allowed_at {int} not null,
  return_code_hash text not null,
  agent {int} not null,
  released_at {int} not null
) {table};

create unique index logins_by_return_code on logins (return_code_hash) where return_code_hash <> '';

create table provider_bindings (
  id {key},
  workspace {int} not null,
  provider text not null,
  item text not null,
  integration text not null,
  owner_kind text not null check (owner_kind in ('user', 'org')),
  owner_person {int} not null,
  created_by {int} not null,
  created_at {int} not null,
  unique (workspace, provider, item, integration, owner_kind, owner_person)
) {table};
)";
}

}  // namespace

std::string people() { return accounts() + handoffs() + logins_and_bindings(); }

}  // namespace countersign::sql::steps
