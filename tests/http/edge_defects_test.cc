// One regression test for each defect of the stock server that a client can reach (docs/decisions: the
// edge); the number after D is the defect's in the list of facts about Pistache 0.0.5.
#include <sys/resource.h>

#include <random>

#include "http/edge_fixture.h"

namespace countersign::http::testing {
namespace {

class EdgeDefects : public Edge {};

std::chrono::microseconds cpu_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto sum = [](timeval time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return sum(usage.ru_utime) + sum(usage.ru_stime);
}

// One thread of clients for D1 and D8: most leave early in one of several ways, the others check that what
// comes is their own.
class Churn {
 public:
  std::atomic<int> answered{0};
  std::atomic<int> wrong{0};
  std::atomic<int> missing{0};

  void run(std::uint16_t port, unsigned seed, int rounds) {
    std::mt19937 random(seed);
    for (int i = 0; i < rounds; ++i) {
      RawClient one(port);
      const std::string path = '/' + std::to_string(seed) + '-' + std::to_string(i);
      one.send(get(path));
      switch (random() % 4) {
        case 0:
          break;
        case 1:
          one.reset();
          break;
        case 2:
          one.end_output();
          break;
        default:
          check(one.read(), "GET " + path);
      }
    }
  }

 private:
  void check(const RawResponse& answer, const std::string& expected) {
    if (answer.status == 0) {
      ++missing;
    } else if (answer.body != expected) {
      ++wrong;
    } else {
      ++answered;
    }
  }
};

TEST_F(EdgeDefects, D1_D7_AnswersReachTheirOwnClientUnderChurn) {
  options_.readers = 2;
  start(echo_later(2));
  Churn churn;
  std::vector<std::thread> clients;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    clients.emplace_back([&, seed] { churn.run(server_->port(), seed, 1'500); });
  }
  for (std::thread& each : clients) each.join();
  EXPECT_EQ(churn.wrong, 0);
  EXPECT_EQ(churn.missing, 0);
  EXPECT_GT(churn.answered, 1'000);
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
}

// The answer comes long after its client left and another one got the same descriptor number.
TEST_F(EdgeDefects, D1_LateAnswerNeverReachesTheNextOwnerOfTheDescriptor) {
  std::mutex mutex;
  std::vector<Responder> held;
  start([&](Request request, Responder responder) {
    if (request.path != "/late") return responder.respond(echo(request));
    const std::lock_guard lock(mutex);
    held.push_back(std::move(responder));
  });
  for (int i = 0; i < 50; ++i) {
    RawClient leaver = client();
    leaver.send(get("/late"));
    ASSERT_TRUE(eventually([&] { return server_->counters().requests == static_cast<unsigned>(2 * i + 1); }));
    leaver.close();
    ASSERT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
    RawClient heir = client();
    EXPECT_EQ(heir.ask(get("/heir")).body, "GET /heir");
    {
      const std::lock_guard lock(mutex);
      EXPECT_FALSE(held.back().alive());
      held.back().respond({200, "text/plain", "for the one who left"});
    }
    EXPECT_TRUE(heir.silent(std::chrono::milliseconds(2)));
    heir.close();
    ASSERT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
  }
}

TEST_F(EdgeDefects, D8_SimultaneousAnswersFromManyThreadsNeverStick) {
  start(echo_later(4));
  std::atomic<int> stuck{0};
  std::vector<std::thread> clients;
  for (int number = 0; number < 4; ++number) {
    clients.emplace_back([&, number] {
      RawClient one = client();
      for (int i = 0; i < 2'000; ++i) {
        const std::string path = '/' + std::to_string(number) + '-' + std::to_string(i);
        if (one.ask(get(path)).body != "GET " + path) ++stuck;
      }
    });
  }
  for (std::thread& each : clients) each.join();
  EXPECT_EQ(stuck, 0);
}

// A read boundary of 4,096 bytes falls on every place of a chunk's end, and so does a segment's.
TEST_F(EdgeDefects, D2_ChunkSplitBetweenCarriageReturnAndLineFeedIsRead) {
  start();
  const std::string body(100, 'x');
  const std::string chunked =
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" + body + "\r\n0\r\n\r\n";
  for (std::size_t cut = chunked.size() - 12; cut < chunked.size(); ++cut) {
    RawClient one = client();
    one.send(chunked.substr(0, cut));
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    EXPECT_EQ(one.ask(chunked.substr(cut)).body, "POST /c " + body) << cut;
  }
  for (std::size_t size = 3'990; size < 4'040; ++size) {
    char length[16];
    std::snprintf(length, sizeof length, "%zx", size);
    RawClient one = client();
    const std::string text(size, 'y');
    EXPECT_EQ(one.ask("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(length) +
                      "\r\n" + text + "\r\n0\r\n\r\n")
                  .body.size(),
              size + 8)
        << size;
  }
  const auto before = cpu_time();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(cpu_time() - before, std::chrono::milliseconds(100)) << "a thread spins";
}

TEST_F(EdgeDefects, D3_OversizedBodyIsNeverParsedAsRequests) {
  std::atomic<int> evil{0};
  start([&](Request request, Responder responder) {
    if (request.path == "/evil") ++evil;
    responder.respond(echo(request));
  });
  std::string body;
  while (body.size() < 600'000) body += get("/evil");
  RawClient one = client();
  one.send(post("/big", body));
  EXPECT_EQ(one.read().status, 413);
  EXPECT_TRUE(one.ended());
  EXPECT_EQ(evil, 0);
  EXPECT_EQ(server_->counters().bad_requests, 1U);
}

// A reset would destroy the answer on its way to a client that reads only after it has sent all.
TEST_F(EdgeDefects, D3_ClientThatGoesOnSendingIsNotResetAtOnce) {
  start();
  RawClient one = client();
  one.send("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n");
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(one.send(std::string(100'000, 'x'))) << i;
  }
  EXPECT_EQ(one.read().status, 413);
  EXPECT_TRUE(one.ended());
  EXPECT_FALSE(one.was_reset());
  one.close();
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
}

TEST_F(EdgeDefects, D4_RequestAfterARefusedOneStartsClean) {
  start();
  EXPECT_EQ(status_of(post("/big", std::string(300'000, 'x'))), 413);
  const std::string body(3'935, 'z');
  EXPECT_EQ(client().ask(post("/next", body)).body, "POST /next " + body);
}

TEST_F(EdgeDefects, D5_SlowReaderDoesNotDisturbAFastOne) {
  const std::string big(100'000, 'b');
  start([big](Request request, Responder responder) {
    responder.respond(request.path == "/big" ? Response(200, "text/plain", big) : echo(request));
  });
  RawClient fast = client();
  const auto cost_of_asking = [&] {
    const auto before = cpu_time();
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(fast.ask(get("/fast")).body, "GET /fast");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return cpu_time() - before;
  };
  const auto alone = cost_of_asking();
  RawClient slow(server_->port(), 4'096);
  std::string all;
  for (int i = 0; i < 80; ++i) all += get("/big");
  slow.send(all);
  // A thread that spins takes all of the 200 ms and more that the asking lasts.
  EXPECT_LT(cost_of_asking(), alone + std::chrono::milliseconds(150)) << "a thread spins";
  for (int i = 0; i < 80; ++i) ASSERT_EQ(slow.read().body.size(), big.size()) << i;
}

// D10: the stock router overflows its stack; here a path is only bytes.
TEST_F(EdgeDefects, D10_SixteenThousandSlashesAreJustAPath) {
  start();
  const std::string slashes(16'000, '/');
  EXPECT_EQ(client().ask(get(slashes)).body, "GET " + slashes);
  EXPECT_EQ(status_of(get(std::string(50'000, '/'))), 414);
}

TEST_F(EdgeDefects, D13_TruncatedRequestEndingInCarriageReturnIsHarmless) {
  start();
  const std::string whole = get("/t", "X: y\r\n");
  for (std::size_t end = 1; end < whole.size(); ++end) {
    RawClient one = client();
    one.send(whole.substr(0, end));
  }
  EXPECT_EQ(status_of(get("/")), 200);
}

// The smuggling table itself is in framing_rules_test.cc; here: the answer arrives and the connection ends.
TEST_F(EdgeDefects, D14_RefusalIsAProblemAndEndsTheConnection) {
  start();
  RawClient one = client();
  one.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n" +
           get("/evil"));
  const RawResponse answer = one.read();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.body.rfind(R"({"type":"about:blank","title":"Bad Request","status":400,"detail":")", 0), 0U);
  EXPECT_EQ(one.read_to_end(), "");
  EXPECT_EQ(server_->counters().requests, 0U);
}

TEST_F(EdgeDefects, D15_HalfClosedClientIsADisconnect) {
  start(echo_later(1));
  RawClient one = client();
  one.send(get("/half"));
  one.end_output();
  EXPECT_TRUE(one.ended());
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
  EXPECT_EQ(status_of(get("/")), 200);
}

// Stock Pistache answers these 500 or 415 before any handler runs; browsers and proxies send them.
TEST_F(EdgeDefects, JunkInFieldsIsTheApplicationsBusiness) {
  start();
  for (const char* junk : {"Cookie: foo", "Cookie: ;;=;", "Accept:", "Accept: x", "Accept: a, , b", "Date: junk",
                           "Cache-Control: stale-while-revalidate=5", "Content-Type: nonsense", "Authorization: Basic",
                           "User-Agent: \xff\xfe", "Content-Encoding: ,"}) {
    EXPECT_EQ(status_of(get("/", std::string(junk) + "\r\n")), 200) << junk;
  }
  for (const char* host : {"a:", "a:b"}) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), 400) << host;
  }
}

}  // namespace
}  // namespace countersign::http::testing
