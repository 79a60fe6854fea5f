// One refresh at a time, whoever comes and whoever dies.
#include <future>
#include <latch>
#include <thread>

#include "oauth/tokens_fixture.h"

namespace countersign::oauth {
namespace {

using domain::ConnectionState;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RefreshRace : public TokensTest {
 protected:
  // A pause in which nothing happens but what the test wants, once.
  static std::function<void(std::chrono::milliseconds)> once(std::function<void()> meanwhile) {
    return [meanwhile = std::make_shared<std::function<void()>>(std::move(meanwhile))](std::chrono::milliseconds) {
      if (*meanwhile) std::exchange(*meanwhile, {})();
    };
  }
  // Asks the provider in a thread of its own and does not get its answer before `answer_now`.
  std::future<std::string> start_slowly(const Process& slow, ConnectionId id, http::ClientResponse answer) {
    server.answers([this, kept = std::make_shared<http::ClientResponse>(std::move(answer))](const AuthServer::Seen&) {
      asked.count_down();
      answer_now.wait();
      return std::move(*kept);
    });
    auto result = std::async(std::launch::async, [&slow, id, this] {
      try {
        return sent_with(id, slow.tokens);
      } catch (const Error& error) {
        return error.reason();
      }
    });
    asked.wait();
    return result;
  }

  std::latch asked{1};
  std::latch answer_now{1};
};

TEST_F(RefreshRace, AThousandCallersAtOneExpiredTokenAreOneRequest) {
  constexpr int kCallers = 1000;
  const auto id = connect(1s);
  clock.advance(2s);
  std::latch all_here(kCallers);
  server.answers([&](const AuthServer::Seen&) {
    all_here.wait();
    return AuthServer::answer(200, token_answer("at-2", "rt-2"));
  });
  std::atomic<int> with_the_new_one = 0;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.emplace_back([&] {
        all_here.count_down();
        if (sent_with(id) == "at-2") ++with_the_new_one;
      });
    }
  }
  EXPECT_EQ(with_the_new_one, kCallers);
  EXPECT_EQ(server.count(), 1U);
  EXPECT_EQ(account(id).version, 2);
}

TEST_F(RefreshRace, AThousandCallersAtAServerThatIsDownAreOneRequest) {
  constexpr int kCallers = 1000;
  const auto id = connect(1s);
  clock.advance(2s);
  std::latch all_here(kCallers);
  server.answers([&](const AuthServer::Seen&) {
    all_here.wait();
    return AuthServer::answer(503, "{}");
  });
  std::atomic<int> told_to_wait = 0;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.emplace_back([&] {
        all_here.count_down();
        if (reason_of([&] { sent_with(id); }) == "refresh_failed") ++told_to_wait;
      });
    }
  }
  EXPECT_EQ(told_to_wait, kCallers);
  EXPECT_EQ(server.count(), 1U);
}

TEST_F(RefreshRace, TwoProcessesAreOneRequestAndTheSecondAdoptsWhatTheFirstStored) {
  const auto id = connect(1s);
  clock.advance(2s);
  auto first = start_slowly(process, id, AuthServer::answer(200, token_answer("at-2", "rt-2")));
  std::string first_sent;
  Process second(*this, store, once([&] {
    answer_now.count_down();
    first_sent = first.get();
  }));
  EXPECT_EQ(sent_with(id, second.tokens), "at-2");
  EXPECT_EQ(first_sent, "at-2");
  EXPECT_EQ(server.count(), 1U);
  EXPECT_EQ(second.tokens.counts().refreshed, 0U);
}

TEST_F(RefreshRace, WhoWaitsForAnotherProcessWaitsNoLongerThanItsLease) {
  const auto id = connect(1s);
  clock.advance(2s);
  auto first = start_slowly(process, id, AuthServer::answer(200, token_answer("at-late", "rt-late")));
  Process second(*this, store, moving_pause());
  server.answers(200, token_answer("at-2", "rt-2"));
  const Instant before = clock.now();
  EXPECT_EQ(sent_with(id, second.tokens), "at-2");
  EXPECT_EQ(clock.now() - before, kRefreshLease);

  // The first comes home with an outdated fence: nothing of its is stored, and it goes by what is.
  answer_now.count_down();
  EXPECT_EQ(first.get(), "at-2");
  EXPECT_EQ(kept(id), "2 access_token:at-2 refresh_token:rt-2");
  EXPECT_EQ(server.count(), 2U);  // and nothing is revoked: at some providers that ends the whole grant
}

