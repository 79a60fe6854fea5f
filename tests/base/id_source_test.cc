#include "base/id_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "support/fake_clock.h"

namespace countersign {
namespace {

std::int64_t milliseconds_of(HandoffId id) { return id.value() >> 21; }
std::int64_t node_of(HandoffId id) { return id.value() >> 13 & 0xff; }

TEST(IdSource, StartsAnIdWithItsTimeAndNode) {
  support::FakeClock clock;
  IdSource source(clock, 200);
  const auto id = source.next<HandoffId>();
  EXPECT_EQ(milliseconds_of(id), clock.now().time_since_epoch().count());
  EXPECT_EQ(node_of(id), 200);
  EXPECT_TRUE(id.valid());
  EXPECT_EQ(HandoffId::parse(id.text()), id);
}

TEST(IdSource, IncreasesWhileTheClockStandsOrStepsBack) {
  support::FakeClock clock;
  IdSource source(clock);
  auto last = source.next<HandoffId>();
  for (const int step : {0, 0, -5'000, 0, 1, -1, 10'000}) {
    clock.advance(std::chrono::milliseconds(step));
    const auto id = source.next<HandoffId>();
    EXPECT_GT(id, last);
    last = id;
  }
}

TEST(IdSource, BorrowsFromTheNextMillisecondWhenOneIsFull) {
  support::FakeClock clock;
  IdSource source(clock, 3);
  const auto first = source.next<HandoffId>();
  HandoffId last = first;
  for (int i = 0; i < 8'192; ++i) last = source.next<HandoffId>();
  EXPECT_EQ(milliseconds_of(last), milliseconds_of(first) + 1);
  EXPECT_EQ(node_of(last), 3);
}

TEST(IdSource, NeverGivesOneIdToTwoThreads) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 5'000;
  support::FakeClock clock;
  IdSource source(clock);
  std::vector<std::vector<HandoffId>> made(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&source, &mine] {
      for (std::size_t i = 0; i < kEach; ++i) mine.push_back(source.next<HandoffId>());
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<HandoffId> all;
  for (const auto& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

TEST(IdSource, NodesNeverMeet) {
  support::FakeClock clock;
  IdSource one(clock, 1);
  IdSource two(clock, 2);
  EXPECT_NE(one.next<HandoffId>(), two.next<HandoffId>());
}

}  // namespace
}  // namespace countersign
