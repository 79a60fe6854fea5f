// The outbound client against servers that lie, stall, flood and redirect, on real sockets. Numbers are those
// of tests/abuse/cases.md.
#include "http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/error.h"
#include "http/tls_server.h"
#include "support/scripted_server.h"
#include "support/temp_dir.h"

namespace countersign::http {
namespace {

using namespace std::chrono_literals;
using support::ScriptedServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kToken = "canary-bearer-0123456789";

CurlClientOptions loopback() {
  CurlClientOptions options;
  options.allow_loopback_http = true;
  return options;
}

ClientRequest get(std::string url) {
  ClientRequest request;
  request.url = std::move(url);
  return request;
}

ClientRequest post(std::string url, std::string_view body) {
  ClientRequest request = get(std::move(url));
  request.method = Method::kPost;
  append(request.body, body);
  return request;
}

// The reason of the Error that sending throws; none of its words may hold the token.
std::string refusal(Client& client, ClientRequest request, std::string* detail = nullptr) {
  request.headers.push_back({"Authorization", "Bearer ", Secret::copy_of(kToken)});
  try {
    client.send(std::move(request));
  } catch (const Error& error) {
    EXPECT_THAT(std::string(error.what()), Not(HasSubstr("canary")));
    if (detail != nullptr) *detail = error.detail();
    return error.reason();
  }
  return "answered";
}

TEST(OutboundClient, SendsWhatItIsGivenAndReturnsTheAnswer) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::answer(
      "{\"a\":1}", "201 Created", "Content-Type: application/json\r\nX-Two: 1\r\nX-Two: 2\r\n")));
  CurlClient client(loopback());
  ClientRequest request = post(server.url("/token?x=%20y"), std::string_view("a=1\0b", 5));
  request.headers.push_back({"Authorization", "Bearer ", Secret::copy_of(kToken)});
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded", {}});
  request.headers.push_back({"X-Empty", " ", {}});
  const ClientResponse response = client.send(std::move(request));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(view(response.body), "{\"a\":1}");
  EXPECT_EQ(response.header("content-type"), "application/json");
  EXPECT_EQ(response.header("x-two"), std::nullopt) << "which of the two would be a guess";
  EXPECT_EQ(
      server.requests().at(0),
      std::string("POST /token?x=%20y HTTP/1.1\r\nHost: 127.0.0.1:" + server.port() +
                  "\r\nUser-Agent: countersign\r\nAccept: */*\r\nAuthorization: Bearer " + std::string(kToken) +
                  "\r\nContent-Type: application/x-www-form-urlencoded\r\nX-Empty:\r\nContent-Length: 5\r\n\r\n") +
          std::string("a=1\0b", 5));
}

TEST(OutboundClient, EveryMethodIsSentAsNamed) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::answer("")));
  CurlClient client(loopback());
  for (const Method method :
       {Method::kGet, Method::kHead, Method::kPost, Method::kDelete, Method::kPut, Method::kPatch, Method::kOptions}) {
    ClientRequest request = get(server.url("/m"));
    request.method = method;
    EXPECT_EQ(client.send(std::move(request)).status, 200) << name(method);
    EXPECT_THAT(server.requests().back(), ::testing::StartsWith(std::string(name(method)) + " /m HTTP/1.1\r\n"));
    EXPECT_THAT(server.requests().back(), Not(HasSubstr("Content-Type")));
    const bool with_body = method == Method::kPost || method == Method::kPut || method == Method::kPatch;
    EXPECT_EQ(server.requests().back().find("Content-Length: 0") != std::string::npos, with_body) << name(method);
  }
}

TEST(OutboundClient, B034_ARedirectIsAnAnswerAndIsNotFollowed) {
  ScriptedServer elsewhere(ScriptedServer::always(ScriptedServer::answer("followed")));
  ScriptedServer server(ScriptedServer::always(
      ScriptedServer::answer("", "302 Found", "Location: " + elsewhere.url("/internal") + "\r\n")));
  CurlClient client(loopback());
  const ClientResponse response = client.send(get(server.url()));
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.header("location"), elsewhere.url("/internal"));
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(elsewhere.connections(), 0U);
}

