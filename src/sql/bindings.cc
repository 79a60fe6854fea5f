#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::ProviderBinding;

#define BINDING_COLUMNS "id, workspace, provider, item, integration, owner_kind, owner_person, created_by, created_at"

ProviderBinding binding_of(const Query& row) {
  ProviderBinding b;
  row.into(b.id, b.workspace, b.provider, b.item, b.integration, b.owner.kind, b.owner.person, b.created_by,
           b.created_at);
  return b;
}

std::optional<ProviderBinding> first_of(Query& rows) {
  if (!rows.next()) return std::nullopt;
  return binding_of(rows);
}

}  // namespace

std::optional<ProviderBinding> BindingTable::find(WorkspaceId workspace, BindingId id) const {
  Query rows(to_.driver, "select " BINDING_COLUMNS " from provider_bindings where id = $1 and workspace = $2", id,
             workspace);
  return first_of(rows);
}

std::optional<ProviderBinding> BindingTable::find_item(WorkspaceId workspace, std::string_view provider,
                                                       std::string_view item, std::string_view integration,
                                                       const domain::Owner& owner) const {
  Query rows(to_.driver,
             "select " BINDING_COLUMNS
             " from provider_bindings where workspace = $1 and provider = $2 and item = $3 and integration = $4"
             " and owner_kind = $5 and owner_person = $6",
             workspace, provider, item, integration, owner.kind, owner.person);
  return first_of(rows);
}

std::vector<ProviderBinding> BindingTable::list(WorkspaceId workspace) const {
  Query rows(to_.driver, "select " BINDING_COLUMNS " from provider_bindings where workspace = $1 order by id desc",
             workspace);
  std::vector<ProviderBinding> bindings;
  while (rows.next()) bindings.push_back(binding_of(rows));
  return bindings;
}

void BindingTable::insert(const ProviderBinding& b, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  const auto inserted = run(
      to_.driver,
      "insert into provider_bindings (" BINDING_COLUMNS
      ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
      " on conflict (workspace, provider, item, integration, owner_kind, owner_person) do nothing",
      b.id, b.workspace, b.provider, b.item, b.integration, b.owner.kind, b.owner.person, b.created_by, b.created_at);
  if (inserted == 0) throw Error(ErrorCode::kConflict, "bound_already", "This item is bound in this way already.");
  changes.append(event);
}

bool BindingTable::remove(WorkspaceId workspace, BindingId id, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver, "delete from provider_bindings where id = $1 and workspace = $2", id, workspace) == 0) {
    return false;
  }
  changes.append(event);
  return true;
}

}  // namespace countersign::sql
