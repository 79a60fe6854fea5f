// The schema as an append-only list of named steps, each applied in one transaction with its own row in
// schema_migrations. Never edit a step that was released (sql/steps.h): append one. docs/schema.sql shows the result
// for SQLite, and a test compares the two.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sql/driver.h"

namespace countersign::sql {

struct Migration {
  std::string_view name;
  std::string (*statements)();  // with {key} {int} {bytes} … for the engine's words
};

std::span<const Migration> migrations();

// Brings the schema up to the end of `steps`; how many were applied. Throws kConflict, reason
// `schema_too_new`, when the database has a step that the list does not know, and then touches nothing.
std::size_t migrate(Driver& driver, std::span<const Migration> steps = migrations());

// For a connection that may not write: as above, but throws reason `schema_too_old` where a step is missing.
void require_current_schema(Driver& driver, std::span<const Migration> steps = migrations());

}  // namespace countersign::sql