TEST(OutboundClient, B035_APostIsNeverForwarded) {
  ScriptedServer elsewhere(ScriptedServer::always(ScriptedServer::answer("forwarded")));
  for (const char* status : {"307 Temporary Redirect", "308 Permanent Redirect"}) {
    ScriptedServer server(
        ScriptedServer::always(ScriptedServer::answer("", status, "Location: " + elsewhere.url("/x") + "\r\n")));
    CurlClient client(loopback());
    EXPECT_EQ(client.send(post(server.url(), "refresh_token=x")).status, std::stoi(status));
    EXPECT_EQ(server.requests().size(), 1U);
  }
  EXPECT_EQ(elsewhere.connections(), 0U);
}

TEST(OutboundClient, C049_ANameThatPointsInsideIsRefusedBeforeAnythingIsSent) {
  ScriptedServer inside(ScriptedServer::always(ScriptedServer::answer("inside")));
  for (const char* where : {"127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.168.0.1", "[::1]",
                            "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1]", "[fd00:ec2::254]", "224.0.0.1"}) {
    CurlClientOptions options;
    options.resolve = [where](const std::string&) { return where; };
    CurlClient client(options);
    EXPECT_EQ(refusal(client, get("https://provider.test:" + inside.port() + "/")), "upstream_address_refused")
        << where;
  }
  EXPECT_EQ(inside.connections(), 0U);
}

TEST(OutboundClient, C049_NoSpellingOfLoopbackGetsThrough) {
  ScriptedServer inside(ScriptedServer::always(ScriptedServer::answer("inside")));
  CurlClient client{CurlClientOptions{}};
  for (const char* host : {"localhost", "127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "[::1]", "0",
                           "[::ffff:7f00:1]", "[::]"}) {
    std::string detail;
    EXPECT_EQ(refusal(client, get("https://" + std::string(host) + ":" + inside.port() + "/"), &detail),
              "upstream_address_refused")
        << host << " " << detail;
  }
  EXPECT_EQ(inside.connections(), 0U);
}

TEST(OutboundClient, C050_ANameThatIsBoundAnewIsJudgedAnew) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::answer("", "200 OK", "Connection: close\r\n")));
  std::atomic<bool> rebound{false};
  CurlClientOptions options = loopback();
  options.resolve = [&](const std::string&) { return rebound ? "169.254.169.254" : "127.0.0.1"; };
  CurlClient client(options);
  const std::string url = "http://provider.test:" + server.port() + "/";
  EXPECT_EQ(client.send(get(url)).status, 200);
  rebound = true;
  std::string detail;
  EXPECT_EQ(refusal(client, get(url), &detail), "upstream_address_refused");
  EXPECT_EQ(detail, "link-local 169.254.169.254");
}

TEST(OutboundClient, C050_OfSeveralAddressesOnlyAdmittedOnesAreTried) {
  ScriptedServer admitted(ScriptedServer::always(ScriptedServer::answer("admitted")));
  CurlClientOptions options = loopback();
  options.resolve = [](const std::string&) { return "169.254.169.254,10.0.0.1,127.0.0.1"; };
  CurlClient client(options);
  EXPECT_EQ(view(client.send(get("http://provider.test:" + admitted.port() + "/")).body), "admitted");
}

TEST(OutboundClient, PlainHttpGoesToLoopbackAlone) {
  CurlClientOptions strict;
  CurlClient client(strict);
  EXPECT_EQ(refusal(client, get("http://127.0.0.1:1/")), "bad_upstream_url");
  CurlClientOptions options = loopback();
  options.allowed = {"10.0.0.1"};
  CurlClient developing(options);
  EXPECT_EQ(refusal(developing, get("http://10.0.0.1:1/")), "upstream_address_refused");
  EXPECT_EQ(refusal(developing, get("http://8.8.8.8:1/")), "upstream_address_refused");
}

TEST(OutboundClient, UrlsThatTwoReadersReadDifferentlyAreRefused) {
  CurlClient client(loopback());
  for (const char* url :
       {"", "/path", "provider.test/", "ftp://provider.test/", "file:///etc/passwd", "gopher://a.test/",
        "https://user@provider.test/", "https://user:secret@provider.test/", "https://", "https://provider.test/#part",
        "https://provider.test/\r\nHost: x", "https://provider.test/ a", "https://provider.test:99999/",
        "https://b\xc3\xbcro.test/", "https://a.test\\@b.test/"}) {
    EXPECT_EQ(refusal(client, get(url)), "bad_upstream_url") << url;
  }
}

