#include "sql/migrations.h"

#include <array>

#include "sql/query.h"

namespace countersign::sql {
namespace {

// "check (state in ('pending', 'opened', …))": the domain's names are the only ones a column takes.
template <class Names>
std::string one_of(std::string_view column, const Names& names) {
  std::string text = "check (" + std::string(column) + " in (";
  for (std::size_t i = 0; i < names.names.size(); ++i) {
    if (i > 0) text += ", ";
    ((text += '\'') += names.names[i]) += '\'';
  }
  return text + "))";
}

// Ids and instants that may be absent are 0, never null: then equality and unique indexes mean what they say.
std::string people_and_agents() {
  return R"(
create table people (
  id {key},
  workspace {int} not null,
  login text not null,
  display_name text not null,
  role text not null )" +
         one_of("role", domain::kRoleNames) + R"(,
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
  kind text not null )" +
         one_of("kind", domain::kHandoffKindNames) + R"(,
  state text not null )" +
         one_of("state", domain::kHandoffStateNames) + R"(,
  agent {int} not null,
  owner_kind text not null )" +
         one_of("owner_kind", domain::kOwnerNames) + R"(,
  owner_person {int} not null,
  subject {int} not null,
  integration text not null,
  auth_template text not null,
  label text not null,
  user_code text not null,
  action text not null )" +
         one_of("action", domain::kConfirmActionNames) + R"(,
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
  owner_kind text not null )" +
         one_of("owner_kind", domain::kOwnerNames) + R"(,
  owner_person {int} not null,
  integration text not null,
  name text not null,
  auth_template text not null,
  state text not null )" +
         one_of("state", domain::kConnectionStateNames) + R"(,
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

constexpr std::array<Migration, 1> kMigrations{{
    {"0001_first", [] { return people_and_agents() + handoffs() + connections() + keys_and_audit(); }},
}};

void replace_all(std::string& text, std::string_view word, std::string_view by) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size())) {
    text.replace(at, word.size(), by);
  }
}

std::string spell(std::string text, const TypeWords& words) {
  replace_all(text, "{key}", words.key);
  replace_all(text, "{int}", words.integer);
  replace_all(text, "{bytes}", words.bytes);
  replace_all(text, "{table}", words.table);
  replace_all(text, "{sorted}", words.sorted);
  return text;
}

constexpr std::string_view kLedger =
    "create table if not exists schema_migrations (position {int} not null primary key, name text not null) {table};";

// How many steps of the list the database has; throws when it has others.
std::size_t applied(Driver& driver, std::span<const Migration> steps) {
  std::size_t count = 0;
  Query rows(driver, "select name from schema_migrations order by position");
  for (; rows.next(); ++count) {
    if (count < steps.size() && rows.text(0) == steps[count].name) continue;
    throw Error(ErrorCode::kConflict, "schema_too_new",
                "The database was written by a newer version of Countersign; start that version instead.",
                "unknown step " + std::string(rows.text(0)));
  }
  return count;
}

// Rolls back unless told that it was committed.
class Scope {
 public:
  Scope(Driver& driver, Access access) : driver_(driver) { driver_.begin(access); }
  ~Scope() { driver_.rollback(); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Driver& driver_;
};

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

std::size_t migrate(Driver& driver, std::span<const Migration> steps) {
  driver.execute(spell(std::string(kLedger), driver.words()));
  const std::size_t before = applied(driver, steps);
  for (std::size_t i = before; i < steps.size(); ++i) {
    const Scope transaction(driver, Access::kWrite);
    driver.execute(spell(steps[i].statements(), driver.words()));
    run(driver, "insert into schema_migrations (position, name) values ($1, $2)", static_cast<std::int64_t>(i + 1),
        steps[i].name);
    driver.commit();
  }
  return steps.size() - before;
}

void require_current_schema(Driver& driver, std::span<const Migration> steps) {
  const Scope transaction(driver, Access::kRead);
  if (applied(driver, steps) < steps.size()) {
    throw Error(ErrorCode::kConflict, "schema_too_old",
                "The database was written by an older version of Countersign; start the server once to migrate it.");
  }
}

}  // namespace countersign::sql
