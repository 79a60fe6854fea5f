#include "identity/accounts.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "identity/account_steps.h"

namespace countersign::identity {
namespace {

constexpr std::chrono::hours kInvitationLifetime{24 * 3};
constexpr std::chrono::hours kRenewedLifetime{24};

void require_fresh_admin(const domain::Acting& by, Instant now) {
  domain::require_role(by, domain::Role::kAdmin);  // first: nobody types a password for nothing
  domain::require_fresh(by, now);
}

// One who can come back: who was invited and never came has an account, and a link that may be lost. Whoever acts
// is here, on a laptop without any password.
bool is_admin_at_work(const domain::Person& person, PersonId acting) {
  return person.role == domain::Role::kAdmin && !person.disabled &&
         (!person.password_hash.empty() || person.id == acting);
}

// Counted in the transaction that takes one away, or two admins could take each other away at once.
void require_another_admin(store::Transaction& tx, const domain::Person& person, PersonId acting) {
  if (!is_admin_at_work(person, acting)) return;
  const auto people = tx.people().list(person.workspace);
  const bool another = std::any_of(people.begin(), people.end(), [&](const domain::Person& other) {
    return other.id != person.id && is_admin_at_work(other, acting);
  });
  if (another) return;
  throw Error(ErrorCode::kConflict, "last_admin",
              "This is the only admin who can sign in. Make somebody else an admin first.");
}

Error not_yourself(std::string message) { return {ErrorCode::kConflict, "not_yourself", std::move(message)}; }

}  // namespace

Accounts::Accounts(store::Store& store, const People& people, const Clock& clock)
    : store_(store), people_(people), clock_(clock) {}

Invited Accounts::invite(const domain::Acting& by, NewPerson person) const {
  require_fresh_admin(by, clock_.now());
  person.workspace = by.workspace;
  return people_.invite(domain::Actor::person(by.person), person, kInvitationLifetime);
}

Secret Accounts::renew_link(const domain::Acting& by, PersonId person) const {
  require_fresh_admin(by, clock_.now());
  if (person == by.person) throw not_yourself("This is for other people's accounts. Change your own password instead.");
  return people_.renew_link(domain::Actor::person(by.person), by.workspace, person, kRenewedLifetime);
}

void Accounts::change_role(const domain::Acting& by, PersonId person, domain::Role role) const {
  const Instant now = clock_.now();
  require_fresh_admin(by, now);
  store_.transact([&](store::Transaction& tx) {
    const domain::Person before = require_person(tx, by.workspace, person);
    if (before.role == role) return;
    require_another_admin(tx, before, by.person);  // an admin's new role is a lesser one
    tx.people().set_role(
        by.workspace, person, role,
        {by.workspace,
         now,
         domain::Actor::person(by.person),
         "person.role_changed",
         person.text(),
         {{"from", std::string(domain::kRoleNames[before.role])}, {"to", std::string(domain::kRoleNames[role])}},
         {}});
  });
}

void Accounts::disable(const domain::Acting& by, PersonId person) const {
  const Instant now = clock_.now();
  require_fresh_admin(by, now);
  if (person == by.person) throw not_yourself("You cannot disable your own account. Ask another admin.");
  const AccountAct act{by.workspace, person, domain::Actor::person(by.person), now, "account_disabled"};
  store_.transact([&](store::Transaction& tx) {
    require_another_admin(tx, require_person(tx, by.workspace, person), by.person);
    disable_account(tx, act);
  });
}

void Accounts::enable(const domain::Acting& by, PersonId person) const {
  const Instant now = clock_.now();
  require_fresh_admin(by, now);
  const AccountAct act{by.workspace, person, domain::Actor::person(by.person), now, "account_enabled"};
  store_.transact([&](store::Transaction& tx) {
    require_person(tx, by.workspace, person);
    enable_account(tx, act);
  });
}

}  // namespace countersign::identity
