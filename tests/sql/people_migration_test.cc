// The step 0002_people on a database of the first release with rows in every table: what it makes of each row, and
// that it happens as a whole or not at all. The old database is written with the statements of the first release.
#include <tuple>

#include "migration_cuts.h"
#include "sql/journal.h"
#include "sql/json_columns.h"
#include "sql/query.h"

namespace countersign::sql::people_migration {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::ConfirmAction;
using domain::ConnectionState;
using domain::Handoff;
using domain::HandoffKind;
using domain::HandoffState;
namespace fs = std::filesystem;

// Every state with every kind and action there was; every third one with a request key.
std::vector<Handoff> old_handoffs() {
  std::vector<Handoff> all;
  for (std::size_t state = 0; state < domain::kHandoffStateNames.names.size(); ++state) {
    for (const auto& [kind, action] : {std::pair{HandoffKind::kSecretForm, ConfirmAction::kNone},
                                       std::pair{HandoffKind::kConfirm, ConfirmAction::kRemoveConnection}}) {
      const auto id = static_cast<std::int64_t>(all.size()) + 1;
      Handoff h = handoff(id, id % 5 == 0 ? kOtherWorkspace : kWorkspace);
      h.kind = kind;
      h.action = action;
      h.state = static_cast<HandoffState>(state);
      if (id % 2 == 0) h.owner = domain::Owner::org();
      if (id % 4 == 0) h.subject = PersonId();
      if (id % 3 == 0) h.request_key = "key " + std::to_string(id);
      h.settled_at = domain::is_settled(h.state) ? after(id) : Instant();
      h.proposal = {};
      all.push_back(h);
    }
  }
  return all;
}

domain::Connection old_connection(std::int64_t id, ConnectionState state) {
  domain::Connection c = connection(id, "c" + std::to_string(id));
  c.state = state;
  c.references.clear();
  return c;
}

void insert_people(Driver& driver) {
  for (const domain::Person& p : {person(31), person(32, "bob")}) {
    run(driver,
        "insert into people (id, workspace, login, display_name, role, password_hash, disabled, created_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8)",
        p.id, p.workspace, p.login, p.display_name, p.role, p.password_hash, p.disabled, p.created_at);
  }
  for (const std::int64_t id : {61, 62}) {
    const domain::BrowserSession s = session(id, PersonId(31));
    run(driver,
        "insert into browser_sessions (id, workspace, person, token_hash, created_at, last_seen_at, expires_at,"
        " ended_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        s.id, s.workspace, s.person, BytesView{s.token_hash}, after(id), s.last_seen_at, s.expires_at,
        id == 62 ? after(9) : Instant());
  }
  for (const std::int64_t id : {71, 72}) {
    const domain::SignInLink l = link(id, PersonId(32));
    run(driver,
        "insert into sign_in_links (id, workspace, person, token_hash, created_at, expires_at, used_at)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        l.id, l.workspace, l.person, BytesView{l.token_hash}, l.created_at, l.expires_at,
        id == 72 ? after(9) : Instant());
  }
}

void insert_agents(Driver& driver) {
  for (const auto& [id, scopes] : {std::pair{21, ""}, std::pair{22, "handoffs connections:read"}}) {
    const domain::Agent a = agent(id);
    run(driver,
        "insert into agents (id, workspace, owner, name, token_hash, scopes, created_at, expires_at, revoked_at,"
        " last_used_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        a.id, a.workspace, id == 22 ? PersonId() : a.owner, a.name, BytesView{a.token_hash}, std::string_view(scopes),
        a.created_at, a.expires_at, id == 22 ? after(3) : Instant(), a.last_used_at);
  }
}

void insert_handoffs(Driver& driver) {
  for (const Handoff& h : old_handoffs()) {
    run(driver,
        "insert into handoffs (id, workspace, kind, state, agent, owner_kind, owner_person, subject, integration,"
        " auth_template, label, user_code, action, connection, request_key, request_digest, created_at, expires_at,"
        " settled_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        h.id, h.workspace, h.kind, h.state, h.agent, h.owner.kind, h.owner.person, h.subject, h.integration,
        h.auth_template, h.label, h.user_code, h.action, h.connection, h.request_key, BytesView{h.request_digest},
        h.created_at, h.expires_at, h.settled_at);
  }
}

void insert_connections(Driver& driver) {
  for (const domain::Connection& c :
       {old_connection(41, ConnectionState::kActive), old_connection(42, ConnectionState::kRevoked)}) {
    run(driver,
        "insert into connections (id, workspace, owner_kind, owner_person, integration, name, auth_template, state,"
        " identity_label, base_url, plain_fields, secret_traces, created_by, created_at, updated_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        c.id, c.workspace, c.owner.kind, c.owner.person, c.integration, c.name, c.auth_template, c.state,
        c.identity_label, c.base_url, text_of(c.plain_fields), text_of(c.secrets), c.created_by, c.created_at,
        c.updated_at);
  }
  for (const domain::SealedField& one : sealed_fields()) {
    run(driver, "insert into connection_secrets (connection, field, version, sealed) values ($1, $2, $3, $4)",
        ConnectionId(41), one.field, one.version, BytesView{one.sealed});
  }
  const domain::KeyRow k = key_row(91);
  run(driver,
      "insert into keys (id, workspace, purpose, version, master_key_id, wrapped, created_at)"
      " values ($1, $2, $3, $4, $5, $6, $7)",
      k.id, k.workspace, k.purpose, k.version, k.master_key_id, BytesView{k.wrapped}, k.created_at);
}

constexpr int kOldEvents = 5;

void insert_events(Driver& driver) {
  Journal journal(driver, kMac, 0);
  for (int i = 0; i < kOldEvents; ++i) {
    journal.append(event_in(kWorkspace, "test.changed", i % 2 == 0 ? "a note" : ""));
  }
  journal.flush_heads();
}

void make_old_database(const std::string& path) {
  SqliteDriver driver({.path = path});
  migrate(driver, migrations().first(1));
  driver.begin(Access::kWrite);
  insert_people(driver);
  insert_agents(driver);
  insert_handoffs(driver);
  insert_connections(driver);
  insert_events(driver);
  driver.commit();
  driver.checkpoint(SqliteDriver::Checkpoint::kTruncate);
}

// A copy of one made once.
void put_old_database(const fs::path& directory) {
  static const TempDir made_once;
  static const bool made = (make_old_database(made_once.file("test.db")), true);
  if (made) fs::copy_file(made_once.file("test.db"), directory / "test.db");
}

auto parts(const Handoff& h) {
  return std::tuple(h.id, h.workspace, h.kind, h.state, h.agent, h.owner, h.subject, h.integration, h.auth_template,
                    h.label, h.user_code, h.action, h.connection, h.request_key, h.request_digest, h.created_at,
                    h.expires_at, h.settled_at, h.proposal.name, h.proposal.identity_label, h.proposal.references);
}

auto parts(const domain::Connection& c) {
  return std::tuple(c.id, c.workspace, c.owner, c.integration, c.name, c.auth_template, c.state, c.identity_label,
                    c.base_url, c.plain_fields, c.references, c.created_by, c.created_at, c.updated_at);
}

void expect_handoffs(const store::Snapshot& s) {
  for (const Handoff& old : old_handoffs()) {
    const auto found = s.handoffs().find(old.workspace, old.id);
    ASSERT_TRUE(found) << old.id.value();
    EXPECT_TRUE(parts(*found) == parts(old)) << old.id.value();
  }
}

void expect_connections(const store::Snapshot& s) {
  for (const auto& old :
       {old_connection(41, ConnectionState::kActive), old_connection(42, ConnectionState::kRevoked)}) {
    const auto found = s.connections().find(kWorkspace, old.id);
    ASSERT_TRUE(found);
    EXPECT_TRUE(parts(*found) == parts(old)) << old.id.value();
    ASSERT_EQ(found->secrets.size(), 2U);
    EXPECT_EQ(found->secrets[0].fingerprint, "9f3a");
  }
  const auto sealed = s.connections().sealed_fields(kWorkspace, ConnectionId(41));
  ASSERT_EQ(sealed.size(), 2U);
  EXPECT_EQ(sealed[1].sealed, sealed_fields()[1].sealed);
  const auto keys = s.keys().all();
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].wrapped, key_row(91).wrapped);
}