TEST(OutboundClient, HeadersThatWouldChangeTheRequestAreRefused) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::answer("")));
  CurlClient client(loopback());
  const auto with = [&](std::string name, std::string value) {
    ClientRequest request = get(server.url());
    request.headers.push_back({std::move(name), std::move(value), {}});
    return refusal(client, std::move(request));
  };
  for (const char* name : {"Host", "content-length", "Transfer-Encoding", "Connection", "Expect", "Accept-Encoding",
                           "TE", "Proxy-Authorization", "Bad Name", "", "X:", "X\r\nY"}) {
    EXPECT_EQ(with(name, "x"), "bad_upstream_header") << name;
  }
  EXPECT_EQ(with("X", "a\r\nY: b"), "bad_upstream_header");
  EXPECT_EQ(with("X", std::string("a\0b", 3)), "bad_upstream_header");
  ClientRequest request = get(server.url());
  request.headers.push_back({"X", "", Secret::copy_of("key\r\nY: b")});
  EXPECT_EQ(refusal(client, std::move(request)), "bad_upstream_header");
  EXPECT_EQ(server.connections(), 0U);
}

TEST(OutboundClient, C051_NeitherARedirectNorARefreshLeadsInside) {
  ScriptedServer inside(ScriptedServer::always(ScriptedServer::answer("inside")));
  const std::string page = "<meta http-equiv=\"refresh\" content=\"0;url=" + inside.url() + "\">";
  for (const char* field : {"Location: ", "Refresh: 0;url=", "Content-Location: ", "Alt-Svc: h2="}) {
    for (const char* status : {"200 OK", "301 Moved Permanently", "303 See Other", "401 Unauthorized"}) {
      ScriptedServer server(
          ScriptedServer::always(ScriptedServer::answer(page, status, field + inside.url() + "\r\n")));
      CurlClient client(loopback());
      EXPECT_EQ(view(client.send(get(server.url())).body), page);
      EXPECT_EQ(server.requests().size(), 1U);
    }
  }
  EXPECT_EQ(inside.connections(), 0U);
}

TEST(OutboundClient, C053_ASlowBodyEndsWithTheTotalTime) {
  ScriptedServer server([](auto& peer) {
    peer.read();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (peer.send("x")) std::this_thread::sleep_for(20ms);
  });
  CurlClient client(loopback());
  ClientRequest request = get(server.url());
  request.limits.total = 200ms;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(refusal(client, std::move(request)), "upstream_timeout");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 15s) << "the whole body takes 20 s";
}

