#include <algorithm>

#include "sql/json_columns.h"
#include "sql/query.h"
#include "sql/sealed_rows.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::ConnectionState;
using domain::OAuthAccount;

#define ACCOUNT_COLUMNS                                                                                            \
  "connection, workspace, client, issuer, account_id, asked, granted, resource, expires_at, refreshable, version," \
  " refreshed_at, fence, lease_until, failures, next_try_at, problem, problem_words"

OAuthAccount account_of(const Query& row) {
  OAuthAccount a;
  row.into(a.connection, a.workspace, a.client, a.issuer, a.account_id, JsonInto{a.asked}, JsonInto{a.granted},
           a.resource, a.expires_at, a.refreshable, a.version, a.refreshed_at, a.fence, a.lease_until, a.failures,
           a.next_try_at, a.problem, a.problem_words);
  return a;
}

std::vector<OAuthAccount> all_of(Query& rows) {
  std::vector<OAuthAccount> accounts;
  while (rows.next()) accounts.push_back(account_of(rows));
  return accounts;
}

// Any other version is taken away in the same change, so one of another version would be lost.
void expect_version(std::span<const domain::SealedField> fields, int version) {
  const bool all = std::all_of(fields.begin(), fields.end(), [&](const auto& one) { return one.version == version; });
  if (all && !fields.empty()) return;
  throw Error(ErrorCode::kInternal, "token_version", "Tokens were to be stored under another version than their own.");
}

}  // namespace

std::optional<OAuthAccount> OAuthAccountTable::find(WorkspaceId workspace, ConnectionId connection) const {
  Query rows(to_.driver, "select " ACCOUNT_COLUMNS " from oauth_accounts where connection = $1 and workspace = $2",
             connection, workspace);
  if (!rows.next()) return std::nullopt;
  return account_of(rows);
}

std::vector<OAuthAccount> OAuthAccountTable::due(WorkspaceId workspace, Instant before, Instant now,
                                                 std::size_t limit) const {
  Query rows(to_.driver,
             "select " ACCOUNT_COLUMNS
             " from oauth_accounts where workspace = $1 and expires_at <> 0 and expires_at < $2 and next_try_at <= $3"
             " and lease_until <= $3 and exists (select 1 from connections c where c.id = oauth_accounts.connection"
             " and c.state = 'active') order by expires_at limit $4",
             workspace, before, now, static_cast<std::int64_t>(limit));
  return all_of(rows);
}

std::vector<OAuthAccount> OAuthAccountTable::left_behind(WorkspaceId workspace, Instant now, std::size_t limit) const {
  Query rows(to_.driver,
             "select " ACCOUNT_COLUMNS
             " from oauth_accounts where workspace = $1 and lease_until <> 0 and lease_until <= $2"
             " and exists (select 1 from connections c where c.id = oauth_accounts.connection"
             " and c.state = 'refreshing') order by lease_until limit $3",
             workspace, now, static_cast<std::int64_t>(limit));
  return all_of(rows);
}

void OAuthAccountTable::insert(const OAuthAccount& a) {
  to_.changes().expect_event_in_step();
  run(to_.driver,
      "insert into oauth_accounts (" ACCOUNT_COLUMNS
      ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
      a.connection, a.workspace, a.client, a.issuer, a.account_id, text_of(a.asked), text_of(a.granted), a.resource,
      a.expires_at, a.refreshable, a.version, a.refreshed_at, a.fence, a.lease_until, a.failures, a.next_try_at,
      a.problem, a.problem_words);
}

// Where the state is `active` there is no lease (sql/oauth_tables.h), so one condition serves both states.
std::optional<std::int64_t> OAuthAccountTable::claim(WorkspaceId workspace, ConnectionId connection, Instant now,
                                                     Instant until, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  std::optional<std::int64_t> fence;
  {
    Query rows(to_.driver,
               "update oauth_accounts set fence = fence + 1, lease_until = $1 where connection = $2 and workspace = $3"
               " and lease_until <= $4 and exists (select 1 from connections c where c.id = oauth_accounts.connection"
               " and c.state in ('active', 'refreshing')) returning fence",
               until, connection, workspace, now);
    while (rows.next()) {
      changes.expect_event();
      rows.into(fence.emplace());
    }
  }
  if (!fence) return std::nullopt;
  tell(workspace, connection, move_connection(workspace, connection, ConnectionState::kRefreshing), event);
  return fence;
}

bool OAuthAccountTable::rotate(const domain::Connection& with_traces, std::int64_t fence, int version,
                               const store::TokenRotation& rotation, std::span<const domain::SealedField> tokens,
                               const domain::AuditEvent& event) {
  expect_version(tokens, version);
  Journal& changes = to_.changes();
  const ConnectionId connection = with_traces.id;
  const auto rotated =
      run(to_.driver,
          "update oauth_accounts set version = $1, granted = $2, expires_at = $3, refreshable = $4, refreshed_at = $5,"
          " lease_until = 0, failures = 0, next_try_at = 0, problem = '', problem_words = ''"
          " where connection = $6 and workspace = $7 and fence = $8 and version < $1 and exists (select 1"
          " from connections c where c.id = oauth_accounts.connection and c.state = 'refreshing')",
          version, text_of(rotation.granted), rotation.expires_at, rotation.refreshable, rotation.now, connection,
          with_traces.workspace, fence);
  if (rotated == 0) return false;
  changes.expect_event();
  run(to_.driver, "update connections set secret_traces = $1 where id = $2", text_of(with_traces.secrets), connection);
  insert_sealed(to_.driver, connection, tokens);
  // The log may keep the old ones until its next turn: a checkpoint for every refresh would cost more than a sealed
  // token that is used up is worth.
  shred_sealed(to_.driver, connection, version);
  const PersonId owner = move_connection(with_traces.workspace, connection, ConnectionState::kActive);
  tell(with_traces.workspace, connection, owner, event);
  return true;
}

