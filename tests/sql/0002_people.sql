-- The SQLite schema of the second release, steps 0001_first and 0002_people of src/sql/migrations.cc. Frozen: databases
-- like this one are out there, and tests/sql/oauth_migration_test.cc brings one up to date.

CREATE TABLE schema_migrations (position integer not null primary key, name text not null) strict;

CREATE TABLE people (
  id integer primary key,
  workspace integer not null,
  login text not null,
  display_name text not null,
  role text not null check (role in ('member', 'approver', 'admin')),
  password_hash text not null,
  disabled integer not null check (disabled in (0, 1)),
  created_at integer not null,
  unique (workspace, login)
) strict;

CREATE TABLE browser_sessions (
  id integer primary key,
  workspace integer not null,
  person integer not null references people (id),
  token_hash blob not null,
  created_at integer not null,
  last_seen_at integer not null,
  expires_at integer not null,
  ended_at integer not null
, verified_at integer not null default 0, address text not null default '', browser text not null default '') strict;

CREATE TABLE sign_in_links (
  id integer primary key,
  workspace integer not null,
  person integer not null references people (id),
  token_hash blob not null,
  created_at integer not null,
  expires_at integer not null,
  used_at integer not null
, purpose text not null default 'sign_in'
  check (purpose in ('sign_in', 'invitation', 'recovery'))) strict;

CREATE TABLE agents (
  id integer primary key,
  workspace integer not null,
  owner integer not null,
  name text not null,
  token_hash blob not null,
  scopes text not null,
  created_at integer not null,
  expires_at integer not null,
  revoked_at integer not null,
  last_used_at integer not null
, paused_at integer not null default 0, orphaned_at integer not null default 0, old_token_hash blob not null default x'', old_token_until integer not null default 0, writes_per_minute integer not null default 0) strict;

CREATE INDEX agents_listed on agents (workspace, id);

CREATE TABLE connections (
  id integer primary key,
  workspace integer not null,
  owner_kind text not null check (owner_kind in ('user', 'org')),
  owner_person integer not null,
  integration text not null,
  name text not null,
  auth_template text not null,
  state text not null check (state in ('active', 'refreshing', 'needs_reauth', 'revoked')),
  identity_label text not null,
  base_url text not null,
  plain_fields text not null,
  secret_traces text not null,
  created_by integer not null,
  created_at integer not null,
  updated_at integer not null
, provider_references text not null default '[]') strict;

CREATE UNIQUE INDEX connections_by_name on connections (workspace, owner_kind, owner_person, integration, name)
  where state <> 'revoked';

CREATE INDEX connections_listed on connections (workspace, owner_kind, owner_person, id) where state <> 'revoked';

CREATE TABLE connection_secrets (
  connection integer not null references connections (id),
  field text not null,
  version integer not null,
  sealed blob not null,
  primary key (connection, field, version)
) strict, without rowid;

CREATE TABLE keys (
  id integer primary key,
  workspace integer not null,
  purpose text not null,
  version integer not null,
  master_key_id text not null,
  wrapped blob not null,
  created_at integer not null,
  unique (workspace, purpose, version)
) strict;

CREATE TABLE audit_events (
  workspace integer not null,
  node integer not null,
  sequence integer not null,
  at integer not null,
  actor text not null,
  action text not null,
  object text not null,
  facts text not null,
  commitment text not null,
  link blob not null,
  primary key (workspace, node, sequence)
) strict, without rowid;

CREATE TABLE audit_notes (
  workspace integer not null,
  node integer not null,
  sequence integer not null,
  note text not null,
  primary key (workspace, node, sequence),
  foreign key (workspace, node, sequence) references audit_events (workspace, node, sequence)
) strict, without rowid;

CREATE TABLE audit_heads (
  workspace integer not null,
  node integer not null,
  count integer not null,
  link blob not null,
  primary key (workspace, node)
) strict, without rowid;

CREATE INDEX browser_sessions_alive on browser_sessions (person, id) where ended_at = 0;

CREATE INDEX sign_in_links_unused on sign_in_links (person) where used_at = 0;

CREATE INDEX agents_owned on agents (owner) where owner <> 0;

CREATE TABLE handoffs (
  id integer primary key,
  workspace integer not null,
  kind text not null check (kind in ('login', 'secret_form', 'confirm')),
  state text not null check (state in ('pending', 'opened', 'completing', 'completed', 'failed', 'declined', 'cancelled', 'expired', 'locked')),
  agent integer not null,
  owner_kind text not null check (owner_kind in ('user', 'org')),
  owner_person integer not null,
  subject integer not null,
  integration text not null,
  auth_template text not null,
  label text not null,
  user_code text not null,
  action text not null check (action in ('', 'connections.remove', 'connections.create', 'connections.replace')),
  connection integer not null,
  request_key text not null,
  request_digest blob not null,
  created_at integer not null,
  expires_at integer not null,
  settled_at integer not null,
  proposal text not null
) strict;

CREATE UNIQUE INDEX handoffs_by_request_key on handoffs (agent, request_key) where request_key <> '';

CREATE INDEX handoffs_waiting on handoffs (workspace, subject, expires_at, agent, kind)
  where state in ('pending', 'opened');

CREATE INDEX handoffs_logins on handoffs (workspace, expires_at, state, created_at, kind)
  where kind = 'login' and state <> 'completed';

CREATE TABLE logins (
  handoff integer primary key,
  workspace integer not null,
  agent_identifier text not null,
  asked text not null,
  asked_from text not null,
  code_challenge text not null,
  verifier_held integer not null check (verifier_held in (0, 1)),
  remote integer not null check (remote in (0, 1)),
  wrong_codes integer not null,
  granted text not null,
  lifetime integer not null,
  allowed_at integer not null,
  return_code_hash text not null,
  agent integer not null,
  released_at integer not null
) strict;

CREATE UNIQUE INDEX logins_by_return_code on logins (return_code_hash) where return_code_hash <> '';

CREATE TABLE provider_bindings (
  id integer primary key,
  workspace integer not null,
  provider text not null,
  item text not null,
  integration text not null,
  owner_kind text not null check (owner_kind in ('user', 'org')),
  owner_person integer not null,
  created_by integer not null,
  created_at integer not null,
  unique (workspace, provider, item, integration, owner_kind, owner_person)
) strict;

