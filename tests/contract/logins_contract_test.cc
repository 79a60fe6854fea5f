// Logins beside their handoffs, how many are open, and what is thrown away.
#include <thread>

#include "engine.h"

namespace countersign::contract {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::HandoffState;
using domain::Login;
using domain::Scope;

class LoginsContract : public StoreContract {
 protected:
  void insert(const domain::Handoff& h, const Login& l) {
    change([&](store::Transaction& tx) {
      tx.logins().insert(l);
      tx.handoffs().insert(h, event_in(h.workspace));
    });
  }
  void insert(std::int64_t id, HandoffState state = domain::kPending) {
    domain::Handoff h = login_handoff(id);
    h.state = state;
    insert(h, login(id));
  }
  std::optional<Login> find(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.logins().find(workspace, HandoffId(id)); });
  }
  bool allow(std::int64_t id, std::string hash = "hash") {
    const store::LoginDecision decision{{Scope::kRead}, std::chrono::hours(8), std::move(hash), after(5)};
    return change(
        [&](store::Transaction& tx) { return tx.logins().allow(HandoffId(id), decision, event_in(kWorkspace)); });
  }
  bool release(std::int64_t id, std::int64_t grant) {
    return change([&](store::Transaction& tx) {
      return tx.logins().release(HandoffId(id), AgentId(grant), after(6), event_in(kWorkspace));
    });
  }
  std::int64_t by_return_code(std::string_view hash) {
    return look([&](const store::Snapshot& s) {
      const auto found = s.logins().find_by_return_code(hash);
      return found ? found->handoff.value() : 0;
    });
  }
  std::pair<std::size_t, std::size_t> open(std::string_view address, Instant now = kNow,
                                           WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) {
      const store::OpenLogins counted = s.logins().count_open(workspace, address, now);
      return std::pair(counted.all, counted.from_address);
    });
  }
  std::size_t prune(Instant before, std::size_t limit = 100, WorkspaceId workspace = kWorkspace) {
    const domain::AuditEvent event{workspace, kNow, domain::Actor::system(), "test.pruned", "", {{"a", "b"}}, ""};
    return change([&](store::Transaction& tx) { return tx.handoffs().prune_logins(workspace, before, limit, event); });
  }
  bool is_there(std::int64_t id) {
    const bool handoff =
        look([&](const store::Snapshot& s) { return s.handoffs().find(kWorkspace, HandoffId(id)).has_value(); });
    EXPECT_EQ(handoff, find(id).has_value()) << "they come and go together: " << id;
    return handoff;
  }
};

