#include "http/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>

#include "support/captured_log.h"

namespace countersign::http {
namespace {

// A job that keeps one worker busy until the test lets go.
class Gate {
 public:
  std::function<void()> job() {
    return [this] {
      entered_.set_value();
      open_.get_future().wait();
    };
  }
  void wait_until_entered() { entered_.get_future().wait(); }
  void open() { open_.set_value(); }

 private:
  std::promise<void> entered_;
  std::promise<void> open_;
};

TEST(WorkerPool, FullQueueSaysNoAtOnceAndKeepsTheJob) {
  support::CapturedLog log;
  WorkerPool pool(1, 2, log);
  Gate gate;
  ASSERT_TRUE(pool.submit(gate.job()));
  gate.wait_until_entered();
  std::atomic<int> ran{0};
  EXPECT_TRUE(pool.submit([&] { ++ran; }));
  EXPECT_TRUE(pool.submit([&] { ++ran; }));
  std::function<void()> refused = [&] { ++ran; };
  EXPECT_FALSE(pool.submit(std::move(refused)));
  EXPECT_TRUE(refused);  // NOLINT(bugprone-use-after-move): not taken
  gate.open();
  pool.stop();
  EXPECT_EQ(ran, 2);
}

TEST(WorkerPool, WokenWorkIsTakenBeyondTheLimit) {
  support::CapturedLog log;
  WorkerPool pool(1, 1, log);
  Gate gate;
  ASSERT_TRUE(pool.submit(gate.job()));
  gate.wait_until_entered();
  std::atomic<int> ran{0};
  for (int i = 0; i < 100; ++i) pool.submit_always([&] { ++ran; });
  EXPECT_TRUE(pool.submit([&] { ++ran; }));  // does not count the woken ones
  gate.open();
  pool.stop();
  EXPECT_EQ(ran, 101);
}

TEST(WorkerPool, NewAndWokenWorkTakeTurns) {
  support::CapturedLog log;
  WorkerPool pool(1, 100, log);
  Gate gate;
  ASSERT_TRUE(pool.submit(gate.job()));
  gate.wait_until_entered();
  std::string order;
  for (int i = 0; i < 3; ++i) pool.submit_always([&] { order += 'w'; });
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(pool.submit([&] { order += 'n'; }));
  gate.open();
  pool.stop();
  EXPECT_EQ(order, "wnwnwnnn");
}

TEST(WorkerPool, StopFinishesWhatIsQueuedAndTakesNoMore) {
  support::CapturedLog log;
  WorkerPool pool(2, 1000, log);
  std::atomic<int> ran{0};
  for (int i = 0; i < 1000; ++i) pool.submit([&] { ++ran; });
  const int queued = 1000;
  pool.stop();
  EXPECT_EQ(ran, queued);
  EXPECT_FALSE(pool.submit([&] { ++ran; }));
  EXPECT_TRUE(pool.idle());
  pool.submit_always([&] { ++ran; });  // must not be lost: runs here
  EXPECT_EQ(ran, queued + 1);
  pool.stop();
}

TEST(WorkerPool, JobThatThrowsIsLoggedAndTheNextOneRuns) {
  support::CapturedLog log;
  WorkerPool pool(1, 10, log);
  std::atomic<bool> ran{false};
  pool.submit([] { throw std::runtime_error("boom"); });
  pool.submit([] { throw 7; });
  pool.submit([&] { ran = true; });
  pool.stop();
  EXPECT_TRUE(ran);
  EXPECT_NE(log.text().find("boom"), std::string::npos);
  EXPECT_NE(log.text().find("not a std::exception"), std::string::npos);
}

TEST(WorkerPool, IsIdleOnlyWhenNothingRunsOrWaits) {
  support::CapturedLog log;
  WorkerPool pool(1, 10, log);
  EXPECT_TRUE(pool.idle());
  Gate gate;
  pool.submit(gate.job());
  gate.wait_until_entered();
  EXPECT_FALSE(pool.idle());
  gate.open();
  while (!pool.idle()) std::this_thread::yield();
}

TEST(WorkerPool, ManySubmittersLoseNothing) {
  support::CapturedLog log;
  WorkerPool pool(3, 100'000, log);
  std::atomic<int> ran{0};
  std::vector<std::thread> submitters;
  for (int t = 0; t < 4; ++t) {
    submitters.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        pool.submit([&] { ++ran; });
        pool.submit_always([&] { ++ran; });
      }
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  while (!pool.idle()) std::this_thread::yield();  // and no wake-up was lost
  EXPECT_EQ(ran, 16'000);
}

}  // namespace
}  // namespace countersign::http
