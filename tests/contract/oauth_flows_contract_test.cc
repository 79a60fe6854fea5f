// Flows beside their handoffs: one state out at a time, used once, and what is left when whoever used it has died.
#include <thread>

#include "engine.h"

namespace countersign::contract::oauth_flows {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::HandoffState;
using domain::OAuthFlow;

store::Departure departure(std::string state_hash = std::string("\0state", 6)) {
  return {std::move(state_hash),
          std::string("\xff browser", 9),
          std::string("\0sealed\0verifier", 16),
          oauth_server(),
          {{"shop", "acme"}},
          after(5),
          after(5 + 600)};
}

class OAuthFlowsContract : public StoreContract {
 protected:
  void insert(const domain::Handoff& h, const OAuthFlow& f) {
    change([&](store::Transaction& tx) {
      tx.oauth_flows().insert(f);
      tx.handoffs().insert(h, event_in(h.workspace));
    });
  }
  void insert(std::int64_t id, HandoffState state = domain::kOpened) {
    domain::Handoff h = oauth_handoff(id);
    h.state = state;
    insert(h, oauth_flow(id));
  }
  std::optional<OAuthFlow> find(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.oauth_flows().find(workspace, HandoffId(id)); });
  }
  Instant deadline(std::int64_t id) {
    return look([&](const store::Snapshot& s) { return s.handoffs().find(kWorkspace, HandoffId(id))->expires_at; });
  }
  bool depart(std::int64_t id, const store::Departure& d = departure(), WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.oauth_flows().depart(workspace, HandoffId(id), d, event_in(workspace));
    });
  }
  // As the callback does: with the handoff's own step where the state was right.
  bool claim(std::int64_t id, std::string_view state_hash, Instant now = after(6), Instant until = after(66),
             WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      if (!tx.oauth_flows().claim(workspace, HandoffId(id), state_hash, now, until)) return false;
      tx.audit().record(event_in(workspace, "test.claimed"));
      return true;
    });
  }
  void settle(std::int64_t id, std::string_view problem, std::string_view words, WorkspaceId workspace = kWorkspace) {
    change([&](store::Transaction& tx) {
      tx.oauth_flows().settle(workspace, HandoffId(id), problem, words);
      tx.audit().record(event_in(workspace, "test.settled"));
    });
  }
  std::vector<std::int64_t> left_behind(Instant now, std::size_t limit = 10) {
    return look([&](const store::Snapshot& s) {
      std::vector<std::int64_t> ids;
      for (const OAuthFlow& f : s.oauth_flows().left_behind(now, limit)) ids.push_back(f.handoff.value());
      return ids;
    });
  }
};

using Ids = std::vector<std::int64_t>;

void expect_same(const OAuthFlow& a, const OAuthFlow& b) {
  EXPECT_EQ(a.handoff, b.handoff);
  EXPECT_EQ(a.workspace, b.workspace);
  EXPECT_EQ(a.client, b.client);
  EXPECT_EQ(a.reconnects, b.reconnects);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.identity_label, b.identity_label);
  EXPECT_EQ(a.scopes, b.scopes);
  EXPECT_EQ(a.state_hash, b.state_hash);
  EXPECT_EQ(a.browser_hash, b.browser_hash);
  EXPECT_EQ(a.sealed, b.sealed);
  EXPECT_TRUE(a.server == b.server);
  EXPECT_EQ(a.plain_fields, b.plain_fields);
  EXPECT_EQ(a.left_at, b.left_at);
  EXPECT_EQ(a.state_until, b.state_until);
  EXPECT_EQ(a.claimed_until, b.claimed_until);
  EXPECT_EQ(a.problem, b.problem);
  EXPECT_EQ(a.problem_words, b.problem_words);
}

// The flow after departure().
OAuthFlow departed(std::int64_t id) {
  const store::Departure d = departure();
  OAuthFlow f = oauth_flow(id);
  f.state_hash = d.state_hash;
  f.browser_hash = d.browser_hash;
  f.sealed = d.sealed;
  f.server = d.server;
  f.plain_fields = d.plain_fields;
  f.left_at = d.left_at;
  f.state_until = d.state_until;
  return f;
}

TEST_P(OAuthFlowsContract, WhatIsInsertedComesBackAfterAReopenToo) {
  OAuthFlow full = departed(1);
  full.claimed_until = after(66);
  full.problem = "access_denied";
  full.problem_words = "they said 'no'; --";
  insert(oauth_handoff(1), full);
  insert(2);
  engine().reopen();
  ASSERT_TRUE(find(1) && find(2));
  expect_same(*find(1), full);
  expect_same(*find(2), oauth_flow(2));
  EXPECT_FALSE(find(1, kOtherWorkspace));
  EXPECT_FALSE(find(3));
}

