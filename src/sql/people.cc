#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::Person;

#define PERSON_COLUMNS "id, workspace, login, display_name, role, password_hash, disabled, created_at"

Person person_of(const Query& row) {
  Person p;
  row.into(p.id, p.workspace, p.login, p.display_name, p.role, p.password_hash, p.disabled, p.created_at);
  return p;
}

std::optional<Person> first_of(Query& rows) {
  if (!rows.next()) return std::nullopt;
  return person_of(rows);
}

}  // namespace

std::optional<Person> PersonTable::find(WorkspaceId workspace, PersonId id) const {
  Query rows(to_.driver, "select " PERSON_COLUMNS " from people where id = $1 and workspace = $2", id, workspace);
  return first_of(rows);
}

std::optional<Person> PersonTable::find_by_login(WorkspaceId workspace, std::string_view login) const {
  Query rows(to_.driver, "select " PERSON_COLUMNS " from people where workspace = $1 and login = $2", workspace, login);
  return first_of(rows);
}

std::vector<Person> PersonTable::list(WorkspaceId workspace) const {
  Query rows(to_.driver, "select " PERSON_COLUMNS " from people where workspace = $1 order by login", workspace);
  std::vector<Person> people;
  while (rows.next()) people.push_back(person_of(rows));
  return people;
}

void PersonTable::insert(const Person& p, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  const auto inserted =
      run(to_.driver,
          "insert into people (" PERSON_COLUMNS
          ") values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (workspace, login) do nothing",
          p.id, p.workspace, p.login, p.display_name, p.role, p.password_hash, p.disabled, p.created_at);
  if (inserted == 0) throw Error(ErrorCode::kConflict, "login_taken", "Somebody has this login already.");
  changes.append(event);
}

bool PersonTable::set_password(WorkspaceId workspace, PersonId id, std::string_view password_hash,
                               const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver, "update people set password_hash = $1 where id = $2 and workspace = $3", password_hash, id,
          workspace) == 0) {
    return false;
  }
  changes.append(event);
  return true;
}

bool PersonTable::set_role(WorkspaceId workspace, PersonId id, domain::Role role, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver, "update people set role = $1 where id = $2 and workspace = $3", role, id, workspace) == 0) {
    return false;
  }
  changes.append(event);
  return true;
}

bool PersonTable::set_name(WorkspaceId workspace, PersonId id, std::string_view display_name,
                           const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver, "update people set display_name = $1 where id = $2 and workspace = $3", display_name, id,
          workspace) == 0) {
    return false;
  }
  changes.append(event);
  return true;
}

bool PersonTable::set_disabled(WorkspaceId workspace, PersonId id, bool disabled, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver, "update people set disabled = $1 where id = $2 and workspace = $3 and disabled <> $1", disabled,
          id, workspace) == 0) {
    return false;
  }
  changes.append(event);
  return true;
}

}  // namespace countersign::sql
