#include "handoff/rules.h"

namespace countersign::handoff {
namespace {

constexpr std::string_view reason_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNotYours:
      return "not_yours";
    case Refusal::kSentToAdmins:
      return "sent_to_admins";
    case Refusal::kClaimed:
      return "claimed_by_another_admin";
  }
  return "not_yours";
}

// What became of it, in words for the person or the agent that came too late.
constexpr std::string_view outcome_of(domain::HandoffState state) {
  switch (state) {
    case domain::kPending:
      return "It has not been opened yet.";
    case domain::kOpened:
      return "It is open in another tab.";
    case domain::kCompleting:
      return "It is being completed right now.";
    case domain::kCompleted:
      return "It was completed already.";
    case domain::kFailed:
      return "It failed.";
    case domain::kDeclined:
      return "It was declined.";
    case domain::kCancelled:
      return "The agent cancelled it.";
    case domain::kExpired:
      return "Nobody answered in time. That is not a denial; the agent can ask again.";
    case domain::kLocked:
      return "It is locked after too many wrong codes.";
  }
  return "";
}

}  // namespace

std::optional<Refusal> refusal_of(const domain::Handoff& handoff, const Opener& opener) {
  // A login is anybody's until somebody continues, and that person's from then on.
  if (handoff.kind == domain::HandoffKind::kLogin && !handoff.subject.valid()) return std::nullopt;
  if (handoff.owner.kind == domain::OwnerKind::kUser) {
    if (handoff.subject == opener.person && opener.person.valid()) return std::nullopt;
    return Refusal::kNotYours;
  }
  // Also for one who claimed it and is no admin any more.
  if (opener.role != domain::Role::kAdmin) return Refusal::kSentToAdmins;
  if (!handoff.subject.valid() || handoff.subject == opener.person) return std::nullopt;
  return Refusal::kClaimed;
}

Error refused(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNotYours:
      return Error(ErrorCode::kPermissionDenied, reason_of(refusal), "This link was made for someone else.");
    case Refusal::kSentToAdmins:
      return Error(ErrorCode::kPermissionDenied, reason_of(refusal), "This request was sent to your admins.");
    case Refusal::kClaimed:
      return Error(ErrorCode::kPermissionDenied, reason_of(refusal), "Another admin has taken this request.");
  }
  return Error(ErrorCode::kPermissionDenied, "not_yours", "This link was made for someone else.");
}

void RefusalRecord::note(store::Store& store, const domain::Handoff& handoff, const Opener& opener, Refusal refusal,
                         Instant now) {
  {
    const std::lock_guard lock(mutex_);
    if (noted_.size() >= kMost) {
      noted_.clear();
      strangers_at_.clear();
    }
    // Colleagues who follow a link meant for the admins are no strangers.
    if (refusal == Refusal::kNotYours) strangers_at_.insert(handoff.id);
    if (!noted_.emplace(handoff.id, opener.person).second) return;
  }
  auto event = event_for(handoff, domain::Actor::person(opener.person), "handoff.refused", now);
  event.facts.emplace_back("reason", reason_of(refusal));
  store.transact([&](store::Transaction& tx) { tx.audit().record(event); });
}

bool RefusalRecord::knows_of_a_stranger(HandoffId handoff) const {
  const std::lock_guard lock(mutex_);
  return strangers_at_.contains(handoff);
}

Error no_such_handoff() { return Error(ErrorCode::kNotFound, "unknown_handoff", "There is no such handoff."); }

Error state_conflict(domain::HandoffState state) {
  std::string reason = "handoff_";
  reason += domain::kHandoffStateNames[state];
  return Error(ErrorCode::kConflict, reason,
               "This handoff can no longer be changed. " + std::string(outcome_of(state)));
}

domain::AuditEvent event_for(const domain::Handoff& handoff, const domain::Actor& actor, std::string_view action,
                             Instant now) {
  domain::AuditEvent event;
  event.workspace = handoff.workspace;
  event.at = now;
  event.actor = actor;
  event.action = action;
  event.object = handoff.id.text();
  return event;
}

void step(store::Transaction& tx, const domain::Handoff& handoff, domain::HandoffState from, domain::HandoffState to,
          const store::HandoffStep& change, const domain::AuditEvent& event) {
  if (tx.handoffs().advance(handoff.workspace, handoff.id, from, to, change, event)) return;
  const auto current = tx.handoffs().find(handoff.workspace, handoff.id);
  if (!current) throw no_such_handoff();
  throw state_conflict(state_at(*current, change.now));
}

void end_open(store::Store& store, const domain::Handoff& handoff, domain::HandoffState to,
              const store::HandoffStep& change, const domain::AuditEvent& event) {
  store.transact([&](store::Transaction& tx) {
    const auto current = tx.handoffs().find(handoff.workspace, handoff.id);
    if (!current) throw no_such_handoff();
    const auto state = state_at(*current, change.now);
    if (!domain::is_open(state)) throw state_conflict(state);
    step(tx, handoff, state, to, change, event);
  });
}

void claim(store::Transaction& tx, const domain::Handoff& handoff, const Opener& opener, Instant now) {
  const auto actor = domain::Actor::person(opener.person);
  if (handoff.state == domain::kPending) {
    step(tx, handoff, domain::kPending, domain::kOpened, {.subject = opener.person, .now = now},
         event_for(handoff, actor, "handoff.opened", now));
  }
  step(tx, handoff, domain::kOpened, domain::kCompleting, {.now = now},
       event_for(handoff, actor, "handoff.claimed", now));
}

void settle(store::Transaction& tx, const domain::Handoff& handoff, const Opener& opener, ConnectionId connection,
            Instant now) {
  auto event = event_for(handoff, domain::Actor::person(opener.person), "handoff.completed", now);
  event.facts.emplace_back("connection", connection.text());
  step(tx, handoff, domain::kCompleting, domain::kCompleted, {.connection = connection, .now = now}, event);
}

}  // namespace countersign::handoff
