// The power is cut at every moment of a migration: the database has either schema and nothing between, and the next
// start brings up whichever it finds.
#pragma once

#include <functional>
#include <string>

#include "fault_vfs.h"
#include "opened_store.h"
#include "schema_text.h"
#include "sql/migrations.h"

namespace countersign::sql {

inline std::string golden_schema(const char* name) {
  const std::string text = bytes_of(std::string(COUNTERSIGN_SOURCE_DIR) + name);
  return text.substr(text.find("CREATE"));
}

// "ok", or what is wrong with the file.
inline std::string problem_of(const std::string& path) {
  const SQLite::Database database(path, SQLite::OPEN_READONLY);
  SQLite::Statement broken_keys(database, "pragma foreign_key_check");
  if (broken_keys.executeStep()) return "a foreign key leads nowhere";
  SQLite::Statement check(database, "pragma integrity_check");
  check.executeStep();
  return check.getColumn(0).getString();
}

struct CutMigration {
  std::span<const Migration> steps;
  std::string before;  // the schemas
  std::string after;
  void (*put_database)(const std::filesystem::path& directory);
  void (*expect_everything)(OpenedStore&);
};

inline void expect_one_or_the_other(const CutMigration& cut, const std::filesystem::path& directory, bool migrated,
                                    const std::string& when) {
  const std::string path = (directory / "test.db").string();
  { const SqliteDriver recovered({.path = path}); }
  const std::string schema = schema_of(path);
  EXPECT_TRUE((schema == cut.before && !migrated) || schema == cut.after) << when << '\n' << schema;
  EXPECT_EQ(problem_of(path), "ok") << when;
  OpenedStore store(directory);
  cut.expect_everything(store);
}

// True when the moment lay behind the last write of the migration.
inline bool cut_power_at(const CutMigration& cut, int operation, Survivors survivors) {
  const std::string when = "operation " + std::to_string(operation);
  const support::TempDir directory;
  const support::TempDir restarted_in;
  cut.put_database(directory.path());
  FaultVfs vfs;
  bool migrated = false;
  {
    SqliteDriver driver({.path = directory.file("test.db"), .vfs = vfs.name()});
    vfs.cut_power_at(operation);
    try {
      migrate(driver, cut.steps);
      migrated = true;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kUnavailable) << when << ": " << e.what();
    }
    EXPECT_TRUE(migrated || !vfs.powered()) << when;
    if (migrated && vfs.powered()) return true;
    vfs.cut_power();
    vfs.restore(restarted_in.path(), survivors, static_cast<unsigned>(operation));
  }
  expect_one_or_the_other(cut, directory.path(), migrated, when + ", after a kill");
  expect_one_or_the_other(cut, restarted_in.path(), migrated, when + ", after power loss");
  return false;
}

inline void cut_power_at_every_moment(const CutMigration& cut) {
  for (const Survivors survivors : {Survivors::kSynced, Survivors::kSyncedAndSome}) {
    int operation = 1;
    while (!cut_power_at(cut, operation, survivors)) ASSERT_LT(++operation, 500);
    EXPECT_GT(operation, 20) << "a rebuilt table takes many writes";
  }
}

}  // namespace countersign::sql