TEST(OutboundClient, C053_EndlessHeadersAreCutOff) {
  const auto flood = [](std::string start, std::string piece) {
    return [start, piece](ScriptedServer::Peer& peer) {
      peer.read();
      if (!peer.send(start)) return;
      while (peer.send(piece)) {
      }
    };
  };
  ScriptedServer many(flood("HTTP/1.1 200 OK\r\n", "X: 1\r\n"));
  ScriptedServer one_line(flood("HTTP/1.1 200 OK\r\nX: ", std::string(4096, 'x')));
  ScriptedServer interim(flood("", "HTTP/1.1 100 Continue\r\n\r\n"));
  ScriptedServer trailers(flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: 1\r\n"));
  CurlClient client(loopback());
  for (const ScriptedServer* server : {&many, &one_line, &interim, &trailers}) {
    EXPECT_EQ(refusal(client, get(server->url())), "upstream_too_large");
  }
}

TEST(OutboundClient, C053_ABodyIsTakenUpToItsLimitAndNoFurther) {
  const std::string limit(1000, 'x');
  ScriptedServer fits(ScriptedServer::always(ScriptedServer::answer(limit)));
  ScriptedServer declared(ScriptedServer::always(ScriptedServer::answer(limit + "x")));
  ScriptedServer endless([](auto& peer) {
    peer.read();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (peer.send("400\r\n" + std::string(1024, 'x') + "\r\n")) {
    }
  });
  CurlClient client(loopback());
  const auto bounded = [](const ScriptedServer& server) {
    ClientRequest request = get(server.url());
    request.limits.body_bytes = 1000;
    return request;
  };
  EXPECT_EQ(client.send(bounded(fits)).body.size(), 1000U);
  EXPECT_EQ(refusal(client, bounded(declared)), "upstream_too_large");
  EXPECT_EQ(refusal(client, bounded(endless)), "upstream_too_large");
}

TEST(OutboundClient, CompressionIsNotAskedForAndNotTaken) {
  ScriptedServer server(
      ScriptedServer::always(ScriptedServer::answer("\x1f\x8b", "200 OK", "Content-Encoding: gzip\r\n")));
  CurlClient client(loopback());
  EXPECT_EQ(refusal(client, get(server.url())), "upstream_malformed");
  EXPECT_THAT(server.requests().at(0), Not(HasSubstr("ncoding")));
}

TEST(OutboundClient, AnswersThatAreNotWholeOrNotHttpAreToldApart) {
  const auto answers = [](std::string bytes) {
    return [bytes](ScriptedServer::Peer& peer) {
      peer.read();
      peer.send(bytes);
    };
  };
  ScriptedServer nothing(answers(""));
  ScriptedServer cut(answers("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
  ScriptedServer other(answers("SSH-2.0-OpenSSH_9.2\r\n"));
  ScriptedServer bad_length(answers("HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n"));
  CurlClient client(loopback());
  EXPECT_EQ(refusal(client, post(nothing.url(), "x")), "upstream_lost");
  EXPECT_EQ(refusal(client, get(cut.url())), "upstream_lost");
  EXPECT_EQ(refusal(client, get(other.url())), "upstream_malformed");
  EXPECT_EQ(refusal(client, get(bad_length.url())), "upstream_malformed");
}

TEST(OutboundClient, FieldsThatAreNotCleanAreLeftOut) {
  ScriptedServer server([](auto& peer) {
    peer.read();
    peer.send(
        "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Good:  v \r\nBad Name: 1\r\n"
        "X-Control: a\x01"
        "b\r\nX-Folded: a\r\n b\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: 1\r\n\r\n");
  });
  CurlClient client(loopback());
  const ClientResponse response = client.send(get(server.url()));
  std::vector<std::string> fields;
  for (const Header& field : response.headers) fields.push_back(field.name + "=" + field.value);
  EXPECT_THAT(fields, ElementsAre("x-good=v", "transfer-encoding=chunked"));
}

TEST(OutboundClient, WhatCannotBeReachedWasNotSent) {
  std::string port;
  { port = ScriptedServer(ScriptedServer::always("")).port(); }
  CurlClient client(loopback());
  std::string detail;
  EXPECT_EQ(refusal(client, get("http://127.0.0.1:" + port + "/secret-path"), &detail), "upstream_unreachable");
  EXPECT_THAT(detail, HasSubstr("refused"));
  EXPECT_THAT(detail, Not(HasSubstr("secret-path")));
}

TEST(OutboundClient, TheEnvironmentHasNoSay) {
  ScriptedServer proxy(ScriptedServer::always(ScriptedServer::answer("proxy")));
  ScriptedServer server(ScriptedServer::always(ScriptedServer::answer("direct")));
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) {
    ::setenv(name, proxy.url().c_str(), 1);
  }
  CurlClient client(loopback());
  EXPECT_EQ(view(client.send(get(server.url())).body), "direct");
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
  EXPECT_EQ(proxy.connections(), 0U);
}

TEST(OutboundClient, AProxySeesTheHostAndNothingOfTheRequest) {
  ScriptedServer proxy(ScriptedServer::always(ScriptedServer::answer("", "403 Forbidden")));
  CurlClientOptions options;
  options.proxy = "http://127.0.0.1:" + proxy.port();
  CurlClient client(options);
  EXPECT_EQ(refusal(client, get("https://provider.test/path")), "upstream_unreachable");
  const std::string seen = proxy.requests().at(0);
  EXPECT_THAT(seen, ::testing::StartsWith("CONNECT provider.test:443 HTTP/1.1\r\n"));
  EXPECT_THAT(seen, Not(HasSubstr("canary")));
  for (const char* inside : {"https://10.0.0.1/", "https://localhost/", "https://x.localhost/", "https://[::1]/",
                             "https://0x7f.1/", "https://169.254.169.254/"}) {
    EXPECT_EQ(refusal(client, get(inside)), "upstream_address_refused") << inside;
  }
  EXPECT_EQ(proxy.requests().size(), 1U);
}

TEST(OutboundClient, CookiesOfOneAnswerAreNotInTheNextRequest) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::answer("", "200 OK", "Set-Cookie: a=b; Path=/\r\n")));
  CurlClient client(loopback());
  client.send(get(server.url()));
  client.send(get(server.url()));
  EXPECT_THAT(server.requests().at(1), Not(HasSubstr("ookie")));
  EXPECT_EQ(server.connections(), 1U) << "the connection is kept all the same";
}

