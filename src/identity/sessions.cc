#include "identity/sessions.h"

#include <algorithm>

#include "base/error.h"
#include "identity/account_steps.h"

namespace countersign::identity {
namespace {

bool may_see(const domain::Acting& acting, PersonId of) {
  return of == acting.person || acting.role == domain::Role::kAdmin;
}

Error unknown_session() {
  return {ErrorCode::kNotFound, "unknown_session", "There is no such session, or it has ended already."};
}

std::string_view reason_of(const domain::Acting& acting, PersonId of) {
  return of == acting.person ? "signed_out_elsewhere" : "ended_by_admin";
}

}  // namespace

Sessions::Sessions(store::Store& store, const Clock& clock, SessionLimits limits)
    : store_(store), clock_(clock), limits_(limits) {}

std::vector<domain::BrowserSession> Sessions::list(const domain::Acting& acting, PersonId of) const {
  if (!may_see(acting, of)) throw unknown_person();
  const Instant now = clock_.now();
  return store_.read([&](const store::Snapshot& at) {
    if (!at.people().find(acting.workspace, of)) throw unknown_person();
    auto sessions = at.sessions().list_of(acting.workspace, of);
    std::erase_if(sessions, [&](const auto& session) { return !is_alive(session, now, limits_); });
    return sessions;
  });
}

void Sessions::end(const domain::Acting& acting, SessionId session) const {
  const Instant now = clock_.now();
  store_.transact([&](store::Transaction& tx) {
    const auto found = tx.sessions().find(session);
    if (!found || found->workspace != acting.workspace || !may_see(acting, found->person) ||
        !is_alive(*found, now, limits_)) {
      throw unknown_session();
    }
    tx.sessions().end(session, now,
                      {acting.workspace,
                       now,
                       domain::Actor::person(acting.person),
                       "session.ended",
                       session.text(),
                       {{"reason", std::string(reason_of(acting, found->person))}, {"person", found->person.text()}},
                       {}});
  });
}

std::size_t Sessions::end_all(const domain::Acting& acting, PersonId of, SessionId except) const {
  const Instant now = clock_.now();
  if (!may_see(acting, of)) throw unknown_person();
  if (of != acting.person) domain::require_fresh(acting, now);
  const AccountAct act{acting.workspace, of, domain::Actor::person(acting.person), now, reason_of(acting, of)};
  return store_.transact([&](store::Transaction& tx) {
    require_person(tx, acting.workspace, of);
    const auto open = tx.sessions().list_of(acting.workspace, of);
    end_sessions(tx, act, except);
    // Those that are long past a limit end on paper only.
    return static_cast<std::size_t>(std::count_if(open.begin(), open.end(), [&](const auto& session) {
      return session.id != except && is_alive(session, now, limits_);
    }));
  });
}

}  // namespace countersign::identity
