// Browser sessions as their owner sees them: where one is signed in, and the way to end it. An admin may look
// at and end other people's. Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "domain/acting.h"
#include "domain/people.h"
#include "identity/sign_in.h"
#include "store/store.h"

namespace countersign::identity {

class Sessions {
 public:
  Sessions(store::Store& store, const Clock& clock, SessionLimits limits = {});

  // Alive ones, newest first. Somebody else's: admins only, kNotFound otherwise.
  std::vector<domain::BrowserSession> list(const domain::Acting& acting, PersonId of) const;
  // kNotFound `unknown_session` for one that is over, or not the caller's to end.
  void end(const domain::Acting& acting, SessionId session) const;
  // Everywhere but here (`except` none: here, too); how many. Somebody else's: a fresh admin.
  std::size_t end_all(const domain::Acting& acting, PersonId of, SessionId except) const;

 private:
  store::Store& store_;
  const Clock& clock_;
  SessionLimits limits_;
};

}  // namespace countersign::identity
