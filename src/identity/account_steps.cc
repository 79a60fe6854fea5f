#include "identity/account_steps.h"

#include <algorithm>

namespace countersign::identity {
namespace {

// One for each agent; the store sets the object.
domain::AuditEvent agent_event(const AccountAct& act, std::string_view action) {
  return {act.workspace,
          act.at,
          act.by,
          action,
          {},
          {{"reason", std::string(act.reason)}, {"owner", act.person.text()}},
          {}};
}

}  // namespace

Error unknown_person() { return {ErrorCode::kNotFound, "unknown_person", "There is no such person."}; }

domain::Person require_person(store::Transaction& tx, WorkspaceId workspace, PersonId person) {
  auto found = tx.people().find(workspace, person);
  if (!found) throw unknown_person();
  return *std::move(found);
}

domain::AuditEvent event_of(const AccountAct& act, std::string_view action) {
  return {act.workspace, act.at, act.by, action, act.person.text(), {{"reason", std::string(act.reason)}}, {}};
}

std::size_t end_sessions(store::Transaction& tx, const AccountAct& act, SessionId except) {
  const auto open = tx.sessions().list_of(act.workspace, act.person);
  const auto ending =
      std::count_if(open.begin(), open.end(), [&](const auto& session) { return session.id != except; });
  domain::AuditEvent event = event_of(act, "session.ended");
  event.facts.emplace_back("sessions", std::to_string(ending));
  return tx.sessions().end_all_of(act.workspace, act.person, except, act.at, event);
}

void void_links(store::Transaction& tx, const AccountAct& act) {
  tx.sessions().void_links_of(act.workspace, act.person, act.at, event_of(act, "sign_in_link.voided"));
}

void disable_account(store::Transaction& tx, const AccountAct& act) {
  if (!tx.people().set_disabled(act.workspace, act.person, true, event_of(act, "person.disabled"))) return;
  end_sessions(tx, act);
  void_links(tx, act);
  tx.agents().set_orphaned(act.workspace, act.person, act.at, agent_event(act, "agent.orphaned"));
}

void enable_account(store::Transaction& tx, const AccountAct& act) {
  if (!tx.people().set_disabled(act.workspace, act.person, false, event_of(act, "person.enabled"))) return;
  tx.agents().set_orphaned(act.workspace, act.person, Instant{}, agent_event(act, "agent.owner_back"));
}

void start_anew(store::Transaction& tx, const AccountAct& act) {
  if (!require_person(tx, act.workspace, act.person).password_hash.empty()) {
    tx.people().set_password(act.workspace, act.person, "", event_of(act, "person.password_removed"));
  }
  end_sessions(tx, act);
  void_links(tx, act);
}

}  // namespace countersign::identity
