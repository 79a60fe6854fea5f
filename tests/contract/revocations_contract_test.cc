// What is removed here and still has to be revoked at its provider: the sealed bytes wait for that, and no longer.
#include <thread>

#include "engine.h"

namespace countersign::contract::revocations {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::ConnectionState;
using domain::Revocation;

class RevocationsContract : public StoreContract {
 protected:
  void insert_connection(std::int64_t id, ConnectionState state = ConnectionState::kActive) {
    domain::Connection c = connection(id, "c" + std::to_string(id));
    c.state = state;
    change([&](store::Transaction& tx) {
      tx.connections().insert(c, sealed_fields(), event_in(kWorkspace));
      tx.oauth_accounts().insert(oauth_account(id));
    });
  }
  bool revoke_later(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.connections().revoke_later(workspace, ConnectionId(id), after(9), event_in(workspace));
    });
  }
  // A connection that is removed and queued at this moment.
  void queue(std::int64_t id, Instant at = kNow) {
    insert_connection(id);
    change([&](store::Transaction& tx) {
      tx.connections().revoke_later(kWorkspace, ConnectionId(id), at, event_in(kWorkspace));
      Revocation r = revocation(id);
      r.due_at = at;
      tx.revocations().insert(r);
    });
  }
  std::optional<Revocation> find(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.revocations().find(workspace, ConnectionId(id)); });
  }
  std::vector<domain::SealedField> sealed(std::int64_t id) {
    return look([&](const store::Snapshot& s) { return s.connections().sealed_fields(kWorkspace, ConnectionId(id)); });
  }
  template <class Look>
  std::vector<std::int64_t> ids(Look&& revocations) {
    return look([&](const store::Snapshot& s) {
      std::vector<std::int64_t> found;
      for (const Revocation& r : revocations(s.revocations())) found.push_back(r.connection.value());
      return found;
    });
  }
  std::vector<std::int64_t> due(Instant now, std::size_t limit = 10) {
    return ids([&](const store::Revocations& port) { return port.due(now, limit); });
  }
  std::vector<std::int64_t> open(std::size_t limit = 10, WorkspaceId workspace = kWorkspace) {
    return ids([&](const store::Revocations& port) { return port.open(workspace, limit); });
  }
  bool claim(std::int64_t id, Instant now = kNow, Instant until = after(60), WorkspaceId workspace = kWorkspace) {
    return change(
        [&](store::Transaction& tx) { return tx.revocations().claim(workspace, ConnectionId(id), now, until); });
  }
  bool put_off(std::int64_t id, Instant due_at, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.revocations().put_off(workspace, ConnectionId(id), "timeout", due_at, event_in(workspace));
    });
  }
  bool settle(std::int64_t id, bool confirmed = true, std::string_view problem = "",
              WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.revocations().settle(workspace, ConnectionId(id), confirmed, problem, after(30), event_in(workspace));
    });
  }
};

using Ids = std::vector<std::int64_t>;

void expect_same(const Revocation& a, const Revocation& b) {
  EXPECT_EQ(a.connection, b.connection);
  EXPECT_EQ(a.workspace, b.workspace);
  EXPECT_EQ(a.due_at, b.due_at);
  EXPECT_EQ(a.attempts, b.attempts);
  EXPECT_EQ(a.problem, b.problem);
  EXPECT_EQ(a.lease_until, b.lease_until);
  EXPECT_EQ(a.settled_at, b.settled_at);
  EXPECT_EQ(a.confirmed, b.confirmed);
}

TEST_P(RevocationsContract, WhatIsInsertedComesBackAfterAReopenToo) {
  Revocation full = revocation(1);
  full.attempts = 3;
  full.problem = "time'out";
  full.lease_until = after(60);
  full.settled_at = after(70);
  full.confirmed = true;
  change([&](store::Transaction& tx) {
    tx.audit().record(event_in(kWorkspace));
    tx.revocations().insert(full);
    tx.revocations().insert(revocation(2));
  });
  engine().reopen();
  ASSERT_TRUE(find(1) && find(2));
  expect_same(*find(1), full);
  expect_same(*find(2), revocation(2));
  EXPECT_FALSE(find(1, kOtherWorkspace));
  EXPECT_FALSE(find(3));
}

TEST_P(RevocationsContract, AnInsertNeedsAnEventInItsTransaction) {
  EXPECT_THROW(change([](store::Transaction& tx) { tx.revocations().insert(revocation(1)); }), Error);
  EXPECT_FALSE(find(1));
}

TEST_P(RevocationsContract, RevokedLaterIsRevokedNowAndKeepsItsBytes) {
  for (const auto state : {ConnectionState::kActive, ConnectionState::kRefreshing, ConnectionState::kNeedsReauth}) {
    const auto id = 10 + static_cast<std::int64_t>(state);
    insert_connection(id, state);
    EXPECT_FALSE(revoke_later(id, kOtherWorkspace));
    EXPECT_TRUE(revoke_later(id));
    const auto c = look([&](const store::Snapshot& s) { return *s.connections().find(kWorkspace, ConnectionId(id)); });
    EXPECT_EQ(c.state, ConnectionState::kRevoked);
    EXPECT_EQ(c.updated_at, after(9));
    ASSERT_EQ(sealed(id).size(), 2U);
    EXPECT_EQ(sealed(id)[1].sealed, sealed_fields()[1].sealed);
    const auto events_before = events();
    EXPECT_FALSE(revoke_later(id));
    EXPECT_FALSE(change([&](store::Transaction& tx) {
      return tx.connections().revoke(kWorkspace, ConnectionId(id), after(9), event_in(kWorkspace));
    }));
    EXPECT_EQ(events(), events_before);
    EXPECT_EQ(sealed(id).size(), 2U);
  }
  EXPECT_FALSE(revoke_later(77));
}

