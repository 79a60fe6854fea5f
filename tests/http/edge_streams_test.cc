// Event streams on a real socket: framing, order, deadlines, caps, and that nothing reaches a stranger.
#include <atomic>

#include "http/edge_fixture.h"
#include "http/outbox.h"
#include "http/streams.h"
#include "support/fake_clock.h"

namespace countersign::http::testing {
namespace {

using namespace std::chrono_literals;

// "6\r\nnews;\n\r\n"
std::string chunk(std::string_view bytes) {
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

constexpr std::string_view kEnd = "0\r\n\r\n";
constexpr std::string_view kBye = "bye";

// GET /events is a stream that begins with "hello\n" and then says what publish() gives, up to kBye; all else is
// echoed. Deadlines of the connections run on the real clock, those of the streams on `stream_clock_`.
class EdgeStreams : public Edge {
 protected:
  ~EdgeStreams() override {
    if (server_) server_->stop();
    pool_.stop();
  }

  void start_streams() {
    start([this](Request request, Responder responder) {
      if (request.path != "/events") return responder.respond(echo(request));
      Stream stream;
      stream.head = Response(200, "text/event-stream", first_);
      stream.topics = {1};
      stream.deadline = deadline_;
      stream.look = [this, told = news_count()]() mutable -> std::optional<std::string> {
        const std::lock_guard lock(mutex_);
        if (std::exchange(told, news_) == news_) return std::string();
        return text_ == kBye ? std::nullopt : std::optional(text_);
      };
      EXPECT_TRUE(streams_.open(std::move(stream), responder));
      ++opened_;
    });
  }
  int news_count() {
    const std::lock_guard lock(mutex_);
    return news_;
  }
  // Every open stream sends this.
  void publish(std::string_view text) {
    {
      const std::lock_guard lock(mutex_);
      ++news_;
      text_ = text;
    }
    stream_clock_.advance(200ms);
    streams_.wake(1);
    settle();
  }
  void settle() const {
    while (!pool_.idle()) std::this_thread::yield();
  }
  bool open_streams_become(std::size_t count) {
    return eventually([&] {
      streams_.sweep();
      return streams_.size() == count;
    });
  }
  // Opens a stream and reads it up to its first piece.
  RawClient reader(int receive_buffer = 0) {
    const int before = opened_;
    RawClient one(server_->port(), receive_buffer);
    EXPECT_EQ(one.ask(get("/events")).status, 200);
    EXPECT_EQ(one.read_past("hello\n\r\n"), chunk("hello\n"));
    EXPECT_TRUE(opened(before + 1));
    return one;
  }
  // The client may have its head before open() has returned.
  bool opened(int count) {
    return eventually([&] { return opened_ == count; });
  }

  support::FakeClock stream_clock_;
  WorkerPool pool_{2, 100, log_};
  Streams streams_{pool_, stream_clock_};
  SteadyInstant deadline_ = SteadyInstant::max();
  std::string first_ = "hello\n";
  std::mutex mutex_;
  int news_ = 0;
  std::string text_;
  std::atomic<int> opened_{0};
};

TEST_F(EdgeStreams, PiecesAreChunksAndTheEndIsTheLastOne) {
  start_streams();
  RawClient one = client();
  const RawResponse head = one.ask(get("/events"));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(head.field("Content-Length"), "");
  EXPECT_EQ(head.field("Connection"), "");
  EXPECT_EQ(head.field("Content-Type"), "text/event-stream");
  EXPECT_EQ(one.read_past("hello\n\r\n"), chunk("hello\n"));
  ASSERT_TRUE(opened(1));
  const std::string long_text(0x1234, 'x');
  publish(long_text);
  EXPECT_EQ(one.read_past("x\r\n"), "1234\r\n" + long_text + "\r\n");
  publish("");  // nothing new is no chunk: an empty one would be the end
  EXPECT_TRUE(one.silent(20ms));
  streams_.drain();
  EXPECT_EQ(one.read_past(kEnd), kEnd);
  EXPECT_EQ(one.ask(get("/next")).body, "GET /next") << "the connection lives on";
}

TEST_F(EdgeStreams, EmptyFirstPieceIsNoChunk) {
  first_ = "";
  start_streams();
  RawClient one = client();
  EXPECT_EQ(one.ask(get("/events")).status, 200);
  ASSERT_TRUE(opened(1));
  publish("news\n");
  EXPECT_EQ(one.read_past("\n\r\n"), chunk("news\n"));
}

TEST_F(EdgeStreams, OldClientsGetPlainBytesUntilTheConnectionEnds) {
  start_streams();
  int count = 0;
  for (const char* more : {"", "Connection: keep-alive\r\n"}) {
    RawClient one = client();
    const RawResponse head = one.ask("GET /events HTTP/1.0\r\n" + std::string(more) + "\r\n");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.field("Transfer-Encoding"), "");
    EXPECT_EQ(head.field("Content-Length"), "");
    EXPECT_EQ(head.field("Connection"), "close");
    ASSERT_TRUE(opened(++count));
    publish("news\n");
    EXPECT_EQ(one.read_past("news\n"), "hello\nnews\n");
    stream_clock_.advance(15s);
    streams_.sweep();
    EXPECT_EQ(one.read_past(":\n\n"), ":\n\n");
    one.close();
    EXPECT_TRUE(open_streams_become(0));
  }
  RawClient last = client();
  last.send("GET /events HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(opened(++count));
  streams_.drain();
  const auto all = last.read_to_end();
  ASSERT_TRUE(all.has_value());
  EXPECT_TRUE(all->ends_with("\r\n\r\nhello\n")) << *all;
}

TEST_F(EdgeStreams, HeadHasTheHeadAloneAndNoLength) {
  start([](Request request, Responder responder) {
    if (request.path != "/events") return responder.respond(echo(request));
    responder.begin(Response(200, "text/event-stream", "hello\n"));
    responder.push("more\n");
    responder.end();
  });
  RawClient one = client();
  one.send("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n" + get("/next"));
  const RawResponse head = one.read(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Type"), "text/event-stream");
  EXPECT_EQ(head.field("Content-Length"), "") << "nobody knows it";
  EXPECT_EQ(one.read().body, "GET /next");
}

TEST_F(EdgeStreams, RequestsBehindAStreamAreAnsweredAfterItsEnd) {
  start_streams();
  RawClient one = client();
  one.send(get("/first") + get("/events") + get("/second") + get("/events") + get("/third"));
  EXPECT_EQ(one.read().body, "GET /first");
  int count = 0;
  for (const char* behind : {"GET /second", "GET /third"}) {
    EXPECT_EQ(one.read().field("Transfer-Encoding"), "chunked");
    EXPECT_EQ(one.read_past("hello\n\r\n"), chunk("hello\n"));
    ASSERT_TRUE(opened(++count));
    EXPECT_TRUE(one.silent(20ms));
    publish("news\n");
    EXPECT_EQ(one.read_past("news\n\r\n"), chunk("news\n"));
    publish(kBye);
    EXPECT_EQ(one.read_past(kEnd), kEnd);
    EXPECT_EQ(one.read().body, behind);
  }
}

TEST_F(EdgeStreams, NoReadOrIdleDeadlineRunsAndTheHeartbeatKeepsComing) {
  options_.limits.read = options_.limits.idle = options_.limits.write = 300ms;
  start_streams();
  RawClient one = reader();
  one.send("GET /half a request");
  EXPECT_TRUE(one.silent(1s));
  for (int i = 0; i < 3; ++i) {
    stream_clock_.advance(15s);
    streams_.sweep();
    EXPECT_EQ(one.read_past(":\n\n\r\n"), chunk(":\n\n"));
  }
  EXPECT_EQ(server_->counters().timeouts, 0U);
}

TEST_F(EdgeStreams, DeadlineEndsItCleanly) {
  deadline_ = stream_clock_.steady_now() + 10min;
  start_streams();
  RawClient one = reader();
  stream_clock_.advance(10min);
  streams_.sweep();
  EXPECT_EQ(one.read_past(kEnd), kEnd);
  EXPECT_EQ(one.ask(get("/again")).body, "GET /again");
}

TEST_F(EdgeStreams, ClientThatLeavesIsForgotten) {
  start_streams();
  for (const bool politely : {true, false}) {
    RawClient one = reader();
    politely ? one.close() : one.reset();
    EXPECT_TRUE(open_streams_become(0));
  }
}

TEST_F(EdgeStreams, A103_ReaderThatStopsIsGivenUpAfterTheWriteDeadlineThoughNewsKeepComing) {
  options_.limits.write = 300ms;
  options_.limits.stream_bytes = 64 * 1024 * 1024;
  options_.limits.unsent_bytes = 64 * 1024 * 1024;
  start_streams();
  RawClient slow = reader(4'096);
  publish(std::string(16 * 1024 * 1024, 'b'));  // more than the sockets take
  ASSERT_TRUE(eventually([&] {
    publish("more\n");
    return server_->counters().timeouts == 1;
  })) << "what is added must not move the deadline";
  EXPECT_TRUE(open_streams_become(0));
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
}

TEST_F(EdgeStreams, ReaderThatStopsCostsBoundedMemory) {
  options_.limits.write = 1h;
  options_.limits.stream_bytes = 64 * 1024;
  options_.limits.unsent_bytes = 64 * 1024 * 1024;
  start_streams();
  RawClient slow = reader(4'096);
  int published = 0;
  while (published < 4'000 && streams_.size() == 1) {
    publish(std::string(16 * 1024, 'b'));
    ++published;
  }
  EXPECT_LT(published, 1'000) << "16 MB: far more than the sockets and the cap together";
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
  EXPECT_EQ(server_->counters().timeouts, 0U);
}

// The reader goes on and is never quite up to date: what was sent must not pile up in front of what was not.
TEST(OutboxMemory, StaysNearWhatIsPendingHoweverMuchHasPassed) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  constexpr std::size_t kCap = 1024 * 1024;
  Outbox outbox(kCap);
  const std::string piece(8 * 1024, 'p');
  while (outbox.pending() < 64 * 1024) ASSERT_NE(outbox.send(ends[0], piece, {}), Outbox::Result::kFailed);
  std::string sink(piece.size(), '\0');
  std::size_t passed = 0;
  while (passed < 8 * kCap) {
    const ssize_t got = ::recv(ends[1], sink.data(), sink.size(), 0);
    ASSERT_GT(got, 0);
    EXPECT_EQ(sink.find_first_not_of('p'), std::string::npos);
    passed += static_cast<std::size_t>(got);
    std::size_t sent = 0;
    ASSERT_EQ(outbox.flush(ends[0], sent), Outbox::Result::kPending);
    ASSERT_EQ(outbox.send(ends[0], std::string(static_cast<std::size_t>(got), 'p'), {}), Outbox::Result::kPending);
    ASSERT_LT(outbox.memory(), kCap);
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(EdgeStreams, InputBehindAStreamIsCappedAtAHead) {
  start_streams();
  RawClient one = reader();
  const std::string flood(1'024, 'x');
  int sent = 0;
  while (sent < 60 && streams_.size() == 1) {
    one.send(flood);
    ++sent;
    std::this_thread::sleep_for(1ms);
    streams_.sweep();
  }
  EXPECT_GE(sent, 16);
  EXPECT_TRUE(open_streams_become(0)) << "the limit of a head is 16 KB, of a body 64 KB more";
}

TEST_F(EdgeStreams, DrainEndsThemWithTheLastChunkAndTheServerIsQuiet) {
  start_streams();
  std::vector<RawClient> readers;
  for (int i = 0; i < 20; ++i) readers.push_back(reader());
  server_->drain();
  EXPECT_FALSE(server_->quiet());
  streams_.drain();
  for (RawClient& each : readers) EXPECT_EQ(each.read_to_end(), kEnd);
  EXPECT_TRUE(eventually([&] { return server_->quiet(); }));
}

TEST_F(EdgeStreams, DroppedResponderEndsWhatItBegan) {
  start([](Request, Responder responder) {
    responder.begin(Response(200, "text/plain", "piece"));
    responder.push(" and piece");
  });
  RawClient one = client();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(one.ask(get("/")).status, 200);
    EXPECT_EQ(one.read_past(kEnd), chunk("piece") + chunk(" and piece") + std::string(kEnd));
  }
}

TEST_F(EdgeStreams, SecondAnswerIsNoneAndPiecesAfterTheEndGoNowhere) {
  std::atomic<int> wrong{0};
  start([&](Request request, Responder responder) {
    if (request.path != "/odd") return responder.respond(echo(request));
    wrong += responder.push("before the head") ? 1 : 0;
    responder.begin(Response(200, "text/plain", "piece"));
    wrong += responder.begin(Response(200, "text/plain", "again")) ? 1 : 0;
    responder.respond(Response(500, "text/plain", "no"));
    wrong += responder.push("late") ? 1 : 0;
    responder.end();
  });
  RawClient one = client();
  EXPECT_EQ(one.ask(get("/odd")).status, 200);
  EXPECT_EQ(one.read_past(kEnd), chunk("piece") + std::string(kEnd));
  EXPECT_EQ(one.ask(get("/next")).body, "GET /next");
  EXPECT_EQ(wrong, 0);
}

// The stream goes on long after its client left and another one got the same descriptor number.
TEST_F(EdgeStreams, D1_PieceNeverReachesTheNextOwnerOfTheDescriptor) {
  std::mutex mutex;
  std::vector<Responder> open;
  start([&](Request request, Responder responder) {
    if (request.path != "/events") return responder.respond(echo(request));
    responder.begin(Response(200, "text/event-stream", "hello\n"));
    const std::lock_guard lock(mutex);
    open.push_back(std::move(responder));
  });
  for (int i = 0; i < 50; ++i) {
    RawClient leaver = client();
    EXPECT_EQ(leaver.ask(get("/events")).status, 200);
    leaver.close();
    ASSERT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
    RawClient heir = client();
    EXPECT_EQ(heir.ask(get("/heir")).body, "GET /heir");
    {
      const std::lock_guard lock(mutex);
      EXPECT_FALSE(open.back().push("for the one who left"));
      open.back().end();
    }
    EXPECT_TRUE(heir.silent(2ms));
    heir.close();
    ASSERT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
  }
}

TEST_F(EdgeStreams, D1_D8_NewsReachTheirOwnClientsUnderChurn) {
  options_.readers = 2;
  std::atomic<bool> done{false};
  // Each stream says its own path, over and over.
  start([this](Request request, Responder responder) {
    Stream stream;
    stream.head = Response(200, "text/event-stream", request.path + "\n");
    stream.topics = {1};
    stream.deadline = SteadyInstant::max();
    stream.look = [path = request.path] { return std::optional(path + "\n"); };
    streams_.open(std::move(stream), responder);
  });
  std::thread publisher([&] {
    while (!done) {
      stream_clock_.advance(200ms);
      streams_.wake(1);
      streams_.sweep();
      std::this_thread::yield();
    }
  });
  std::atomic<int> wrong{0};
  std::atomic<int> right{0};
  std::vector<std::thread> clients;
  for (int number = 0; number < 4; ++number) {
    clients.emplace_back([&, number] {
      for (int i = 0; i < 200; ++i) {
        const std::string path = "/" + std::to_string(number) + "-" + std::to_string(i);
        RawClient one = client();
        one.send(get(path));
        if (i % 3 == 0) one.reset();
        if (i % 3 == 0) continue;
        if (one.read().status != 200) ++wrong;
        for (int piece = 0; piece < 5; ++piece) {
          const std::string got = one.read_past("\n\r\n");
          // A heartbeat may stand between: the clock races.
          (got == chunk(path + "\n") || got == "3\r\n:\n\n\r\n" ? right : wrong)++;
        }
      }
    });
  }
  for (std::thread& each : clients) each.join();
  done = true;
  publisher.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(right, 2'000);
  EXPECT_TRUE(open_streams_become(0));
}

}  // namespace
}  // namespace countersign::http::testing
