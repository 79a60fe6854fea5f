// Caps and deadlines: what one client may take from the others, and for how long.
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "http/edge_fixture.h"
#include "support/fake_clock.h"

namespace countersign::http::testing {
namespace {

using std::chrono::milliseconds;

class EdgeLimits : public Edge {
 protected:
  // Long enough for a client on a busy machine to say in time what it means to say.
  static constexpr milliseconds kShort{500};
};

// Abuse case 103: slow headers, slow body, slow reader, nothing at all.
TEST_F(EdgeLimits, A103_DrippedHeaderIsCutOffThoughBytesKeepComing) {
  options_.limits.read = kShort;
  start();
  RawClient one = client();
  one.send("GET / HTTP/1.1\r\nHost: a\r\n");
  int drops = 0;
  while (drops < 2'000 && one.silent(milliseconds(10))) {
    one.send("X: y\r\n");
    ++drops;
  }
  EXPECT_LT(drops, 2'000);
  EXPECT_EQ(one.read().status, 408);
  EXPECT_EQ(server_->counters().timeouts, 1U);
}

TEST_F(EdgeLimits, A103_DrippedBodyIsCutOff) {
  options_.limits.read = kShort;
  start();
  RawClient one = client();
  one.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx");
  EXPECT_EQ(one.read().status, 408);
  RawClient other = client();
  other.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  EXPECT_EQ(other.read().status, 408);
}

TEST_F(EdgeLimits, A103_SecondRequestHasTheSameReadDeadline) {
  options_.limits.read = kShort;
  start();
  RawClient one = client();
  EXPECT_EQ(one.ask(get("/")).status, 200);
  EXPECT_TRUE(one.silent(2 * kShort));
  EXPECT_EQ(one.ask("GET / HT").status, 408);
}

TEST_F(EdgeLimits, IdleConnectionEndsWithoutAWord) {
  options_.limits.idle = kShort;
  start();
  RawClient fresh = client();
  EXPECT_EQ(fresh.read_to_end(), "");
  RawClient used = client();
  EXPECT_EQ(used.ask(get("/")).status, 200);
  EXPECT_EQ(used.read_to_end(), "");
  EXPECT_EQ(server_->counters().timeouts, 0U);
}

TEST_F(EdgeLimits, NoDeadlineRunsWhileARequestIsHeld) {
  options_.limits.read = options_.limits.idle = options_.limits.write = kShort;
  late_ = std::make_unique<LateAnswers>(1);
  start([&](Request request, Responder responder) {
    responder.hold();
    late_->add([held = share(std::move(responder)), answer = echo(request)]() mutable {
      std::this_thread::sleep_for(2 * kShort);
      EXPECT_TRUE(held->alive());
      held->respond(std::move(answer));
    });
  });
  EXPECT_EQ(client().ask(get("/held")).body, "GET /held");
}

// With a clock that stands still nothing is due, however long the machine takes.
TEST_F(EdgeLimits, DeadlinesComeFromTheClockGiven) {
  static support::FakeClock clock;  // outlives the server, which the fixture stops
  server_ = std::make_unique<Server>(options_, clock, random_, log_);
  server_->start([](Request request, Responder responder) { responder.respond(echo(request)); }, generous);
  RawClient one = client();
  one.send("GET / HTTP/1.1\r\n");
  ASSERT_TRUE(eventually([&] { return !server_->quiet(); }));
  clock.advance(options_.limits.read - milliseconds(1));
  EXPECT_TRUE(one.silent(milliseconds(60)));
  clock.advance(milliseconds(1));
  EXPECT_EQ(one.read().status, 408);
}

TEST_F(EdgeLimits, A103_ReaderThatStopsIsGivenUpAfterTheWriteDeadline) {
  options_.limits.write = kShort;
  options_.limits.unsent_bytes = 32 * 1024 * 1024;
  start([big = std::string(16 * 1024 * 1024, 'b')](Request, Responder responder) {
    responder.respond({200, "text/plain", big});
  });
  RawClient slow(server_->port(), 4'096);
  slow.send(get("/"));
  EXPECT_TRUE(eventually([&] { return server_->counters().timeouts == 1; }));
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
}

// The socket itself reports room only every 1.4 MB, at this pace every 2.7 s.
TEST_F(EdgeLimits, SlowReaderThatKeepsReadingIsServedPastTheWriteDeadline) {
  options_.limits.write = milliseconds(900);
  options_.limits.unsent_bytes = 32 * 1024 * 1024;
  constexpr std::size_t kSize = 12 * 1024 * 1024;
  start([big = std::string(kSize, 'b')](Request, Responder responder) { responder.respond({200, "text/plain", big}); });
  RawClient slow(server_->port(), 64 * 1024);
  slow.send(get("/"));
  std::size_t got = 0;
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < milliseconds(3'900)) {
    got += slow.take(1);
    std::this_thread::sleep_for(milliseconds(30));
  }
  EXPECT_LT(got, kSize / 2) << "too fast to show anything";
  while (const std::size_t piece = got < kSize ? slow.take(1024 * 1024) : 0) got += piece;
  EXPECT_GT(got, kSize) << "cut off";
  EXPECT_EQ(server_->counters().timeouts, 0U);
}

TEST_F(EdgeLimits, UnsentBytesAreCapped) {
  options_.limits.unsent_bytes = 1024 * 1024;
  start([big = std::string(16 * 1024 * 1024, 'b')](Request, Responder responder) {
    responder.respond({200, "text/plain", big});
  });
  RawClient slow(server_->port(), 4'096);
  slow.send(get("/"));
  EXPECT_TRUE(
      eventually([&] { return server_->counters().requests == 1 && server_->counters().connections_open == 0; }));
  EXPECT_EQ(client().ask("GET / HTTP/2.0\r\n\r\n").status, 505);
}

TEST_F(EdgeLimits, InputBehindAnUnansweredRequestIsCapped) {
  std::vector<Responder> held;
  std::mutex mutex;
  start([&](Request, Responder responder) {
    const std::lock_guard lock(mutex);
    held.push_back(std::move(responder));
  });
  RawClient one = client();
  one.send(get("/held"));
  const std::string flood(64 * 1024, 'x');
  int sent = 0;
  while (sent < 1'000 && one.send(flood)) ++sent;
  EXPECT_LT(sent, 1'000);
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
  const std::lock_guard lock(mutex);
  ASSERT_EQ(held.size(), 1U);
  EXPECT_FALSE(held[0].alive());
}

TEST_F(EdgeLimits, BodyLimitIsThePathsOwn) {
  start({}, [](Method method, std::string_view path) {
    return method == Method::kPost && path == "/upload" ? std::size_t{100'000} : std::size_t{10};
  });
  EXPECT_EQ(status_of(post("/upload?x=y", std::string(100'000, 'x'))), 200);
  EXPECT_EQ(status_of(post("/other", std::string(11, 'x'))), 413);
  EXPECT_EQ(status_of("POST /upload HTTP/1.1\r\nHost: a\r\n\r\n"), 411);
}

TEST_F(EdgeLimits, ConnectionsAreCappedWithAnAnswer) {
  options_.limits.connections = 4;
  start();
  std::vector<RawClient> inside;
  for (int i = 0; i < 4; ++i) {
    inside.push_back(client());
    EXPECT_EQ(inside.back().ask(get("/")).status, 200);
  }
  RawClient outside = client();
  const RawResponse answer = outside.ask(get("/"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("Retry-After"), "1");
  EXPECT_TRUE(outside.ended());
  EXPECT_EQ(inside[0].ask(get("/")).status, 200);
  inside.pop_back();
  EXPECT_TRUE(eventually([&] { return status_of(get("/")) == 200; }));
  EXPECT_GE(server_->counters().connections_refused, 1U);
}

TEST_F(EdgeLimits, OneAddressCannotTakeAllConnections) {
  options_.limits.connections_per_address = 2;
  options_.trusted_proxies = {"127.0.0.3"};
  start();
  RawClient first = client();
  RawClient second = client();
  EXPECT_EQ(first.ask(get("/")).status, 200);
  EXPECT_EQ(second.ask(get("/")).status, 200);
  EXPECT_EQ(status_of(get("/")), 503);
  EXPECT_EQ(RawClient(server_->port(), 0, "127.0.0.2").ask(get("/")).status, 200);
  std::vector<RawClient> proxied;
  for (int i = 0; i < 5; ++i) {
    proxied.emplace_back(server_->port(), 0, "127.0.0.3");
    EXPECT_EQ(proxied.back().ask(get("/")).status, 200);
  }
}

TEST_F(EdgeLimits, DrainAnswersWhatIsHeldAndRefusesTheRest) {
  std::optional<Responder> held;
  std::mutex mutex;
  start([&](Request request, Responder responder) {
    if (request.path != "/held") return responder.respond(echo(request));
    const std::lock_guard lock(mutex);
    held.emplace(std::move(responder));
  });
  RawClient waiting = client();
  waiting.send(get("/held") + get("/behind"));
  RawClient idle = client();
  EXPECT_EQ(idle.ask(get("/")).status, 200);
  ASSERT_TRUE(eventually([&] { return server_->counters().requests == 2; }));
  server_->drain();
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_EQ(status_of(get("/new")), 503);
  EXPECT_FALSE(server_->quiet());
  {
    const std::lock_guard lock(mutex);
    held->respond({200, "text/plain", "at last"});
  }
  const RawResponse answer = waiting.read();
  EXPECT_EQ(answer.body, "at last");
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_EQ(waiting.read_to_end(), "");
  EXPECT_TRUE(eventually([&] { return server_->quiet(); }));
}

TEST_F(EdgeLimits, AnswerAfterStopGoesNowhereAndHarmsNothing) {
  std::vector<Responder> held;
  std::mutex mutex;
  start([&](Request, Responder responder) {
    const std::lock_guard lock(mutex);
    held.push_back(std::move(responder));
  });
  RawClient one = client();
  one.send(get("/"));
  RawClient silent = client();
  ASSERT_TRUE(eventually([&] { return server_->counters().requests == 1; }));
  server_->stop();
  server_->stop();
  EXPECT_EQ(server_->counters().connections_open, 0U);
  server_.reset();
  EXPECT_FALSE(held[0].alive());
  held[0].respond({200, "text/plain", "late"});
  EXPECT_EQ(one.read_to_end(), "");
  EXPECT_TRUE(silent.ended());
}

TEST_F(EdgeLimits, AddressThatCannotBeHadIsAClearError) {
  start();
  const auto reason = [&](const std::string& address, std::uint16_t port) {
    ServerOptions options;
    options.address = address;
    options.port = port;
    Server other(options, clock_, random_, log_);
    try {
      other.start([](Request, Responder) {}, generous);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
      return error.reason();
    }
    return std::string("started");
  };
  EXPECT_EQ(reason("127.0.0.1", server_->port()), "address_in_use");
  EXPECT_EQ(reason("192.0.2.1", 0), "bad_address");
  EXPECT_EQ(reason("localhost", 0), "bad_address");
  EXPECT_EQ(reason("", 0), "bad_address");
}

TEST_F(EdgeLimits, Ipv6ClientsAreServedUnderTheirAddress) {
  options_.address = "::1";
  start([](Request request, Responder responder) { responder.respond({200, "text/plain", request.client_address}); });
  const int fd = ::socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  address.sin6_port = htons(server_->port());
  ASSERT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  RawClient one(RawClient::Connected{fd});
  EXPECT_EQ(one.ask(get("/")).body, "::1");
}

// D13 of the budgets: with the stock backlog of 128 most of these would wait for a SYN retransmit, 1 s.
TEST_F(EdgeLimits, ConnectStormNeedsNoRetransmit) {
  constexpr int kClients = 2'500;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_GE(limit.rlim_max, static_cast<rlim_t>(2 * kClients + 500)) << "the machine allows too few descriptors";
  ::setrlimit(RLIMIT_NOFILE, &limit);
  start();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server_->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<RawClient> clients;
  clients.reserve(kClients);
  for (int i = 0; i < kClients; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    clients.emplace_back(RawClient::Connected{fd});
  }
  for (RawClient& each : clients) {
    ASSERT_TRUE(each.writable(RawClient::kPatience));
    ASSERT_EQ(each.retransmits(), 0U);
  }
  ASSERT_TRUE(eventually([&] { return server_->counters().connections_open == kClients; }));
  for (std::size_t i = 0; i < clients.size(); i += 100) EXPECT_EQ(clients[i].ask(get("/")).status, 200);
}

// D11: the stock server's accept spins when descriptors run out. The clients are another process, or they
// would take the descriptors themselves.
class DescriptorExhaustion : public EdgeLimits {
 protected:
  static constexpr int kClients = 300;

  void SetUp() override {
    ASSERT_EQ(::pipe(to_child_), 0);
    ASSERT_EQ(::pipe(from_child_), 0);
    child_ = ::fork();
    if (child_ == 0) run_clients();
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // Other tests of this process may have left some open; the reserve grows with the limit.
    const auto open = static_cast<rlim_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
    const rlimit few{open + 160 + open / 7, before_.rlim_max};
    room_ = static_cast<int>(few.rlim_cur - open - std::clamp<rlim_t>(few.rlim_cur / 8, 64, 256));
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  void TearDown() override {
    tell<char>('q');
    ::setrlimit(RLIMIT_NOFILE, &before_);
    for (const int fd : {to_child_[0], to_child_[1], from_child_[0], from_child_[1]}) ::close(fd);
  }

  template <class T>
  void tell(T value) {
    ASSERT_EQ(::write(to_child_[1], &value, sizeof value), static_cast<ssize_t>(sizeof value));
  }
  int listen_to_child() {
    int value = -1;
    EXPECT_EQ(::read(from_child_[0], &value, sizeof value), static_cast<ssize_t>(sizeof value));
    return value;
  }

  int room_ = 0;

 private:
  // Connects more often than the server has descriptors, says how many were served, and stays connected.
  [[noreturn]] void run_clients() {
    std::uint16_t port = 0;
    if (::read(to_child_[0], &port, sizeof port) != sizeof port) ::_exit(1);
    std::vector<RawClient> clients;
    int served = 0;
    for (int i = 0; i < kClients; ++i) {
      clients.emplace_back(port);
      served += clients.back().ask(get("/")).status == 200 ? 1 : 0;
    }
    for (int answer : {served, 0}) {
      if (::write(from_child_[1], &answer, sizeof answer) < 0) ::_exit(1);
      char go = 0;
      if (::read(to_child_[0], &go, 1) != 1) ::_exit(1);
      clients.clear();
    }
    ::_exit(0);
  }

  int to_child_[2];
  int from_child_[2];
  pid_t child_ = 0;
  rlimit before_{};
};

TEST_F(DescriptorExhaustion, D11_ServerRefusesRestsAndRecovers) {
  start();
  tell(server_->port());
  const int served = listen_to_child();
  EXPECT_GE(served, 64);
  EXPECT_LE(served, room_);
  EXPECT_EQ(server_->counters().connections_refused, static_cast<unsigned>(kClients - served));
  timespec begin{};
  timespec end{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
  std::this_thread::sleep_for(milliseconds(300));
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  const double cpu_ms =
      static_cast<double>(end.tv_sec - begin.tv_sec) * 1e3 + static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e6;
  EXPECT_LT(cpu_ms, 100) << "a thread spins";
  tell<char>('g');
  EXPECT_EQ(listen_to_child(), 0);
  EXPECT_TRUE(eventually([&] { return status_of(get("/")) == 200; }));
}

}  // namespace
}  // namespace countersign::http::testing
