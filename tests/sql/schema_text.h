// Files and schemas as text, for tests of migrations.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace countersign::sql {

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Every table and index as SQLite keeps it, in the order of making.
inline std::string schema_of(const std::string& path) {
  const SQLite::Database database(path, SQLite::OPEN_READONLY);
  SQLite::Statement rows(database, "select sql from sqlite_schema where sql is not null order by rowid");
  std::string text;
  while (rows.executeStep()) text += rows.getColumn(0).getString() + ";\n\n";
  return text;
}

}  // namespace countersign::sql
