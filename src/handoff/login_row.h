// What the three files of Logins share: a handoff with its login, and the few questions asked of the pair. Used by
// this folder only. Pure but for the functions that take a transaction.
#pragma once

#include <string_view>

#include "handoff/codes.h"
#include "handoff/links.h"
#include "handoff/login.h"
#include "handoff/login_limits.h"
#include "handoff/rules.h"

namespace countersign::handoff {

struct Logins::Row {
  domain::Handoff handoff;
  domain::Login login;
};

inline bool is_allowed(const domain::Login& login) { return login.allowed_at != Instant(); }

// The same words for "does not exist", "forged" and "forgotten".
Error no_such_session();

// How somebody fared who showed a code. Compared where it is counted, inside the transaction: of a hundred guesses
// at once five are looked at.
enum class Tried { kRight, kWrong, kLocked };
// Counts a wrong code; the fifth locks the handoff. `event` has the actor and the time.
Tried count_wrong(store::Transaction& tx, const domain::Handoff& handoff, domain::HandoffState from,
                  domain::AuditEvent event);
// Throws unless it was right; `reason` and `what` name the code.
void require_right(Tried tried, std::string_view reason, std::string_view what);

// opened ▸ completing ▸ completed.
void complete(store::Transaction& tx, const domain::Handoff& handoff, const domain::Actor& actor, Instant now);

}  // namespace countersign::handoff
