// What comes after: taking a connection back again, and flows whose redeemer died.
#include "handoff/removal.h"
#include "handoff/rules.h"
#include "oauth/connect_parts.h"

namespace countersign::oauth {
namespace {

constexpr std::size_t kMostRecovered = 100;  // at once

}  // namespace

void Connect::undo(const handoff::Opener& opener, std::string_view link_token) const {
  const auto handoff = parts_.handoffs.find_for(opener, link_token);
  if (handoff.kind != domain::HandoffKind::kOAuth) throw handoff::no_such_handoff();
  const Instant now = parts_.clock.now();
  if (handoff.state != domain::kCompleted) throw handoff::state_conflict(state_at(handoff, now));
  // Removed already is what was asked for.
  parts_.store.transact([&](store::Transaction& tx) {
    handoff::remove_connection(tx, handoff.workspace, handoff.connection, opener.person, now);
  });
}

void Connect::recover() const {
  const Instant now = parts_.clock.now();
  const auto flows = parts_.store.read(
      [&](const store::Snapshot& snapshot) { return snapshot.oauth_flows().left_behind(now, kMostRecovered); });
  for (const domain::OAuthFlow& flow : flows) {
    parts_.store.transact([&](store::Transaction& tx) {
      const auto handoff = tx.handoffs().find(flow.workspace, flow.handoff);
      // Somebody settled it after all, or another node has put it back.
      if (!handoff || handoff->state != domain::kCompleting) return;
      settle(tx, *handoff, domain::kOpened, "left_behind", {}, now);
    });
  }
}

}  // namespace countersign::oauth
