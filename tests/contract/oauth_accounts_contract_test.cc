// Accounts beside their connections: who may refresh, and that the newest of them alone settles.
#include "oauth_accounts.h"

#include <thread>

namespace countersign::contract {
namespace {

TEST_P(OAuthAccountsContract, WhatIsInsertedComesBackAfterAReopenToo) {
  OAuthAccount full = oauth_account(1);
  full.version = 7;
  full.fence = 9;
  full.lease_until = after(60);
  full.failures = 3;
  full.next_try_at = after(90);
  full.problem = "timeout";
  full.problem_words = "they said 'later'; --";
  OAuthAccount bare;
  bare.connection = ConnectionId(2);
  bare.workspace = kWorkspace;
  insert(oauth_connection(1, ConnectionState::kRefreshing), full);
  insert(oauth_connection(2), bare);
  engine().reopen();
  ASSERT_TRUE(find(1) && find(2));
  expect_same(*find(1), full);
  expect_same(*find(2), bare);
  EXPECT_FALSE(find(1, kOtherWorkspace));
  EXPECT_FALSE(find(3));
}

TEST_P(OAuthAccountsContract, AnInsertNeedsAnEventInItsTransaction) {
  EXPECT_THROW(change([](store::Transaction& tx) { tx.oauth_accounts().insert(oauth_account(1)); }), Error);
  EXPECT_FALSE(find(1));
}

TEST_P(OAuthAccountsContract, DueIsWhatEndsSoonAndMayBeTried) {
  const auto insert_with = [&](std::int64_t id, const std::function<void(OAuthAccount&)>& adapt,
                               ConnectionState state = ConnectionState::kActive) {
    OAuthAccount a = oauth_account(id);
    a.expires_at = after(100 - id);
    adapt(a);
    insert(oauth_connection(id, state), a);
  };
  insert_with(1, [](OAuthAccount&) {});
  insert_with(2, [](OAuthAccount& a) { a.refreshable = false; });  // client credentials ask again
  insert_with(3, [](OAuthAccount& a) { a.expires_at = Instant(); });
  insert_with(4, [](OAuthAccount& a) { a.next_try_at = after(1); });
  insert_with(5, [](OAuthAccount& a) { a.next_try_at = kNow; });
  insert_with(6, [](OAuthAccount& a) { a.lease_until = after(1); });
  insert_with(7, [](OAuthAccount& a) { a.expires_at = after(200); });
  for (const ConnectionState state : kStates) {
    if (state != ConnectionState::kActive) {
      insert_with(
          10 + static_cast<std::int64_t>(state), [](OAuthAccount&) {}, state);
    }
  }
  Connection elsewhere = oauth_connection(20);
  elsewhere.workspace = kOtherWorkspace;
  insert(elsewhere, oauth_account(20, kOtherWorkspace));
  EXPECT_EQ(due(after(200)), (Ids{5, 2, 1}));
  EXPECT_EQ(due(after(201)), (Ids{5, 2, 1, 7}));
  EXPECT_EQ(due(after(98)), (Ids{5}));
  EXPECT_EQ(due(after(200), after(1)), (Ids{6, 5, 4, 2, 1}));
  EXPECT_EQ(due(after(200), kNow, 2), (Ids{5, 2}));
}

TEST_P(OAuthAccountsContract, AClaimIsGivenOnceAndAgainWhenItsLeaseIsOver) {
  insert(1);
  insert(2);
  EXPECT_EQ(claim(1), Fence(1));
  EXPECT_EQ(state(1), ConnectionState::kRefreshing);
  EXPECT_EQ(find(1)->lease_until, after(60));
  EXPECT_EQ(find(1)->fence, 1);
  const auto events_before = events();
  EXPECT_EQ(claim(1, after(59), after(200)), Fence());
  EXPECT_EQ(events(), events_before);
  EXPECT_EQ(find(1)->lease_until, after(60));
  EXPECT_EQ(claim(1, after(60), after(200)), Fence(2));
  EXPECT_EQ(find(1)->lease_until, after(200));
  EXPECT_EQ(events(), events_before + 1);
  expect_same(*find(2), oauth_account(2));
  EXPECT_EQ(state(2), ConnectionState::kActive);
}

TEST_P(OAuthAccountsContract, NothingElseIsClaimed) {
  insert(1, ConnectionState::kNeedsReauth);
  insert(2, ConnectionState::kRevoked);
  insert(3);
  change([](store::Transaction& tx) { tx.connections().insert(connection(4), {}, event_in(kWorkspace)); });
  const auto before = events();
  EXPECT_EQ(claim(1), Fence());
  EXPECT_EQ(claim(2), Fence());
  EXPECT_EQ(claim(3, kNow, after(60), kOtherWorkspace), Fence());
  EXPECT_EQ(claim(4), Fence()) << "no OAuth";
  EXPECT_EQ(claim(77), Fence());
  EXPECT_EQ(events(), before);
  EXPECT_EQ(events(kOtherWorkspace), 0);
  EXPECT_EQ(state(3), ConnectionState::kActive);
  EXPECT_EQ(state(4), ConnectionState::kActive);
}

TEST_P(OAuthAccountsContract, OfManyWhoWantToRefreshExactlyOneMay) {
  insert(1);
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> racers;
    racers.reserve(16);
    for (int i = 0; i < 16; ++i) racers.emplace_back([&] { winners += claim(1).has_value(); });
  }
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(find(1)->fence, 1);
}

TEST_P(OAuthAccountsContract, LeftBehindIsALeaseThatIsOver) {
  for (const std::int64_t id : {1, 2, 3}) insert(id);
  EXPECT_EQ(left_behind(after(9000)), (Ids{}));
  claim(1, kNow, after(70));
  claim(2, kNow, after(60));
  EXPECT_EQ(left_behind(after(59)), (Ids{}));
  EXPECT_EQ(left_behind(after(60)), (Ids{2}));
  EXPECT_EQ(left_behind(after(70)), (Ids{2, 1}));
  EXPECT_EQ(left_behind(after(70), 1), (Ids{2}));
  EXPECT_TRUE(put_off(2, 1));
  EXPECT_EQ(left_behind(after(70)), (Ids{1}));
}

TEST_P(OAuthAccountsContract, ARotationReplacesTheTokens) {
  OAuthAccount troubled = oauth_account(1);
  troubled.failures = 2;
  troubled.problem = "timeout";
  troubled.problem_words = "slow";
  troubled.next_try_at = kNow;
  insert(oauth_connection(1), troubled);
  insert(2);
  ASSERT_EQ(claim(1), Fence(1));
  EXPECT_TRUE(rotate(1, 1, 2));
  OAuthAccount expected = oauth_account(1);
  expected.fence = 1;
  expected.version = 2;
  expected.granted = {"read", "more"};
  expected.expires_at = after(7200);
  expected.refreshable = false;
  expected.refreshed_at = after(20);
  expect_same(*find(1), expected);
  EXPECT_EQ(state(1), ConnectionState::kActive);
  EXPECT_EQ(tokens(1), both(2));
  const Connection c = connection_of(1);
  ASSERT_EQ(c.secrets.size(), 1U);
  EXPECT_EQ(c.secrets[0].fingerprint, "a2");
  EXPECT_EQ(c.identity_label, oauth_connection(1).identity_label);
  EXPECT_EQ(tokens(2), both(1));
  expect_same(*find(2), oauth_account(2));
  EXPECT_FALSE(rotate(1, 1, 3)) << "it was settled";
  EXPECT_EQ(tokens(1), both(2));
}

// The process that was too slow finds that another has the lease, whatever it brings home.
TEST_P(OAuthAccountsContract, AnOutdatedFenceSettlesNothing) {
  insert(1);
  ASSERT_EQ(claim(1), Fence(1));
  ASSERT_EQ(claim(1, after(60), after(120)), Fence(2));
  const OAuthAccount before = *find(1);
  const auto events_before = events();
  for (const std::int64_t fence : {0, 1, 3}) {
    EXPECT_FALSE(rotate(1, fence, 2));
    EXPECT_FALSE(put_off(1, fence));
    EXPECT_FALSE(reject(1, fence));
  }
  EXPECT_FALSE(rotate(1, 2, 2, kOtherWorkspace));
  EXPECT_FALSE(put_off(1, 2, kOtherWorkspace));
  EXPECT_FALSE(reject(1, 2, kOtherWorkspace));
  expect_same(*find(1), before);
  EXPECT_EQ(tokens(1), both(1));
  EXPECT_EQ(state(1), ConnectionState::kRefreshing);
  EXPECT_EQ(events(), events_before);
  EXPECT_EQ(events(kOtherWorkspace), 0);
  EXPECT_TRUE(rotate(1, 2, 2));
}

// A lease that is over and that nobody took is still the newest: the answer that came late is not thrown away.
TEST_P(OAuthAccountsContract, TheNewestFenceSettlesHoweverLate) {
  insert(1);
  ASSERT_EQ(claim(1, kNow, after(1)), Fence(1));
  EXPECT_TRUE(rotate(1, 1, 2));
  EXPECT_EQ(tokens(1), both(2));
}

TEST_P(OAuthAccountsContract, TokensOfAnotherVersionThanTheirOwnAreRefused) {
  insert(1);
  ASSERT_EQ(claim(1), Fence(1));
  const auto rotate_with = [&](int version, const std::vector<domain::SealedField>& fields) {
    return change([&](store::Transaction& tx) {
      return tx.oauth_accounts().rotate(with_traces(1, version), 1, version, {}, fields, event_in(kWorkspace));
    });
  };
  EXPECT_THROW(rotate_with(2, sealed_tokens(1)), Error);
  EXPECT_THROW(rotate_with(2, {}), Error) << "a connection without a token";
  EXPECT_FALSE(rotate_with(1, sealed_tokens(1))) << "not a newer one";
  EXPECT_EQ(tokens(1), both(1));
  EXPECT_EQ(state(1), ConnectionState::kRefreshing);
}

// One row that cannot be read would hide all others that are due.
TEST_P(OAuthAccountsContract, WhateverAProviderGrantsIsReadBack) {
  insert(1);
  ASSERT_EQ(claim(1), Fence(1));
  std::vector<std::string> granted(40'000, "a\x01\"\\");
  granted.push_back("\xf0\x9f\x98\x80");
  EXPECT_TRUE(change([&](store::Transaction& tx) {
    return tx.oauth_accounts().rotate(with_traces(1, 2), 1, 2, {granted, after(60), true, kNow}, sealed_tokens(2),
                                      event_in(kWorkspace));
  }));
  EXPECT_EQ(find(1)->granted, granted);
  EXPECT_EQ(due(after(61)), (Ids{1}));
}

TEST_P(OAuthAccountsContract, ThereIsNoMomentWithoutATokenOrWithTwo) {
  insert(1);
  std::atomic<bool> stop = false;
  std::atomic<int> looks = 0;
  std::jthread looker([&] {
    while (!stop) {
      look([&](const store::Snapshot& s) {
        const int version = s.oauth_accounts().find(kWorkspace, ConnectionId(1))->version;
        const auto fields = s.connections().sealed_fields(kWorkspace, ConnectionId(1));
        EXPECT_EQ(fields.size(), 2U);
        for (const auto& one : fields) EXPECT_EQ(one.version, version);
        return 0;
      });
      ++looks;
    }
  });
  for (int version = 2; version <= 60 || looks < 60; ++version) {
    const Fence fence = claim(1);
    ASSERT_TRUE(fence);
    ASSERT_TRUE(rotate(1, *fence, version));
  }
  stop = true;
}

TEST_P(OAuthAccountsContract, ARefreshThatFailedIsPutOffOrRejected) {
  insert(1);
  insert(2);
  ASSERT_EQ(claim(1), Fence(1));
  EXPECT_TRUE(put_off(1, 1));
  OAuthAccount expected = oauth_account(1);
  expected.fence = 1;
  expected.failures = 1;
  expected.problem = "timeout";
  expected.problem_words = "slow 'today'";
  expected.next_try_at = after(90);
  expect_same(*find(1), expected);
  EXPECT_EQ(state(1), ConnectionState::kActive);
  EXPECT_FALSE(put_off(1, 1)) << "settled";

  ASSERT_EQ(claim(1), Fence(2));
  EXPECT_TRUE(reject(1, 2));
  expected.fence = 2;
  expected.failures = 2;
  expected.problem = "invalid_grant";
  expected.problem_words = "gone";
  expect_same(*find(1), expected);
  EXPECT_EQ(state(1), ConnectionState::kNeedsReauth);
  EXPECT_EQ(tokens(1), both(1)) << "a person may still have them revoked";
  EXPECT_EQ(claim(1), Fence());
  EXPECT_EQ(state(2), ConnectionState::kActive);
}

INSTANTIATE_TEST_SUITE_P(Engines, OAuthAccountsContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
