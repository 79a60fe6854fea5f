#include "http/rate_limit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/fake_clock.h"

namespace countersign::http {
namespace {

using namespace std::chrono_literals;
using support::FakeClock;

constexpr Rate kWrites{30, 60s};

TEST(RateLimit, TheThirtyFirstInAMinuteWaits) {
  FakeClock clock;
  RateLimit<std::int64_t> limit(kWrites, 100, clock);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(limit.take(7), std::nullopt) << i;
  EXPECT_EQ(limit.take(7), 2s);
  EXPECT_EQ(limit.take(8), std::nullopt);  // somebody else's bucket
}

TEST(RateLimit, WaitingAsLongAsToldIsEnoughAndNoLess) {
  FakeClock clock;
  RateLimit<std::string> limit({3, 30s}, 100, clock);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take("a"), std::nullopt);
  EXPECT_EQ(limit.take("a"), 10s);
  clock.advance(9'999ms);
  EXPECT_EQ(limit.take("a"), 1s);  // rounded up, never "0"
  clock.advance(1ms);
  EXPECT_EQ(limit.take("a"), std::nullopt);
  EXPECT_EQ(limit.take("a"), 10s);
}

TEST(RateLimit, RefusedTriesCostNothing) {
  FakeClock clock;
  RateLimit<std::string> limit({1, 10s}, 100, clock);
  EXPECT_EQ(limit.take("a"), std::nullopt);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limit.take("a"), 10s);
  clock.advance(10s);
  EXPECT_EQ(limit.take("a"), std::nullopt);
}

TEST(RateLimit, RestRefillsToTheBurstAndNotBeyond) {
  FakeClock clock;
  RateLimit<std::string> limit({3, 30s}, 100, clock);
  EXPECT_EQ(limit.take("a"), std::nullopt);
  clock.advance(1h);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take("a"), std::nullopt);
  EXPECT_NE(limit.take("a"), std::nullopt);
}

TEST(RateLimit, TableIsBoundedAndForgetsTheOldestUse) {
  FakeClock clock;
  RateLimit<std::int64_t> limit({1, 60s}, 3, clock);
  for (int key = 1; key <= 3; ++key) EXPECT_EQ(limit.take(key), std::nullopt);
  EXPECT_NE(limit.take(1), std::nullopt);  // refused, and used last now
  EXPECT_EQ(limit.take(4), std::nullopt);  // 2 is forgotten
  EXPECT_EQ(limit.size(), 3U);
  EXPECT_NE(limit.take(1), std::nullopt);
  EXPECT_NE(limit.take(3), std::nullopt);
  EXPECT_EQ(limit.take(2), std::nullopt);
}

TEST(RateLimit, FullBucketsAreForgotten) {
  FakeClock clock;
  RateLimit<std::int64_t> limit({1, 60s}, 1000, clock);
  for (int key = 0; key < 1000; ++key) limit.take(key);
  EXPECT_EQ(limit.size(), 1000U);
  clock.advance(60s);
  for (int i = 0; i < 600; ++i) limit.take(5000);
  EXPECT_EQ(limit.size(), 1U);
}

TEST(RateLimit, ThreadsTogetherGetTheBurstExactly) {
  FakeClock clock;
  RateLimit<std::int64_t> limit(kWrites, 10, clock);
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) taken += limit.take(1) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 30);
}

}  // namespace
}  // namespace countersign::http
