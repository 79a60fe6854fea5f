#include "handoff/login_row.h"

namespace countersign::handoff {

Error no_such_session() {
  return Error(ErrorCode::kNotFound, "unknown_auth_session", "There is no such auth session.")
      .recovery("create_auth_session");
}

Tried count_wrong(store::Transaction& tx, const domain::Handoff& handoff, domain::HandoffState from,
                  domain::AuditEvent event) {
  event.action = "handoff.code_refused";
  if (tx.logins().count_wrong_code(handoff.id, event) < domain::kMostWrongCodes) return Tried::kWrong;
  event.action = "handoff.locked";
  step(tx, handoff, from, domain::kLocked, {.now = event.at}, event);
  return Tried::kLocked;
}

void require_right(Tried tried, std::string_view reason, std::string_view what) {
  if (tried == Tried::kRight) return;
  const std::string wrong = "That is not the " + std::string(what) + ". ";
  throw Error(ErrorCode::kPermissionDenied, reason,
              wrong + (tried == Tried::kLocked ? "It was the fifth wrong one: this request is locked now. The agent "
                                                 "can ask again."
                                               : "Compare it letter by letter and try again."));
}

void complete(store::Transaction& tx, const domain::Handoff& handoff, const domain::Actor& actor, Instant now) {
  step(tx, handoff, domain::kOpened, domain::kCompleting, {.now = now},
       event_for(handoff, actor, "handoff.claimed", now));
  step(tx, handoff, domain::kCompleting, domain::kCompleted, {.now = now},
       event_for(handoff, actor, "handoff.completed", now));
}

}  // namespace countersign::handoff
