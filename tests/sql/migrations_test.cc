#include "sql/migrations.h"

#include <SQLiteCpp/Database.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "opened_store.h"
#include "schema_text.h"
#include "sql/query.h"

namespace countersign::sql {
namespace {

using namespace support;  // NOLINT: records by the dozen

std::vector<Migration> with_a_next_step() {
  std::vector<Migration> steps(migrations().begin(), migrations().end());
  steps.push_back(
      {"9999_next", [] { return std::string("alter table people add column locale text not null default 'en';"); }});
  return steps;
}

// "check (state in ('pending', 'opened', …))"
template <class Names>
std::string one_of(std::string_view column, const Names& names) {
  std::string text = "check (" + std::string(column) + " in (";
  for (std::size_t i = 0; i < names.names.size(); ++i) {
    if (i > 0) text += ", ";
    ((text += '\'') += names.names[i]) += '\'';
  }
  return text + "))";
}

TEST(Migrations, AFreshDatabaseGetsEveryStepOnce) {
  const TempDir directory;
  SqliteDriver driver({.path = directory.file("test.db")});
  EXPECT_EQ(migrate(driver), migrations().size());
  EXPECT_EQ(migrate(driver), 0U);
}

TEST(Migrations, TheSchemaIsTheOneInTheDocuments) {
  const TempDir directory;
  { OpenedStore store(directory.path()); }
  const std::string golden = std::string(COUNTERSIGN_SOURCE_DIR) + "/docs/schema.sql";
  const std::string schema =
      "-- The SQLite schema, written by tests/sql/migrations_test.cc (COUNTERSIGN_REWRITE_GOLDEN=1) from\n"
      "-- src/sql/migrations.cc. A difference to a released version needs a new migration, not a new file.\n\n" +
      schema_of(directory.file("test.db"));
  if (std::getenv("COUNTERSIGN_REWRITE_GOLDEN") != nullptr) std::ofstream(golden) << schema;
  EXPECT_EQ(schema, bytes_of(golden));
}

// Version 1, brought up by the server's own start, then one step more. What the steps do to the data is tested
// beside each of them.
TEST(Migrations, AnOlderDatabaseIsBroughtUpWithItsData) {
  const TempDir directory;
  {
    SqliteDriver driver({.path = directory.file("test.db")});
    migrate(driver, migrations().first(1));
  }
  {
    OpenedStore store(directory.path());
    store.mint(1);
    store->transact([](store::Transaction& tx) { tx.people().insert(person(31), event_in(kWorkspace)); });
  }
  {
    SqliteDriver driver({.path = directory.file("test.db")});
    const auto steps = with_a_next_step();
    EXPECT_EQ(migrate(driver, steps), steps.size() - migrations().size());
    Query row(driver, "select login, locale from people");
    ASSERT_TRUE(row.next());
    EXPECT_EQ(row.text(0), "ada");
    EXPECT_EQ(row.text(1), "en");
  }
}

TEST(Migrations, AFailingStepLeavesTheOneBeforeIt) {
  const TempDir directory;
  auto steps = with_a_next_step();
  steps.push_back(
      {"99999_bad", [] { return std::string("create table half (a integer); create table half (b integer);"); }});
  {
    SqliteDriver driver({.path = directory.file("test.db")});
    EXPECT_THROW(migrate(driver, steps), Error);
  }
  EXPECT_EQ(schema_of(directory.file("test.db")).find("half"), std::string::npos);
  SqliteDriver driver({.path = directory.file("test.db")});
  steps.pop_back();
  EXPECT_EQ(migrate(driver, steps), 0U);
}

TEST(Migrations, ANewerDatabaseIsRefusedAndLeftAlone) {
  const TempDir directory;
  {
    SqliteDriver driver({.path = directory.file("test.db")});
    migrate(driver, with_a_next_step());
    driver.checkpoint(SqliteDriver::Checkpoint::kTruncate);
  }
  const std::string before = bytes_of(directory.file("test.db"));
  for (const Mode mode : {Mode::kServe, Mode::kLook}) {
    SqliteStore::Options options;
    options.mode = mode;
    const Error e = error_of([&] { OpenedStore store(directory.path(), options); });
    EXPECT_EQ(e.reason(), "schema_too_new");
    EXPECT_EQ(e.code(), ErrorCode::kConflict);
  }
  EXPECT_EQ(bytes_of(directory.file("test.db")), before);
}

TEST(Migrations, ALookAtAnOlderDatabaseIsRefused) {
  const TempDir directory;
  SqliteDriver driver({.path = directory.file("test.db")});
  migrate(driver);
  SqliteDriver look({.path = directory.file("test.db"), .access = Access::kRead});
  require_current_schema(look);
  const auto steps = with_a_next_step();
  EXPECT_EQ(error_of([&] { require_current_schema(look, steps); }).reason(), "schema_too_old");
}

// The columns refuse what the domain does not know, whoever writes.
TEST(Migrations, AColumnTakesEveryNameOfTheDomainAndNoOther) {
  const TempDir directory;
  { OpenedStore store(directory.path()); }
  const std::string schema = schema_of(directory.file("test.db"));
  const auto expect = [&](std::string_view table, std::string_view column, const auto& names) {
    const std::string of_table = schema.substr(schema.find("CREATE TABLE " + std::string(table) + " ("));
    const std::string text = of_table.substr(0, of_table.find(";\n\n"));
    EXPECT_NE(text.find(one_of(column, names)), std::string::npos) << table << '.' << column << " in\n" << text;
  };
  expect("people", "role", domain::kRoleNames);
  expect("sign_in_links", "purpose", domain::kLinkPurposeNames);
  expect("handoffs", "kind", domain::kHandoffKindNames);
  expect("handoffs", "state", domain::kHandoffStateNames);
  expect("handoffs", "owner_kind", domain::kOwnerNames);
  expect("handoffs", "action", domain::kConfirmActionNames);
  expect("connections", "owner_kind", domain::kOwnerNames);
  expect("connections", "state", domain::kConnectionStateNames);
  expect("provider_bindings", "owner_kind", domain::kOwnerNames);
  expect("oauth_clients", "owner_kind", domain::kOwnerNames);
  expect("oauth_clients", "grant_type", domain::kOAuthGrantNames);
  expect("oauth_clients", "origin", domain::kClientOriginNames);
  expect("oauth_clients", "auth", domain::kClientAuthNames);
  expect("oauth_client_proposals", "change", domain::kClientChangeNames);
  expect("oauth_client_proposals", "grant_type", domain::kOAuthGrantNames);
  expect("webhook_deliveries", "verdict", domain::kDeliveryVerdictNames);
}

TEST(Migrations, AnUnknownStateCannotBeStored) {
  const TempDir directory;
  { OpenedStore(directory.path()).mint(1); }
  SQLite::Database database(directory.file("test.db"), SQLite::OPEN_READWRITE);
  EXPECT_THROW(database.exec("update handoffs set state = 'done'"), SQLite::Exception);
  EXPECT_THROW(database.exec("update handoffs set expires_at = 'soon'"), SQLite::Exception) << "tables are strict";
  EXPECT_EQ(database.exec("update handoffs set state = 'failed'"), 1);
}

}  // namespace
}  // namespace countersign::sql
