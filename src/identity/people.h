// The accounts themselves: add, set a password, hand out one-use sign-in links. Stateless, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id_source.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/key_ring.h"
#include "domain/people.h"
#include "identity/password_worker.h"
#include "store/store.h"

namespace countersign::identity {

struct NewPerson {
  WorkspaceId workspace;
  std::string login;
  std::string display_name;
  domain::Role role = domain::Role::kMember;
};

class People {
 public:
  People(store::Store& store, const crypto::KeyRing& keys, PasswordWorker& passwords, const Clock& clock,
         Random& random, IdSource& ids);

  // Throws kInvalidArgument `bad_login` or `bad_name`, kConflict `login_taken`. An empty name is the login.
  domain::Person add(const domain::Actor& by, const NewPerson& person) const;
  // Throws kInvalidArgument `weak_password` with what is wrong (password_rules.h), kNotFound `unknown_person`.
  void set_password(const domain::Actor& by, WorkspaceId workspace, PersonId person, Secret password) const;
  // The token of a one-use link, good for `lifetime`; shown once.
  Secret make_link(const domain::Actor& by, WorkspaceId workspace, PersonId person,
                   std::chrono::seconds lifetime) const;
  domain::Person get(WorkspaceId workspace, PersonId person) const;
  std::vector<domain::Person> list(WorkspaceId workspace) const;

 private:
  store::Store& store_;
  const crypto::KeyRing& keys_;
  PasswordWorker& passwords_;
  const Clock& clock_;
  Random& random_;
  IdSource& ids_;
};

}  // namespace countersign::identity
