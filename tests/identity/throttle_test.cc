// Slowing guessers down without locking anybody out (abuse cases 95 and 107).
#include <atomic>
#include <barrier>
#include <chrono>
#include <mutex>
#include <thread>

#include "fixture.h"
#include "identity/last_seen.h"
#include "identity/login_name.h"
#include "identity/slow_down.h"

namespace countersign::identity {
namespace {

constexpr milliseconds kFree{0};
SteadyInstant at(milliseconds when) { return SteadyInstant(hours(1000) + when); }

TEST(SlowDown, SomeTriesAreFreeThenTheWaitDoublesUpToItsLimit) {
  SlowDown slow({3, seconds(1), seconds(5), hours(1)});
  milliseconds now{0};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(slow.try_begin(1, at(now)), kFree);
  for (const seconds expected : {seconds(1), seconds(2), seconds(4), seconds(5), seconds(5)}) {
    EXPECT_EQ(slow.try_begin(1, at(now)), expected);
    EXPECT_EQ(slow.try_begin(1, at(now + milliseconds(1))), expected - milliseconds(1)) << "a refusal adds nothing";
    now += expected;
    EXPECT_EQ(slow.try_begin(1, at(now - milliseconds(1))), milliseconds(1));
    EXPECT_EQ(slow.try_begin(1, at(now)), kFree);
  }
}

TEST(SlowDown, KeysDoNotMeet) {
  SlowDown slow({1, seconds(1), seconds(5), hours(1)});
  EXPECT_EQ(slow.try_begin(1, at(kFree)), kFree);
  EXPECT_NE(slow.try_begin(1, at(kFree)), kFree);
  EXPECT_EQ(slow.try_begin(2, at(kFree)), kFree);
}

TEST(SlowDown, TriesComeBackWithTime) {
  SlowDown slow({2, seconds(1), hours(10), minutes(5)});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(slow.try_begin(1, at(kFree)), kFree);
  EXPECT_NE(slow.try_begin(1, at(kFree)), kFree);
  EXPECT_EQ(slow.try_begin(1, at(minutes(10))), kFree) << "both came back: two free ones again";
  EXPECT_EQ(slow.try_begin(1, at(minutes(10))), kFree);
  EXPECT_NE(slow.try_begin(1, at(minutes(10))), kFree);
}

TEST(SlowDown, GuesserIsHeldToTheRateAtWhichTriesComeBack) {
  SlowDown slow({5, seconds(1), minutes(15), minutes(5)});
  int tries = 0;
  for (seconds now{0}; now < hours(24); now += seconds(1)) tries += slow.try_begin(1, at(now)) == kFree ? 1 : 0;
  EXPECT_LT(tries, 24 * 12 + 30);
  EXPECT_GT(tries, 24 * 4) << "and never shut out";
}

TEST(SlowDown, TryTakenBackDoesNotFreeTheOthers) {
  SlowDown slow({3, seconds(8), seconds(8), hours(1)});
  for (int i = 0; i < 3; ++i) slow.try_begin(1, at(kFree));
  ASSERT_NE(slow.try_begin(1, at(kFree)), kFree);
  ASSERT_EQ(slow.try_begin(1, at(seconds(8))), kFree);
  slow.take_back(1);
  EXPECT_NE(slow.try_begin(1, at(seconds(8))), kFree);
  slow.forget(1);
  EXPECT_EQ(slow.try_begin(1, at(seconds(8))), kFree);
  slow.take_back(999);  // nobody; nothing happens
}

TEST(SlowDown, MemoryIsBoundedAndTheWorstAreRemembered) {
  SlowDown slow({3, seconds(60), seconds(60), hours(1)}, 100);
  for (int i = 0; i < 3; ++i) slow.try_begin(1, at(kFree));
  for (SlowDown::KeyDigest key = 2; key < 5000; ++key) slow.try_begin(key, at(seconds(1)));
  EXPECT_LE(slow.size(), 100U);
  EXPECT_NE(slow.try_begin(1, at(seconds(2))), kFree) << "a flood of new keys does not wash the guesser's away";
  EXPECT_EQ(slow.try_begin(6000, at(hours(10))), kFree);
  EXPECT_EQ(slow.size(), 1U) << "what has come back in full is forgotten first";
}

TEST(SlowDown, OfManyAtOnceOnlyTheFreeTriesBegin) {
  SlowDown slow({5, seconds(60), seconds(60), hours(1)});
  std::atomic<int> begun{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] { begun += slow.try_begin(1, at(kFree)) == kFree ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(begun, 5);
}

TEST(FailureSampler, LetsABurstThroughThenARateAndCountsTheRest) {
  Sampler sampler(3, seconds(1));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sampler.let_through(at(kFree)), 0U);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(sampler.let_through(at(kFree)), std::nullopt);
  sampler.held_back();
  EXPECT_EQ(sampler.let_through(at(milliseconds(1001))), 8U);
  EXPECT_EQ(sampler.let_through(at(milliseconds(1001))), std::nullopt);
  EXPECT_EQ(sampler.let_through(at(hours(1))), 1U);
}

TEST(LastSeenTable, DropsNotesWhenFullAndHandsEachOutOnce) {
  LastSeen seen;
  constexpr std::int64_t kRows = 3000;
  for (std::int64_t row = 1; row <= kRows; ++row) seen.note(row << 13U, Instant(milliseconds(row)));
  const auto taken = seen.take();
  EXPECT_LE(taken.size(), LastSeen::kSlots);
  EXPECT_GT(taken.size(), LastSeen::kSlots * 9 / 10) << "row keys with the same low bits spread over the table";
  for (const auto& sighting : taken) EXPECT_EQ(sighting.at, Instant(milliseconds(sighting.row_key >> 13U)));
  EXPECT_TRUE(seen.take().empty());
}

TEST(LastSeenTable, HoldsWhatIsNotedUntilItIsTaken) {
  LastSeen seen;
  for (std::int64_t row = 1; row <= 100; ++row) seen.note(row << 13U, Instant(milliseconds(row)));
  for (std::int64_t row = 1; row <= 100; ++row) EXPECT_TRUE(seen.holds(row << 13U)) << row;
  EXPECT_FALSE(seen.holds(101 << 13U));
  seen.take();
  for (std::int64_t row = 1; row <= 100; ++row) EXPECT_FALSE(seen.holds(row << 13U)) << row;
}

TEST(LastSeenTable, KeepsTheFirstSightingOfARow) {
  LastSeen seen;
  seen.note(7, Instant(milliseconds(100)));
  seen.note(7, Instant(milliseconds(200)));
  const auto taken = seen.take();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].row_key, 7);
  EXPECT_EQ(taken[0].at, Instant(milliseconds(100)));
}

