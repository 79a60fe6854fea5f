#include <algorithm>
#include <limits>

#include "sql/json_columns.h"
#include "sql/query.h"
#include "sql/sealed_rows.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::Connection;

#define CONNECTION_COLUMNS                                                                                      \
  "id, workspace, owner_kind, owner_person, integration, name, auth_template, state, identity_label, base_url," \
  " plain_fields, secret_traces, created_by, created_at, updated_at, provider_references"

constexpr std::size_t kLargestPage = 1000;

Connection connection_of(const Query& row) {
  Connection c;
  row.into(c.id, c.workspace, c.owner.kind, c.owner.person, c.integration, c.name, c.auth_template, c.state,
           c.identity_label, c.base_url, JsonInto{c.plain_fields}, JsonInto{c.secrets}, c.created_by, c.created_at,
           c.updated_at, JsonInto{c.references});
  return c;
}

std::optional<Connection> first_of(Query& rows) {
  if (!rows.next()) return std::nullopt;
  return connection_of(rows);
}

// Whose connections the filter lets through: at most the person's own and the org's.
std::vector<domain::Owner> owners_of(const store::ConnectionFilter& filter) {
  std::vector<domain::Owner> owners{domain::Owner::org()};
  if (filter.visible_to.valid()) owners.push_back(domain::Owner::user(filter.visible_to));
  if (filter.owner) std::erase_if(owners, [&](const domain::Owner& owner) { return owner != *filter.owner; });
  return owners;
}

Error name_taken() { return {ErrorCode::kConflict, "name_taken", "A connection of this name exists already."}; }

// The state alone, and that nobody refreshes what is gone: whoever is at it finds its fence outdated.
bool end(Journal& changes, Driver& driver, WorkspaceId workspace, ConnectionId id, Instant now) {
  PersonId owner;
  bool ended = false;
  {
    Query rows(driver,
               "update connections set state = 'revoked', updated_at = $1 where id = $2 and workspace = $3"
               " and state in ('active', 'refreshing', 'needs_reauth') returning owner_person",
               now, id, workspace);
    while (rows.next()) {
      changes.expect_event();
      rows.into(owner);
      ended = true;
    }
  }
  if (!ended) return false;
  run(driver, "update oauth_accounts set fence = fence + 1, lease_until = 0, expires_at = 0 where connection = $1", id);
  changes.changed(id.value());
  changes.changed_for(workspace, owner);
  return true;
}

}  // namespace

std::optional<Connection> ConnectionTable::find(WorkspaceId workspace, ConnectionId id) const {
  Query rows(to_.driver, "select " CONNECTION_COLUMNS " from connections where id = $1 and workspace = $2", id,
             workspace);
  return first_of(rows);
}

std::optional<Connection> ConnectionTable::find_by_name(WorkspaceId workspace, const domain::Owner& owner,
                                                        std::string_view integration, std::string_view name) const {
  Query rows(to_.driver,
             "select " CONNECTION_COLUMNS
             " from connections where workspace = $1 and owner_kind = $2 and owner_person = $3 and integration = $4"
             " and name = $5 and state <> 'revoked'",
             workspace, owner.kind, owner.person, integration, name);
  return first_of(rows);
}

// One ordered walk of the index per owner, so that other people's connections cost nothing.
std::vector<Connection> ConnectionTable::list(WorkspaceId workspace, const store::ConnectionFilter& filter) const {
  const std::int64_t before = filter.page.before == 0 ? std::numeric_limits<std::int64_t>::max() : filter.page.before;
  const std::size_t limit = std::min(filter.page.limit, kLargestPage);
  std::vector<Connection> found;
  for (const domain::Owner& owner : owners_of(filter)) {
    Query rows(to_.driver,
               "select " CONNECTION_COLUMNS
               " from connections where workspace = $1 and owner_kind = $2 and owner_person = $3 and id < $4"
               " and state <> 'revoked' and (cast($5 as text) = '' or integration = cast($5 as text))"
               " order by id desc limit $6",
               workspace, owner.kind, owner.person, before, filter.integration, static_cast<std::int64_t>(limit));
    while (rows.next()) found.push_back(connection_of(rows));
  }
  std::sort(found.begin(), found.end(), [](const Connection& a, const Connection& b) { return a.id > b.id; });
  if (found.size() > limit) found.resize(limit);
  return found;
}