TEST_P(OAuthFlowsContract, AnInsertNeedsAnEventInItsTransaction) {
  EXPECT_THROW(change([](store::Transaction& tx) { tx.oauth_flows().insert(oauth_flow(1)); }), Error);
  EXPECT_FALSE(find(1));
  change([](store::Transaction& tx) {
    tx.handoffs().insert(oauth_handoff(2), event_in(kWorkspace));
    tx.oauth_flows().insert(oauth_flow(2));
  });
  EXPECT_TRUE(find(2));
}

TEST_P(OAuthFlowsContract, LeavingWritesAllOfTheTransactionAtOnce) {
  OAuthFlow troubled = oauth_flow(1);
  troubled.problem = "access_denied";
  troubled.problem_words = "no";
  domain::Handoff h = oauth_handoff(1);
  h.state = domain::kOpened;
  insert(h, troubled);
  insert(2);
  EXPECT_TRUE(depart(1));
  expect_same(*find(1), departed(1));
  expect_same(*find(2), oauth_flow(2));
  EXPECT_EQ(events(), 3);
}

TEST_P(OAuthFlowsContract, OnlyAnOpenedHandoffInTimeIsLeft) {
  for (std::int64_t state = 0; state < 9; ++state) {
    const auto s = static_cast<HandoffState>(state);
    insert(10 + state, s);
    EXPECT_EQ(depart(10 + state), s == domain::kOpened) << state;
    if (s != domain::kOpened) expect_same(*find(10 + state), oauth_flow(10 + state));
  }
  domain::Handoff late = oauth_handoff(30);
  late.state = domain::kOpened;
  late.expires_at = departure().left_at;
  insert(late, oauth_flow(30));
  const auto before = events();
  EXPECT_FALSE(depart(30)) << "the deadline is past the moment it names";
  EXPECT_FALSE(depart(11, departure(), kOtherWorkspace));
  EXPECT_FALSE(depart(77));
  EXPECT_EQ(deadline(30), late.expires_at);
  EXPECT_EQ(events(), before);
  EXPECT_EQ(events(kOtherWorkspace), 0);
}

TEST_P(OAuthFlowsContract, AHandoffWithoutAFlowIsNotLeft) {
  domain::Handoff h = oauth_handoff(1);
  h.state = domain::kOpened;
  change([&](store::Transaction& tx) { tx.handoffs().insert(h, event_in(kWorkspace)); });
  EXPECT_FALSE(depart(1));
  EXPECT_EQ(deadline(1), h.expires_at);
  EXPECT_EQ(events(), 1);
}

TEST_P(OAuthFlowsContract, TheDeadlineWaitsForTheStateAndNeverMovesBack) {
  insert(1);
  EXPECT_EQ(deadline(1), after(600));
  EXPECT_TRUE(depart(1));
  EXPECT_EQ(deadline(1), after(605));
  store::Departure shorter = departure();
  shorter.state_until = after(300);
  EXPECT_TRUE(depart(1, shorter));
  EXPECT_EQ(deadline(1), after(605));
}

TEST_P(OAuthFlowsContract, LeavingAgainMakesTheStateBeforeVoid) {
  insert(1);
  EXPECT_TRUE(depart(1, departure("first")));
  EXPECT_TRUE(depart(1, departure("second")));
  EXPECT_FALSE(claim(1, "first"));
  EXPECT_TRUE(claim(1, "second"));
}

TEST_P(OAuthFlowsContract, AStateIsUsedOnceAndItsSecretsGoWithIt) {
  insert(1);
  insert(2);
  EXPECT_TRUE(depart(1));
  EXPECT_TRUE(depart(2));
  const std::string state = departure().state_hash;
  const auto before = events();
  EXPECT_FALSE(claim(1, "another"));
  EXPECT_FALSE(claim(1, state.substr(0, 3)));
  EXPECT_FALSE(claim(1, ""));
  EXPECT_FALSE(claim(1, state, after(605))) << "the moment it ends is too late";
  EXPECT_FALSE(claim(1, state, after(6), after(66), kOtherWorkspace));
  EXPECT_FALSE(claim(77, state));
  EXPECT_EQ(events(), before);
  expect_same(*find(1), departed(1));

  EXPECT_TRUE(claim(1, state, after(604), after(664)));
  OAuthFlow claimed = departed(1);
  claimed.state_hash.clear();
  claimed.browser_hash.clear();
  claimed.sealed.clear();
  claimed.claimed_until = after(664);
  expect_same(*find(1), claimed);
  EXPECT_FALSE(claim(1, state));
  EXPECT_FALSE(claim(1, ""));
  expect_same(*find(1), claimed);
  expect_same(*find(2), departed(2));
}

