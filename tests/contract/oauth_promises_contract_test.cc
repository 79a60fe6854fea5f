// No change without its event, for every port that OAuth adds: where no event can be written, nothing is changed.
#include "engine.h"

namespace countersign::contract {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::ConnectionState;

class OAuthPromises : public StoreContract {
 protected:
  void SetUp() override {
    change([](store::Transaction& tx) {
      const auto event = event_in(kWorkspace);
      tx.oauth_clients().insert(oauth_client(101), client_secrets(), event);
      domain::Handoff h = oauth_handoff(1);
      h.state = domain::kOpened;
      tx.handoffs().insert(h, event);
      tx.oauth_flows().insert(oauth_flow(1));
      for (const std::int64_t id : {41, 42, 43, 44}) {
        domain::Connection c = connection(id, "c" + std::to_string(id));
        if (id == 42) c.state = ConnectionState::kRefreshing;
        tx.connections().insert(c, sealed_tokens(), event);
        domain::OAuthAccount a = oauth_account(id);
        a.fence = 1;
        tx.oauth_accounts().insert(a);
      }
      tx.connections().revoke_later(kWorkspace, ConnectionId(43), kNow, event);
      tx.revocations().insert(revocation(43));
    });
  }
};

TEST_P(OAuthPromises, NoChangeWithoutItsEvent) {
  const auto events_before = events();
  engine().refuse_events();
  using Change = std::function<void(store::Transaction&)>;
  const domain::AuditEvent event = event_in(kWorkspace);
  const ConnectionId active(41);
  const ConnectionId refreshing(42);
  const ConnectionId revoked(43);
  domain::OAuthAccount again = oauth_account(41);
  again.version = 2;
  const std::vector<Change> changes = {
      [&](auto& tx) { tx.oauth_clients().insert(oauth_client(102, "b"), client_secrets(), event); },
      [&](auto& tx) { tx.oauth_clients().update(oauth_client(101), {}, event); },
      [&](auto& tx) { tx.oauth_clients().remove(kWorkspace, OAuthClientId(101), kNow, event); },
      [&](auto& tx) {
        tx.oauth_clients().insert_proposal(client_proposal(2));
        tx.audit().record(event);
      },
      [&](auto& tx) {
        tx.oauth_flows().insert(oauth_flow(2));
        tx.audit().record(event);
      },
      [&](auto& tx) {
        tx.oauth_flows().depart(kWorkspace, HandoffId(1), {"s", "b", "v", {}, {}, kNow, after(900)}, event);
      },
      [&](auto& tx) {
        tx.oauth_flows().claim(kWorkspace, HandoffId(1), "", kNow, after(60));
        tx.audit().record(event);
      },
      [&](auto& tx) {
        tx.oauth_flows().settle(kWorkspace, HandoffId(1), "problem", "");
        tx.audit().record(event);
      },
      [&](auto& tx) { tx.oauth_accounts().claim(kWorkspace, active, kNow, after(60), event); },
      [&](auto& tx) {
        tx.oauth_accounts().rotate(connection(42), 1, 2, {{}, after(9), true, kNow}, sealed_tokens(2), event);
      },
      [&](auto& tx) {
        tx.oauth_accounts().put_off(kWorkspace, refreshing, 1, {"p", "", kNow}, event);
      },
      [&](auto& tx) {
        tx.oauth_accounts().reject(kWorkspace, refreshing, 1, {"p", "", kNow}, event);
      },
      [&](auto& tx) { tx.oauth_accounts().reconnect(connection(41), again, sealed_tokens(2), event); },
      [&](auto& tx) { tx.oauth_accounts().mark_unusable(kWorkspace, active, "p", event); },
      [&](auto& tx) { tx.revocations().put_off(kWorkspace, revoked, "p", after(9), event); },
      [&](auto& tx) { tx.revocations().settle(kWorkspace, revoked, true, "", kNow, event); },
      [&](auto& tx) { tx.connections().revoke_later(kWorkspace, active, kNow, event); },
      [&](auto& tx) { tx.connections().rename(kWorkspace, active, "another", event); },
      [&](auto& tx) { tx.connections().replace_source(connection(41), event); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_THROW(change(changes[i]), Error) << i;
    // Nor when the closure pretends that all is well.
    const Change swallowing = [&](store::Transaction& tx) {
      try {
        changes[i](tx);
      } catch (const Error&) {
      }
    };
    EXPECT_THROW(change(swallowing), Error) << i;
  }
  look([&](const store::Snapshot& s) {
    const auto client = s.oauth_clients().find(kWorkspace, OAuthClientId(101));
    EXPECT_FALSE(s.oauth_clients().find(kWorkspace, OAuthClientId(102)));
    EXPECT_EQ(client->removed_at, Instant());
    EXPECT_EQ(s.oauth_clients().sealed_fields(kWorkspace, client->id).size(), 2U);
    EXPECT_FALSE(s.oauth_clients().find_proposal(kWorkspace, HandoffId(2)));
    EXPECT_FALSE(s.oauth_flows().find(kWorkspace, HandoffId(2)));
    const auto flow = s.oauth_flows().find(kWorkspace, HandoffId(1));
    EXPECT_EQ(flow->state_hash + flow->problem, "");
    EXPECT_EQ(flow->claimed_until, Instant());
    EXPECT_EQ(s.handoffs().find(kWorkspace, HandoffId(1))->expires_at, after(600));
    for (const ConnectionId id : {active, refreshing, revoked}) {
      EXPECT_EQ(s.connections().sealed_fields(kWorkspace, id).size(), 2U);
      EXPECT_EQ(s.connections().sealed_fields(kWorkspace, id)[0].version, 1);
      EXPECT_EQ(s.oauth_accounts().find(kWorkspace, id)->problem, "");
      EXPECT_EQ(s.oauth_accounts().find(kWorkspace, id)->fence, id == revoked ? 2 : 1);
    }
    EXPECT_EQ(s.connections().find(kWorkspace, active)->state, ConnectionState::kActive);
    EXPECT_EQ(s.connections().find(kWorkspace, active)->name, "c41");
    EXPECT_EQ(s.connections().find(kWorkspace, refreshing)->state, ConnectionState::kRefreshing);
    EXPECT_EQ(s.revocations().find(kWorkspace, revoked)->settled_at, Instant());
    EXPECT_EQ(s.revocations().find(kWorkspace, revoked)->attempts, 0);
    return 0;
  });
  EXPECT_EQ(events(), events_before);
}

INSTANTIATE_TEST_SUITE_P(Engines, OAuthPromises, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
