// What ends or replaces an account: another consent, another source, a revocation; and what a refresh under way finds.
#include <thread>

#include "oauth_accounts.h"

namespace countersign::contract {
namespace {

class OAuthReconnectContract : public OAuthAccountsContract {};

TEST_P(OAuthReconnectContract, AReconnectReplacesEverythingButTheIdAndTheName) {
  for (const ConnectionState from : kStates) {
    const auto id = 10 + static_cast<std::int64_t>(from);
    OAuthAccount troubled = oauth_account(id);
    troubled.failures = 2;
    troubled.problem = "invalid_grant";
    troubled.problem_words = "gone";
    troubled.next_try_at = after(90);
    troubled.fence = 5;
    insert(oauth_connection(id, from), troubled);
    const auto events_before = events();
    Connection with = reconnected(id);
    with.name = "another";
    EXPECT_EQ(reconnect(with, account_again(id, 2)), from != ConnectionState::kRevoked);
    if (from == ConnectionState::kRevoked) {
      expect_same(*find(id), troubled);
      EXPECT_EQ(tokens(id), both(1));
      EXPECT_EQ(events(), events_before);
      continue;
    }
    OAuthAccount expected = account_again(id, 2);
    expected.fence = 6;
    expect_same(*find(id), expected);
    EXPECT_EQ(tokens(id), both(2));
    const Connection c = connection_of(id);
    EXPECT_EQ(c.state, ConnectionState::kActive);
    EXPECT_EQ(c.name, "c" + std::to_string(id));
    EXPECT_EQ(c.auth_template, "oauth2");
    EXPECT_EQ(c.identity_label, "the same account");
    EXPECT_EQ(c.base_url, "https://eu.example.com/");
    EXPECT_EQ(c.plain_fields, (domain::Parameters{{"region", "eu"}}));
    EXPECT_EQ(c.secrets.at(0).fingerprint, "b2");
    EXPECT_EQ(c.created_at, kNow);
    EXPECT_EQ(c.updated_at, after(8));
    EXPECT_EQ(events(), events_before + 1);
  }
}

TEST_P(OAuthReconnectContract, AReconnectNeverCrossesOwnersOrIntegrations) {
  insert(1);
  const std::vector<std::function<void(Connection&)>> others = {
      [](Connection& c) { c.id = ConnectionId(77); },
      [](Connection& c) { c.workspace = kOtherWorkspace; },
      [](Connection& c) { c.owner = domain::Owner::org(); },
      [](Connection& c) { c.owner = domain::Owner::user(PersonId(32)); },
      [](Connection& c) { c.integration = "stripe"; },
  };
  for (std::size_t i = 0; i < others.size(); ++i) {
    Connection with = reconnected(1);
    others[i](with);
    EXPECT_FALSE(reconnect(with, account_again(1, 2))) << i;
  }
  expect_same(*find(1), oauth_account(1));
  EXPECT_EQ(tokens(1), both(1));
}

TEST_P(OAuthReconnectContract, ARotationThatWasFasterStopsAReconnect) {
  insert(1);
  ASSERT_EQ(claim(1), Fence(1));
  ASSERT_TRUE(rotate(1, 1, 2));
  EXPECT_FALSE(reconnect(1, 2)) << "made for the tokens of before";
  EXPECT_FALSE(reconnect(1, 4));
  EXPECT_EQ(find(1)->client, OAuthClientId(101));
  EXPECT_TRUE(reconnect(1, 3));
  EXPECT_EQ(tokens(1), both(3));
}

TEST_P(OAuthReconnectContract, AReconnectThatWasFasterOutdatesARefresh) {
  insert(1);
  ASSERT_EQ(claim(1), Fence(1));
  EXPECT_TRUE(reconnect(1, 2));
  EXPECT_FALSE(rotate(1, 1, 3));
  EXPECT_FALSE(put_off(1, 1));
  EXPECT_FALSE(reject(1, 1));
  ASSERT_EQ(claim(1), Fence(3)) << "the lease went with it";
  EXPECT_FALSE(rotate(1, 1, 3)) << "nor while another refreshes";
  EXPECT_EQ(tokens(1), both(2));
  EXPECT_TRUE(rotate(1, 3, 3));
}

TEST_P(OAuthReconnectContract, OfAReconnectAndARotationThatRaceOneWins) {
  for (std::int64_t id = 1; id <= 12; ++id) {
    insert(id);
    const Fence fence = claim(id);
    ASSERT_TRUE(fence);
    std::atomic<int> winners = 0;
    {
      const std::jthread one([&] { winners += rotate(id, *fence, 2); });
      const std::jthread other([&] { winners += reconnect(id, 2); });
    }
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(tokens(id), both(2));
    EXPECT_EQ(state(id), ConnectionState::kActive);
  }
}

TEST_P(OAuthReconnectContract, OnlyAnActiveOneIsMarkedUnusable) {
  for (const ConnectionState from : kStates) {
    const auto id = 10 + static_cast<std::int64_t>(from);
    insert(id, from);
    EXPECT_EQ(mark_unusable(id), from == ConnectionState::kActive);
    EXPECT_EQ(state(id), from == ConnectionState::kActive ? ConnectionState::kNeedsReauth : from);
    EXPECT_EQ(find(id)->problem, from == ConnectionState::kActive ? "unauthorized" : "");
  }
  insert(20);
  EXPECT_FALSE(mark_unusable(20, kOtherWorkspace));
  EXPECT_FALSE(mark_unusable(77));
  EXPECT_EQ(state(20), ConnectionState::kActive);
}

TEST_P(OAuthReconnectContract, ARevokedConnectionIsRefreshedByNobody) {
  using Revoke = bool (store::Connections::*)(WorkspaceId, ConnectionId, Instant, const domain::AuditEvent&);
  std::int64_t id = 0;
  for (const Revoke revoke : {Revoke{&store::Connections::revoke}, Revoke{&store::Connections::revoke_later}}) {
    insert(++id);
    ASSERT_EQ(claim(id), Fence(1));
    EXPECT_TRUE(change([&](store::Transaction& tx) {
      return (tx.connections().*revoke)(kWorkspace, ConnectionId(id), after(9), event_in(kWorkspace));
    }));
    const Tokens kept = tokens(id);
    EXPECT_FALSE(rotate(id, 1, 2));
    EXPECT_FALSE(put_off(id, 1));
    EXPECT_FALSE(reject(id, 1));
    EXPECT_FALSE(reconnect(id, 2));
    EXPECT_FALSE(mark_unusable(id));
    EXPECT_EQ(claim(id, after(900), after(960)), Fence());
    EXPECT_EQ(state(id), ConnectionState::kRevoked);
    EXPECT_EQ(tokens(id), kept);
    EXPECT_EQ(due(after(99'999), after(900)), (Ids{}));
    EXPECT_EQ(left_behind(after(900)), (Ids{}));
    EXPECT_EQ(find(id)->client, OAuthClientId(101)) << "by which it is revoked there";
    EXPECT_EQ(find(id)->lease_until, Instant());
  }
}

TEST_P(OAuthReconnectContract, AnotherSourceEndsTheAccount) {
  insert(1);
  insert(2);
  ASSERT_EQ(claim(1), Fence(1));
  EXPECT_TRUE(change([&](store::Transaction& tx) {
    Connection with = oauth_connection(1);
    with.references = {{"key", "vault", "shop/key"}};
    return tx.connections().replace_source(with, event_in(kWorkspace));
  }));
  EXPECT_FALSE(find(1));
  EXPECT_FALSE(rotate(1, 1, 2));
  EXPECT_EQ(tokens(1), (Tokens{}));
  EXPECT_EQ(state(1), ConnectionState::kActive);
  EXPECT_TRUE(find(2));
}

TEST_P(OAuthReconnectContract, EveryChangeIsToldToThePagesOfItsOwner) {
  using Keys = std::set<std::int64_t>;
  insert(1);
  told();
  claim(1);
  EXPECT_EQ(told(), (Keys{1, 31}));
  EXPECT_TRUE(rotate(1, 1, 2));
  EXPECT_EQ(told(), (Keys{1, 31}));
  claim(1);
  EXPECT_TRUE(put_off(1, 2));
  EXPECT_EQ(told(), (Keys{1, 31}));
  EXPECT_TRUE(mark_unusable(1));
  EXPECT_EQ(told(), (Keys{1, 31}));
  EXPECT_TRUE(reconnect(1, 3));
  EXPECT_EQ(told(), (Keys{1, 31}));
  const Fence fence = claim(1);
  told();
  EXPECT_TRUE(reject(1, *fence));
  EXPECT_EQ(told(), (Keys{1, 31}));
  EXPECT_FALSE(reject(1, *fence));
  EXPECT_EQ(told(), (Keys{}));
  Connection org = oauth_connection(2);
  org.owner = domain::Owner::org();
  insert(org, oauth_account(2));
  told();
  claim(2);
  EXPECT_EQ(told(), (Keys{2, kWorkspace.value()}));
}

INSTANTIATE_TEST_SUITE_P(Engines, OAuthReconnectContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
