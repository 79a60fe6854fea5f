// Accounts and their links. What has to do with passwords is in passwords.cc.
#include "identity/people.h"

#include <utility>

#include "base/error.h"
#include "crypto/token.h"
#include "identity/account_steps.h"
#include "identity/login_name.h"
#include "identity/names.h"
#include "identity/prepared_link.h"
#include "identity/throttle.h"

namespace countersign::identity {
namespace {

constexpr std::string_view kLinkKind = "signin";
constexpr std::chrono::hours kLongestLink{24 * 7};

std::string checked_login(std::string_view typed) {
  auto login = login_name(typed);
  if (!login) {
    throw Error(ErrorCode::kInvalidArgument, "bad_login",
                "A user name has 1 to 64 characters: letters a to z, digits and . _ @ + -");
  }
  return *std::move(login);
}

domain::AuditEvent created(const domain::Actor& by, const domain::Person& person) {
  return {person.workspace, person.created_at, by,
          "person.created", person.id.text(),  {{"role", std::string(domain::kRoleNames[person.role])}},
          person.login};
}

}  // namespace

People::People(store::Store& store, const crypto::KeyRing& keys, PasswordWorker& passwords, const Clock& clock,
               Random& random, IdSource& ids)
    : store_(store),
      keys_(keys),
      passwords_(passwords),
      clock_(clock),
      random_(random),
      ids_(ids),
      wrong_presents_(kPerLogin) {}

domain::Person People::prepare_person(const NewPerson& person) const {
  domain::Person added;
  added.id = ids_.next<PersonId>();
  added.workspace = person.workspace;
  added.login = checked_login(person.login);
  added.display_name = person.display_name.empty() ? added.login : checked_name(person.display_name);
  added.role = person.role;
  added.created_at = clock_.now();
  return added;
}

domain::Person People::add(const domain::Actor& by, const NewPerson& person) const {
  domain::Person added = prepare_person(person);
  store_.transact([&](store::Transaction& tx) { tx.people().insert(added, created(by, added)); });
  return added;
}

Invited People::invite(const domain::Actor& by, const NewPerson& person, std::chrono::seconds lifetime) const {
  domain::Person added = prepare_person(person);
  PreparedLink prepared = prepare_link(by, added.workspace, added.id, lifetime, domain::LinkPurpose::kInvitation);
  store_.transact([&](store::Transaction& tx) {
    tx.people().insert(added, created(by, added));
    tx.sessions().insert_link(prepared.link, prepared.event);
  });
  return {std::move(added), std::move(prepared.token)};
}

People::PreparedLink People::prepare_link(const domain::Actor& by, WorkspaceId workspace, PersonId person,
                                          std::chrono::seconds lifetime, domain::LinkPurpose purpose) const {
  if (lifetime <= lifetime.zero() || lifetime > kLongestLink) {
    throw Error(ErrorCode::kInvalidArgument, "bad_lifetime", "A sign-in link lives for at most seven days.");
  }
  const Instant now = clock_.now();
  domain::SignInLink link;
  link.id = ids_.next<SignInLinkId>();
  link.workspace = workspace;
  link.person = person;
  link.created_at = now;
  link.expires_at = now + lifetime;
  link.purpose = purpose;
  auto token = crypto::issue_token(kLinkKind, link.id.value(), keys_.key(crypto::KeyPurpose::kToken), random_);
  link.token_hash = std::move(token.hash);
  domain::AuditEvent event{workspace,
                           now,
                           by,
                           "sign_in_link.created",
                           link.id.text(),
                           {{"person", person.text()},
                            {"lifetime", std::to_string(lifetime.count())},
                            {"purpose", std::string(domain::kLinkPurposeNames[purpose])}},
                           {}};
  return {std::move(link), std::move(event), std::move(token.text)};
}

Secret People::make_link(const domain::Actor& by, WorkspaceId workspace, PersonId person, std::chrono::seconds lifetime,
                         domain::LinkPurpose purpose) const {
  PreparedLink prepared = prepare_link(by, workspace, person, lifetime, purpose);
  store_.transact([&](store::Transaction& tx) {
    require_person(tx, workspace, person);
    tx.sessions().insert_link(prepared.link, prepared.event);
  });
  return std::move(prepared.token);
}

void People::rename(const domain::Acting& acting, std::string_view display_name) const {
  const std::string name = checked_name(display_name);
  const domain::AuditEvent event{acting.workspace,
                                 clock_.now(),
                                 domain::Actor::person(acting.person),
                                 "person.renamed",
                                 acting.person.text(),
                                 {},
                                 name};
  store_.transact([&](store::Transaction& tx) {
    if (require_person(tx, acting.workspace, acting.person).display_name == name) return;
    tx.people().set_name(acting.workspace, acting.person, name, event);
  });
}

domain::Person People::get(WorkspaceId workspace, PersonId person) const {
  auto found = store_.read([&](const store::Snapshot& at) { return at.people().find(workspace, person); });
  if (!found) throw unknown_person();
  return *std::move(found);
}

std::vector<domain::Person> People::list(WorkspaceId workspace) const {
  return store_.read([&](const store::Snapshot& at) { return at.people().list(workspace); });
}

}  // namespace countersign::identity
