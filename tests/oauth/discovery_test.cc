#include "oauth/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "oauth/wire_client.h"
#include "support/fake_clock.h"
#include "support/scripted_server.h"

namespace countersign::oauth::discovery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

const std::string kIssuer = "https://as.example/r1";
const std::string kFirst = "https://as.example/.well-known/oauth-authorization-server/r1";
const std::string kSecond = "https://as.example/.well-known/openid-configuration/r1";
const std::string kThird = "https://as.example/r1/.well-known/openid-configuration";
const std::string kResource = "https://api.example/mcp";
const std::string kResourceFirst = "https://api.example/.well-known/oauth-protected-resource/mcp";
const std::string kResourceRoot = "https://api.example/.well-known/oauth-protected-resource";

std::string server_document(const std::string& issuer = kIssuer) {
  return dump_json({{"issuer", issuer},
                    {"authorization_endpoint", issuer + "/authorize"},
                    {"token_endpoint", issuer + "/token"},
                    {"code_challenge_methods_supported", {"S256"}}});
}
std::string resource_document(const std::vector<std::string>& servers = {kIssuer},
                              const std::string& resource = kResource) {
  return dump_json(
      {{"resource", resource}, {"authorization_servers", servers}, {"scopes_supported", {"read", "write"}}});
}

class DiscoveryTest : public ::testing::Test {
 protected:
  std::vector<std::string> urls() const {
    std::vector<std::string> all;
    for (const auto& one : client->sent) all.push_back(one.url);
    return all;
  }
  void serve(WireClient::Script script) {
    client = std::make_unique<WireClient>(std::move(script));
    discovery = std::make_unique<Discovery>(*client, clock);
  }
  template <class Call>
  std::string reason_of(Call call) {
    try {
      call();
      return {};
    } catch (const Error& error) {
      return error.reason();
    }
  }
  std::string server_refusal() {
    return reason_of([&] { discovery->server(kIssuer); });
  }
  std::string resource_refusal() {
    return reason_of([&] { discovery->resource(kResource); });
  }

  support::FakeClock clock;
  std::unique_ptr<WireClient> client;
  std::unique_ptr<Discovery> discovery;
};

TEST_F(DiscoveryTest, AsksTheThreePlacesInOrder) {
  serve(WireClient::site({{kThird, server_document()}}));
  EXPECT_EQ(discovery->server(kIssuer).token_endpoint, kIssuer + "/token");
  EXPECT_THAT(urls(), ElementsAre(kFirst, kSecond, kThird));
  for (const auto& sent : client->sent) {
    EXPECT_EQ(sent.method, http::Method::kGet);
    EXPECT_EQ(sent.header("Accept"), "application/json");
    EXPECT_EQ(sent.headers.size(), 1U) << "nothing of ours goes to a stranger";
    EXPECT_EQ(sent.limits.body_bytes, 64U * 1024);
    EXPECT_LE(sent.limits.total, seconds(10));
  }
}

TEST_F(DiscoveryTest, RemembersAServerForAnHourAndNoFailure) {
  bool there = false;
  serve([&](const WireClient::Sent&) { return WireClient::answer(there ? 200 : 404, server_document()); });
  EXPECT_EQ(server_refusal(), "no_metadata");
  EXPECT_EQ(client->sent.size(), 3U);
  there = true;
  discovery->server(kIssuer);
  discovery->server(kIssuer);
  EXPECT_EQ(client->sent.size(), 4U);
  clock.advance(std::chrono::hours(1));
  discovery->server(kIssuer);
  EXPECT_EQ(client->sent.size(), 5U);
}

TEST_F(DiscoveryTest, RemembersTwoHundredFiftySixServersAtMost) {
  serve([](const WireClient::Sent& sent) {
    return WireClient::answer(200, server_document(sent.url.substr(0, sent.url.find("/.well-known"))));
  });
  const auto issuer = [](int i) { return "https://as" + std::to_string(i) + ".example"; };
  for (int i = 0; i < 257; ++i) {
    discovery->server(issuer(i));
    clock.advance(milliseconds(1));
  }
  discovery->server(issuer(1));
  EXPECT_EQ(client->sent.size(), 257U);
  discovery->server(issuer(0));
  EXPECT_EQ(client->sent.size(), 258U) << "the oldest one was forgotten";
}

TEST_F(DiscoveryTest, A029_AnotherIssuerIsPassedOverAndReportedWhenThereIsNoRightOne) {
  serve(WireClient::site({{kFirst, server_document("https://evil.example")}, {kSecond, "<html>"}}));
  EXPECT_EQ(server_refusal(), "issuer_mismatch");
  serve(WireClient::site({{kFirst, server_document("https://evil.example")}, {kThird, server_document()}}));
  EXPECT_EQ(discovery->server(kIssuer).issuer, kIssuer);
}

TEST_F(DiscoveryTest, NonsenseIsReportedWhenNothingBetterIsFound) {
  serve(WireClient::site({{kFirst, "<html>catch all</html>"}}));
  EXPECT_EQ(server_refusal(), "bad_metadata");
  EXPECT_EQ(client->sent.size(), 3U);
}

