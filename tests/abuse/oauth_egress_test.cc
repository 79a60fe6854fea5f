// Abuse cases C: addresses that an agent, an admin's form or a provider's metadata names, as the attack. What is
// called "….example" is played; everything else goes to the real client, as it would when serving.
#include "flows/oauth_fixture.h"

namespace countersign::flows {
namespace {

constexpr const char* kInside[] = {"https://10.0.0.5",        "https://169.254.169.254", "https://127.0.0.1:22",
                                   "https://192.168.1.1:444", "https://[::1]",           "https://[::ffff:10.0.0.5]",
                                   "https://localhost:1",     "https://[fd00::1]",       "https://100.100.100.200"};

class OAuthEgress : public OAuthFlows {
 protected:
  OAuthEgress() { provider.beyond = &real; }
  http::CurlClient real{{}};
};

TEST_F(OAuthEgress, C049_AProbeLooksAtNothingInside) {
  std::set<std::string> answers;
  for (const std::string origin : kInside) {
    const http::Response refused = agent.post("/v1/oauth/probe", dump_json({{"url", origin + "/mcp"}}));
    EXPECT_EQ(refused.status, 502) << origin;
    EXPECT_EQ(code_of(refused), "upstream_address_refused") << origin;
    program.clock().advance(10s);
  }
  for (const char* odd : {"https://2130706433/", "https://0x7f000001/", "https://127.1/", "http://10.0.0.5/",
                          "file:///etc/passwd", "gopher://10.0.0.5/"}) {
    const http::Response refused = agent.post("/v1/oauth/probe", dump_json({{"url", odd}}));
    EXPECT_GE(refused.status, 400) << odd;
    program.clock().advance(10s);
  }
}

TEST_F(OAuthEgress, C049_ARegistrationIsNotSentInside) {
  for (const std::string origin : kInside) {
    SCOPED_TRACE(origin);
    const Json body = {{"owner", "org"},
                       {"slug", "odd"},
                       {"registrationEndpoint", origin + "/register"},
                       {"authorizationUrl", "https://as.odd.example/authorize"},
                       {"tokenUrl", "https://as.odd.example/token"},
                       {"scopes", Json::array()}};
    const http::Response asked = agent.post("/v1/oauth/clients/register-dynamic", dump_json(body));
    ASSERT_EQ(asked.status, 202) << text_of(asked);
    Browser admin = browser_of(boss);
    const std::string path = path_of(json_of(asked)["url"]);
    admin.get(path);
    EXPECT_EQ(admin.post(path + "/client").status, 502);
    EXPECT_EQ(status(json_of(asked)), "pending");
    EXPECT_EQ(clients(agent), Json::array());
    program.clock().advance(10s);
  }
}

TEST_F(OAuthEgress, C051_ARedirectInsideIsNotFollowed) {
  const auto inside = [](const auto&) {
    auto answer = ScriptedProvider::answer(302, "<meta http-equiv=refresh content='0;url=https://169.254.169.254/'>");
    answer.headers.push_back({"location", "https://169.254.169.254/latest/meta-data"});
    return answer;
  };
  provider.instead["https://mcp.evil.example/mcp"] = inside;
  provider.instead["https://mcp.evil.example/.well-known/oauth-protected-resource/mcp"] = inside;
  const http::Response probed = agent.post("/v1/oauth/probe", R"({"url":"https://mcp.evil.example/mcp"})");
  EXPECT_EQ(code_of(probed), "no_metadata") << "which a redirect is not";
}

// The person names where a signed delivery of ours goes; only an operator's list lets it lead inside.
TEST_F(OAuthEgress, C054_ADeliveryIsNotSentInside) {
  Browser browser = browser_of(ada);
  int tried = 0;
  for (const std::string origin : kInside) {
    SCOPED_TRACE(origin);
    const Json minted =
        agent.ask(dump_json({{"integration", "generic-http"}, {"template", "webhook"}, {"label", origin}}));
    browser.get(path_of(minted["url"]));
    const http::Response saved = browser.post(path_of(minted["url"]) + "/submit", {{"plain.base_url", origin}});
    if (saved.status == 422) continue;  // refused where it was typed, which is as good
    const std::string path = "/connections/" + outcome(minted)["connection"]["connectionId"].get<std::string>();
    browser.get(path);
    const std::string answer = header_of(browser.post(path + "/test-delivery"), "Location");
    EXPECT_THAT(answer, HasSubstr("sent=upstream_address_refused"));
    ++tried;
  }
  EXPECT_GT(tried, 0);
}

// A document may name any address it likes: each is judged as if an attacker had typed it.
TEST_F(OAuthEgress, C055_WhatMetadataNamesGoesThroughTheSameGuard) {
  int count = 0;
  for (const std::string origin : kInside) {
    SCOPED_TRACE(origin);
    program.clock().advance(2h);
    Browser browser = browser_of(ada);
    provider.metadata[std::string(kAcme)] = {{"registration_endpoint", origin + "/register"}};
    EXPECT_EQ(ask(Json::object()).status, 502);

    provider.metadata[std::string(kFound)] = {{"jwks_uri", origin + "/keys"}};
    const Json minted = start({{"integration", "found"}, {"owner", "user"}, {"name", std::to_string(++count)}});
    const http::Response page = press(browser, minted);
    if (page.status == 200) {
      browser.get(provider.consent(link_of(page)));
      EXPECT_EQ(outcome(minted)["problem"], "upstream_address_refused");
    } else {
      EXPECT_GT(count, 1) << "it has moved since the client was registered, which ends it sooner";
    }
  }
  EXPECT_THAT(connections(), IsEmpty());
}

TEST_F(OAuthEgress, C055_AResourcesMetadataMayNotLeadInside) {
  provider.instead["https://mcp.evil.example/mcp"] = [](const auto&) {
    auto answer = ScriptedProvider::answer(401, "");
    answer.headers.push_back({"www-authenticate", R"(Bearer resource_metadata="https://169.254.169.254/latest")"});
    return answer;
  };
  const http::Response probed = agent.post("/v1/oauth/probe", R"({"url":"https://mcp.evil.example/mcp"})");
  EXPECT_EQ(code_of(probed), "upstream_address_refused");
}

// Logo, policy and terms of a server are for others: no page of ours has anything of another origin's to load.
TEST_F(OAuthEgress, C055_TheBrowserFetchesNothingThatMetadataNames) {
  provider.metadata[std::string(kAcme)] = {{"logo_uri", "https://evil.example/logo.svg"},
                                           {"op_policy_uri", "https://evil.example/policy"},
                                           {"service_documentation", "https://evil.example/docs"}};
  Browser browser = browser_of(ada);
  const Json minted = start();
  const http::Response card = browser.get(path_of(minted["url"]));
  const http::Response done = connect(browser, minted);
  for (const http::Response& page : {card, done}) {
    EXPECT_THAT(text_of(page), Not(HasSubstr("evil.example")));
    EXPECT_THAT(header_of(page, "Content-Security-Policy"), HasSubstr("img-src 'self' data:"));
  }
  for (const auto& one : provider.sent()) EXPECT_THAT(one.url, Not(HasSubstr("evil.example")));
}

}  // namespace
}  // namespace countersign::flows
