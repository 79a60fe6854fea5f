-- The SQLite schema, written by tests/sql/migrations_test.cc (COUNTERSIGN_REWRITE_GOLDEN=1) from
-- src/sql/migrations.cc. A difference to a released version needs a new migration, not a new file.

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

CREATE TABLE handoffs (
  id integer primary key,
  workspace integer not null,
  kind text not null check (kind in ('login', 'secret_form', 'confirm', 'oauth', 'oauth_client')),
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

CREATE TABLE oauth_clients (
  id integer primary key,
  workspace integer not null,
  owner_kind text not null check (owner_kind in ('user', 'org')),
  owner_person integer not null,
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
  secret_expires_at integer not null,
  created_by integer not null,
  created_at integer not null,
  removed_at integer not null
) strict;

CREATE UNIQUE INDEX oauth_clients_by_slug on oauth_clients (workspace, owner_kind, owner_person, slug)
  where removed_at = 0;

CREATE INDEX oauth_clients_listed on oauth_clients (workspace, owner_kind, owner_person, id) where removed_at = 0;

CREATE TABLE oauth_client_secrets (
  client integer not null references oauth_clients (id),
  field text not null,
  version integer not null,
  sealed blob not null,
  primary key (client, field, version)
) strict, without rowid;

CREATE TABLE oauth_client_proposals (
  handoff integer primary key,
  workspace integer not null,
  change text not null check (change in ('enter', 'register', 'remove')),
  client integer not null,
  slug text not null,
  grant_type text not null check (grant_type in ('authorization_code', 'client_credentials')),
  client_id text not null,
  server text not null,
  foreign_server integer not null check (foreign_server in (0, 1)),
  resource text not null,
  scopes text not null
) strict;

CREATE TABLE oauth_flows (
  handoff integer primary key,
  workspace integer not null,
  client integer not null,
  reconnects integer not null,
  name text not null,
  identity_label text not null,
  scopes text not null,
  state_hash blob not null,
  browser_hash blob not null,
  sealed blob not null,
  server text not null,
  plain_fields text not null,
  left_at integer not null,
  state_until integer not null,
  claimed_until integer not null,
  problem text not null,
  problem_words text not null
) strict;

CREATE INDEX oauth_flows_claimed on oauth_flows (claimed_until) where claimed_until <> 0;

CREATE TABLE oauth_accounts (
  connection integer primary key,
  workspace integer not null,
  client integer not null,
  issuer text not null,
  account_id text not null,
  asked text not null,
  granted text not null,
  resource text not null,
  expires_at integer not null,
  refreshable integer not null check (refreshable in (0, 1)),
  version integer not null,
  refreshed_at integer not null,
  fence integer not null,
  lease_until integer not null,
  failures integer not null,
  next_try_at integer not null,
  problem text not null,
  problem_words text not null
) strict;

CREATE INDEX oauth_accounts_due on oauth_accounts (workspace, expires_at) where expires_at <> 0;

CREATE INDEX oauth_accounts_leased on oauth_accounts (workspace, lease_until) where lease_until <> 0;

CREATE INDEX oauth_accounts_by_client on oauth_accounts (client);

CREATE TABLE oauth_revocations (
  connection integer primary key,
  workspace integer not null,
  queued_at integer not null,
  due_at integer not null,
  attempts integer not null,
  problem text not null,
  lease_until integer not null,
  settled_at integer not null,
  confirmed integer not null check (confirmed in (0, 1))
) strict;

CREATE INDEX oauth_revocations_due on oauth_revocations (due_at) where settled_at = 0;

CREATE INDEX oauth_revocations_open on oauth_revocations (workspace, queued_at) where settled_at = 0;

CREATE TABLE webhook_deliveries (
  id integer primary key,
  workspace integer not null,
  connection integer not null,
  delivery_key text not null,
  verdict text not null check (verdict in ('accepted', 'repeated', 'bad_signature', 'stale', 'malformed')),
  content_type text not null,
  body blob not null,
  size integer not null,
  received_at integer not null
) strict;

CREATE UNIQUE INDEX webhook_deliveries_by_key on webhook_deliveries (connection, delivery_key)
  where delivery_key <> '';

CREATE INDEX webhook_deliveries_listed on webhook_deliveries (connection, id);