TEST_F(DiscoveryTest, ARedirectIsNoMetadata) {
  serve([](const WireClient::Sent&) {
    auto response = WireClient::answer(302, server_document());
    response.headers.push_back({"location", "https://elsewhere.example"});
    return response;
  });
  EXPECT_EQ(server_refusal(), "no_metadata");
}

TEST_F(DiscoveryTest, ATooLargePageInOnePlaceHidesNoOther) {
  serve([](const WireClient::Sent& sent) {
    if (sent.url == kFirst) throw Error(ErrorCode::kUpstream, "upstream_too_large", "x");
    if (sent.url == kSecond) throw Error(ErrorCode::kUpstream, "upstream_malformed", "x");
    return WireClient::answer(200, server_document());
  });
  EXPECT_EQ(discovery->server(kIssuer).issuer, kIssuer);
}

TEST_F(DiscoveryTest, AServerThatCannotBeReachedIsNotAskedThreeTimes) {
  for (const char* reason : {"upstream_unreachable", "upstream_address_refused", "upstream_tls", "upstream_timeout"}) {
    serve(WireClient::failing(ErrorCode::kUpstream, reason));
    EXPECT_EQ(server_refusal(), reason);
    EXPECT_EQ(client->sent.size(), 1U);
  }
}

TEST_F(DiscoveryTest, TakesTwentySecondsInAllHoweverSlowTheServer) {
  serve([&](const WireClient::Sent& sent) {
    clock.advance(sent.limits.total - milliseconds(1));
    return WireClient::answer(404, "");
  });
  EXPECT_EQ(server_refusal(), "no_metadata");
  EXPECT_EQ(client->sent.back().limits.total, milliseconds(2));
  serve([&](const WireClient::Sent& sent) {
    clock.advance(sent.limits.total);
    return WireClient::answer(404, "");
  });
  EXPECT_EQ(server_refusal(), "upstream_timeout");
  EXPECT_EQ(client->sent.size(), 2U);
}

WireClient::Script challenging(const std::string& field, std::map<std::string, std::string> documents) {
  return [field, site = WireClient::site(std::move(documents))](const WireClient::Sent& sent) {
    if (sent.url != kResource) return site(sent);
    auto response = WireClient::answer(401, "");
    response.headers.push_back({"www-authenticate", "Basic realm=\"x\""});
    response.headers.push_back({"www-authenticate", field});
    return response;
  };
}

TEST_F(DiscoveryTest, AResourcesChallengeLeadsToItsMetadata) {
  const std::string place = "https://meta.example/r";
  serve(challenging("Bearer resource_metadata=\"" + place + "\", scope=\"read\"",
                    {{place, resource_document()}, {kFirst, server_document()}}));
  const Probed probed = discovery->resource(kResource);
  EXPECT_EQ(probed.server.issuer, kIssuer);
  EXPECT_EQ(probed.resource, kResource);
  EXPECT_THAT(probed.scopes, ElementsAre("read")) << "what the challenge asks for is less than all";
  EXPECT_THAT(urls(), ElementsAre(kResource, place, kFirst));
}

TEST_F(DiscoveryTest, WithoutAChallengeTheWellKnownPlacesAreAsked) {
  serve(WireClient::site(
      {{kResourceRoot, resource_document({kIssuer}, "https://api.example")}, {kFirst, server_document()}}));
  const Probed probed = discovery->resource(kResource);
  EXPECT_EQ(probed.resource, "https://api.example");
  EXPECT_THAT(probed.scopes, ElementsAre("read", "write"));
  EXPECT_THAT(urls(), ElementsAre(kResource, kResourceFirst, kResourceRoot, kFirst));
}

TEST_F(DiscoveryTest, AResourceThatHangsOrFloodsStillHasWellKnownPlaces) {
  for (const char* reason : {"upstream_timeout", "upstream_too_large", "upstream_malformed"}) {
    serve([&](const WireClient::Sent& sent) {
      if (sent.url == kResource) throw Error(ErrorCode::kUpstream, reason, "x");
      return WireClient::site({{kResourceFirst, resource_document()}, {kFirst, server_document()}})(sent);
    });
    EXPECT_EQ(discovery->resource(kResource).server.issuer, kIssuer) << reason;
  }
  serve(WireClient::failing(ErrorCode::kUpstream, "upstream_address_refused"));
  EXPECT_EQ(resource_refusal(), "upstream_address_refused");
}

TEST_F(DiscoveryTest, A030_MetadataOfAnotherResourceIsNotTrusted) {
  const auto evil = resource_document({kIssuer}, "https://evil.example/mcp");
  serve(WireClient::site({{kResourceFirst, evil}, {kFirst, server_document()}}));
  EXPECT_EQ(resource_refusal(), "resource_mismatch");
  EXPECT_THAT(urls(), ElementsAre(kResource, kResourceFirst, kResourceRoot)) << "no server was asked for it";
  EXPECT_EQ(reason_of([&] { discovery->probe(kResource); }), "resource_mismatch");
  // What a challenge names is all there is: the right document elsewhere does not heal it.
  serve(challenging(R"(Bearer resource_metadata="https://meta.example/r")",
                    {{"https://meta.example/r", evil}, {kResourceFirst, resource_document()}}));
  EXPECT_EQ(resource_refusal(), "resource_mismatch");
}