TEST_P(RevocationsContract, SettlingShredsWhatWasKept) {
  queue(1);
  queue(2);
  EXPECT_FALSE(settle(1, true, "", kOtherWorkspace));
  EXPECT_EQ(sealed(1).size(), 2U);
  EXPECT_TRUE(claim(1));
  EXPECT_TRUE(settle(1));
  EXPECT_TRUE(sealed(1).empty());
  EXPECT_EQ(sealed(2).size(), 2U);
  Revocation expected = revocation(1);
  expected.settled_at = after(30);
  expected.confirmed = true;
  expect_same(*find(1), expected);
  const auto before = events();
  EXPECT_FALSE(settle(1, false, "late"));
  EXPECT_FALSE(put_off(1, after(99)));
  EXPECT_FALSE(claim(1, after(900), after(960)));
  EXPECT_FALSE(settle(77));
  expect_same(*find(1), expected);
  EXPECT_EQ(events(), before);

  EXPECT_TRUE(settle(2, false, "gave_up"));
  EXPECT_FALSE(find(2)->confirmed);
  EXPECT_EQ(find(2)->problem, "gave_up");
  EXPECT_TRUE(sealed(2).empty()) << "confirmed or not";
}

TEST_P(RevocationsContract, OneAtATimeTriesAndADeadOneIsReplaced) {
  queue(1);
  const auto before = events();
  EXPECT_FALSE(claim(1, kNow, after(60), kOtherWorkspace));
  EXPECT_TRUE(claim(1));
  EXPECT_EQ(find(1)->lease_until, after(60));
  EXPECT_FALSE(claim(1, after(59), after(120)));
  EXPECT_TRUE(claim(1, after(60), after(120)));
  EXPECT_FALSE(claim(77));
  EXPECT_EQ(events(), before) << "a lease is no change";
  queue(2);
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> racers;
    racers.reserve(16);
    for (int i = 0; i < 16; ++i) racers.emplace_back([&] { winners += claim(2); });
  }
  EXPECT_EQ(winners, 1);
}

TEST_P(RevocationsContract, OnePutOffIsTriedAgainWhenItIsDue) {
  queue(1, after(2));
  queue(2, after(1));
  queue(3, after(3));
  EXPECT_EQ(due(kNow), (Ids{}));
  EXPECT_EQ(due(after(2)), (Ids{2, 1}));
  EXPECT_EQ(due(after(3), 2), (Ids{2, 1}));
  EXPECT_TRUE(claim(2, after(3), after(63)));
  EXPECT_EQ(due(after(3)), (Ids{1, 3})) << "somebody is at it";
  EXPECT_EQ(due(after(63)), (Ids{2, 1, 3}));
  EXPECT_FALSE(put_off(2, after(100), kOtherWorkspace));
  EXPECT_TRUE(put_off(2, after(100)));
  Revocation expected = revocation(2);
  expected.due_at = after(100);
  expected.attempts = 1;
  expected.problem = "timeout";
  expect_same(*find(2), expected);
  EXPECT_EQ(due(after(99)), (Ids{1, 3}));
  EXPECT_EQ(due(after(100)), (Ids{1, 3, 2}));
  EXPECT_TRUE(settle(3));
  EXPECT_EQ(due(after(100)), (Ids{1, 2}));
}

// By when they were removed, however often they were put off since.
TEST_P(RevocationsContract, OpenOnesAreShownNewestFirst) {
  queue(3, after(1));
  queue(1, after(3));
  queue(2, after(2));
  EXPECT_EQ(open(), (Ids{1, 2, 3}));
  EXPECT_TRUE(put_off(3, after(900)));
  EXPECT_EQ(open(), (Ids{1, 2, 3}));
  EXPECT_EQ(open(2), (Ids{1, 2}));
  EXPECT_TRUE(settle(1, false, "gave_up"));
  EXPECT_EQ(open(), (Ids{2, 3}));
  EXPECT_EQ(open(10, kOtherWorkspace), (Ids{}));
}

TEST_P(RevocationsContract, EveryStepIsToldToThePagesOfTheOwner) {
  using Keys = std::set<std::int64_t>;
  insert_connection(1);
  told();
  EXPECT_TRUE(revoke_later(1));
  EXPECT_EQ(told(), (Keys{1, 31}));
  queue(2);
  told();
  EXPECT_TRUE(put_off(2, after(9)));
  EXPECT_EQ(told(), (Keys{2, 31}));
  EXPECT_TRUE(settle(2));
  EXPECT_EQ(told(), (Keys{2, 31}));
}

INSTANTIATE_TEST_SUITE_P(Engines, RevocationsContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract::revocations
