#include <algorithm>

#include "sql/json_columns.h"
#include "sql/query.h"
#include "sql/sealed_rows.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::ClientProposal;
using domain::OAuthClient;

// "grant" and "foreign" are reserved words.
#define CLIENT_COLUMNS                                                                                     \
  "id, workspace, owner_kind, owner_person, slug, integration, auth_template, grant_type, origin, server," \
  " client_id, auth, resource, plain_fields, secret_traces, public_jwk, secret_expires_at, created_by,"    \
  " created_at, removed_at"
#define PROPOSAL_COLUMNS \
  "handoff, workspace, change, client, slug, grant_type, client_id, server, foreign_server, resource, scopes"

OAuthClient client_of(const Query& row) {
  OAuthClient c;
  row.into(c.id, c.workspace, c.owner.kind, c.owner.person, c.slug, c.integration, c.auth_template, c.grant, c.origin,
           JsonInto{c.server}, c.client_id, c.auth, c.resource, JsonInto{c.plain_fields}, JsonInto{c.secrets},
           c.public_jwk, c.secret_expires_at, c.created_by, c.created_at, c.removed_at);
  return c;
}

std::optional<OAuthClient> first_of(Query& rows) {
  if (!rows.next()) return std::nullopt;
  return client_of(rows);
}

}  // namespace

std::optional<OAuthClient> OAuthClientTable::find(WorkspaceId workspace, OAuthClientId id) const {
  Query rows(to_.driver, "select " CLIENT_COLUMNS " from oauth_clients where id = $1 and workspace = $2", id,
             workspace);
  return first_of(rows);
}

std::optional<OAuthClient> OAuthClientTable::find_by_slug(WorkspaceId workspace, const domain::Owner& owner,
                                                          std::string_view slug) const {
  Query rows(to_.driver,
             "select " CLIENT_COLUMNS
             " from oauth_clients where workspace = $1 and owner_kind = $2 and owner_person = $3 and slug = $4"
             " and removed_at = 0",
             workspace, owner.kind, owner.person, slug);
  return first_of(rows);
}

std::vector<OAuthClient> OAuthClientTable::list(WorkspaceId workspace, PersonId visible_to,
                                                std::string_view integration) const {
  std::vector<domain::Owner> owners{domain::Owner::org()};
  if (visible_to.valid()) owners.push_back(domain::Owner::user(visible_to));
  std::vector<OAuthClient> found;
  for (const domain::Owner& owner : owners) {
    Query rows(to_.driver,
               "select " CLIENT_COLUMNS
               " from oauth_clients where workspace = $1 and owner_kind = $2 and owner_person = $3 and removed_at = 0"
               " and (cast($4 as text) = '' or integration = cast($4 as text)) order by id desc",
               workspace, owner.kind, owner.person, integration);
    while (rows.next()) found.push_back(client_of(rows));
  }
  std::sort(found.begin(), found.end(), [](const OAuthClient& a, const OAuthClient& b) { return a.id > b.id; });
  return found;
}

std::vector<domain::SealedField> OAuthClientTable::sealed_fields(WorkspaceId workspace, OAuthClientId id) const {
  Query rows(to_.driver,
             "select s.field, s.version, s.sealed from oauth_client_secrets s join oauth_clients c on c.id = s.client"
             " where s.client = $1 and c.workspace = $2 order by s.field, s.version",
             id, workspace);
  std::vector<domain::SealedField> fields;
  while (rows.next()) {
    domain::SealedField& one = fields.emplace_back();
    rows.into(one.field, one.version, BytesInto{one.sealed});
  }
  return fields;
}

std::size_t OAuthClientTable::count_connections(WorkspaceId workspace, OAuthClientId id) const {
  Query row(to_.driver,
            "select count(*) from oauth_accounts a join connections c on c.id = a.connection"
            " where a.client = $1 and c.workspace = $2 and c.state <> 'revoked'",
            id, workspace);
  std::int64_t count = 0;
  if (row.next()) row.into(count);
  return static_cast<std::size_t>(count);
}

void OAuthClientTable::insert(const OAuthClient& c, std::span<const domain::SealedField> secrets,
                              const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  const auto inserted =
      run(to_.driver,
          "insert into oauth_clients (" CLIENT_COLUMNS
          ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
          " on conflict (workspace, owner_kind, owner_person, slug) where removed_at = 0 do nothing",
          c.id, c.workspace, c.owner.kind, c.owner.person, c.slug, c.integration, c.auth_template, c.grant, c.origin,
          text_of(c.server), c.client_id, c.auth, c.resource, text_of(c.plain_fields), text_of(c.secrets), c.public_jwk,
          c.secret_expires_at, c.created_by, c.created_at, c.removed_at);
  if (inserted == 0) throw Error(ErrorCode::kConflict, "name_taken", "A client of this name exists already.");
  changes.expect_event();
  insert_sealed(to_.driver, c.id, secrets);
  changes.append(event);
  changes.changed(c.id.value());
  changes.changed_for(c.workspace, c.owner.person);
}

// Not the server it was registered at, nor whose it is or what it is for: what is sealed was given for these.
bool OAuthClientTable::update(const OAuthClient& c, std::span<const domain::SealedField> secrets,
                              const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  const auto updated =
      run(to_.driver,
          "update oauth_clients set origin = $1, client_id = $2, auth = $3, resource = $4, plain_fields = $5,"
          " secret_traces = $6, public_jwk = $7, secret_expires_at = $8"
          " where id = $9 and workspace = $10 and removed_at = 0",
          c.origin, c.client_id, c.auth, c.resource, text_of(c.plain_fields), text_of(c.secrets), c.public_jwk,
          c.secret_expires_at, c.id, c.workspace);
  if (updated == 0) return false;
  changes.expect_event();
  shred_sealed(to_.driver, c.id);
  changes.shredded();
  insert_sealed(to_.driver, c.id, secrets);
  changes.append(event);
  changes.changed(c.id.value());
  changes.changed_for(c.workspace, c.owner.person);
  return true;
}

bool OAuthClientTable::remove(WorkspaceId workspace, OAuthClientId id, Instant now, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  PersonId owner;
  bool removed = false;
  {
    Query rows(to_.driver,
               "update oauth_clients set removed_at = $1 where id = $2 and workspace = $3 and removed_at = 0"
               " returning owner_person",
               now, id, workspace);
    while (rows.next()) {
      changes.expect_event();
      rows.into(owner);
      removed = true;
    }
  }
  if (!removed) return false;
  shred_sealed(to_.driver, id);
  changes.shredded();
  changes.append(event);
  changes.changed(id.value());
  changes.changed_for(workspace, owner);
  return true;
}

std::optional<ClientProposal> OAuthClientTable::find_proposal(WorkspaceId workspace, HandoffId handoff) const {
  Query rows(to_.driver,
             "select " PROPOSAL_COLUMNS " from oauth_client_proposals where handoff = $1 and workspace = $2", handoff,
             workspace);
  if (!rows.next()) return std::nullopt;
  ClientProposal p;
  rows.into(p.handoff, p.workspace, p.change, p.client, p.slug, p.grant, p.client_id, JsonInto{p.server}, p.foreign,
            p.resource, JsonInto{p.scopes});
  return p;
}

void OAuthClientTable::insert_proposal(const ClientProposal& p) {
  to_.changes().expect_event_in_step();
  run(to_.driver,
      "insert into oauth_client_proposals (" PROPOSAL_COLUMNS ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      p.handoff, p.workspace, p.change, p.client, p.slug, p.grant, p.client_id, text_of(p.server), p.foreign,
      p.resource, text_of(p.scopes));
}

}  // namespace countersign::sql