TEST_F(DiscoveryTest, AChallengeThatNamesNoUrlIsRefused) {
  for (const char* url : {"file:///etc/passwd", "http://meta.example/", "/relative", "javascript:x"}) {
    serve(challenging("Bearer resource_metadata=\"" + std::string(url) + "\"", {}));
    EXPECT_EQ(resource_refusal(), "bad_metadata") << url;
    EXPECT_EQ(client->sent.size(), 1U);
  }
}

TEST_F(DiscoveryTest, TriesThreeAuthorizationServersInOrder) {
  const std::vector<std::string> servers{"https://a.example", "https://b.example", kIssuer, "https://d.example"};
  serve(WireClient::site({{kResourceFirst, resource_document(servers)}, {kFirst, server_document()}}));
  EXPECT_EQ(discovery->resource(kResource).server.issuer, kIssuer);

  const std::vector<std::string> late{"https://a.example", "https://b.example", "https://c.example", kIssuer};
  serve(WireClient::site({{kResourceFirst, resource_document(late)}, {kFirst, server_document()}}));
  EXPECT_EQ(resource_refusal(), "no_metadata");
  serve(WireClient::site({{kResourceFirst, resource_document({})}}));
  EXPECT_EQ(resource_refusal(), "no_metadata");
}

TEST_F(DiscoveryTest, OneDeadlineHoldsForTheWholeSearch) {
  serve([&](const WireClient::Sent& sent) {
    clock.advance(seconds(4));
    return WireClient::site({{kResourceFirst, resource_document({"https://a.example", "https://b.example", kIssuer})},
                             {kFirst, server_document()}})(sent);
  });
  EXPECT_EQ(resource_refusal(), "no_metadata") << "the third server would have come too late";
  EXPECT_EQ(client->sent.size(), 5U);
}

TEST_F(DiscoveryTest, ProbeTakesAResourceOrAnIssuer) {
  serve(WireClient::site({{kResourceFirst, resource_document()}, {kFirst, server_document()}}));
  EXPECT_EQ(discovery->probe(kResource).resource, kResource);
  const Probed probed = discovery->probe(kIssuer);
  EXPECT_EQ(probed.server.issuer, kIssuer);
  EXPECT_EQ(probed.resource, "");
  EXPECT_EQ(reason_of([&] { discovery->probe("https://nobody.example"); }), "no_metadata");
  EXPECT_EQ(reason_of([&] { discovery->probe("javascript:x"); }), "bad_resource");
}

TEST_F(DiscoveryTest, ProbeForgivesTheSlashThatBrowsersShow) {
  const std::string place = "https://as.example/.well-known/openid-configuration";
  serve(WireClient::site({{place, server_document("https://as.example")}}));
  EXPECT_EQ(discovery->probe("https://as.example/").server.issuer, "https://as.example");
  serve(WireClient::site({{place, server_document("https://as.example/")}}));
  EXPECT_EQ(discovery->probe("https://as.example/").server.issuer, "https://as.example/");
}

// --- on the real client ---

class DiscoveryOnTheWire : public ::testing::Test {
 protected:
  static http::CurlClientOptions options() {
    http::CurlClientOptions loopback;
    loopback.allow_loopback_http = true;
    return loopback;
  }
  std::string refusal(const std::string& issuer) {
    try {
      Discovery(client, clock).server(issuer);
      return {};
    } catch (const Error& error) {
      return error.reason();
    }
  }

  support::FakeClock clock;
  http::CurlClient client{options()};
};

TEST_F(DiscoveryOnTheWire, FindsAServer) {
  support::ScriptedServer server([](support::ScriptedServer::Peer& peer) {
    const std::string request = peer.read();
    const std::string host = request.substr(request.find("Host: ") + 6);
    const std::string issuer = "http://" + host.substr(0, host.find('\r'));
    peer.send(support::ScriptedServer::answer(server_document(issuer)));
  });
  const std::string issuer = server.url("");
  EXPECT_EQ(Discovery(client, clock).server(issuer).token_endpoint, issuer + "/token");
}

TEST_F(DiscoveryOnTheWire, A034_DoesNotFollowARedirect) {
  support::ScriptedServer other(support::ScriptedServer::always(support::ScriptedServer::answer("{}")));
  support::ScriptedServer server(support::ScriptedServer::always(
      support::ScriptedServer::answer("", "302 Found", "Location: " + other.url() + "\r\n")));
  EXPECT_EQ(refusal(server.url("")), "no_metadata");
  EXPECT_EQ(other.connections(), 0U);
}

TEST_F(DiscoveryOnTheWire, TakesNoMoreThanSixtyFourKilobytes) {
  support::ScriptedServer server(
      support::ScriptedServer::always(support::ScriptedServer::answer(std::string(65 * 1024, ' '))));
  EXPECT_EQ(refusal(server.url("")), "no_metadata");
}

}  // namespace
}  // namespace countersign::oauth::discovery
