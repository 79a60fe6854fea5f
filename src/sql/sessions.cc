#include "sql/query.h"
#include "sql/tables.h"

namespace countersign::sql {
namespace {

using domain::BrowserSession;

#define SESSION_COLUMNS                                                                                       \
  "id, workspace, person, token_hash, created_at, last_seen_at, expires_at, ended_at, verified_at, address, " \
  "browser"
#define LINK_COLUMNS "id, workspace, person, token_hash, created_at, expires_at, used_at, purpose"

BrowserSession session_of(const Query& row) {
  BrowserSession s;
  row.into(s.id, s.workspace, s.person, BytesInto{s.token_hash}, s.created_at, s.last_seen_at, s.expires_at, s.ended_at,
           s.verified_at, s.address, s.browser);
  return s;
}

}  // namespace

std::optional<BrowserSession> SessionTable::find(SessionId id) const {
  Query rows(to_.driver, "select " SESSION_COLUMNS " from browser_sessions where id = $1", id);
  if (!rows.next()) return std::nullopt;
  return session_of(rows);
}

std::optional<domain::SignInLink> SessionTable::find_link(SignInLinkId id) const {
  Query rows(to_.driver, "select " LINK_COLUMNS " from sign_in_links where id = $1", id);
  if (!rows.next()) return std::nullopt;
  domain::SignInLink l;
  rows.into(l.id, l.workspace, l.person, BytesInto{l.token_hash}, l.created_at, l.expires_at, l.used_at, l.purpose);
  return l;
}

std::vector<BrowserSession> SessionTable::list_of(WorkspaceId workspace, PersonId person) const {
  Query rows(to_.driver,
             "select " SESSION_COLUMNS
             " from browser_sessions where person = $1 and workspace = $2 and ended_at = 0 order by id desc",
             person, workspace);
  std::vector<BrowserSession> sessions;
  while (rows.next()) sessions.push_back(session_of(rows));
  return sessions;
}

void SessionTable::insert(const BrowserSession& s, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  run(to_.driver,
      "insert into browser_sessions (" SESSION_COLUMNS ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", s.id,
      s.workspace, s.person, BytesView{s.token_hash}, s.created_at, s.last_seen_at, s.expires_at, s.ended_at,
      s.verified_at, s.address, s.browser);
  changes.append(event);
}

bool SessionTable::end(SessionId id, Instant now, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver, "update browser_sessions set ended_at = $1 where id = $2 and ended_at = 0", now, id) == 0) {
    return false;
  }
  changes.append(event);
  changes.changed(id.value());  // its open pages stop being sent news
  return true;
}

std::size_t SessionTable::end_all_of(WorkspaceId workspace, PersonId person, SessionId except, Instant now,
                                     const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  const auto ended = run(to_.driver,
                         "update browser_sessions set ended_at = $1 where person = $2 and workspace = $3 and id <> $4"
                         " and ended_at = 0",
                         now, person, workspace, except);
  if (ended > 0) changes.append(event);
  if (ended > 0) changes.changed(person.value());
  return static_cast<std::size_t>(ended);
}

bool SessionTable::set_verified(SessionId id, Instant now, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver, "update browser_sessions set verified_at = $1 where id = $2 and ended_at = 0", now, id) == 0) {
    return false;
  }
  changes.append(event);
  return true;
}

// Only forwards and only while alive: a touch that changes nothing makes no page dirty and costs no fsync.
void SessionTable::touch(SessionId id, Instant now) {
  to_.changes();
  run(to_.driver, "update browser_sessions set last_seen_at = $1 where id = $2 and last_seen_at < $1 and ended_at = 0",
      now, id);
}

void SessionTable::insert_link(const domain::SignInLink& l, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  run(to_.driver, "insert into sign_in_links (" LINK_COLUMNS ") values ($1, $2, $3, $4, $5, $6, $7, $8)", l.id,
      l.workspace, l.person, BytesView{l.token_hash}, l.created_at, l.expires_at, l.used_at, l.purpose);
  changes.append(event);
}

bool SessionTable::use_link(SignInLinkId id, Instant now, const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  if (run(to_.driver, "update sign_in_links set used_at = $1 where id = $2 and used_at = 0 and expires_at > $1", now,
          id) == 0) {
    return false;
  }
  changes.append(event);
  return true;
}

std::size_t SessionTable::void_links_of(WorkspaceId workspace, PersonId person, Instant now,
                                        const domain::AuditEvent& event) {
  Journal& changes = to_.changes();
  const auto voided =
      run(to_.driver, "update sign_in_links set used_at = $1 where person = $2 and workspace = $3 and used_at = 0", now,
          person, workspace);
  if (voided > 0) changes.append(event);
  return static_cast<std::size_t>(voided);
}

}  // namespace countersign::sql
