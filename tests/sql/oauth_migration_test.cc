// The step 0003_oauth on a database of the second release: every handoff with its login and every connection comes
// through, as a whole or not at all. The old database is written with the statements of the second release.
#include <tuple>

#include "migration_cuts.h"
#include "sql/journal.h"
#include "sql/json_columns.h"
#include "sql/query.h"

namespace countersign::sql {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::ConfirmAction;
using domain::Handoff;
using domain::HandoffKind;
namespace fs = std::filesystem;

// Every state with every kind and action there was; some with a request key, some without a proposal.
std::vector<Handoff> old_handoffs() {
  std::vector<Handoff> all;
  for (std::size_t state = 0; state < domain::kHandoffStateNames.names.size(); ++state) {
    for (const auto& [kind, action] : {std::pair{HandoffKind::kLogin, ConfirmAction::kNone},
                                       std::pair{HandoffKind::kSecretForm, ConfirmAction::kNone},
                                       std::pair{HandoffKind::kConfirm, ConfirmAction::kRemoveConnection},
                                       std::pair{HandoffKind::kConfirm, ConfirmAction::kCreateConnection},
                                       std::pair{HandoffKind::kConfirm, ConfirmAction::kReplaceConnection}}) {
      const auto id = static_cast<std::int64_t>(all.size()) + 1;
      Handoff h = handoff(id, id % 7 == 0 ? kOtherWorkspace : kWorkspace);
      h.kind = kind;
      h.action = action;
      h.state = static_cast<domain::HandoffState>(state);
      if (id % 2 == 0) h.owner = domain::Owner::org();
      if (id % 4 == 0) h.subject = PersonId();
      if (id % 3 == 0) h.request_key = "key " + std::to_string(id);
      if (id % 5 != 4) h.proposal = {};
      h.settled_at = domain::is_settled(h.state) ? after(id) : Instant();
      all.push_back(h);
    }
  }
  return all;
}

void insert(Driver& driver, const Handoff& h) {
  run(driver,
      "insert into handoffs (id, workspace, kind, state, agent, owner_kind, owner_person, subject, integration,"
      " auth_template, label, user_code, action, connection, request_key, request_digest, created_at, expires_at,"
      " settled_at, proposal)"
      " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
      h.id, h.workspace, h.kind, h.state, h.agent, h.owner.kind, h.owner.person, h.subject, h.integration,
      h.auth_template, h.label, h.user_code, h.action, h.connection, h.request_key, BytesView{h.request_digest},
      h.created_at, h.expires_at, h.settled_at, text_of(h.proposal));
}

void insert(Driver& driver, const domain::Login& l) {
  run(driver,
      "insert into logins (handoff, workspace, agent_identifier, asked, asked_from, code_challenge, verifier_held,"
      " remote, wrong_codes, granted, lifetime, allowed_at, return_code_hash, agent, released_at)"
      " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
      l.handoff, l.workspace, l.agent_identifier, domain::text_of(l.asked), l.asked_from, l.code_challenge,
      l.verifier_held, l.remote, l.wrong_codes, domain::text_of(l.granted), l.lifetime, l.allowed_at,
      l.return_code_hash, l.grant, l.released_at);
}

void insert(Driver& driver, const domain::Connection& c) {
  run(driver,
      "insert into connections (id, workspace, owner_kind, owner_person, integration, name, auth_template, state,"
      " identity_label, base_url, plain_fields, secret_traces, created_by, created_at, updated_at,"
      " provider_references) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
      c.id, c.workspace, c.owner.kind, c.owner.person, c.integration, c.name, c.auth_template, c.state,
      c.identity_label, c.base_url, text_of(c.plain_fields), text_of(c.secrets), c.created_by, c.created_at,
      c.updated_at, text_of(c.references));
  for (const domain::SealedField& one : sealed_fields()) {
    run(driver, "insert into connection_secrets (connection, field, version, sealed) values ($1, $2, $3, $4)", c.id,
        one.field, one.version, BytesView{one.sealed});
  }
}

void make_old_database(const std::string& path) {
  SqliteDriver driver({.path = path});
  migrate(driver, migrations().first(2));
  driver.begin(Access::kWrite);
  for (const Handoff& h : old_handoffs()) {
    insert(driver, h);
    if (h.kind == HandoffKind::kLogin) insert(driver, login(h.id.value(), "203.0.113.9", h.workspace));
  }
  insert(driver, connection(41));
  Journal journal(driver, kMac, 0);
  journal.append(event_in(kWorkspace, "test.changed", "a note"));
  journal.flush_heads();
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

void expect_everything(OpenedStore& store) {
  store->read([](const store::Snapshot& s) {
    for (const Handoff& old : old_handoffs()) {
      const auto found = s.handoffs().find(old.workspace, old.id);
      EXPECT_TRUE(found && parts(*found) == parts(old)) << old.id.value();
      EXPECT_EQ(s.logins().find(old.workspace, old.id).has_value(), old.kind == HandoffKind::kLogin);
    }
    const auto found = s.connections().find(kWorkspace, ConnectionId(41));
    EXPECT_TRUE(found && found->references == connection(41).references && found->name == "main");
    const auto sealed = s.connections().sealed_fields(kWorkspace, ConnectionId(41));
    EXPECT_TRUE(sealed.size() == 2 && sealed[1].sealed == sealed_fields()[1].sealed);
    return 0;
  });
  EXPECT_EQ(store.events(), 1);
  EXPECT_EQ(store.chain_problem(), "");
}

TEST(OAuthMigration, TheSecondStepIsTheOneThatWasReleased) {
  const TempDir directory;
  put_old_database(directory.path());
  EXPECT_EQ(schema_of(directory.file("test.db")), golden_schema("/tests/sql/0002_people.sql"));
}

TEST(OAuthMigration, EveryRowOfTheSecondReleaseReadsBackRight) {
  const TempDir directory;
  put_old_database(directory.path());
  {
    OpenedStore store(directory.path());
    expect_everything(store);
  }
  EXPECT_EQ(problem_of(directory.file("test.db")), "ok");
  EXPECT_EQ(schema_of(directory.file("test.db")), golden_schema("/docs/schema.sql"));
}

TEST(OAuthMigration, WhatTheSecondReleaseMadeGoesOn) {
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
    EXPECT_GT(tx.logins().count_open(kWorkspace, "203.0.113.9", kNow).all, 0U);
    EXPECT_GT(tx.handoffs().prune_logins(kWorkspace, after(9000), 100, event), 0U);
  });
}

// No table refers to `handoffs`, so that a later step can make it anew once more.
TEST(OAuthMigration, NoForeignKeyLeadsToTheHandoffs) {
  EXPECT_EQ(golden_schema("/docs/schema.sql").find("references handoffs"), std::string::npos);
}

TEST(OAuthMigration, PowerLossAtAnyMomentLeavesOneSchemaOrTheOther) {
  cut_power_at_every_moment({migrations().first(3), golden_schema("/tests/sql/0002_people.sql"),
                             golden_schema("/docs/schema.sql"), put_old_database, expect_everything});
}

}  // namespace
}  // namespace countersign::sql
