#include "identity/people.h"

#include <utility>

#include "base/error.h"
#include "crypto/token.h"
#include "identity/login_name.h"
#include "identity/names.h"
#include "identity/password_rules.h"

namespace countersign::identity {
namespace {

constexpr std::string_view kLinkKind = "signin";
constexpr std::chrono::hours kLongestLink{24 * 7};

Error unknown_person() { return {ErrorCode::kNotFound, "unknown_person", "There is no such person."}; }

std::string checked_login(std::string_view typed) {
  auto login = login_name(typed);
  if (!login) {
    throw Error(ErrorCode::kInvalidArgument, "bad_login",
                "A login has 1 to 64 characters: letters a to z, digits and . _ @ + -");
  }
  return *std::move(login);
}

}  // namespace

People::People(store::Store& store, const crypto::KeyRing& keys, PasswordWorker& passwords, const Clock& clock,
               Random& random, IdSource& ids)
    : store_(store), keys_(keys), passwords_(passwords), clock_(clock), random_(random), ids_(ids) {}

domain::Person People::add(const domain::Actor& by, const NewPerson& person) const {
  domain::Person added;
  added.id = ids_.next<PersonId>();
  added.workspace = person.workspace;
  added.login = checked_login(person.login);
  added.display_name = person.display_name.empty() ? added.login : checked_name(person.display_name);
  added.role = person.role;
  added.created_at = clock_.now();
  const domain::AuditEvent event{
      added.workspace,  added.created_at, by,
      "person.created", added.id.text(),  {{"role", std::string(domain::kRoleNames[added.role])}},
      added.login};
  store_.transact([&](store::Transaction& tx) { tx.people().insert(added, event); });
  return added;
}

void People::set_password(const domain::Actor& by, WorkspaceId workspace, PersonId person, Secret password) const {
  const std::string login = get(workspace, person).login;
  if (std::string problem = password_weakness(password, login); !problem.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "weak_password", std::move(problem));
  }
  const std::string hash = passwords_.hash(password);
  const domain::AuditEvent event{workspace, clock_.now(), by, "person.password_set", person.text(), {}, {}};
  const bool stored =
      store_.transact([&](store::Transaction& tx) { return tx.people().set_password(workspace, person, hash, event); });
  if (!stored) throw unknown_person();
}

Secret People::make_link(const domain::Actor& by, WorkspaceId workspace, PersonId person,
                         std::chrono::seconds lifetime) const {
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
  auto token = crypto::issue_token(kLinkKind, link.id.value(), keys_.key(crypto::KeyPurpose::kToken), random_);
  link.token_hash = std::move(token.hash);
  const domain::AuditEvent event{workspace,
                                 now,
                                 by,
                                 "sign_in_link.created",
                                 link.id.text(),
                                 {{"person", person.text()}, {"lifetime", std::to_string(lifetime.count())}},
                                 {}};
  store_.transact([&](store::Transaction& tx) {
    if (!tx.people().find(workspace, person)) throw unknown_person();
    tx.sessions().insert_link(link, event);
  });
  return std::move(token.text);
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