TEST_F(RefreshRace, WithATokenThatStillWorksNobodySitsOutALease) {
  const auto id = connect(90s);
  auto first = start_slowly(process, id, AuthServer::answer(200, token_answer("at-2", "rt-2")));
  Process second(*this, store, moving_pause());
  server.answers(500, "{}");
  const Instant before = clock.now();
  EXPECT_EQ(sent_with(id, second.tokens), "at-1");
  EXPECT_EQ(clock.now() - before, 5s);
  EXPECT_EQ(server.count(), 1U);
  answer_now.count_down();
  EXPECT_EQ(first.get(), "at-2");
}

TEST_F(RefreshRace, InvalidGrantFromWhoWasOvertakenEndsNothing) {
  const auto id = connect(1s);
  clock.advance(2s);
  auto first = start_slowly(process, id, AuthServer::answer(400, error_answer("invalid_grant")));
  Process second(*this, store, moving_pause());
  server.answers(200, token_answer("at-2", "rt-2"));
  EXPECT_EQ(sent_with(id, second.tokens), "at-2");
  answer_now.count_down();
  EXPECT_EQ(first.get(), "at-2");
  EXPECT_EQ(state(id), ConnectionState::kActive);
  EXPECT_THAT(events("connection.refresh_rejected"), IsEmpty());
}

TEST_F(RefreshRace, AFailureOfWhoWasOvertakenPutsNothingOff) {
  const auto id = connect(1s);
  clock.advance(2s);
  auto first = start_slowly(process, id, AuthServer::answer(503, "{}"));
  Process second(*this, store, moving_pause());
  server.answers(200, token_answer("at-2", "rt-2"));
  EXPECT_EQ(sent_with(id, second.tokens), "at-2");
  answer_now.count_down();
  EXPECT_EQ(first.get(), "at-2");
  EXPECT_EQ(account(id).failures, 0);
}

TEST_F(RefreshRace, ARefreshOfAConnectionRemovedMeanwhileRevokesWhatItBroughtHome) {
  const auto id = connect(1s);
  auto first = start_slowly(process, id, AuthServer::answer(200, token_answer("at-2", "rt-2")));
  remove(id);
  std::vector<std::string> revoked;
  std::mutex mutex;
  server.answers([&](const AuthServer::Seen& seen) {
    const std::lock_guard lock(mutex);
    revoked.push_back(seen.url + " " + seen.body);
    return AuthServer::answer(200, "");
  });
  answer_now.count_down();
  EXPECT_EQ(first.get(), "connection_revoked");
  EXPECT_THAT(revoked, ElementsAre(HasSubstr("token=rt-2"), HasSubstr("token=at-2")));
  EXPECT_THAT(revoked, Each(HasSubstr("https://auth.acme.example/revoke")));
  EXPECT_EQ(kept(id), "1 access_token:at-1 refresh_token:rt-1");  // what the revoker has to show
}

TEST_F(RefreshRace, AForcedRefreshIsNotAnsweredByALookThatFoundNothingToDo) {
  const auto id = connect(1h);
  server.answers(200, token_answer("at-2"));
  TroubledStore slow_store(store);
  Process slow(*this, slow_store, moving_pause());
  std::latch looking(1);
  std::latch coming(1);
  slow_store.before_read = [&] {
    looking.count_down();
    coming.wait();
    // Nothing tells when it has joined: should it be late, this test finds nothing, and does not fail.
    for (int i = 0; i < 2000; ++i) std::this_thread::yield();
  };
  std::jthread looker([&] { slow.tokens.refresh(kWorkspace, id, Force::kWhenDue); });
  looking.wait();
  coming.count_down();
  EXPECT_EQ(slow.tokens.refresh(kWorkspace, id, Force::kNow).outcome, Outcome::kRefreshed);
}

