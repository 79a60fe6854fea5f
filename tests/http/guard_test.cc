#include "http/guard.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/json.h"
#include "http/recorded_answer.h"
#include "support/captured_log.h"
#include "support/fake_clock.h"

namespace countersign::http {
namespace {

using namespace std::chrono_literals;
using Answer = std::shared_ptr<RecordedAnswer>;

// Bearer `good` is agent 7; a form passes with csrf=right.
class ScriptedAuthenticator final : public Authenticator {
 public:
  Caller authenticate(const Request& request, Access access) override {
    ++calls;
    if (access == Access::kPublic || access == Access::kAnonymousForm) return {};
    if (request.header("authorization") != "Bearer good") {
      throw Error(ErrorCode::kUnauthenticated, "invalid_token", "The token is not valid.", "hash mismatch, row 7");
    }
    Caller caller;
    caller.kind = Caller::Kind::kAgent;
    caller.id = 7;
    return caller;
  }
  void check_form(const Request&, const Caller&, Access, const Form& form) override {
    if (form.field("csrf") != "right") throw Error(ErrorCode::kPermissionDenied, "csrf", "Open the page again.");
  }
  std::atomic<int> calls{0};
};

Response ok(std::string_view text = "ok") { return Response(200, "text/plain", text); }

class GuardTest : public ::testing::Test {
 protected:
  GuardTest() {
    add(Method::kGet, "/v1/things/{id}", [](Call& call) -> Outcome {
      return ok(call.path_params.at("id") + "/" + call.query_params["q"] + "/" + std::to_string(call.caller.id));
    });
    add(
        Method::kPost, "/v1/things", [](Call& call) -> Outcome { return ok(dump_json(*call.json)); }, BodyKind::kJson);
    add(
        Method::kPost, "/v1/open", [](Call& call) -> Outcome { return ok(dump_json(*call.json)); }, BodyKind::kJson,
        Access::kPublic);
    Route page;
    page.method = Method::kPost;
    page.pattern = "/h/{token}";
    page.access = Access::kAnonymousForm;
    page.surface = Surface::kPage;
    page.body = BodyKind::kForm;
    page.secret_fields = {"secret"};
    page.handler = [](Call& call) -> Outcome {
      EXPECT_TRUE(call.request.body.empty());  // the secret is in the form alone
      return ok(std::to_string(call.form->take_secret("secret").size()));
    };
    router_.add(std::move(page));
  }
  ~GuardTest() override { pool_.stop(); }

  void add(Method method, std::string pattern, Handler handler, BodyKind body = BodyKind::kNone,
           Access access = Access::kAgent, Surface surface = Surface::kApi) {
    Route route;
    route.method = method;
    route.pattern = std::move(pattern);
    route.access = access;
    route.surface = surface;
    route.body = body;
    route.handler = std::move(handler);
    router_.add(std::move(route));
  }
  // A public route of one surface whose handler does `what`.
  void add_get(std::string pattern, Handler handler, Surface surface = Surface::kApi) {
    add(Method::kGet, std::move(pattern), std::move(handler), BodyKind::kNone, Access::kPublic, surface);
  }

  Request request(Method method, std::string path, std::string_view body = {}, std::string_view type = {}) const {
    Request made;
    made.method = method;
    made.path = std::move(path);
    made.id = "req-1";
    made.received = clock_.steady_now();
    made.headers.push_back({"authorization", "Bearer good"});
    if (!type.empty()) made.headers.push_back({"content-type", std::string(type)});
    append(made.body, body);
    return made;
  }
  Answer send(Request request) {
    Answer answer = RecordedAnswer::make();
    guard_.handle(std::move(request), RecordedAnswer::responder(answer));
    return answer;
  }
  Response get(std::string path) { return send(request(Method::kGet, std::move(path)))->wait(); }
  static std::string code_of(const Response& response) { return parse_json(view(response.body)).at("code"); }

