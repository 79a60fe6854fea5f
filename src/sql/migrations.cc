#include "sql/migrations.h"

#include <array>

#include "sql/query.h"
#include "sql/steps.h"

namespace countersign::sql {
namespace {

constexpr std::array<Migration, 3> kMigrations{{
    {"0001_first", steps::first},
    {"0002_people", steps::people},
    {"0003_oauth", steps::oauth},
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
  replace_all(text, "{no bytes}", words.no_bytes);
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