TEST_F(RefreshRace, AClaimAfterAnothersRefreshIsNone) {
  const auto id = connect(1s);
  server.answers(200, token_answer("at-2", "rt-2"));
  TroubledStore between(store);
  Process second(*this, between, moving_pause());
  between.before_write = [&] { refresh(id); };
  EXPECT_EQ(sent_with(id, second.tokens), "at-2");
  EXPECT_EQ(server.count(), 1U);
}

// A process that died after the provider had rotated and before the commit.
class A037_LostRotation : public RefreshRace {
 protected:
  // The answer comes, and from then on the disk takes nothing.
  ConnectionId lose_an_answer() {
    const auto id = connect(10s);
    server.answers([this](const AuthServer::Seen&) {
      disk.refusals = 1'000'000;
      return AuthServer::answer(200, token_answer("at-2", "rt-2"));
    });
    EXPECT_EQ(reason_of([&] { dying.tokens.refresh(kWorkspace, id, Force::kWhenDue); }), "storage_unavailable");
    return id;
  }

  TroubledStore disk{store};
  Process dying{*this, disk, [](std::chrono::milliseconds) {}};
};

TEST_F(A037_LostRotation, IsLeftAloneWhileTheLeaseHoldsAndTriedOnceAfterIt) {
  const auto id = lose_an_answer();
  EXPECT_EQ(state(id), ConnectionState::kRefreshing);
  server.answers(200, token_answer("at-3", "rt-3"));
  clock.advance(kRefreshLease - 1ms);
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(server.count(), 1U);

  clock.advance(1ms);
  process.tokens.refresh_due(kWorkspace);
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(server.count(), 2U);
  EXPECT_THAT(server.seen().back().body, HasSubstr("refresh_token=rt-1"));  // the old one is the fallback
  EXPECT_EQ(state(id), ConnectionState::kActive);
  EXPECT_EQ(kept(id), "2 access_token:at-3 refresh_token:rt-3");
}

TEST_F(A037_LostRotation, EndsWithTheCauseWhenTheOldTokenIsDead) {
  const auto id = lose_an_answer();
  server.answers(400, error_answer("invalid_grant"));
  clock.advance(kRefreshLease);
  process.tokens.refresh_due(kWorkspace);
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(server.count(), 2U);
  EXPECT_EQ(state(id), ConnectionState::kNeedsReauth);
  EXPECT_EQ(account(id).problem, "rotation_lost");
  EXPECT_THAT(refused_by([&] { sent_with(id); }).message,
              HasSubstr("may have rotated the token while its answer was lost"));
}

TEST_F(A037_LostRotation, ACallerTakesItUpToo) {
  const auto id = lose_an_answer();
  server.answers(200, token_answer("at-3", "rt-3"));
  clock.advance(10s);
  EXPECT_EQ(sent_with(id), "at-3");  // after sitting out the lease: what it had has ended
  EXPECT_EQ(server.count(), 2U);
}

TEST_F(A037_LostRotation, ADiskThatHasRoomAgainLosesNothing) {
  const auto id = connect(1s);
  server.answers([this](const AuthServer::Seen&) {
    disk.refusals = 3;
    return AuthServer::answer(200, token_answer("at-2", "rt-2"));
  });
  EXPECT_EQ(dying.tokens.refresh(kWorkspace, id, Force::kWhenDue).outcome, Outcome::kRefreshed);
  EXPECT_EQ(kept(id), "2 access_token:at-2 refresh_token:rt-2");
  EXPECT_EQ(server.count(), 1U);
}

TEST_F(A037_LostRotation, AnAnswerLostOnTheWayIsRememberedAsTheCause) {
  const auto id = connect(10s);
  server.fails_with("upstream_timeout");
  refresh(id);
  clock.advance(2min);
  server.fails_with("upstream_unreachable");  // this one cannot have rotated anything
  refresh(id);
  clock.advance(2min);
  server.answers(400, error_answer("invalid_grant"));
  EXPECT_EQ(refresh(id).problem, "rotation_lost");
}

}  // namespace
}  // namespace countersign::oauth