bool OAuthAccountTable::put_off(WorkspaceId workspace, ConnectionId connection, std::int64_t fence,
                                const store::RefreshFailure& failure, const domain::AuditEvent& event) {
  return fail(workspace, connection, fence, ConnectionState::kActive, failure, event);
}

bool OAuthAccountTable::reject(WorkspaceId workspace, ConnectionId connection, std::int64_t fence,
                               const store::RefreshFailure& failure, const domain::AuditEvent& event) {
  return fail(workspace, connection, fence, ConnectionState::kNeedsReauth, failure, event);
}

bool OAuthAccountTable::fail(WorkspaceId workspace, ConnectionId connection, std::int64_t fence, ConnectionState to,
                             const store::RefreshFailure& failure, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver,
          "update oauth_accounts set failures = failures + 1, problem = $1, problem_words = $2, next_try_at = $3,"
          " lease_until = 0 where connection = $4 and workspace = $5 and fence = $6 and exists (select 1"
          " from connections c where c.id = oauth_accounts.connection and c.state = 'refreshing')",
          failure.problem, failure.words, failure.next_try_at, connection, workspace, fence) == 0) {
    return false;
  }
  changes.expect_event();
  tell(workspace, connection, move_connection(workspace, connection, to), event);
  return true;
}

// A refresh under way loses: its fence is outdated, and what it brings home belongs to the consent of before. Never
// crosses owners or integrations, as ConnectionTable::replace_source.
bool OAuthAccountTable::reconnect(const domain::Connection& with, const OAuthAccount& a,
                                  std::span<const domain::SealedField> tokens, const domain::AuditEvent& event) {
  expect_version(tokens, a.version);
  Journal& changes = to_.changes();
  const auto replaced = run(
      to_.driver,
      "update oauth_accounts set client = $1, issuer = $2, account_id = $3, asked = $4, granted = $5,"
      " resource = $6, expires_at = $7, refreshable = $8, version = $9, refreshed_at = $10, fence = fence + 1,"
      " lease_until = 0, failures = 0, next_try_at = 0, problem = '', problem_words = ''"
      " where connection = $11 and workspace = $12 and version = $9 - 1 and exists (select 1 from connections c"
      " where c.id = oauth_accounts.connection and c.owner_kind = $13 and c.owner_person = $14"
      " and c.integration = $15 and c.state in ('active', 'refreshing', 'needs_reauth'))",
      a.client, a.issuer, a.account_id, text_of(a.asked), text_of(a.granted), a.resource, a.expires_at, a.refreshable,
      a.version, a.refreshed_at, with.id, with.workspace, with.owner.kind, with.owner.person, with.integration);
  if (replaced == 0) return false;
  changes.expect_event();
  run(to_.driver,
      "update connections set auth_template = $1, identity_label = $2, base_url = $3, plain_fields = $4,"
      " secret_traces = $5, updated_at = $6 where id = $7",
      with.auth_template, with.identity_label, with.base_url, text_of(with.plain_fields), text_of(with.secrets),
      with.updated_at, with.id);
  insert_sealed(to_.driver, with.id, tokens);
  shred_sealed(to_.driver, with.id, a.version);
  changes.shredded();
  tell(with.workspace, with.id, move_connection(with.workspace, with.id, ConnectionState::kActive), event);
  return true;
}

bool OAuthAccountTable::mark_unusable(WorkspaceId workspace, ConnectionId connection, std::string_view problem,
                                      const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver,
          "update oauth_accounts set problem = $1, problem_words = '' where connection = $2 and workspace = $3"
          " and exists (select 1 from connections c where c.id = oauth_accounts.connection and c.state = 'active')",
          problem, connection, workspace) == 0) {
    return false;
  }
  changes.expect_event();
  tell(workspace, connection, move_connection(workspace, connection, ConnectionState::kNeedsReauth), event);
  return true;
}

// Whose it is. The account's row has said that it may go there.
PersonId OAuthAccountTable::move_connection(WorkspaceId workspace, ConnectionId connection, ConnectionState to) {
  Query rows(to_.driver,
             "update connections set state = $1 where id = $2 and workspace = $3 and state <> 'revoked'"
             " returning owner_person",
             to, connection, workspace);
  PersonId owner;
  while (rows.next()) rows.into(owner);
  return owner;
}

void OAuthAccountTable::tell(WorkspaceId workspace, ConnectionId connection, PersonId owner,
                             const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  changes.append(event);
  changes.changed(connection.value());
  changes.changed_for(workspace, owner);
}

}  // namespace countersign::sql