TEST_P(LoginsContract, WhatIsInsertedComesBackAfterAReopenToo) {
  Login l = login(1);
  l.remote = true;
  l.granted = {Scope::kUse};
  l.lifetime = std::chrono::hours(24 * 90);
  l.allowed_at = after(1);
  l.return_code_hash = "a5f0";
  l.grant = AgentId(21);
  l.released_at = after(2);
  insert(login_handoff(1), l);
  insert(2);
  engine().reopen();
  const auto found = find(1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->handoff, HandoffId(1));
  EXPECT_EQ(found->workspace, kWorkspace);
  EXPECT_EQ(found->agent_identifier, "claude on 'laptop'; --");
  EXPECT_EQ(found->asked, (domain::ScopeSet{Scope::kRead, Scope::kUse}));
  EXPECT_EQ(found->asked_from, "203.0.113.9");
  EXPECT_EQ(found->code_challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  EXPECT_TRUE(found->verifier_held);
  EXPECT_TRUE(found->remote);
  EXPECT_EQ(found->wrong_codes, 1);
  EXPECT_EQ(found->granted, (domain::ScopeSet{Scope::kUse}));
  EXPECT_EQ(found->lifetime, std::chrono::hours(24 * 90));
  EXPECT_EQ(found->allowed_at, after(1));
  EXPECT_EQ(found->return_code_hash, "a5f0");
  EXPECT_EQ(found->grant, AgentId(21));
  EXPECT_EQ(found->released_at, after(2));
  EXPECT_FALSE(find(2)->remote);
  EXPECT_TRUE(find(2)->granted.empty());
  EXPECT_FALSE(find(2)->grant.valid());
  EXPECT_FALSE(find(1, kOtherWorkspace));
  EXPECT_FALSE(find(3));
}

// It has none of its own; the handoff's stands for both, whichever comes first.
TEST_P(LoginsContract, AnInsertNeedsAnEventInItsTransaction) {
  EXPECT_THROW(change([](store::Transaction& tx) { tx.logins().insert(login(1)); }), Error);
  EXPECT_FALSE(find(1));
  change([](store::Transaction& tx) {
    tx.handoffs().insert(login_handoff(2), event_in(kWorkspace));
    tx.logins().insert(login(2));
  });
  EXPECT_TRUE(find(2));
}

TEST_P(LoginsContract, OpenOnesAreCountedInAllAndByAddress) {
  insert(1);
  insert(2, domain::kOpened);
  insert(login_handoff(3), login(3, "198.51.100.1"));
  for (std::int64_t state = 0; state < 9; ++state) {
    const auto s = static_cast<HandoffState>(state);
    if (!domain::is_open(s)) insert(10 + state, s);
  }
  domain::Handoff short_lived = login_handoff(4);
  short_lived.expires_at = after(5);
  insert(short_lived, login(4));
  insert(login_handoff(5, kOtherWorkspace), login(5, "203.0.113.9", kOtherWorkspace));
  change([](store::Transaction& tx) { tx.handoffs().insert(handoff(6), event_in(kWorkspace)); });  // no login

  using Counts = std::pair<std::size_t, std::size_t>;
  EXPECT_EQ(open("203.0.113.9"), (Counts{4, 3}));
  EXPECT_EQ(open("198.51.100.1"), (Counts{4, 1}));
  EXPECT_EQ(open("%"), (Counts{4, 0}));
  EXPECT_EQ(open("203.0.113.9", after(5)), (Counts{3, 2})) << "a deadline needs no job to be over";
  EXPECT_EQ(open("203.0.113.9", after(600)), (Counts{0, 0}));
  EXPECT_EQ(open("203.0.113.9", kNow, kOtherWorkspace), (Counts{1, 1}));
}

TEST_P(LoginsContract, RemoteIsMarkedOnceAndForGood) {
  insert(1);
  insert(2);
  const auto mark = [&](std::int64_t id) {
    change([&](store::Transaction& tx) { tx.logins().mark_remote(HandoffId(id), event_in(kWorkspace)); });
  };
  mark(1);
  EXPECT_TRUE(find(1)->remote);
  EXPECT_FALSE(find(2)->remote);
  EXPECT_EQ(events(), 3);
  mark(1);
  mark(77);
  EXPECT_TRUE(find(1)->remote);
  EXPECT_EQ(events(), 3);
}

TEST_P(LoginsContract, EveryWrongCodeCountsAndIsToldOf) {
  insert(1);
  insert(2);
  const auto count = [&](std::int64_t id) {
    return change(
        [&](store::Transaction& tx) { return tx.logins().count_wrong_code(HandoffId(id), event_in(kWorkspace)); });
  };
  EXPECT_EQ(count(1), 2);
  EXPECT_EQ(count(1), 3);
  EXPECT_EQ(find(1)->wrong_codes, 3);
  EXPECT_EQ(find(2)->wrong_codes, 1);
  EXPECT_EQ(events(), 4);
  EXPECT_EQ(count(77), 0);
  EXPECT_EQ(events(), 4);

  std::set<int> numbers;
  std::mutex mutex;
  {
    std::vector<std::jthread> guessers;
    guessers.reserve(16);
    for (int i = 0; i < 16; ++i) {
      guessers.emplace_back([&] {
        const int number = count(2);
        const std::lock_guard lock(mutex);
        numbers.insert(number);
      });
    }
  }
  EXPECT_EQ(numbers.size(), 16U) << "no two guesses are the same one";
  EXPECT_EQ(*numbers.rbegin(), 17);
}

TEST_P(LoginsContract, AllowingHappensOnce) {
  insert(1);
  insert(2);
  EXPECT_TRUE(allow(1, "first"));
  EXPECT_FALSE(allow(1, "second"));
  EXPECT_FALSE(allow(77));
  EXPECT_EQ(find(1)->granted, (domain::ScopeSet{Scope::kRead}));
  EXPECT_EQ(find(1)->lifetime, std::chrono::hours(8));
  EXPECT_EQ(find(1)->allowed_at, after(5));
  EXPECT_EQ(find(1)->return_code_hash, "first");
  EXPECT_EQ(find(1)->asked, (domain::ScopeSet{Scope::kRead, Scope::kUse}));
  EXPECT_EQ(find(2)->allowed_at, Instant());
  EXPECT_EQ(events(), 3);
}

TEST_P(LoginsContract, AReturnCodeFindsItsLoginAndNoCodeFindsNone) {
  insert(1);
  insert(2);
  insert(3);
  EXPECT_TRUE(allow(1, "one"));
  EXPECT_TRUE(allow(2, ""));
  EXPECT_EQ(by_return_code("one"), 1);
  EXPECT_EQ(by_return_code("on"), 0);
  EXPECT_EQ(by_return_code("%"), 0);
  EXPECT_EQ(by_return_code(""), 0);
  EXPECT_THROW(allow(3, "one"), Error) << "two logins never share one";
  EXPECT_EQ(find(3)->allowed_at, Instant());
}

TEST_P(LoginsContract, AGrantIsReleasedOnceAndOnlyWhenAllowed) {
  insert(1);
  insert(2);
  EXPECT_FALSE(release(1, 21)) << "nobody has allowed it";
  EXPECT_EQ(events(), 2);
  EXPECT_TRUE(allow(1));
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> racers;
    racers.reserve(16);
    for (int i = 0; i < 16; ++i) racers.emplace_back([&, i] { winners += release(1, 100 + i); });
  }
  EXPECT_EQ(winners, 1);
  EXPECT_GE(find(1)->grant, AgentId(100));
  EXPECT_EQ(find(1)->released_at, after(6));
  EXPECT_FALSE(find(2)->grant.valid());
  EXPECT_EQ(events(), 4);
}

