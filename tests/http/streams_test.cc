#include "http/streams.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include "http/recorded_answer.h"
#include "support/captured_log.h"
#include "support/fake_clock.h"

namespace countersign::http {
namespace {

using namespace std::chrono_literals;
using Answer = std::shared_ptr<RecordedAnswer>;
using Look = std::function<std::optional<std::string>()>;

constexpr std::int64_t kAda = 1001;
constexpr std::int64_t kBob = 1002;

class StreamsTest : public ::testing::Test {
 protected:
  ~StreamsTest() override { pool_.stop(); }

  static Stream stream(std::vector<std::int64_t> topics, Look look, std::int64_t owner = 0) {
    Stream made;
    made.head = Response(200, "text/event-stream", "first;");
    made.topics = std::move(topics);
    made.owner = owner;
    made.deadline = SteadyInstant::max();
    made.look = std::move(look);
    return made;
  }
  Answer open(Stream stream) {
    Answer answer = RecordedAnswer::make();
    Responder responder = RecordedAnswer::responder(answer);
    EXPECT_TRUE(streams_.open(std::move(stream), responder));
    return answer;
  }
  Answer open(std::vector<std::int64_t> topics, Look look, std::int64_t owner = 0) {
    return open(stream(std::move(topics), std::move(look), owner));
  }
  Answer open_for(std::int64_t owner) { return open({1}, silent(), owner); }

  static Look silent() {
    return [] { return std::optional(std::string()); };
  }
  // "3;" when version 3 is seen for the first time.
  Look news() {
    return [this, told = std::make_shared<int>(0)]() -> std::optional<std::string> {
      const int seen = version_;
      if (std::exchange(*told, seen) == seen) return std::string();
      return std::to_string(seen) + ";";
    };
  }
  void settle() const {
    while (!pool_.idle()) std::this_thread::yield();
  }
  void change(std::int64_t topic) {
    ++version_;
    streams_.wake(topic);
    settle();
  }
  // The timer thread's part, over that long.
  void pass(std::chrono::milliseconds time) {
    for (auto gone = 0ms; gone < time; gone += 20ms) {
      clock_.advance(20ms);
      streams_.sweep();
      settle();
    }
  }

