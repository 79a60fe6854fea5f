// Framing alone, without a socket: what is accepted, what is refused, and that neither depends on how the
// bytes are cut.
#include "http/framing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace countersign::http::framing_rules {
namespace {

std::size_t body_limit(Method, std::string_view path) { return path == "/small" ? 8 : 64 * 1024; }
const Framing::BodyLimit kBodyLimit = body_limit;

struct Outcome {
  int refused = 0;
  std::vector<Request> requests;
};

Outcome feed(const std::vector<std::string>& pieces) {
  Framing framing({}, kBodyLimit);
  Outcome outcome;
  for (const std::string& piece : pieces) {
    framing.append(piece);
    for (bool more = true; more;) {
      switch (framing.next()) {
        case Framing::Event::kRequest:
          outcome.requests.push_back(framing.take());
          break;
        case Framing::Event::kContinue:
          break;
        case Framing::Event::kNeedMore:
          more = false;
          break;
        case Framing::Event::kRefused:
          outcome.refused = framing.refusal().status;
          return outcome;
      }
    }
  }
  return outcome;
}

int refused(const std::string& text) { return feed({text}).refused; }

std::vector<std::string> bytes_of(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

const std::string kChunked =
    "POST /form?a=b HTTP/1.1\r\nHost: test:80\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n1\r\n,\r\n0006\r\n world\r\n0\r\n\r\n";
const std::string kCounted = "PUT /x HTTP/1.1\r\nHost: test\r\nX-One:  two words \r\nContent-Length: 5\r\n\r\n12345";
const std::string kEmpty = "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n";

void expect_three(const Outcome& outcome, const std::string& how) {
  ASSERT_EQ(outcome.refused, 0) << how;
  ASSERT_EQ(outcome.requests.size(), 3U) << how;
  EXPECT_EQ(outcome.requests[0].method, Method::kPost);
  EXPECT_EQ(outcome.requests[0].path, "/form");
  EXPECT_EQ(outcome.requests[0].query, "a=b");
  EXPECT_EQ(view(outcome.requests[0].body), "hello, world") << how;
  EXPECT_EQ(outcome.requests[1].header("x-one"), "two words");
  EXPECT_EQ(view(outcome.requests[1].body), "12345") << how;
  EXPECT_EQ(outcome.requests[2].method, Method::kGet);
  EXPECT_TRUE(outcome.requests[2].body.empty());
}

TEST(Framing, RequestsAreTheSameHoweverTheBytesAreCut) {
  const std::string all = kChunked + kCounted + kEmpty;
  expect_three(feed({all}), "whole");
  expect_three(feed(bytes_of(all)), "byte by byte");
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    expect_three(feed({all.substr(0, cut), all.substr(cut)}), "cut at " + std::to_string(cut));
  }
}

TEST(Framing, RefusalsAreTheSameHoweverTheBytesAreCut) {
  const std::string bad = "GET / HTTP/1.1\r\nHost: test\r\n folded: x\r\n\r\n";
  EXPECT_EQ(feed({bad}).refused, 400);
  EXPECT_EQ(feed(bytes_of(bad)).refused, 400);
  const std::string trailer = kChunked.substr(0, kChunked.size() - 2) + "X-Who: admin\r\n\r\n";
  EXPECT_EQ(feed({trailer}).refused, 400);
  EXPECT_EQ(feed(bytes_of(trailer)).refused, 400);
}

struct Case {
  const char* what;
  std::string text;
  int status;
};

std::string with(const std::string& fields) { return "POST / HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n"; }
std::string line(const std::string& request_line) { return request_line + "\r\nHost: test\r\n\r\n"; }
std::string host(const std::string& value) { return "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n"; }
std::string chunks(const std::string& body) { return with("Transfer-Encoding: chunked\r\n") + body; }

TEST(Framing, SmugglingFormsAreRefused) {
  const std::vector<Case> cases = {
      {"two equal lengths", with("Content-Length: 0\r\nContent-Length: 0\r\n"), 400},
      {"two lengths", with("Content-Length: 3\r\nContent-Length: 5\r\n") + "12345", 400},
      {"list of lengths", with("Content-Length: 3, 3\r\n") + "123", 400},
      {"signed length", with("Content-Length: +5\r\n") + "12345", 400},
      {"negative length", with("Content-Length: -1\r\n"), 400},
      {"length with tail", with("Content-Length: 5xyz\r\n") + "12345", 400},
      {"hexadecimal length", with("Content-Length: 0x5\r\n") + "12345", 400},
      {"empty length", with("Content-Length: \r\n"), 400},
      {"huge length", with("Content-Length: 18446744073709551617\r\n"), 400},
      {"length over the limit", with("Content-Length: 999999999999\r\n"), 413},
      {"no length", with(""), 411},
      {"length and chunked", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400},
      {"chunked and length", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "0\r\n\r\n", 400},
      {"space before the colon", with("Content-Length: 5\r\nTransfer-Encoding : chunked\r\n") + "0\r\n\r\n", 400},
      {"tab before the colon", with("Transfer-Encoding\t: chunked\r\n") + "0\r\n\r\n", 400},
      {"unknown coding", with("Transfer-Encoding: gzip\r\n"), 501},
      {"coding list", with("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", 501},
      {"chunked twice in a list", with("Transfer-Encoding: chunked, chunked\r\n") + "0\r\n\r\n", 501},
      {"chunked twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400},
      {"prefix of chunked", with("Transfer-Encoding: chu\r\n") + "0\r\n\r\n", 501},
      {"identity", with("Transfer-Encoding: identity\r\nContent-Length: 0\r\n"), 501},
      {"quoted chunked", with("Transfer-Encoding: \"chunked\"\r\n") + "0\r\n\r\n", 501},
      {"vertical tab in chunked",
       with("Transfer-Encoding: \x0b"
            "chunked\r\n") +
           "0\r\n\r\n",
       400},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"fold", with("X: a\r\n b\r\nContent-Length: 0\r\n"), 400},
      {"fold of the length", with("Content-Length:\r\n 5\r\n") + "12345", 400},
      {"space before the first field", "GET / HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n", 400},
      {"bare LF after the line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"bare LF in the fields", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
      {"bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", 400},
      {"NUL in a value", std::string("GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", 36), 400},
      {"line without a colon", with("Foo\r\nContent-Length: 5\r\n") + "12345", 400},
      {"field without a name", with(": x\r\nContent-Length: 0\r\n"), 400},
      {"empty line first", "\r\n" + kEmpty, 400},
  };
  for (const Case& each : cases) EXPECT_EQ(refused(each.text), each.status) << each.what;
}

TEST(Framing, MalformedChunksAreRefused) {
  const std::vector<Case> cases = {
      {"extension", chunks("5;a=b\r\nhello\r\n0\r\n\r\n"), 400},
      {"extension of the last", chunks("0;a=b\r\n\r\n"), 400},
      {"trailer", chunks("0\r\nHost: evil\r\n\r\n"), 400},
      {"sign", chunks("+5\r\nhello\r\n0\r\n\r\n"), 400},
      {"prefix", chunks("0x5\r\nhello\r\n0\r\n\r\n"), 400},
      {"space", chunks(" 5\r\nhello\r\n0\r\n\r\n"), 400},
      {"space behind", chunks("5 \r\nhello\r\n0\r\n\r\n"), 400},
      {"no size", chunks("\r\nhello"), 400},
      {"no hexadecimal", chunks("g\r\n"), 400},
      {"bare LF", chunks("5\nhello\r\n0\r\n\r\n"), 400},
      {"bare LF behind the data", chunks("5\r\nhello\n0\r\n\r\n"), 400},
      {"more data than said", chunks("5\r\nhello!\r\n0\r\n\r\n"), 400},
      {"overflow", chunks("fffffffffffffffff\r\n"), 400},
      {"endless size", chunks(std::string(100, '0')), 400},
      {"over the limit", chunks("ffffffff\r\n"), 413},
      {"over the limit together",
       "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\n", 413},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(refused(each.text), each.status) << each.what;
    EXPECT_EQ(feed(bytes_of(each.text)).refused, each.status) << each.what << ", byte by byte";
  }
}

TEST(Framing, OddRequestLinesAreRefused) {
  const std::vector<Case> cases = {
      {"truncated version", line("GET / H"), 400},
      {"no version", line("GET /"), 400},
      {"lower-case version", line("GET / http/1.1"), 400},
      {"long version", line("GET / HTTP/1.10"), 400},
      {"HTTP/2.0", line("GET / HTTP/2.0"), 505},
      {"HTTP/0.9", line("GET / HTTP/0.9"), 505},
      {"HTTP/1.2", line("GET / HTTP/1.2"), 505},
      {"two spaces", line("GET  / HTTP/1.1"), 400},
      {"space in the target", line("GET /a b HTTP/1.1"), 400},
      {"tab", line("GET\t/ HTTP/1.1"), 400},
      {"absolute form", line("GET http://test/ HTTP/1.1"), 400},
      {"authority form", line("CONNECT test:80 HTTP/1.1"), 400},
      {"asterisk form", line("OPTIONS * HTTP/1.1"), 400},
      {"fragment", line("GET /a#b HTTP/1.1"), 400},
      {"raw UTF-8", line("GET /\xc3\xa4 HTTP/1.1"), 400},
      {"no method", line(" / HTTP/1.1"), 400},
      {"separator in the method", line("G(T / HTTP/1.1"), 400},
      {"TLS hello", "\x16\x03\x01\x02\x00\x01", 400},
  };
  for (const Case& each : cases) EXPECT_EQ(refused(each.text), each.status) << each.what;
}

TEST(Framing, ExactlyOneValidHostIsNeeded) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
  for (const char* bad :
       {"", "a:", "a:b", "a:123456", "a b", "a,b", "user@a", "a/b", "[::1", "[]", "[::1]x", ":80", "\xc3\xa4"}) {
    EXPECT_EQ(refused(host(bad)), 400) << bad;
  }
  for (const char* good : {"a", "a.example", "A-b_c.example:65535", "127.0.0.1:80", "[::1]", "[fe80::1]:8080"}) {
    EXPECT_EQ(refused(host(good)), 0) << good;
  }
  EXPECT_EQ(feed({"GET / HTTP/1.0\r\n\r\n"}).requests.size(), 1U);
  EXPECT_EQ(refused("GET / HTTP/1.0\r\nHost: a:\r\n\r\n"), 400);
}

TEST(Framing, LimitsAreExact) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: test\r\nX: ";
  const std::string end = "\r\n\r\n";
  const std::size_t room = 16 * 1024 - begin.size() - end.size();
  EXPECT_EQ(feed({begin + std::string(room, 'x') + end}).requests.size(), 1U);
  EXPECT_EQ(refused(begin + std::string(room + 1, 'x') + end), 431);
  EXPECT_EQ(refused("GET /" + std::string(16 * 1024, 'x')), 414);
  std::string fields = "GET / HTTP/1.1\r\nHost: test\r\n";
  for (int i = 1; i < 100; ++i) fields += "X: y\r\n";
  EXPECT_EQ(feed({fields + "\r\n"}).requests.size(), 1U);
  EXPECT_EQ(refused(fields + "X: y\r\n\r\n"), 431);
  EXPECT_EQ(feed({"POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n12345678"}).requests.size(), 1U);
  EXPECT_EQ(refused("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"), 413);
}

TEST(Framing, NothingIsParsedAfterARefusal) {
  Framing framing({}, kBodyLimit);
  framing.append("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n");
  ASSERT_EQ(framing.next(), Framing::Event::kRefused);
  framing.append("GET /evil HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(framing.next(), Framing::Event::kRefused);
  EXPECT_EQ(framing.buffered(), 0U);
}

TEST(Framing, ContinueIsWantedOnlyWhileTheBodyIsMissing) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n";
  Framing waiting({}, kBodyLimit);
  waiting.append(head);
  EXPECT_EQ(waiting.next(), Framing::Event::kContinue);
  EXPECT_EQ(waiting.next(), Framing::Event::kNeedMore);
  waiting.append("ok");
  EXPECT_EQ(waiting.next(), Framing::Event::kRequest);
  Framing sent({}, kBodyLimit);
  sent.append(head + "ok");
  EXPECT_EQ(sent.next(), Framing::Event::kRequest);
  EXPECT_EQ(refused(with("Expect: 200-ok\r\nContent-Length: 0\r\n")), 417);
}

TEST(Framing, ConnectionSemanticsFollowTheVersion) {
  const auto lives = [](const std::string& text) {
    Framing framing({}, kBodyLimit);
    framing.append(text);
    EXPECT_EQ(framing.next(), Framing::Event::kRequest);
    framing.take();
    return framing.keep_alive();
  };
  EXPECT_TRUE(lives("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(lives("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(lives("GET / HTTP/1.0\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(lives("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n"));
}

TEST(Framing, UnknownMethodIsForTheRouterToJudge) {
  const Outcome outcome = feed({"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n"});
  ASSERT_EQ(outcome.requests.size(), 1U);
  EXPECT_EQ(outcome.requests[0].method, Method::kOther);
}

}  // namespace
}  // namespace countersign::http::framing_rules
