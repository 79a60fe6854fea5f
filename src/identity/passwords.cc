// Passwords that are set, changed, and lost.
#include <utility>

#include "base/error.h"
#include "identity/account_steps.h"
#include "identity/password_rules.h"
#include "identity/people.h"
#include "identity/prepared_link.h"
#include "identity/throttle.h"

namespace countersign::identity {
namespace {

void check_strength(const Secret& password, std::string_view login) {
  if (std::string problem = password_weakness(password, login); !problem.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "weak_password", std::move(problem));
  }
}

void require_unchanged(const domain::Person& now, const domain::Person& before) {
  if (!now.disabled && now.password_hash == before.password_hash) return;
  throw Error(ErrorCode::kConflict, "password_changed",
              "The password was changed by somebody else in the meantime. Sign in again.");
}

// Whoever was thrown out while the password was being compared must not come back with a new one.
void require_alive(store::Transaction& tx, SessionId session, PersonId person) {
  const auto found = tx.sessions().find(session);
  if (found && found->person == person && found->ended_at == Instant{}) return;
  throw Error(ErrorCode::kUnauthenticated, "sign_in_needed", "Your session has ended. Sign in again.");
}

void store_password(store::Transaction& tx, const AccountAct& act, std::string_view hash, SessionId keep) {
  if (!tx.people().set_password(act.workspace, act.person, hash, event_of(act, "person.password_set"))) {
    throw unknown_person();
  }
  end_sessions(tx, act, keep);
  void_links(tx, act);
}

}  // namespace

void People::set_password(const domain::Actor& by, WorkspaceId workspace, PersonId person, Secret password) const {
  check_strength(password, get(workspace, person).login);
  const std::string hash = passwords_.hash(password);
  const AccountAct act{workspace, person, by, clock_.now(), "password_set"};
  store_.transact([&](store::Transaction& tx) { store_password(tx, act, hash, {}); });
}

void People::change_password(const domain::Acting& acting, SessionId keep, Secret present, Secret wanted) const {
  const domain::Person person = get(acting.workspace, acting.person);
  check_strength(wanted, person.login);
  if (person.password_hash.empty()) {
    domain::require_fresh(acting, clock_.now());
  } else {
    require_present(person, present);
  }
  const std::string hash = passwords_.hash(wanted);
  const AccountAct act{acting.workspace, acting.person, domain::Actor::person(acting.person), clock_.now(),
                       "password_changed"};
  store_.transact([&](store::Transaction& tx) {
    require_unchanged(require_person(tx, acting.workspace, acting.person), person);
    require_alive(tx, keep, acting.person);
    store_password(tx, act, hash, keep);
  });
}

// Slowed down per person: a stolen session must not become a place to guess the password. A row key cannot be
// chosen from outside, so it is digest enough.
void People::require_present(const domain::Person& person, const Secret& present) const {
  const auto key = static_cast<SlowDown::KeyDigest>(person.id.value());
  if (const auto wait = wrong_presents_.try_begin(key, clock_.steady_now()); wait > wait.zero()) refuse_for_now(wait);
  bool right = false;
  try {
    right = passwords_.verify(person.password_hash, present);
  } catch (const Error&) {
    wrong_presents_.take_back(key);  // a full queue is no guess
    throw;
  }
  if (right) return wrong_presents_.forget(key);
  const AccountAct act{person.workspace, person.id, domain::Actor::person(person.id), clock_.now(), "password_change"};
  store_.transact([&](store::Transaction& tx) { tx.audit().record(event_of(act, "step_up.failed")); });
  throw wrong_password();
}

Secret People::recover(const domain::Actor& by, WorkspaceId workspace, PersonId person,
                       std::chrono::seconds lifetime) const {
  PreparedLink prepared = prepare_link(by, workspace, person, lifetime, domain::LinkPurpose::kRecovery);
  const AccountAct act{workspace, person, by, clock_.now(), "recovery"};
  store_.transact([&](store::Transaction& tx) {
    start_anew(tx, act);
    enable_account(tx, act);
    tx.sessions().insert_link(prepared.link, prepared.event);
  });
  return std::move(prepared.token);
}

Secret People::renew_link(const domain::Actor& by, WorkspaceId workspace, PersonId person,
                          std::chrono::seconds lifetime) const {
  const bool had_password = !get(workspace, person).password_hash.empty();
  PreparedLink prepared =
      prepare_link(by, workspace, person, lifetime,
                   had_password ? domain::LinkPurpose::kRecovery : domain::LinkPurpose::kInvitation);
  const AccountAct act{workspace, person, by, clock_.now(), "link_renewed"};
  store_.transact([&](store::Transaction& tx) {
    if (require_person(tx, workspace, person).disabled) {
      throw Error(ErrorCode::kConflict, "person_disabled", "This account is disabled. Enable it first.");
    }
    start_anew(tx, act);
    tx.sessions().insert_link(prepared.link, prepared.event);
  });
  return std::move(prepared.token);
}

}  // namespace countersign::identity
