// What admins do with other people's accounts. Stateless, thread-safe.
//
// Every method demands an admin whose proof of identity is fresh (domain/acting.h), and leaves the workspace at
// least one admin who is not disabled and can sign in again (`last_admin`): who was invited and has not come yet does
// not count. It takes effect at once: sessions end, tokens stop.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id_source.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/key_ring.h"
#include "domain/acting.h"
#include "domain/people.h"
#include "identity/people.h"
#include "store/store.h"

namespace countersign::identity {

class Accounts {
 public:
  Accounts(store::Store& store, const People& people, const Clock& clock);

  // Throws as People::add; the link is good for three days.
  Invited invite(const domain::Acting& by, NewPerson person) const;
  // For somebody who cannot sign in, or whose account may be in the wrong hands: the password goes (the page after
  // the link asks for a new one), sessions end, earlier links are void. The new link is good for a day. Throws
  // kConflict `person_disabled` or `not_yourself`.
  Secret renew_link(const domain::Acting& by, PersonId person) const;
  // Also one's own. Throws kConflict `last_admin`.
  void change_role(const domain::Acting& by, PersonId person, domain::Role role) const;
  // Ends sessions, makes links void, refuses the person's agents until enable(); what waits for the person stays
  // as it is, since nobody else can open it. Throws kConflict `last_admin` or `not_yourself`.
  void disable(const domain::Acting& by, PersonId person) const;
  void enable(const domain::Acting& by, PersonId person) const;

 private:
  store::Store& store_;
  const People& people_;
  const Clock& clock_;
};

}  // namespace countersign::identity
