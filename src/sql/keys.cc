#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {

#define KEY_COLUMNS "id, workspace, purpose, version, master_key_id, wrapped, created_at"

std::vector<domain::KeyRow> KeyTable::all() const {
  Query rows(to_.driver, "select " KEY_COLUMNS " from keys order by id");
  std::vector<domain::KeyRow> keys;
  while (rows.next()) {
    domain::KeyRow& k = keys.emplace_back();
    rows.into(k.id, k.workspace, k.purpose, k.version, k.master_key_id, BytesInto{k.wrapped}, k.created_at);
  }
  return keys;
}

void KeyTable::insert(const domain::KeyRow& k, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  run(to_.driver, "insert into keys (" KEY_COLUMNS ") values ($1, $2, $3, $4, $5, $6, $7)", k.id, k.workspace,
      k.purpose, k.version, k.master_key_id, BytesView{k.wrapped}, k.created_at);
  changes.append(event);
}

}  // namespace countersign::sql
