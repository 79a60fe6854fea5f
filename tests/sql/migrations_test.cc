#include "sql/migrations.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "opened_store.h"
#include "sql/query.h"

namespace countersign::sql {
namespace {

using namespace support;  // NOLINT: records by the dozen

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Every table and index as SQLite keeps it, in the order of making.
std::string schema_of(const std::string& path) {
  const SQLite::Database database(path, SQLite::OPEN_READONLY);
  SQLite::Statement rows(database, "select sql from sqlite_schema where sql is not null order by rowid");
  std::string text;
  while (rows.executeStep()) text += rows.getColumn(0).getString() + ";\n\n";
  return text;
}

std::vector<Migration> with_a_next_step() {
  std::vector<Migration> steps(migrations().begin(), migrations().end());
  steps.push_back(
      {"9999_next", [] { return std::string("alter table people add column locale text not null default 'en';"); }});
  return steps;
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

// Version 1 with data in every table of the domain, then one step more.
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
