// The kind `confirm`: a person says yes to one change that an agent may not make by itself (DESIGN 8.12).
#include "base/encoding.h"
#include "handoff/removal.h"
#include "handoff/rules.h"

namespace countersign::handoff {

Minted Handoffs::mint_removal(const Asker& asker, ConnectionId id) const {
  const auto connection =
      store_.read([&](const store::Snapshot& now) { return now.connections().find(asker.workspace, id); });
  if (!connection || connection->state == domain::ConnectionState::kRevoked ||
      !may_see(connection->owner, asker.owner)) {
    throw no_such_connection();
  }
  domain::Handoff handoff;
  handoff.kind = domain::HandoffKind::kConfirm;
  handoff.action = domain::ConfirmAction::kRemoveConnection;
  handoff.owner = connection->owner;
  handoff.subject = connection->owner.person;
  handoff.integration = connection->integration;
  handoff.connection = connection->id;
  return insert(std::move(handoff), asker, "");
}

void Handoffs::confirm(const Opener& opener, std::string_view link_token) const {
  const domain::Handoff handoff = find_mine(opener, link_token);
  const Instant now = clock_.now();
  if (const auto state = state_at(handoff, now); !domain::is_open(state)) throw state_conflict(state);
  if (handoff.kind != domain::HandoffKind::kConfirm) throw no_such_handoff();
  store_.transact([&](store::Transaction& tx) {
    claim(tx, handoff, opener, now);
    // Gone already is what was asked for: the handoff completes all the same.
    tx.connections().revoke(handoff.workspace, handoff.connection, now,
                            removal_event(handoff.workspace, handoff.connection, opener.person, now));
    settle(tx, handoff, opener, handoff.connection, now);
  });
}

}  // namespace countersign::handoff