void expect_people(const store::Snapshot& s) {
  ASSERT_EQ(s.people().list(kWorkspace).size(), 2U);
  EXPECT_EQ(s.people().find(kWorkspace, PersonId(32))->login, "bob");
  EXPECT_EQ(s.people().find(kWorkspace, PersonId(31))->password_hash, "$argon2id$x");
  for (const std::int64_t id : {61, 62}) {
    const auto found = s.sessions().find(SessionId(id));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->token_hash, std::string("\0hash", 5));
    EXPECT_EQ(found->created_at, after(id));
    EXPECT_EQ(found->verified_at, after(id)) << "whoever began it had proved who they are then";
    EXPECT_EQ(found->address + found->browser, "");
    EXPECT_EQ(found->ended_at, id == 62 ? after(9) : Instant());
  }
  EXPECT_EQ(s.sessions().list_of(kWorkspace, PersonId(31)).size(), 1U);
  for (const std::int64_t id : {71, 72}) {
    const auto found = s.sessions().find_link(SignInLinkId(id));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->person, PersonId(32));
    EXPECT_EQ(found->purpose, domain::LinkPurpose::kSignIn);
    EXPECT_EQ(found->used_at, id == 72 ? after(9) : Instant());
  }
}

void expect_agents(const store::Snapshot& s) {
  for (const std::int64_t id : {21, 22}) {
    const auto found = s.agents().find(AgentId(id));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->owner, id == 22 ? PersonId() : PersonId(31));
    EXPECT_EQ(found->name, "claude");
    EXPECT_EQ(found->token_hash, std::string("\0hash", 5));
    EXPECT_EQ(found->scopes, domain::ScopeSet::all()) << "what it could do before";
    EXPECT_EQ(found->revoked_at, id == 22 ? after(3) : Instant());
    EXPECT_EQ(found->paused_at, Instant());
    EXPECT_EQ(found->orphaned_at, Instant());
    EXPECT_EQ(found->old_token_hash, "");
    EXPECT_EQ(found->old_token_until, Instant());
    EXPECT_EQ(found->writes_per_minute, 0);
  }
}