TEST_P(LoginsContract, WhoeverPollsIsToldOfEveryStep) {
  // Without their handoffs, whose steps would be told too.
  change([](store::Transaction& tx) {
    Login allowed = login(3);
    allowed.allowed_at = after(1);
    for (const Login& l : {login(1), login(2), allowed, login(4)}) tx.logins().insert(l);
    tx.audit().record(event_in(kWorkspace));
  });
  change([](store::Transaction& tx) {
    tx.logins().mark_remote(HandoffId(1), event_in(kWorkspace));
    tx.logins().allow(HandoffId(2), {{Scope::kRead}, std::chrono::hours(1), "", kNow}, event_in(kWorkspace));
    tx.logins().release(HandoffId(3), AgentId(21), kNow, event_in(kWorkspace));
    tx.logins().count_wrong_code(HandoffId(4), event_in(kWorkspace));
  });
  EXPECT_EQ(told(), (std::set<std::int64_t>{1, 2, 3}));
}

TEST_P(LoginsContract, PruningTakesWhatEndedUnallowedAndIsOldEnough) {
  std::set<std::int64_t> ended;
  for (std::int64_t state = 0; state < 9; ++state) {
    const auto s = static_cast<HandoffState>(state);
    insert(100 + state, s);
    if (s != domain::kCompleting && s != domain::kCompleted && s != domain::kFailed) ended.insert(100 + state);
  }
  domain::Handoff young = login_handoff(200);
  young.state = domain::kDeclined;
  young.created_at = after(700);
  insert(young, login(200));
  Login allowed = login(201);
  allowed.allowed_at = after(1);
  insert(login_handoff(201), allowed);
  domain::Handoff form = handoff(202);
  form.state = domain::kDeclined;
  change([&](store::Transaction& tx) { tx.handoffs().insert(form, event_in(kWorkspace)); });
  insert(login_handoff(203, kOtherWorkspace), login(203, "a", kOtherWorkspace));

  const auto before = events();
  EXPECT_EQ(prune(kNow), 0U) << "none is older";
  EXPECT_EQ(events(), before);
  EXPECT_EQ(prune(after(700)), ended.size());
  for (std::int64_t id = 100; id < 109; ++id) EXPECT_EQ(is_there(id), !ended.contains(id)) << id;
  EXPECT_TRUE(is_there(200) && is_there(201));
  EXPECT_TRUE(look([](const store::Snapshot& s) { return s.handoffs().find(kWorkspace, HandoffId(202)); }));
  EXPECT_EQ(events(), before + 1);
  EXPECT_EQ(trail().back().row.facts, R"({"a":"b","count":")" + std::to_string(ended.size()) + "\"}");
  EXPECT_EQ(prune(after(700)), 0U);
  EXPECT_EQ(events(), before + 1);
  EXPECT_EQ(prune(after(700), 100, kOtherWorkspace), 1U);
}

// Ended before its deadline: its age counts. Still open: its deadline counts too.
TEST_P(LoginsContract, AnOpenLoginIsPrunedOnlyPastItsDeadline) {
  insert(1, domain::kPending);
  insert(2, domain::kDeclined);
  EXPECT_EQ(prune(after(599)), 1U);
  EXPECT_TRUE(is_there(1));
  EXPECT_FALSE(is_there(2));
  EXPECT_EQ(prune(after(600)), 1U);
  EXPECT_FALSE(is_there(1));
}

TEST_P(LoginsContract, PruningStopsAtItsLimitAndGoesOn) {
  for (std::int64_t id = 1; id <= 5; ++id) insert(id, domain::kCancelled);
  EXPECT_EQ(prune(after(700), 2), 2U);
  EXPECT_EQ(prune(after(700), 2), 2U);
  EXPECT_EQ(prune(after(700), 2), 1U);
  for (std::int64_t id = 1; id <= 5; ++id) EXPECT_FALSE(is_there(id));
}

INSTANTIATE_TEST_SUITE_P(Engines, LoginsContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