  support::FakeClock clock_;
  support::CapturedLog log_;
  ScriptedAuthenticator authenticator_;
  Router router_;
  WorkerPool pool_{1, 4, log_};
  Waiters waiters_{pool_, clock_};
  Streams streams_{pool_, clock_, {.total = 2}};
  std::mutex observed_mutex_;
  std::vector<std::string> observed_;
  Guard guard_{router_,
               authenticator_,
               pool_,
               waiters_,
               streams_,
               clock_,
               log_,
               {[](const Request& at, const Error& error, int status) {
                  return Response(status, "text/html", "page " + error.reason() + " " + at.id);
                },
                [](const Request& at, const Error& error, int) {
                  return Response(200, "application/json", "mcp " + error.reason() + std::string(view(at.body)));
                }},
               [this](const Answered& answered) {
                 const std::lock_guard lock(observed_mutex_);
                 observed_.push_back(std::string(answered.pattern) + " " + std::to_string(answered.status) + " " +
                                     std::to_string(answered.took / 1ms));
               }};
};

TEST_F(GuardTest, HandlerGetsDecodedInputAndTheCaller) {
  Request with_query = request(Method::kGet, "/v1/things/a%20b");
  with_query.query = "q=1+2";
  EXPECT_EQ(send(std::move(with_query))->wait_text(), "a b/1 2/7");
  EXPECT_EQ(send(request(Method::kPost, "/v1/things", R"({"b":1,"a":[true]})", "application/json"))->wait_text(),
            R"({"a":[true],"b":1})");
  EXPECT_EQ(
      send(request(Method::kPost, "/h/x", "csrf=right&secret=12345", "application/x-www-form-urlencoded"))->wait_text(),
      "5");
}

// A signature is over the bytes: nothing may have looked inside before it is checked.
TEST_F(GuardTest, ARawBodyArrivesAsItWasSent) {
  add(
      Method::kPost, "/hooks/{address}",
      [](Call& call) -> Outcome {
        EXPECT_EQ(call.json, nullptr);
        EXPECT_EQ(call.form, nullptr);
        return ok(view(call.request.body));
      },
      BodyKind::kRaw, Access::kPublic);
  const std::string bytes("{\"a\":1,\"a\":\0\xff=%zz&", 17);
  for (const char* type : {"", "text/plain", "application/json", "application/x-www-form-urlencoded"}) {
    EXPECT_EQ(send(request(Method::kPost, "/hooks/x", bytes, type))->wait_text(), bytes) << type;
  }
  EXPECT_EQ(send(request(Method::kPost, "/hooks/x"))->wait_text(), "");
}

TEST_F(GuardTest, HeadGoesToTheGetRoute) {
  EXPECT_EQ(send(request(Method::kHead, "/v1/things/1"))->wait().status, 200);
}

TEST_F(GuardTest, AnswersAreNotStoredOrSniffedUnlessTheHandlerSaysSo) {
  add_get("/static/x", [](Call&) -> Outcome { return ok().with("cache-control", "max-age=60"); });
  const Response plain = get("/v1/things/1");
  EXPECT_EQ(header_of(plain, "Cache-Control"), "no-store");
  EXPECT_EQ(header_of(plain, "X-Content-Type-Options"), "nosniff");
  const Response cached = get("/static/x");
  EXPECT_EQ(header_of(cached, "cache-control"), "max-age=60");
  EXPECT_EQ(header_of(cached, "Cache-Control"), "");
  EXPECT_EQ(header_of(get("/nothing"), "Cache-Control"), "no-store");
}

struct BadInput {
  const char* what;
  Method method;
  const char* path;
  const char* query;
  std::string body;
  const char* type;
  int status;
  const char* code;
};

TEST_F(GuardTest, BadInputIsAPreciseRefusalAndNever500) {
  const char* json = "application/json";
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  const std::vector<BadInput> table = {
      {"unknown path", Method::kGet, "/v1/nothing", "", "", "", 404, "not_found"},
      {"encoded slash", Method::kGet, "/v1/things/a%2Fb", "", "", "", 404, "not_found"},
      {"bad escape in the path", Method::kGet, "/v1/things/%zz", "", "", "", 404, "not_found"},
      {"bad UTF-8 in the path", Method::kGet, "/v1/things/%ff", "", "", "", 404, "not_found"},
      {"wrong method", Method::kDelete, "/v1/things", "", "", "", 405, "method_not_allowed"},
      {"unheard-of method", Method::kOther, "/v1/things", "", "", "", 405, "method_not_allowed"},
      {"no content type", Method::kPost, "/v1/things", "", "{}", "", 415, "unsupported_media_type"},
      {"wrong content type", Method::kPost, "/v1/things", "", "{}", "text/plain", 415, "unsupported_media_type"},
      {"wrong charset", Method::kPost, "/v1/things", "", "{}", "application/json; charset=latin1", 415,
       "unsupported_media_type"},
      {"unexpected body", Method::kGet, "/v1/things/1", "", "{}", json, 400, "unexpected_body"},
      {"empty body", Method::kPost, "/v1/things", "", "", json, 400, "invalid_json"},
      {"no JSON", Method::kPost, "/v1/things", "", "{", json, 400, "invalid_json"},
      {"duplicate key", Method::kPost, "/v1/things", "", R"({"a":1,"a":2})", json, 400, "invalid_json"},
      {"too deep", Method::kPost, "/v1/things", "", deep, json, 400, "invalid_json"},
      {"bad UTF-8", Method::kPost, "/v1/things", "", "\"\xff\"", json, 400, "invalid_json"},
      {"NUL", Method::kPost, "/v1/things", "", std::string("\"\0\"", 3), json, 400, "invalid_json"},
      {"trailing bytes", Method::kPost, "/v1/things", "", "{} {}", json, 400, "invalid_json"},
      {"bad escape in the query", Method::kGet, "/v1/things/1", "q=%zz", "", "", 400, "bad_percent_encoding"},
      {"bad UTF-8 in the query", Method::kGet, "/v1/things/1", "q=%ff", "", "", 400, "invalid_utf8"},
      {"query name twice", Method::kGet, "/v1/things/1", "q=1&q=1", "", "", 400, "duplicate_name"},
  };
  for (const BadInput& bad : table) {
    Request made = request(bad.method, bad.path, bad.body, bad.type);
    made.query = bad.query;
    const Response response = send(std::move(made))->wait();
    EXPECT_EQ(response.status, bad.status) << bad.what;
    EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json") << bad.what;
    EXPECT_EQ(code_of(response), bad.code) << bad.what;
  }
}

TEST_F(GuardTest, BadFormIsARefusalOnAPage) {
  const char* form = "application/x-www-form-urlencoded";
  const auto post = [&](std::string_view body, std::string_view type) {
    return send(request(Method::kPost, "/h/x", body, type))->wait_text();
  };
  EXPECT_EQ(post("csrf=right&secret=%zz", form), "page bad_percent_encoding req-1");
  EXPECT_EQ(post("csrf=right&secret=%ff", form), "page invalid_utf8 req-1");
  EXPECT_EQ(post("csrf=right&csrf=right", form), "page duplicate_name req-1");
  EXPECT_EQ(post("csrf=right", "multipart/form-data; boundary=x"), "page unsupported_media_type req-1");
  EXPECT_EQ(post("csrf=right", ""), "page unsupported_media_type req-1");
  EXPECT_EQ(post("csrf=wrong&secret=1", form), "page csrf req-1");
}

TEST_F(GuardTest, WrongMethodTellsTheRightOnes) {
  EXPECT_EQ(header_of(send(request(Method::kPost, "/v1/things/1"))->wait(), "Allow"), "GET, HEAD");
}

TEST_F(GuardTest, StrangerIsTurnedAwayBeforeTheBodyIsParsed) {
  Request bad = request(Method::kPost, "/v1/things", "{{{", "text/plain");
  bad.query = "q=%zz";
  bad.headers.erase(bad.headers.begin());
  const Response response = send(std::move(bad))->wait();
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(code_of(response), "invalid_token");
  EXPECT_EQ(header_of(response, "WWW-Authenticate"), "Bearer");
}

TEST_F(GuardTest, DetailGoesToTheLogAndNowhereElse) {
  Request stranger = request(Method::kGet, "/v1/things/1");
  stranger.headers.clear();
  EXPECT_EQ(send(std::move(stranger))->wait_text().find("row 7"), std::string::npos);
  EXPECT_NE(log_.text().find("hash mismatch, row 7"), std::string::npos);
}

TEST_F(GuardTest, ExceptionThatIsNoErrorIs500WithoutItsText) {
  add_get("/v1/throws", [](Call&) -> Outcome { throw std::runtime_error("canary text"); });
  add_get("/v1/odd", [](Call&) -> Outcome { throw 7; });
  const Response response = get("/v1/throws");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(code_of(response), "internal");
  EXPECT_EQ(std::string(view(response.body)).find("canary"), std::string::npos);
  EXPECT_NE(log_.text().find("request_id=req-1"), std::string::npos);
  EXPECT_NE(log_.text().find("std::runtime_error: canary text"), std::string::npos);
  EXPECT_EQ(get("/v1/odd").status, 500);
}

TEST_F(GuardTest, ErrorsLookLikeTheirSurface) {
  const Handler limited = [](Call&) -> Outcome {
    throw Error(ErrorCode::kRateLimited, "writes", "Slow down.").retry_after(2s);
  };
  add_get("/v1/limited", limited);
  add_get("/limited", limited, Surface::kPage);
  add_get("/mcp/limited", limited, Surface::kMcp);
  for (const char* path : {"/v1/limited", "/limited", "/mcp/limited"}) {
    EXPECT_EQ(header_of(get(path), "Retry-After"), "2") << path;
  }
  EXPECT_EQ(get("/v1/limited").status, 429);
  EXPECT_EQ(send(request(Method::kGet, "/limited"))->wait_text(), "page writes req-1");
  EXPECT_EQ(send(request(Method::kGet, "/mcp/limited"))->wait_text(), "mcp writes");
  EXPECT_EQ(send(request(Method::kGet, "/unknown"))->wait_text(), "page not_found req-1");
}

TEST_F(GuardTest, FullPoolIs503AtOnceOnTheRightSurface) {
  std::promise<void> entered;
  std::promise<void> open;
  add_get("/v1/slow", [&](Call&) -> Outcome {
    entered.set_value();
    open.get_future().wait();
    return ok();
  });
  std::vector<Answer> queued = {send(request(Method::kGet, "/v1/slow"))};
  entered.get_future().wait();
  for (int i = 0; i < 4; ++i) queued.push_back(send(request(Method::kGet, "/v1/things/1")));
  int slow = 0;
  for (int i = 0; i < 100; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const Answer refused = send(request(Method::kGet, "/v1/things/1"));
    if (std::chrono::steady_clock::now() - begin > 1ms) ++slow;
    ASSERT_TRUE(refused->answered());  // by this very call
    EXPECT_EQ(refused->wait().status, 503);
    EXPECT_EQ(header_of(refused->wait(), "Retry-After"), "1");
    EXPECT_EQ(code_of(refused->wait()), "overloaded");
  }
  EXPECT_LT(slow, 50);  // budget 12; a busy test machine may take the processor away now and then
  EXPECT_EQ(send(request(Method::kPost, "/h/x"))->wait_text(), "page overloaded req-1");
  open.set_value();
  for (const Answer& answer : queued) EXPECT_EQ(answer->wait().status, 200);
}

TEST_F(GuardTest, RequestWhoseClientLeftInTheQueueIsNotRun) {
  const Answer answer = RecordedAnswer::make();
  answer->client_leaves();
  guard_.handle(request(Method::kGet, "/v1/things/1"), RecordedAnswer::responder(answer));
  while (!pool_.idle()) std::this_thread::yield();
  EXPECT_EQ(authenticator_.calls, 0);
}

TEST_F(GuardTest, HeldRequestIsAnsweredByTheChangeWithTheDefaultHeaders) {
  std::atomic<bool> changed{false};
  add_get("/v1/held", [&](Call&) -> Outcome {
    return Hold{42, clock_.steady_now() + 5s, [&](Hold::Round) -> std::optional<Response> {
                  if (changed) return ok("changed");
                  return std::nullopt;
                }};
  });
  const Answer answer = send(request(Method::kGet, "/v1/held"));
  while (!pool_.idle()) std::this_thread::yield();
  EXPECT_FALSE(answer->answered());
  EXPECT_TRUE(answer->held());
  clock_.advance(300ms);
  changed = true;
  waiters_.wake(42);
  EXPECT_EQ(answer->wait_text(), "changed");
  EXPECT_EQ(header_of(answer->wait(), "Cache-Control"), "no-store");
  EXPECT_EQ(observed_, std::vector<std::string>{"/v1/held 200 300"});
}

TEST_F(GuardTest, ErrorOfAHeldRequestLooksLikeItsSurface) {
  const Handler hold = [&](Call&) -> Outcome {
    return Hold{42, clock_.steady_now() + 5s, [](Hold::Round round) -> std::optional<Response> {
                  if (round == Hold::Round::kAgain) return std::nullopt;
                  throw Error(ErrorCode::kNotFound, "gone", "It is gone.");
                }};
  };
  add_get("/v1/held", hold);
  add_get("/held", hold, Surface::kPage);
  add(Method::kPost, "/mcp", hold, BodyKind::kJson, Access::kPublic, Surface::kMcp);
  add_get("/v1/owes", [&](Call&) -> Outcome {
    return Hold{42, clock_.steady_now(), [](Hold::Round) { return std::optional<Response>(); }};
  });
  const Answer api = send(request(Method::kGet, "/v1/held"));
  const Answer page = send(request(Method::kGet, "/held"));
  const Answer mcp = send(request(Method::kPost, "/mcp", R"({"id":9})", "application/json"));
  EXPECT_EQ(code_of(get("/v1/owes")), "internal");
  while (!pool_.idle()) std::this_thread::yield();
  waiters_.drain();
  EXPECT_EQ(code_of(api->wait()), "gone");
  EXPECT_EQ(api->wait().status, 404);
  EXPECT_EQ(page->wait_text(), "page gone req-1");
  EXPECT_EQ(mcp->wait_text(), R"(mcp gone{"id":9})");
}

TEST_F(GuardTest, StreamIsAnAnswerAtOnceWithTheDefaultHeadersAndItsNewsLater) {
  std::atomic<int> news{0};
  add_get("/events", [&](Call&) -> Outcome {
    Stream stream;
    stream.head = Response(200, "text/event-stream", "hello\n\n");
    stream.topics = {42};
    stream.deadline = clock_.steady_now() + 60s;
    stream.look = [&] { return std::optional(news == 0 ? std::string() : "news " + std::to_string(news)); };
    return stream;
  });
  const Answer answer = send(request(Method::kGet, "/events"));
  EXPECT_EQ(header_of(answer->wait(), "Cache-Control"), "no-store");
  EXPECT_EQ(header_of(answer->wait(), "Content-Type"), "text/event-stream");
  while (!pool_.idle()) std::this_thread::yield();
  EXPECT_EQ(observed_, std::vector<std::string>{"/events 200 0"});
  clock_.advance(300ms);
  news = 1;
  streams_.wake(42);
  while (!pool_.idle()) std::this_thread::yield();
  EXPECT_EQ(answer->streamed(), "hello\n\nnews 1");
  EXPECT_FALSE(answer->ended());

  const Answer head_alone = send(request(Method::kHead, "/events"));
  EXPECT_EQ(header_of(head_alone->wait(), "Content-Type"), "text/event-stream");
  while (!pool_.idle()) std::this_thread::yield();
  EXPECT_TRUE(head_alone->ended());
  EXPECT_EQ(streams_.size(), 1U);
}

TEST_F(GuardTest, StreamThatThrowsEndsAndIsLogged) {
  std::atomic<bool> broken{false};
  add_get("/events", [&](Call&) -> Outcome {
    Stream stream;
    stream.topics = {42};
    stream.deadline = clock_.steady_now() + 60s;
    stream.look = [&]() -> std::optional<std::string> {
      if (broken) throw std::runtime_error("canary text");
      return "x";
    };
    return stream;
  });
  const Answer answer = send(request(Method::kGet, "/events"));
  answer->wait();
  while (!pool_.idle()) std::this_thread::yield();
  clock_.advance(300ms);
  broken = true;
  streams_.wake(42);
  while (!pool_.idle()) std::this_thread::yield();
  EXPECT_TRUE(answer->ended());
  EXPECT_EQ(answer->streamed(), "x");
  EXPECT_EQ(streams_.size(), 0U);
  EXPECT_NE(log_.text().find("request_id=req-1"), std::string::npos) << log_.text();
  EXPECT_NE(log_.text().find("std::runtime_error: canary text"), std::string::npos) << log_.text();
}

TEST_F(GuardTest, StreamOverTheTotalIs503WithRetryAfter) {
  add_get("/v1/events", [&](Call&) -> Outcome {
    Stream stream;
    stream.deadline = clock_.steady_now() + 60s;
    stream.look = [] { return std::optional(std::string()); };
    return stream;
  });
  const std::vector<Answer> open = {send(request(Method::kGet, "/v1/events")),
                                    send(request(Method::kGet, "/v1/events"))};
  for (const Answer& answer : open) EXPECT_EQ(answer->wait().status, 200);
  const Response response = get("/v1/events");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(code_of(response), "too_many_streams");
  EXPECT_EQ(header_of(response, "Retry-After"), "10");
  while (!pool_.idle()) std::this_thread::yield();
  EXPECT_EQ(observed_.back(), "/v1/events 503 0");
  EXPECT_EQ(observed_.size(), 3U);
}

TEST_F(GuardTest, LogAndMetricsKnowThePatternNeverThePath) {
  Request made = request(Method::kGet, "/v1/things/cs_link_canary");
  made.query = "q=cs_query_canary";
  send(std::move(made))->wait();
  get("/nothing/path_canary");
  EXPECT_EQ(log_.text().find("canary"), std::string::npos) << log_.text();
  EXPECT_NE(log_.text().find("request request_id=req-1 method=GET pattern=/v1/things/{id} status=200"),
            std::string::npos)
      << log_.text();
  EXPECT_EQ(observed_, (std::vector<std::string>{"/v1/things/{id} 200 0", " 404 0"}));
}

TEST_F(GuardTest, ViewThatFailsDoesNotHideTheError) {
  Guard guard(router_, authenticator_, pool_, waiters_, streams_, clock_, log_,
              {[](const Request&, const Error&, int) -> Response { throw std::runtime_error("no template"); }, {}}, {});
  const Answer answer = RecordedAnswer::make();
  guard.handle(request(Method::kGet, "/unknown"), RecordedAnswer::responder(answer));
  EXPECT_EQ(answer->wait().status, 404);
  EXPECT_NE(log_.text().find("no template"), std::string::npos);
}

}  // namespace
}  // namespace countersign::http