TEST(LastSeenTable, ManyThreadsMayNoteWhileOneTakes) {
  LastSeen seen;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (std::int64_t i = 1; i <= 4; ++i) {
    threads.emplace_back([&, i] {
      for (std::int64_t n = 0; n < 20'000; ++n) seen.note((n % 50 + 1) * i, Instant(milliseconds(7)));
      stop = true;
    });
  }
  std::size_t taken = 0;
  while (!stop) {
    for (const auto& sighting : seen.take()) {
      EXPECT_EQ(sighting.at, Instant(milliseconds(7)));
      ++taken;
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(taken + seen.take().size(), 0U);
}

TEST(AddressScope, Ipv6CountsBySubnetAndMappedIpv4AsIpv4) {
  EXPECT_EQ(address_scope("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(address_scope("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(address_scope("2001:db8:0:1::1"), address_scope("2001:db8:0:1:ffff::9"));
  EXPECT_NE(address_scope("2001:db8:0:1::1"), address_scope("2001:db8:0:2::1"));
  EXPECT_EQ(address_scope("unix"), "unix");
}

class ThrottleTest : public IdentityTest {};

TEST_F(ThrottleTest, A095_GuesserWaitsAndTheOwnerElsewhereDoesNot) {
  add_person();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(wrong("ada", "198.51.100.1"), "wrong_login");
  const auto refused = refusal_of([&] { sign_in_as("ada", kPassword, "198.51.100.1"); });
  EXPECT_EQ(refused.code, ErrorCode::kRateLimited);
  EXPECT_EQ(refused.reason, "sign_in_throttled");
  EXPECT_EQ(refused.wait, seconds(1));
  EXPECT_NO_THROW(sign_in_as("ada")) << "from another address";
  EXPECT_NO_THROW(sign_in_as(" ADA ", kPassword, "203.0.113.5"));

  clock.advance(seconds(1));
  EXPECT_NO_THROW(sign_in_as("ada", kPassword, "198.51.100.1")) << "after the wait the right password works";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(wrong("ada", "198.51.100.1"), "wrong_login") << "and the record is clean";
}

TEST_F(ThrottleTest, UnknownLoginIsThrottledLikeAKnownOne) {
  add_person();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(wrong("ada"), "wrong_login");
    EXPECT_EQ(wrong("nobody"), "wrong_login");
    EXPECT_EQ(wrong("no login!"), "wrong_login");
  }
  const auto known = refusal_of([&] { sign_in_as("ada"); });
  EXPECT_EQ(known.reason, "sign_in_throttled");
  EXPECT_EQ(refusal_of([&] { sign_in_as("nobody"); }), known);
  EXPECT_EQ(refusal_of([&] { sign_in_as("NOBODY "); }), known) << "spelling makes no new record";
  EXPECT_EQ(refusal_of([&] { sign_in_as("no login!"); }), known);
}

TEST_F(ThrottleTest, OneAddressCannotSprayOverManyLogins) {
  add_person();
  int tried = 0;
  for (int i = 0; i < 100; ++i) tried += wrong("user" + std::to_string(i), "198.51.100.1") == "wrong_login" ? 1 : 0;
  EXPECT_EQ(tried, 30);
  EXPECT_EQ(wrong("ada", "198.51.100.1"), "sign_in_throttled");
  EXPECT_NO_THROW(sign_in_as("ada"));

  // An account of one's own in between does not clear the address.
  clock.advance(seconds(1));
  EXPECT_NO_THROW(sign_in_as("ada", kPassword, "198.51.100.1"));
  EXPECT_EQ(wrong("user7", "198.51.100.1"), "sign_in_throttled");

  clock.advance(minutes(15));
  EXPECT_EQ(wrong("user7", "198.51.100.1"), "wrong_login") << "recovers by itself";
}

TEST_F(ThrottleTest, A095_AnAdminIsNeverLockedOutForGood) {
  const auto person = add_person();
  // Wrong passwords without end from the admin's own address, and every address that could reset a counter.
  for (int i = 0; i < 40; ++i) wrong("ada");
  for (int i = 0; i < 40; ++i) wrong("user" + std::to_string(i));
  ASSERT_EQ(refusal_of([&] { sign_in_as("ada"); }).reason, "sign_in_throttled");

  EXPECT_NO_THROW(follow(people.make_link(admin, workspace, person.id, minutes(1)).reveal()));
  // Even one whom another admin has disabled: the command line brings every account back.
  const auto boss = add_person("boss");
  accounts.disable(acting(boss), person.id);
  const auto recovered = follow(people.recover(admin, workspace, person.id, minutes(1)).reveal());
  EXPECT_EQ(recovered.person.id, person.id);
  EXPECT_TRUE(sign_in.present(recovered.cookie.reveal()));
  people.change_password(sign_in.present(recovered.cookie.reveal())->acting(), recovered.session.id, secret(""),
                         secret("another-harbour-tuba"));
  clock.advance(minutes(15));
  EXPECT_NO_THROW(sign_in_as("ada", "another-harbour-tuba")) << "the throttle forgives by itself";
}

TEST_F(ThrottleTest, FloodOfFailuresIsSampledInTheAuditLogAndCounted) {
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(wrong("user" + std::to_string(i), "198.51.100." + std::to_string(i)), "wrong_login");
  }
  EXPECT_EQ(audit("sign_in.failed").size(), 60U);
  clock.advance(seconds(2));
  wrong("last", "203.0.113.9");
  const auto rows = audit("sign_in.failed");
  ASSERT_EQ(rows.size(), 61U);
  EXPECT_NE(rows.back().row.facts.find(R"("not_recorded_before":"140")"), std::string::npos) << rows.back().row.facts;
}

TEST_F(ThrottleTest, A107_FullQueueRefusesAtOnce) {
  PasswordWorker dear(crypto::PasswordCost{12, std::size_t{64} << 20U}, 1);
  SignIn busy(store, keys, dear, clock, random, ids);
  const Origin from_home{std::string(kHome), ""};
  constexpr int kThreads = 8;
  std::barrier start(kThreads);
  std::mutex outcomes;  // guards what follows
  int refused = 0;
  int looked_at = 0;
  milliseconds slowest_refusal{0};
  milliseconds fastest_look{hours(1)};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      const auto begin = std::chrono::steady_clock::now();
      const auto outcome =
          refusal_of([&] { busy.with_password(workspace, "user" + std::to_string(i), secret("wrong"), from_home); });
      const auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
      const std::lock_guard lock(outcomes);
      if (outcome.reason == "wrong_login") {
        ++looked_at;
        fastest_look = std::min(fastest_look, took);
      } else {
        EXPECT_EQ(outcome.reason, "sign_in_busy");
        EXPECT_EQ(outcome.code, ErrorCode::kRateLimited);
        EXPECT_GT(outcome.wait, seconds(0));
        ++refused;
        slowest_refusal = std::max(slowest_refusal, took);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused + looked_at, kThreads);
  EXPECT_GE(refused, kThreads / 2) << "one runs, one waits, and on a busy machine one may come late";
  EXPECT_LT(slowest_refusal, fastest_look) << "who is refused does not wait for a hash";
  EXPECT_EQ(audit("sign_in.failed").size(), static_cast<std::size_t>(looked_at));
}

TEST_F(ThrottleTest, TryThatAFullQueueRefusedIsNoGuess) {
  add_person();
  PasswordWorker dear(crypto::PasswordCost{1, std::size_t{64} << 20U}, 1);
  SignIn busy(store, keys, dear, clock, random, ids);
  const Origin from_home{std::string(kHome), ""};
  std::atomic<bool> stop{false};
  std::vector<std::thread> others;
  for (int i = 0; i < 4; ++i) {
    others.emplace_back([&] {
      while (!stop) refusal_of([&] { dear.verify("", secret("x")); });
    });
  }
  int refused = 0;
  for (int i = 0; i < 10'000 && refused < 100; ++i) {
    const std::string reason =
        refusal_of([&] { busy.with_password(workspace, "ada", secret(kPassword), from_home); }).reason;
    EXPECT_NE(reason, "sign_in_throttled");
    if (reason == "sign_in_busy") ++refused;
  }
  stop = true;
  for (std::thread& other : others) other.join();
  EXPECT_EQ(refused, 100);
}

TEST_F(ThrottleTest, WorkerStandInForAMissingHashMatchesNothing) {
  EXPECT_FALSE(passwords.verify("", secret("nobody has this one")));
  EXPECT_FALSE(passwords.verify("no hash of ours", secret("no hash of ours")));
  EXPECT_TRUE(passwords.verify(passwords.hash(secret(kPassword)), secret(kPassword)));
}

TEST_F(ThrottleTest, WorkerHandsOnWhatWentWrongAndGoesOn) {
  // More memory than any machine gives: libsodium refuses, the caller learns it, the worker lives.
  PasswordWorker impossible(crypto::PasswordCost{1, std::size_t{1} << 41U});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(refusal_of([&] { impossible.hash(secret(kPassword)); }).code, ErrorCode::kUnavailable);
  }
  EXPECT_EQ(refusal_of([&] { impossible.verify("", secret(kPassword)); }).code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace countersign::identity