void expect_everything(OpenedStore& store) {
  store->read([](const store::Snapshot& s) {
    expect_handoffs(s);
    expect_connections(s);
    expect_people(s);
    expect_agents(s);
    return 0;
  });
  EXPECT_EQ(store.events(), kOldEvents);
  EXPECT_EQ(store.chain_problem(), "");
}

TEST(PeopleMigration, TheFirstStepIsTheOneThatWasReleased) {
  const TempDir directory;
  put_old_database(directory.path());
  EXPECT_EQ(schema_of(directory.file("test.db")), golden_schema("/tests/sql/0001_first.sql"));
}

TEST(PeopleMigration, EveryRowOfTheFirstReleaseReadsBackRight) {
  const TempDir directory;
  put_old_database(directory.path());
  {
    OpenedStore store(directory.path());
    expect_everything(store);
  }
  EXPECT_EQ(problem_of(directory.file("test.db")), "ok");
  EXPECT_EQ(schema_of(directory.file("test.db")), golden_schema("/docs/schema.sql"));
  OpenedStore again(directory.path());
  expect_everything(again);
}

TEST(PeopleMigration, WhatTheFirstReleaseMadeGoesOn) {
  const TempDir directory;
  put_old_database(directory.path());
  OpenedStore store(directory.path());
  const auto olds = old_handoffs();
  store->transact([&](store::Transaction& tx) {
    const auto event = event_in(kWorkspace);
    EXPECT_TRUE(
        tx.handoffs().advance(kWorkspace, olds[0].id, domain::kPending, domain::kOpened, {{}, {}, kNow}, event));
    Handoff again = olds[2];  // has a request key
    again.id = HandoffId(900);
    EXPECT_EQ(error_of([&] { tx.handoffs().insert(again, event); }).reason(), "request_key_taken");
    EXPECT_FALSE(tx.handoffs().waiting_for(kWorkspace, PersonId(31), domain::Role::kMember, kNow).empty());
    tx.handoffs().insert(login_handoff(901), event);
    tx.logins().insert(login(901));
    tx.connections().insert(connection(43), {}, event);
    EXPECT_TRUE(tx.agents().set_paused(kWorkspace, AgentId(21), after(4), event));
    EXPECT_TRUE(tx.sessions().use_link(SignInLinkId(71), after(4), event));
  });
  EXPECT_EQ(store.events(), kOldEvents + 5);
  EXPECT_EQ(store.chain_problem(), "");
}

// The last statement of the step fails: what went before it, a dropped table included, has not happened.
TEST(PeopleMigration, AStepThatFailsHalfWayLeavesTheFirstReleaseIntact) {
  const TempDir directory;
  put_old_database(directory.path());
  std::vector<Migration> steps(migrations().begin(), migrations().begin() + 2);
  steps[1].statements = [] { return migrations()[1].statements() + "insert into nowhere values (1);"; };
  {
    SqliteDriver driver({.path = directory.file("test.db")});
    EXPECT_THROW(migrate(driver, steps), Error);
  }
  EXPECT_EQ(schema_of(directory.file("test.db")), golden_schema("/tests/sql/0001_first.sql"));
  EXPECT_EQ(problem_of(directory.file("test.db")), "ok");
  OpenedStore store(directory.path());
  expect_everything(store);
}

TEST(PeopleMigration, PowerLossAtAnyMomentLeavesOneSchemaOrTheOther) {
  cut_power_at_every_moment({migrations().first(2), golden_schema("/tests/sql/0001_first.sql"),
                             golden_schema("/tests/sql/0002_people.sql"), put_old_database, expect_everything});
}

}  // namespace
}  // namespace countersign::sql::people_migration
