// The proof again, by somebody who is signed in: what a sensitive act asks for (domain/acting.h).
#include "base/error.h"
#include "identity/sign_in.h"
#include "identity/throttle.h"

namespace countersign::identity {

// Under the sign-in's own throttle: a stolen session opens no second door to the password.
void SignIn::verify_again(const Presence& presence, Secret password, std::string_view address) {
  const domain::Person& person = presence.person;
  const Throttle::Keys slots = throttle_->keys_of(person.workspace, person.login, address);
  throttle_->begin(slots, clock_.steady_now());
  bool right = false;
  try {
    right = passwords_.verify(person.password_hash, password);
  } catch (const Error&) {
    throttle_->never_looked_at(slots);  // a full queue is no guess
    throw;
  }
  if (!right) {
    record_failure(
        {person.workspace, {}, domain::Actor::person(person.id), "step_up.failed", presence.session.id.text(), {}, {}},
        person.login, address);
    throw wrong_password();
  }
  throttle_->succeeded(slots);
  note_proof(presence, "password");
}

void SignIn::note_proof(const Presence& presence, std::string_view how) {
  const Instant now = clock_.now();
  const domain::AuditEvent event{presence.session.workspace,
                                 now,
                                 domain::Actor::person(presence.person.id),
                                 "session.verified",
                                 presence.session.id.text(),
                                 {{"how", std::string(how)}},
                                 {}};
  const bool alive = store_.transact(
      [&](store::Transaction& tx) { return tx.sessions().set_verified(presence.session.id, now, event); });
  if (!alive) throw Error(ErrorCode::kUnauthenticated, "sign_in_needed", "Your session has ended. Sign in again.");
}

}  // namespace countersign::identity
