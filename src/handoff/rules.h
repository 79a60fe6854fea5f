// What every kind of handoff shares: who may act on one, the words for a refusal, one step of the machine
// inside a transaction. Used by this folder, and by oauth for the kinds that are its own. Pure but for step() and
// record_refusal().
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>

#include "base/error.h"
#include "domain/audit.h"
#include "handoff/handoffs.h"
#include "store/store.h"

namespace countersign::handoff {

// DESIGN section 8, rule 2. Nothing: the opener is the expected subject.
std::optional<Refusal> refusal_of(const domain::Handoff& handoff, const Opener& opener);
Error refused(Refusal refusal);
// The owner and the auditor learn that somebody else stood at the door (abuse case 1): once for each person
// and handoff, however often they knock, so that a link somebody holds cannot fill the audit record. Bounded;
// forgets everything when full. Thread-safe.
class RefusalRecord {
 public:
  void note(store::Store& store, const domain::Handoff& handoff, const Opener& opener, Refusal refusal, Instant now);
  // Somebody it was not made for has stood at its door, since this program runs: for the owner's page.
  bool knows_of_a_stranger(HandoffId handoff) const;

 private:
  static constexpr std::size_t kMost = 10'000;
  mutable std::mutex mutex_;
  std::set<std::pair<HandoffId, PersonId>> noted_;
  std::set<HandoffId> strangers_at_;
};

// The same words for "does not exist" and "not yours".
Error no_such_handoff();
// `handoff_completed`, `handoff_expired`, …: what happened instead, and what to do.
Error state_conflict(domain::HandoffState state);

domain::AuditEvent event_for(const domain::Handoff& handoff, const domain::Actor& actor, std::string_view action,
                             Instant now);

// One edge; throws state_conflict with the state that won when somebody else was faster.
void step(store::Transaction& tx, const domain::Handoff& handoff, domain::HandoffState from, domain::HandoffState to,
          const store::HandoffStep& change, const domain::AuditEvent& event);
// pending or opened ▸ `to`, from whichever it is in when the transaction runs.
void end_open(store::Store& store, const domain::Handoff& handoff, domain::HandoffState to,
              const store::HandoffStep& change, const domain::AuditEvent& event);
// open ▸ opened ▸ completing: the claim of a kind that settles in the same transaction.
void claim(store::Transaction& tx, const domain::Handoff& handoff, const Opener& opener, Instant now);
void settle(store::Transaction& tx, const domain::Handoff& handoff, const Opener& opener, ConnectionId connection,
            Instant now);

}  // namespace countersign::handoff
