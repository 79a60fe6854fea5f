#include "http/waiters.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include "http/recorded_answer.h"
#include "support/captured_log.h"
#include "support/fake_clock.h"

namespace countersign::http::waiters {
namespace {

using namespace std::chrono_literals;
using Answer = std::shared_ptr<RecordedAnswer>;
using Look = std::function<std::optional<Response>(Hold::Round)>;

Response text(std::string_view body) { return Response(200, "text/plain", body); }

// Answers "changed" once the flag is set, "pending" when it must answer.
Look look_at(const std::atomic<bool>& changed) {
  return [&changed](Hold::Round round) -> std::optional<Response> {
    if (changed) return text("changed");
    if (round == Hold::Round::kFinal) return text("pending");
    return std::nullopt;
  };
}

class WaitersTest : public ::testing::Test {
 protected:
  ~WaitersTest() override { pool_.stop(); }

  Answer hold(std::int64_t topic, Look look, std::chrono::milliseconds wait = 30s) {
    Answer answer = RecordedAnswer::make();
    waiters_.hold({topic, clock_.steady_now() + wait, std::move(look)}, RecordedAnswer::responder(answer));
    return answer;
  }
  void settle() const {
    while (!pool_.idle()) std::this_thread::yield();
  }

  support::FakeClock clock_;
  support::CapturedLog log_;
  WorkerPool pool_{2, 100, log_};
  Waiters waiters_{pool_, clock_};
  std::atomic<bool> changed_{false};
};

TEST_F(WaitersTest, HeldRequestTakesNoWorkerAndRestsTheConnection) {
  const Answer answer = hold(1, look_at(changed_));
  settle();
  EXPECT_FALSE(answer->answered());
  EXPECT_TRUE(answer->held());
  EXPECT_EQ(waiters_.size(), 1U);
}

TEST_F(WaitersTest, ChangeBetweenTheReadAndTheHoldIsNotLost) {
  changed_ = true;  // and wake() came before anybody was registered
  waiters_.wake(1);
  EXPECT_EQ(hold(1, look_at(changed_))->wait_text(), "changed");
  EXPECT_EQ(waiters_.size(), 0U);
}

TEST_F(WaitersTest, WakeLooksAtItsTopicOnly) {
  std::atomic<int> looks{0};
  const Look counted = [&](Hold::Round round) {
    ++looks;
    return look_at(changed_)(round);
  };
  const Answer one = hold(1, counted);
  const Answer also_one = hold(1, counted);
  std::vector<Answer> others;
  for (int topic = 2; topic < 1000; ++topic) others.push_back(hold(topic, counted));
  looks = 0;
  changed_ = true;
  waiters_.wake(1);
  EXPECT_EQ(one->wait_text(), "changed");
  EXPECT_EQ(also_one->wait_text(), "changed");
  settle();
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(waiters_.size(), 998U);
}

TEST_F(WaitersTest, WakeWithoutAnAnswerKeepsHolding) {
  const Answer answer = hold(1, look_at(changed_));
  waiters_.wake(1);
  settle();
  EXPECT_FALSE(answer->answered());
  changed_ = true;
  waiters_.wake(1);
  EXPECT_EQ(answer->wait_text(), "changed");
}

TEST_F(WaitersTest, DeadlineAnswersAndNotBefore) {
  const Answer answer = hold(1, look_at(changed_), 5s);
  const Answer later = hold(2, look_at(changed_), 6s);
  clock_.advance(4'999ms);
  waiters_.sweep();
  settle();
  EXPECT_FALSE(answer->answered());
  clock_.advance(1ms);
  waiters_.sweep();
  EXPECT_EQ(answer->wait_text(), "pending");
  settle();
  EXPECT_FALSE(later->answered());
  EXPECT_EQ(waiters_.size(), 1U);
}

TEST_F(WaitersTest, DeadlineInThePastIsAnsweredAtOnce) {
  EXPECT_EQ(hold(1, look_at(changed_), 0s)->wait_text(), "pending");
}

TEST_F(WaitersTest, DrainAnswersEverythingNowAndLater) {
  std::vector<Answer> answers;
  for (int topic = 0; topic < 100; ++topic) answers.push_back(hold(topic, look_at(changed_)));
  waiters_.drain();
  for (const Answer& answer : answers) EXPECT_EQ(answer->wait_text(), "pending");
  EXPECT_EQ(hold(1, look_at(changed_))->wait_text(), "pending");
  EXPECT_EQ(waiters_.size(), 0U);
}

TEST_F(WaitersTest, ClientThatLeftIsDroppedWithoutALook) {
  std::atomic<int> looks{0};
  const Answer answer = hold(1, [&](Hold::Round) {
    ++looks;
    return std::optional<Response>();
  });
  looks = 0;
  answer->client_leaves();
  waiters_.sweep();
  EXPECT_EQ(waiters_.size(), 0U);
  const Answer other = hold(2, [&](Hold::Round) {
    ++looks;
    return std::optional<Response>();
  });
  looks = 0;
  other->client_leaves();
  waiters_.wake(2);
  settle();
  EXPECT_EQ(waiters_.size(), 0U);
  EXPECT_EQ(looks, 0);
}

TEST_F(WaitersTest, EveryClientIsAskedWithinFiftySweeps) {
  std::vector<Answer> answers;
  for (int i = 0; i < 10'000; ++i) answers.push_back(hold(i % 100, look_at(changed_)));
  for (std::size_t i = 0; i < answers.size(); i += 2) answers[i]->client_leaves();
  for (int i = 0; i < 51; ++i) waiters_.sweep();
  EXPECT_EQ(waiters_.size(), 5'000U);
}

TEST_F(WaitersTest, RecordThatIsNextToBeAskedMayGoBetweenTwoSweeps) {
  std::vector<Answer> answers;
  for (int topic = 0; topic < 200; ++topic) answers.push_back(hold(topic, look_at(changed_)));
  waiters_.sweep();  // stops somewhere in the middle
  changed_ = true;
  for (int topic = 10; topic < 190; ++topic) waiters_.wake(topic);
  settle();
  answers.back()->client_leaves();
  for (int i = 0; i < 4; ++i) waiters_.sweep();
  EXPECT_EQ(waiters_.size(), 19U);
}

TEST_F(WaitersTest, ChangeDuringALookMakesItLookAgain) {
  std::promise<void> entered;
  std::promise<void> go_on;
  std::atomic<int> looks{0};
  const Answer answer = hold(1, [&](Hold::Round) -> std::optional<Response> {
    const int nth = ++looks;
    const bool seen = changed_;
    if (nth == 2) {
      entered.set_value();
      go_on.get_future().wait();
    }
    return seen ? std::optional(text("changed")) : std::nullopt;
  });
  waiters_.wake(1);
  entered.get_future().wait();
  changed_ = true;  // after the look read it
  waiters_.wake(1);
  EXPECT_EQ(looks, 2);
  go_on.set_value();
  EXPECT_EQ(answer->wait_text(), "changed");
  EXPECT_EQ(looks, 3);
}

TEST_F(WaitersTest, LookThatThrowsOrOwesItsAnswerLeavesTheTableAnd500) {
  const Answer throws = hold(1, [this](Hold::Round) -> std::optional<Response> {
    if (changed_) throw std::runtime_error("boom");
    return std::nullopt;
  });
  const Answer owes = hold(
      2, [](Hold::Round) { return std::optional<Response>(); }, 1s);
  changed_ = true;
  waiters_.wake(1);
  EXPECT_EQ(throws->wait().status, 500);
  clock_.advance(1s);
  waiters_.sweep();
  EXPECT_EQ(owes->wait().status, 500);
  settle();
  EXPECT_EQ(waiters_.size(), 0U);
}

TEST_F(WaitersTest, TenThousandOnOneTopicAreAllAnswered) {
  std::vector<Answer> answers;
  for (int i = 0; i < 10'000; ++i) answers.push_back(hold(1, look_at(changed_)));
  changed_ = true;
  waiters_.wake(1);
  for (const Answer& answer : answers) ASSERT_EQ(answer->wait_text(), "changed");
  EXPECT_EQ(waiters_.size(), 0U);
}

TEST_F(WaitersTest, OneLookAtATimeAndOneAnswerWhateverHappensAtOnce) {
  constexpr int kTopics = 200;
  struct Topic {
    std::atomic<int> inside{0};
    std::atomic<int> version{0};
  };
  std::vector<Topic> topics(kTopics);
  std::atomic<int> overlaps{0};
  std::vector<Answer> answers;
  for (int i = 0; i < kTopics; ++i) {
    Topic& topic = topics[static_cast<std::size_t>(i)];
    answers.push_back(hold(
        i,
        [&](Hold::Round round) -> std::optional<Response> {
          if (++topic.inside != 1) ++overlaps;
          std::this_thread::yield();
          std::optional<Response> answer;
          if (topic.version == 20 || round == Hold::Round::kFinal) answer = text("done");
          --topic.inside;
          return answer;
        },
        i % 3 == 0 ? 1ms : 30s));
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int version = 0; version < 10; ++version) {
        for (int i = 0; i < kTopics; ++i) {
          ++topics[static_cast<std::size_t>(i)].version;
          waiters_.wake(i);
        }
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < kTopics; i += 7) answers[static_cast<std::size_t>(i)]->client_leaves();
    for (int i = 0; i < 50; ++i) {
      clock_.advance(1ms);
      waiters_.sweep();
    }
  });
  for (std::thread& thread : threads) thread.join();
  settle();
  // Every topic has its twentieth change: who is still held missed it.
  EXPECT_EQ(waiters_.size(), 0U);
  EXPECT_EQ(overlaps, 0);
  for (const Answer& answer : answers) EXPECT_EQ(answer->answers(), 1);  // or the dropped Responder's
}

TEST_F(WaitersTest, HoldsAndChangesInARaceLoseNone) {
  constexpr int kRequests = 3'000;
  std::vector<std::atomic<bool>> flags(kRequests);
  std::vector<Answer> answers(kRequests);
  std::thread holder([&] {
    for (std::size_t i = 0; i < kRequests; ++i) answers[i] = hold(static_cast<std::int64_t>(i), look_at(flags[i]));
  });
  std::thread changer([&] {
    for (std::size_t i = 0; i < kRequests; ++i) {
      flags[i] = true;
      waiters_.wake(static_cast<std::int64_t>(i));
    }
  });
  holder.join();
  changer.join();
  settle();
  EXPECT_EQ(waiters_.size(), 0U);
  for (const Answer& answer : answers) ASSERT_EQ(answer->wait_text(), "changed");
}

}  // namespace
}  // namespace countersign::http::waiters
