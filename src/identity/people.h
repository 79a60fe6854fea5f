// The accounts themselves: add, set a password, hand out one-use sign-in links. Thread-safe; remembers nothing
// but who has just failed to say a present password.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id_source.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/key_ring.h"
#include "domain/acting.h"
#include "domain/people.h"
#include "identity/password_worker.h"
#include "identity/slow_down.h"
#include "store/store.h"

namespace countersign::identity {

struct NewPerson {
  WorkspaceId workspace;
  std::string login;
  std::string display_name;
  domain::Role role = domain::Role::kMember;
};

struct Invited {
  domain::Person person;
  Secret link;  // the token of the one-use link, shown once
};

class People {
 public:
  People(store::Store& store, const crypto::KeyRing& keys, PasswordWorker& passwords, const Clock& clock,
         Random& random, IdSource& ids);

  // Throws kInvalidArgument `bad_login` or `bad_name`, kConflict `login_taken`. An empty name is the login.
  domain::Person add(const domain::Actor& by, const NewPerson& person) const;
  // The same, and a link for the new person, in one transaction.
  Invited invite(const domain::Actor& by, const NewPerson& person, std::chrono::seconds lifetime) const;
  // Somebody's, from the command line: ends all sessions and makes unused links void. Throws kInvalidArgument
  // `weak_password` with what is wrong (password_rules.h), kNotFound `unknown_person`.
  void set_password(const domain::Actor& by, WorkspaceId workspace, PersonId person, Secret password) const;
  // The token of a one-use link, good for `lifetime`; shown once.
  Secret make_link(const domain::Actor& by, WorkspaceId workspace, PersonId person, std::chrono::seconds lifetime,
                   domain::LinkPurpose purpose = domain::LinkPurpose::kSignIn) const;
  // One's own: asks for the present password when there is one (a fresh proof of identity otherwise), ends the
  // other sessions, makes unused links void. Throws kPermissionDenied `wrong_password`, kInvalidArgument
  // `weak_password`, kRateLimited with the wait, kConflict `password_changed` when somebody was faster,
  // kUnauthenticated `sign_in_needed` when `keep` has ended meanwhile.
  void change_password(const domain::Acting& acting, SessionId keep, Secret present, Secret wanted) const;
  // For an account that is lost or in the wrong hands, from the command line: the password goes, all sessions
  // end, earlier links are void, a disabled account is enabled; the token of a new link.
  Secret recover(const domain::Actor& by, WorkspaceId workspace, PersonId person, std::chrono::seconds lifetime) const;
  // The admin's way to the same, for an account that is not disabled: a recovery, or a new invitation for who
  // never had a password. Throws kConflict `person_disabled`.
  Secret renew_link(const domain::Actor& by, WorkspaceId workspace, PersonId person,
                    std::chrono::seconds lifetime) const;
  void rename(const domain::Acting& acting, std::string_view display_name) const;
  domain::Person get(WorkspaceId workspace, PersonId person) const;
  std::vector<domain::Person> list(WorkspaceId workspace) const;

 private:
  struct PreparedLink;
  PreparedLink prepare_link(const domain::Actor& by, WorkspaceId workspace, PersonId person,
                            std::chrono::seconds lifetime, domain::LinkPurpose purpose) const;
  domain::Person prepare_person(const NewPerson& person) const;
  void require_present(const domain::Person& person, const Secret& present) const;

  store::Store& store_;
  const crypto::KeyRing& keys_;
  PasswordWorker& passwords_;
  const Clock& clock_;
  Random& random_;
  IdSource& ids_;
  mutable SlowDown wrong_presents_;  // by person
};

}  // namespace countersign::identity