TEST(OutboundClient, APostIsSentAtMostOnceThoughTheKeptConnectionIsDead) {
  // The first request is answered, the second read and then left without an answer.
  ScriptedServer server([](auto& peer) {
    peer.read();
    peer.send(ScriptedServer::answer("first"));
    peer.read();
  });
  CurlClient client(loopback());
  EXPECT_EQ(client.send(post(server.url(), "1")).status, 200);
  EXPECT_EQ(refusal(client, post(server.url(), "2")), "upstream_lost");
  EXPECT_EQ(server.requests().size(), 2U) << "not a third time on a new connection";
  EXPECT_EQ(client.send(get(server.url())).status, 200);
  EXPECT_EQ(client.send(get(server.url())).status, 200) << "a GET is asked again";
  EXPECT_EQ(server.requests().size(), 5U);
}

TEST(OutboundClient, TheCertificateMustBeTrustedAndNameTheHost) {
  testing::TlsServer server;
  support::TempDir dir;
  server.write_certificate(dir.file("ca.pem"));
  CurlClientOptions options = loopback();
  options.resolve = [](const std::string&) { return "127.0.0.1"; };
  CurlClient distrusting(options);
  std::string detail;
  EXPECT_EQ(refusal(distrusting, get("https://provider.test:" + server.port() + "/"), &detail), "upstream_tls");
  EXPECT_THAT(detail, HasSubstr("certificate"));
  options.ca_file = dir.file("ca.pem");
  CurlClient trusting(options);
  EXPECT_EQ(view(trusting.send(get("https://provider.test:" + server.port() + "/")).body), "tls");
  EXPECT_EQ(refusal(trusting, get("https://other.test:" + server.port() + "/")), "upstream_tls");
}

TEST(OutboundClient, AHostOnTheListIsCalledInsideAndNoOther) {
  testing::TlsServer server;
  support::TempDir dir;
  server.write_certificate(dir.file("ca.pem"));
  CurlClientOptions options;
  options.ca_file = dir.file("ca.pem");
  options.allowed = {"provider.test"};
  options.resolve = [](const std::string&) { return "127.0.0.1"; };
  CurlClient client(options);
  EXPECT_EQ(view(client.send(get("https://provider.test:" + server.port() + "/")).body), "tls");
  EXPECT_EQ(refusal(client, get("https://other.test:" + server.port() + "/")), "upstream_address_refused");
}

TEST(OutboundClient, ManyThreadsShareItAndKeepTheirConnections) {
  ScriptedServer server([](auto& peer) {
    for (std::string request = peer.read(); !request.empty(); request = peer.read()) {
      if (!peer.send(ScriptedServer::answer(request.substr(0, request.find(" HTTP"))))) return;
    }
  });
  CurlClient client(loopback());
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 25; ++i) {
        const std::string path = "/" + std::to_string(thread) + "/" + std::to_string(i);
        EXPECT_EQ(view(client.send(get(server.url(path))).body), "GET " + path);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(server.connections(), 8U);
}

TEST(OutboundClient, BeyondItsLimitItRefusesAtOnce) {
  std::atomic<bool> arrived{false};
  ScriptedServer server([&](auto& peer) {
    peer.read();
    arrived = true;
    peer.read();
  });
  CurlClientOptions options = loopback();
  options.most_at_once = 1;
  CurlClient client(options);
  std::thread first([&] {
    ClientRequest request = get(server.url());
    request.limits.total = 3s;  // the other one comes meanwhile, also on a busy machine
    EXPECT_EQ(refusal(client, std::move(request)), "upstream_timeout");
  });
  while (!arrived) std::this_thread::yield();
  EXPECT_EQ(refusal(client, get(server.url())), "outbound_busy");
  first.join();
  ClientRequest request = get(server.url());
  request.limits.total = 50ms;
  EXPECT_EQ(refusal(client, std::move(request)), "upstream_timeout") << "the place is free again";
}

}  // namespace
}  // namespace countersign::http
