// What a client sees of a well-behaved exchange, and of a handler that misbehaves.
#include <stdexcept>

#include "http/edge_fixture.h"

namespace countersign::http::testing {
namespace {

class EdgeAnswers : public Edge {};

TEST_F(EdgeAnswers, AnswerCarriesTheEdgesOwnFields) {
  start();
  RawClient one = client();
  const RawResponse answer = one.ask(get("/a?b=c"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "GET /a?b=c");
  EXPECT_EQ(answer.field("Content-Length"), "10");
  EXPECT_EQ(answer.field("Date").size(), 29U);
  EXPECT_TRUE(answer.field("Date").ends_with(" GMT"));
  EXPECT_EQ(answer.field("Connection"), "");
  EXPECT_EQ(one.ask(post("/d", "body")).body, "POST /d body");
}

TEST_F(EdgeAnswers, ConnectionLivesOrEndsAsTheClientSays) {
  start();
  RawClient asked = client();
  EXPECT_EQ(asked.ask(get("/", "Connection: close\r\n")).field("Connection"), "close");
  EXPECT_TRUE(asked.ended());
  RawClient old = client();
  EXPECT_EQ(old.ask("GET / HTTP/1.0\r\n\r\n").field("Connection"), "close");
  EXPECT_TRUE(old.ended());
  RawClient old_lasting = client();
  const std::string lasting = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  EXPECT_EQ(old_lasting.ask(lasting).field("Connection"), "keep-alive");
  EXPECT_EQ(old_lasting.ask(lasting).status, 200);
}

TEST_F(EdgeAnswers, HeadHasTheLengthAndNoBody) {
  start();
  RawClient one = client();
  one.send("HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n" + get("/next"));
  const RawResponse head = one.read(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Length"), "9");
  EXPECT_EQ(one.read().body, "GET /next");
}

TEST_F(EdgeAnswers, NoContentMeansNoLengthAndNoBody) {
  start([](Request request, Responder responder) {
    Response response = echo(request);
    response.status = request.path == "/204" ? 204 : request.path == "/304" ? 304 : 200;
    responder.respond(std::move(response));
  });
  RawClient one = client();
  one.send(get("/204") + get("/304") + get("/200"));
  for (const int status : {204, 304}) {
    const RawResponse answer = one.read();
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.field("Content-Length"), "");
  }
  EXPECT_EQ(one.read().body, "GET /200");
}

TEST_F(EdgeAnswers, PipelinedRequestsAreAnsweredInOrder) {
  std::atomic<int> at_once{0};
  std::atomic<int> most{0};
  late_ = std::make_unique<LateAnswers>(3);
  start([&](Request request, Responder responder) {
    most = std::max(most.load(), ++at_once);
    late_->add([&at_once, held = share(std::move(responder)), answer = echo(request)]() mutable {
      --at_once;
      held->respond(std::move(answer));
    });
  });
  RawClient one = client();
  std::string all;
  for (int i = 0; i < 500; ++i) all += i % 3 == 0 ? post("/" + std::to_string(i), "x") : get("/" + std::to_string(i));
  std::thread sender([&] { one.send(all); });
  for (int i = 0; i < 500; ++i) {
    const std::string path = '/' + std::to_string(i);
    ASSERT_EQ(one.read().body, i % 3 == 0 ? "POST " + path + " x" : "GET " + path);
  }
  sender.join();
  EXPECT_EQ(most, 1);
}

// A handler that answers at once must not be called from within its own answer, or a long pipeline eats
// the stack.
TEST_F(EdgeAnswers, LongPipelineAnsweredAtOnceDoesNotRecurse) {
  std::atomic<int> depth{0};
  std::atomic<int> deepest{0};
  start([&](Request request, Responder responder) {
    deepest = std::max(deepest.load(), ++depth);
    responder.respond(echo(request));
    --depth;
  });
  RawClient one = client();
  std::string all;
  for (int i = 0; i < 2'000; ++i) all += get("/" + std::to_string(i));
  std::thread sender([&] { one.send(all); });
  for (int i = 0; i < 2'000; ++i) ASSERT_EQ(one.read().body, "GET /" + std::to_string(i));
  sender.join();
  server_->stop();  // the last call may still be on its way out
  EXPECT_EQ(deepest, 1);
}

TEST_F(EdgeAnswers, ContinueComesBeforeTheBodyAndOnlyThen) {
  start();
  RawClient waits = client();
  const std::string fields = "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n";
  waits.send("POST /w HTTP/1.1\r\nHost: a\r\n" + fields);
  EXPECT_EQ(waits.read().status, 100);
  EXPECT_EQ(waits.ask("body").body, "POST /w body");
  RawClient hurries = client();
  EXPECT_EQ(hurries.ask("POST /h HTTP/1.1\r\nHost: a\r\n" + fields + "body").body, "POST /h body");
  EXPECT_EQ(status_of(post("/", "x", "Expect: miracles\r\n")), 417);
}

TEST_F(EdgeAnswers, DroppedResponderAnswers500AndCloses) {
  start([](Request, Responder) {});
  RawClient one = client();
  const RawResponse answer = one.ask(get("/"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
  EXPECT_TRUE(one.ended());
}

TEST_F(EdgeAnswers, ReplacedResponderCountsAsDropped) {
  std::mutex mutex;  // a Responder is one thread's at a time
  std::optional<Responder> kept;
  start([&](Request, Responder responder) {
    const std::lock_guard lock(mutex);
    if (!kept) {
      kept.emplace(std::move(responder));
    } else {
      *kept = std::move(responder);
    }
  });
  RawClient first = client();
  first.send(get("/"));
  EXPECT_TRUE(eventually([&] { return server_->counters().requests == 1; }));
  RawClient second = client();
  second.send(get("/"));
  EXPECT_EQ(first.read().status, 500);
  {
    const std::lock_guard lock(mutex);
    kept.reset();
  }
  EXPECT_EQ(second.read().status, 500);
}

TEST_F(EdgeAnswers, ThrowingHandlerEndsItsRequestAlone) {
  start([](Request request, Responder responder) {
    if (request.path == "/throw") throw std::runtime_error("secret detail");
    if (request.path == "/odd") throw 7;
    responder.respond(echo(request));
  });
  const RawResponse thrown = client().ask(get("/throw"));
  EXPECT_EQ(thrown.status, 500);
  EXPECT_EQ(thrown.body.find("secret"), std::string::npos);
  EXPECT_EQ(status_of(get("/odd")), 500);
  EXPECT_EQ(status_of(get("/")), 200);
}

// Abuse case 106.
TEST_F(EdgeAnswers, A106_ValueThatWouldSplitTheResponseIsNotWritten) {
  start([](Request, Responder responder) {
    responder.respond(Response(200, "text/plain", "ok")
                          .with("Location", "/x\r\nSet-Cookie: evil=1\r\n\r\n<script>")
                          .with("X-Nul", std::string_view("a\0b", 3))
                          .with("X-Escape", "\x1b[31m")
                          .with("Bad Name", "x")
                          .with("Content-Length", "99")
                          .with("transfer-encoding", "chunked")
                          .with("X-Good", "yes"));
  });
  RawClient one = client();
  const RawResponse answer = one.ask(get("/"));
  EXPECT_EQ(answer.body, "ok");
  EXPECT_EQ(answer.head.find("evil"), std::string::npos);
  for (const char* absent : {"Location", "X-Nul", "X-Escape", "Bad Name", "Transfer-Encoding"}) {
    EXPECT_EQ(answer.field(absent), "") << absent;
  }
  EXPECT_EQ(answer.field("Content-Length"), "2");
  EXPECT_EQ(answer.field("X-Good"), "yes");
  EXPECT_NE(log_.text().find("response_header_refused name=Location"), std::string::npos);
  EXPECT_EQ(one.ask(get("/")).body, "ok");
}

TEST_F(EdgeAnswers, RequestSaysWhoAndWhichAndWhen) {
  options_.trusted_proxies = {"127.0.0.1"};
  const SteadyInstant before = clock_.steady_now();
  start([=](Request request, Responder responder) {
    EXPECT_GE(request.received, before);
    responder.respond({200, "text/plain", request.id + ' ' + request.client_address});
  });
  RawClient one = client();
  const std::string first = one.ask(get("/")).body;
  EXPECT_EQ(first.substr(16), " 127.0.0.1");
  const std::string second = one.ask(get("/", "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n")).body;
  EXPECT_EQ(second.substr(16), " 198.51.100.7");
  EXPECT_NE(first.substr(0, 16), second.substr(0, 16));
  RawClient stranger(server_->port(), 0, "127.0.0.2");
  EXPECT_EQ(stranger.ask(get("/", "X-Forwarded-For: 203.0.113.9\r\n")).body.substr(16), " 127.0.0.2");
}

}  // namespace
}  // namespace countersign::http::testing