  support::FakeClock clock_;
  support::CapturedLog log_;
  WorkerPool pool_{2, 100, log_};
  Streams streams_{pool_, clock_};
  std::atomic<int> version_{0};
};

TEST_F(StreamsTest, HeadIsSentAtOnceAndNewsWhenTheyCome) {
  const Answer answer = open({1}, news());
  EXPECT_EQ(header_of(answer->wait(), "Content-Type"), "text/event-stream");
  EXPECT_EQ(answer->streamed(), "first;");
  EXPECT_EQ(streams_.size(), 1U);
  clock_.advance(1s);
  change(1);
  EXPECT_EQ(answer->streamed(), "first;1;");
  EXPECT_FALSE(answer->ended());
}

TEST_F(StreamsTest, ChangeBetweenTheReadAndTheOpenIsNotLost) {
  change(1);  // nobody was registered
  EXPECT_EQ(open({1}, news())->streamed(), "first;1;");
}

TEST_F(StreamsTest, AnyOfItsTopicsWakesItAndNoOther) {
  std::atomic<int> looks{0};
  const Look counted = [&] {
    ++looks;
    return std::optional(std::string());
  };
  open({1, 2, 2}, counted);
  for (int topic = 3; topic < 1000; ++topic) open({topic}, counted);
  looks = 0;
  for (const std::int64_t topic : {1, 2}) {
    clock_.advance(1s);
    change(topic);
  }
  EXPECT_EQ(looks, 2);
}

TEST_F(StreamsTest, BurstOfChangesCostsOneLookAtOnceAndOneAfterTheGap) {
  std::atomic<int> looks{0};
  const Answer answer = open({1}, [&, inner = news()] {
    ++looks;
    return inner();
  });
  pass(1s);
  looks = 0;
  for (int i = 0; i < 1'000; ++i) change(1);
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(answer->streamed(), "first;1;");
  pass(180ms);
  EXPECT_EQ(looks, 1);
  pass(20ms);
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(answer->streamed(), "first;1;1000;");
  pass(5s);
  EXPECT_EQ(looks, 2) << "nothing changed since";
}

TEST_F(StreamsTest, ChangeDuringALookIsLookedAtAfterTheGap) {
  std::promise<void> entered;
  std::promise<void> go_on;
  std::atomic<int> looks{0};
  const Answer answer = open({1}, [&, inner = news()] {
    const auto seen = inner();
    if (++looks == 2) {
      entered.set_value();
      go_on.get_future().wait();
    }
    return seen;
  });
  clock_.advance(1s);
  version_ = 1;
  streams_.wake(1);
  entered.get_future().wait();
  version_ = 2;  // after the look has read it
  streams_.wake(1);
  go_on.set_value();
  settle();
  EXPECT_EQ(answer->streamed(), "first;1;");
  pass(200ms);
  EXPECT_EQ(answer->streamed(), "first;1;2;");
}

TEST_F(StreamsTest, SilenceOfFifteenSecondsIsBrokenByAComment) {
  const Answer answer = open({1}, news());
  pass(14'980ms);
  EXPECT_EQ(answer->streamed(), "first;");
  pass(20ms);
  EXPECT_EQ(answer->streamed(), "first;:\n\n");
  pass(10s);
  change(1);
  EXPECT_EQ(answer->streamed(), "first;:\n\n1;");
  pass(14'980ms);
  EXPECT_EQ(answer->streamed(), "first;:\n\n1;") << "counted from the last bytes";
  pass(20ms);
  EXPECT_EQ(answer->streamed(), "first;:\n\n1;:\n\n");
}

TEST_F(StreamsTest, LooksThatGiveNothingDoNotPutTheHeartbeatOff) {
  const Answer answer = open({1}, silent());
  for (int i = 0; i < 15; ++i) {
    change(1);
    pass(1s);
  }
  EXPECT_EQ(answer->streamed(), "first;:\n\n");
}

TEST_F(StreamsTest, NobodyLooksOrWritesWhileAHeartbeatIsWritten) {
  std::atomic<int> looks{0};
  const Answer answer = open({1}, [&] {
    ++looks;
    return std::optional(std::string());
  });
  answer->during_push = [&] {
    streams_.wake(1);
    settle();
    EXPECT_EQ(looks, 1);
  };
  clock_.advance(15s);
  streams_.sweep();
  EXPECT_EQ(answer->streamed(), "first;:\n\n");
  pass(20ms);
  EXPECT_EQ(looks, 2) << "but the change is not lost";
}

TEST_F(StreamsTest, HeartbeatsOfManyAreSpreadOverTheSweeps) {
  Streams many(pool_, clock_, {.total = 10'000});
  std::vector<Answer> answers;
  for (int i = 0; i < 10'000; ++i) {
    answers.push_back(RecordedAnswer::make());
    Responder responder = RecordedAnswer::responder(answers.back());
    ASSERT_TRUE(many.open(stream({1}, silent()), responder));
  }
  const auto beaten = [&] {
    return std::count_if(answers.begin(), answers.end(), [](const Answer& a) { return a->streamed() != "first;"; });
  };
  clock_.advance(15s);
  many.sweep();
  EXPECT_EQ(beaten(), 256);
  for (int i = 0; i < 39; ++i) many.sweep();
  EXPECT_EQ(beaten(), 10'000);
  for (const Answer& answer : answers) ASSERT_EQ(answer->streamed(), "first;:\n\n");
}

TEST_F(StreamsTest, SeventhOfAnOwnerEndsTheOldest) {
  std::vector<Answer> adas;
  for (int i = 0; i < 6; ++i) adas.push_back(open_for(kAda));
  const Answer bobs = open_for(kBob);
  for (const Answer& answer : adas) EXPECT_FALSE(answer->ended());
  for (std::size_t oldest = 0; oldest < 3; ++oldest) {
    adas.push_back(open_for(kAda));
    for (std::size_t i = 0; i < adas.size(); ++i) EXPECT_EQ(adas[i]->ended(), i <= oldest) << i;
  }
  EXPECT_FALSE(bobs->ended());
  EXPECT_EQ(streams_.size(), 7U);
}

TEST_F(StreamsTest, ThoseWhoseClientHasGoneMakeRoomBeforeTheOldest) {
  std::vector<Answer> adas;
  for (int i = 0; i < 6; ++i) adas.push_back(open_for(kAda));
  adas[4]->client_leaves();
  open_for(kAda);
  EXPECT_FALSE(adas[0]->ended());
  EXPECT_EQ(streams_.size(), 6U);
}

TEST_F(StreamsTest, NobodysStreamsCountForTheTotalAlone) {
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(open_for(0)->ended());
  EXPECT_EQ(streams_.size(), 20U);
}

TEST_F(StreamsTest, OverTheTotalTheResponderStaysTheCallers) {
  Streams few(pool_, clock_, {.total = 2, .per_owner = 1});
  const auto try_open = [&](std::int64_t owner, const Answer& answer) {
    Responder responder = RecordedAnswer::responder(answer);
    const bool opened = few.open(stream({1}, silent(), owner), responder);
    if (!opened) responder.respond(Response(503, "text/plain", "full"));
    return opened;
  };
  const Answer adas = RecordedAnswer::make();
  const Answer bobs = RecordedAnswer::make();
  EXPECT_TRUE(try_open(kAda, adas));
  EXPECT_TRUE(try_open(kBob, bobs));
  const Answer refused = RecordedAnswer::make();
  EXPECT_FALSE(try_open(0, refused));
  EXPECT_EQ(refused->wait().status, 503);
  EXPECT_EQ(refused->streamed(), "");
  EXPECT_TRUE(try_open(kBob, RecordedAnswer::make())) << "replaces one";
  EXPECT_TRUE(bobs->ended());
  EXPECT_FALSE(adas->ended());
  EXPECT_EQ(few.size(), 2U);
}

TEST_F(StreamsTest, DeadlineEndsItAndNotBefore) {
  Stream made = stream({1}, news());
  made.deadline = clock_.steady_now() + 5s;
  const Answer answer = open(std::move(made));
  pass(4'980ms);
  EXPECT_FALSE(answer->ended());
  pass(20ms);
  EXPECT_TRUE(answer->ended());
  EXPECT_EQ(answer->streamed(), "first;");
  EXPECT_EQ(streams_.size(), 0U);
}

TEST_F(StreamsTest, LookThatGivesNothingAtAllEndsIt) {
  const Answer answer = open({1}, [this] { return version_ == 0 ? std::optional(std::string()) : std::nullopt; });
  EXPECT_FALSE(answer->ended());
  clock_.advance(1s);
  change(1);
  EXPECT_TRUE(answer->ended());
  EXPECT_EQ(streams_.size(), 0U);
}

TEST_F(StreamsTest, LookThatThrowsEndsIt) {
  const Answer answer = open({1}, [this]() -> std::optional<std::string> {
    if (version_ != 0) throw std::runtime_error("boom");
    return std::string();
  });
  clock_.advance(1s);
  change(1);
  EXPECT_TRUE(answer->ended());
  EXPECT_EQ(answer->answers(), 1) << "no 500 into the middle of a stream";
  EXPECT_EQ(streams_.size(), 0U);
}

TEST_F(StreamsTest, EveryClientThatLeftIsDroppedWithinFiftySweepsWithoutALook) {
  std::atomic<int> looks{0};
  const Look counted = [&] {
    ++looks;
    return std::optional(std::string());
  };
  std::vector<Answer> answers;
  for (int i = 0; i < 2'000; ++i) answers.push_back(open({i % 10}, counted));
  looks = 0;
  for (std::size_t i = 0; i < answers.size(); i += 2) answers[i]->client_leaves();
  for (int i = 0; i < 51; ++i) streams_.sweep();
  EXPECT_EQ(streams_.size(), 1'000U);
  EXPECT_EQ(looks, 0);
}

TEST_F(StreamsTest, RecordThatIsNextToBeAskedMayGoBetweenTwoSweeps) {
  std::vector<Answer> answers;
  for (std::int64_t i = 0; i < 200; ++i) {
    answers.push_back(open(
        {i}, [this] { return version_ == 0 ? std::optional(std::string()) : std::nullopt; }, i + 1));
  }
  streams_.sweep();  // stops somewhere in the middle
  clock_.advance(1s);
  for (std::int64_t topic = 10; topic < 190; ++topic) change(topic);
  answers.back()->client_leaves();
  for (int i = 0; i < 4; ++i) streams_.sweep();
  EXPECT_EQ(streams_.size(), 19U);
}

TEST_F(StreamsTest, WhatHasEndedIsForgottenWithAllItOwned) {
  std::vector<std::weak_ptr<int>> owned;
  const auto open_owning = [&](std::int64_t owner) {
    const auto thing = std::make_shared<int>();
    owned.push_back(thing);
    return open(
        {1, 2}, [thing] { return std::optional(std::string()); }, owner);
  };
  for (int i = 0; i < 7; ++i) open_owning(kAda);
  open_owning(0)->client_leaves();
  for (int i = 0; i < 51; ++i) streams_.sweep();
  streams_.drain();
  settle();
  for (const auto& thing : owned) EXPECT_TRUE(thing.expired());
}

TEST_F(StreamsTest, ClientThatLeftIsDroppedByAWakeByAHeartbeatAndByTheHead) {
  const Answer one = open({1}, news());
  one->client_leaves();
  clock_.advance(1s);
  change(1);
  EXPECT_EQ(streams_.size(), 0U);
  const Answer other = open({1}, news());
  clock_.advance(15s);
  other->during_push = [&] { other->client_leaves(); };
  streams_.sweep();
  EXPECT_EQ(streams_.size(), 0U);
  const Answer gone = RecordedAnswer::make();
  gone->client_leaves();
  Responder responder = RecordedAnswer::responder(gone);
  EXPECT_TRUE(streams_.open(stream({1}, news()), responder));
  EXPECT_EQ(streams_.size(), 0U);
}

TEST_F(StreamsTest, DrainEndsEverythingNowAndLater) {
  std::vector<Answer> answers;
  for (int topic = 0; topic < 100; ++topic) answers.push_back(open({topic}, news()));
  streams_.drain();
  for (const Answer& answer : answers) EXPECT_TRUE(answer->ended());
  version_ = 1;
  const Answer late = open({1}, news());
  EXPECT_EQ(late->wait().status, 200) << "a browser takes any other status for final and does not come back";
  EXPECT_EQ(late->streamed(), "first;");
  EXPECT_TRUE(late->ended());
  EXPECT_EQ(streams_.size(), 0U);
}

TEST_F(StreamsTest, DrainLetsALookFinishAndEndsBehindIt) {
  std::promise<void> entered;
  std::promise<void> go_on;
  const Answer answer = open({1}, [&, first = true]() mutable -> std::optional<std::string> {
    if (std::exchange(first, false)) return std::string();
    entered.set_value();
    go_on.get_future().wait();
    return "last;";
  });
  clock_.advance(1s);
  streams_.wake(1);
  entered.get_future().wait();
  streams_.drain();
  EXPECT_FALSE(answer->ended());
  EXPECT_EQ(streams_.size(), 1U) << "who waits for quiet must see it";
  go_on.set_value();
  settle();
  EXPECT_EQ(answer->streamed(), "first;last;");
  EXPECT_TRUE(answer->ended());
  EXPECT_EQ(streams_.size(), 0U);
}

TEST_F(StreamsTest, OneLookAtATimeAndTheLastChangeIsSeenWhateverHappensAtOnce) {
  constexpr int kStreams = 200;
  struct Topic {
    std::atomic<int> inside{0};
    std::atomic<int> version{0};
    std::atomic<int> seen{0};
  };
  std::vector<Topic> topics(kStreams);
  std::atomic<int> overlaps{0};
  std::vector<Answer> answers;
  for (int i = 0; i < kStreams; ++i) {
    Topic& topic = topics[static_cast<std::size_t>(i)];
    answers.push_back(open({i, 10'000}, [&] {
      if (++topic.inside != 1) ++overlaps;
      topic.seen = topic.version.load();
      std::this_thread::yield();
      --topic.inside;
      return std::optional(std::string("x"));
    }));
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int version = 0; version < 20; ++version) {
        for (int i = 0; i < kStreams; ++i) {
          ++topics[static_cast<std::size_t>(i)].version;
          streams_.wake(i % 5 == 0 ? 10'000 : i);
        }
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < kStreams; i += 7) answers[static_cast<std::size_t>(i)]->client_leaves();
    for (int i = 0; i < 200; ++i) {
      clock_.advance(50ms);
      streams_.sweep();
    }
  });
  threads.emplace_back([&] {
    for (int i = 0; i < 200; ++i) open({i, 10'000}, silent(), kAda);
  });
  for (std::thread& thread : threads) thread.join();
  streams_.wake(10'000);
  settle();
  pass(2s);
  for (int i = 0; i < kStreams; ++i) {
    if (i % 7 == 0) continue;
    EXPECT_EQ(topics[static_cast<std::size_t>(i)].seen, 40) << i;
  }
  EXPECT_EQ(overlaps, 0);
  EXPECT_EQ(streams_.size(), static_cast<std::size_t>(kStreams - (kStreams + 6) / 7 + 6));
  streams_.drain();
  settle();
  for (const Answer& answer : answers) EXPECT_TRUE(answer->ended());
}

}  // namespace
}  // namespace countersign::http