TEST_P(OAuthFlowsContract, OfManyCallbacksExactlyOneClaims) {
  insert(1);
  EXPECT_TRUE(depart(1));
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> racers;
    racers.reserve(16);
    for (int i = 0; i < 16; ++i) racers.emplace_back([&] { winners += claim(1, departure().state_hash); });
  }
  EXPECT_EQ(winners, 1);
}

TEST_P(OAuthFlowsContract, AFlowThatNobodyLeftByIsClaimedWithoutAState) {
  insert(1);
  EXPECT_TRUE(claim(1, "", after(6), after(66)));
  EXPECT_EQ(find(1)->claimed_until, after(66));
  EXPECT_FALSE(claim(1, "", after(65), after(200))) << "somebody is at it";
  EXPECT_TRUE(claim(1, "", after(66), after(200))) << "they have died";
  settle(1, "", "");
  EXPECT_TRUE(claim(1, "", after(67), after(200)));
}

TEST_P(OAuthFlowsContract, AClaimNeedsAnEventInItsTransaction) {
  insert(1);
  EXPECT_TRUE(depart(1));
  const auto bare = [](store::Transaction& tx) {
    return tx.oauth_flows().claim(kWorkspace, HandoffId(1), departure().state_hash, after(6), after(66));
  };
  EXPECT_THROW(change(bare), Error);
  expect_same(*find(1), departed(1));
  EXPECT_TRUE(claim(1, departure().state_hash));
  EXPECT_THROW(
      change([](store::Transaction& tx) { tx.oauth_flows().settle(kWorkspace, HandoffId(1), "bad", "words"); }), Error);
  EXPECT_EQ(find(1)->claimed_until, after(66));
  EXPECT_FALSE(change(bare)) << "nothing was changed, so nothing has to be told";
}

TEST_P(OAuthFlowsContract, SettlingEndsTheClaimAndKeepsWhy) {
  insert(1);
  EXPECT_TRUE(depart(1));
  EXPECT_TRUE(claim(1, departure().state_hash));
  settle(1, "other", "workspace", kOtherWorkspace);
  EXPECT_EQ(find(1)->claimed_until, after(66));
  settle(1, "invalid_grant", "the code was 'used'");
  EXPECT_EQ(find(1)->claimed_until, Instant());
  EXPECT_EQ(find(1)->problem, "invalid_grant");
  EXPECT_EQ(find(1)->problem_words, "the code was 'used'");
  EXPECT_EQ(find(1)->state_hash, "") << "the state stays used";
  EXPECT_TRUE(depart(1));
  EXPECT_EQ(find(1)->problem + find(1)->problem_words, "") << "the next try starts without it";
}

TEST_P(OAuthFlowsContract, AClaimIsLeftBehindOnceItIsOver) {
  for (const std::int64_t id : {1, 2, 3}) insert(id);
  EXPECT_EQ(left_behind(after(9000)), (Ids{})) << "none was claimed";
  EXPECT_TRUE(claim(1, "", after(6), after(70)));
  EXPECT_TRUE(claim(2, "", after(6), after(60)));
  EXPECT_EQ(left_behind(after(59)), (Ids{}));
  EXPECT_EQ(left_behind(after(60)), (Ids{2}));
  EXPECT_EQ(left_behind(after(70)), (Ids{2, 1}));
  EXPECT_EQ(left_behind(after(70), 1), (Ids{2}));
  settle(2, "", "");
  EXPECT_EQ(left_behind(after(70)), (Ids{1}));
}

TEST_P(OAuthFlowsContract, WhoeverWaitsForTheHandoffIsToldOfEveryStep) {
  using Keys = std::set<std::int64_t>;
  insert(1);
  told();
  EXPECT_TRUE(depart(1));
  EXPECT_EQ(told(), (Keys{1}));
  EXPECT_TRUE(claim(1, departure().state_hash));
  EXPECT_EQ(told(), (Keys{1}));
  settle(1, "", "");
  EXPECT_EQ(told(), (Keys{1}));
}

INSTANTIATE_TEST_SUITE_P(Engines, OAuthFlowsContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract::oauth_flows