std::vector<domain::SealedField> ConnectionTable::sealed_fields(WorkspaceId workspace, ConnectionId id) const {
  Query rows(to_.driver,
             "select s.field, s.version, s.sealed from connection_secrets s join connections c on c.id = s.connection"
             " where s.connection = $1 and c.workspace = $2 order by s.field, s.version",
             id, workspace);
  std::vector<domain::SealedField> fields;
  while (rows.next()) {
    domain::SealedField& one = fields.emplace_back();
    rows.into(one.field, one.version, BytesInto{one.sealed});
  }
  return fields;
}

void ConnectionTable::insert(const Connection& c, std::span<const domain::SealedField> secrets,
                             const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  const auto inserted =
      run(to_.driver,
          "insert into connections (" CONNECTION_COLUMNS
          ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
          " on conflict (workspace, owner_kind, owner_person, integration, name) where state <> 'revoked' do nothing",
          c.id, c.workspace, c.owner.kind, c.owner.person, c.integration, c.name, c.auth_template, c.state,
          c.identity_label, c.base_url, text_of(c.plain_fields), text_of(c.secrets), c.created_by, c.created_at,
          c.updated_at, text_of(c.references));
  if (inserted == 0) throw name_taken();
  changes.expect_event();
  insert_sealed(to_.driver, c.id, secrets);
  changes.append(event);
  changes.changed(c.id.value());
  changes.changed_for(c.workspace, c.owner.person);
}

// A refresh under way loses its claim on the row with the bytes it wanted to renew. Never crosses owners or
// integrations: what the owner once allowed was allowed for these.
bool ConnectionTable::replace_source(const Connection& with, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  const auto replaced =
      run(to_.driver,
          "update connections set state = 'active', auth_template = $1, identity_label = $2, base_url = $3,"
          " plain_fields = $4, secret_traces = '[]', provider_references = $5, updated_at = $6"
          " where id = $7 and workspace = $8 and owner_kind = $9 and owner_person = $10 and integration = $11"
          " and state in ('active', 'refreshing', 'needs_reauth')",
          with.auth_template, with.identity_label, with.base_url, text_of(with.plain_fields), text_of(with.references),
          with.updated_at, with.id, with.workspace, with.owner.kind, with.owner.person, with.integration);
  if (replaced == 0) return false;
  changes.expect_event();
  shred_sealed(to_.driver, with.id);
  changes.shredded();
  run(to_.driver, "delete from oauth_accounts where connection = $1", with.id);  // it came from elsewhere
  changes.append(event);
  changes.changed(with.id.value());
  changes.changed_for(with.workspace, with.owner.person);
  return true;
}

bool ConnectionTable::revoke(WorkspaceId workspace, ConnectionId id, Instant now, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (!end(changes, to_.driver, workspace, id, now)) return false;
  shred_sealed(to_.driver, id);
  run(to_.driver, "delete from webhook_deliveries where connection = $1", id);  // nobody can look at them any more
  changes.shredded();
  changes.append(event);
  return true;
}

bool ConnectionTable::revoke_later(WorkspaceId workspace, ConnectionId id, Instant now,
                                   const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (!end(changes, to_.driver, workspace, id, now)) return false;
  changes.append(event);
  return true;
}

bool ConnectionTable::rename(WorkspaceId workspace, ConnectionId id, std::string_view name,
                             const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  const auto stored = find(workspace, id);
  if (!stored || stored->state == domain::ConnectionState::kRevoked) return false;
  const auto named = find_by_name(workspace, stored->owner, stored->integration, name);
  if (named && named->id != id) throw name_taken();
  if (run(to_.driver, "update connections set name = $1 where id = $2 and workspace = $3 and state <> 'revoked'", name,
          id, workspace) == 0) {
    return false;
  }
  changes.append(event);
  changes.changed(id.value());
  changes.changed_for(workspace, stored->owner.person);
  return true;
}

}  // namespace countersign::sql
