// Abuse cases D and F as far as their surface exists: forged forms, methods, redirects, caches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "flows/in_process.h"

namespace countersign::flows {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BrowserSide : public ::testing::Test {
 protected:
  BrowserSide()
      : ada(program.add_person("ada", domain::Role::kMember)),
        token(program.issue_token(ada)),
        agent(program, token),
        minted(agent.ask(R"({"integration":"demo"})")),
        path(path_of(minted["url"])),
        browser(program) {
    browser.sign_in(ada);
    browser.get(path);
  }

  std::string status() {
    return json_of(agent.get("/v1/handoffs/" + minted["handoffId"].get<std::string>()))["status"];
  }

  InProcess program;
  PersonId ada;
  std::string token;
  Agent agent;
  Json minted;
  std::string path;
  Browser browser;
};

TEST_F(BrowserSide, D057_AFormFromElsewhereIsRefused) {
  const std::string good = "csrf=" + percent_encode(browser.csrf());
  for (const Headers& headers :
       {Headers{{"origin", "https://evil.example"}}, Headers{{"origin", "null"}}, Headers{},
        Headers{{"sec-fetch-site", "cross-site"}}, Headers{{"origin", "http://127.0.0.1:7117.evil"}}}) {
    EXPECT_EQ(browser.post_raw(path + "/decline", good, headers).status, 403);
  }
  EXPECT_EQ(browser.post_raw(path + "/decline", "csrf=wrong", {{"origin", std::string(kPublicUrl)}}).status, 403);
  EXPECT_EQ(browser.post_raw(path + "/decline", "", {{"origin", std::string(kPublicUrl)}}).status, 403);
  EXPECT_EQ(status(), "pending");
}

TEST_F(BrowserSide, D058_AnotherSessionsTokenDoesNotFit) {
  Browser other(program);
  other.sign_in(program.add_person("bob", domain::Role::kMember));
  EXPECT_EQ(
      browser.post_raw(path + "/decline", "csrf=" + percent_encode(other.csrf()), {{"origin", std::string(kPublicUrl)}})
          .status,
      403);
  EXPECT_EQ(status(), "pending");
}

TEST_F(BrowserSide, D059_MethodsCannotBeOverridden) {
  EXPECT_EQ(browser.get(path + "/decline").status, 405);
  EXPECT_EQ(browser.get(path + "/submit?_method=POST&secret.key=x").status, 405);
  EXPECT_EQ(browser.post(path, {{"_method", "DELETE"}}).status, 405);
  EXPECT_EQ(status(), "pending");
}

TEST_F(BrowserSide, D063_BackAndResubmitDoesNothingTwice) {
  EXPECT_EQ(browser.post(path + "/submit", {{"secret.key", "x"}}).status, 303);
  EXPECT_EQ(browser.post(path + "/submit", {{"secret.key", "x"}}).status, 303);
  EXPECT_EQ(json_of(agent.get("/v1/connections"))["connections"].size(), 1U);
}

TEST_F(BrowserSide, D066_UntrustedTextIsText) {
  const Json evil = agent.ask(R"({"integration":"demo","label":"<script>alert(1)</script>\u202eevil\" onload=x"})");
  const std::string page = text_of(browser.get(path_of(evil["url"])));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("\xe2\x80\xae"))) << "the override itself is not on the page";
  EXPECT_THAT(page, HasSubstr("U+202E"));
}

TEST_F(BrowserSide, D067_PagesAnswerNobodyElsesFrameOrWindow) {
  const http::Response page = browser.get(path);
  const std::string csp = header_of(page, "Content-Security-Policy");
  EXPECT_THAT(csp, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(csp, HasSubstr("default-src 'none'"));
  EXPECT_THAT(csp, Not(HasSubstr("unsafe")));
  EXPECT_EQ(header_of(page, "Cross-Origin-Opener-Policy"), "same-origin");
  EXPECT_EQ(header_of(page, "Cross-Origin-Resource-Policy"), "same-origin");
  EXPECT_EQ(header_of(page, "X-Content-Type-Options"), "nosniff");
}

TEST_F(BrowserSide, D069_AWebPageCannotSpeakToTheLocalBroker) {
  // What needs no token is no page's either: asked from this machine it would look like its owner's own agent.
  for (const char* open : {"/mcp", "/v1/auth-sessions"}) {
    const Headers page = {{"content-type", "application/json"}, {"origin", "https://evil.example"}};
    EXPECT_EQ(program.send(http::Method::kPost, open, page, "{}").status, 403) << open;
    const Headers form = {{"content-type", "text/plain"}};
    EXPECT_EQ(program.send(http::Method::kPost, open, form, "{}").status, 415) << "a form without Origin " << open;
  }
  EXPECT_EQ(program.send(http::Method::kPost, "/v1/handoffs", {{"content-type", "text/plain"}}, "{}").status, 401);
  const http::Response rebound = program.send(
      http::Method::kPost, "/mcp",
      {{"authorization", "Bearer " + token}, {"content-type", "application/json"}, {"origin", "https://evil.example"}},
      R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
  EXPECT_EQ(rebound.status, 403);
}

TEST_F(BrowserSide, D070_CookiesAreHostOnlySecureAndHttpOnly) {
  const Secret link =
      program.application().people().make_link(domain::Actor::command_line(), app::kDefaultWorkspace, ada, 600s);
  Browser fresh(program);
  fresh.get("/sign-in/" + std::string(link.reveal()));
  const std::string cookie = header_of(fresh.post("/sign-in/" + std::string(link.reveal())), "Set-Cookie");
  EXPECT_TRUE(cookie.starts_with("__Host-")) << cookie;
  for (const char* part : {"; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"})
    EXPECT_THAT(cookie, HasSubstr(part));
  EXPECT_THAT(cookie, Not(HasSubstr("Domain")));
}

TEST_F(BrowserSide, D071_SigningInLeadsNowhereElse) {
  Browser visitor(program);
  for (const char* next : {"https://evil.example", "//evil.example", "%2f%2fevil", "javascript:alert(1)"}) {
    const http::Response page = visitor.get(std::string("/login?next=") + next);
    EXPECT_NE(page.status, 303) << next;
    EXPECT_THAT(text_of(page), Not(HasSubstr("href=\"//evil")));
  }
}

TEST_F(BrowserSide, D073_NoPageIsCached) {
  for (const char* target : {"/", "/connections", "/login", "/nothing"}) {
    EXPECT_THAT(header_of(browser.get(target), "Cache-Control"), HasSubstr("no-store")) << target;
  }
}

TEST_F(BrowserSide, D074_AFieldThatStandsTwiceIsRefused) {
  const std::string body = "secret.key=a&secret.key=b&csrf=" + percent_encode(browser.csrf());
  EXPECT_EQ(browser.post_raw(path + "/submit", body, {{"origin", std::string(kPublicUrl)}}).status, 400);
  const std::string handoff = "/v1/handoffs/" + minted["handoffId"].get<std::string>();
  EXPECT_EQ(agent.get(handoff + "?wait=1&wait=2").status, 400);
  EXPECT_EQ(agent.get(handoff + "?handoffId=" + HandoffId(9).text()).status, 400) << "path and query disagree";
}

TEST_F(BrowserSide, E087_AnAgentsTokenOpensNoPageAndDecidesNothing) {
  const Headers bearer = {{"authorization", "Bearer " + token},
                          {"origin", std::string(kPublicUrl)},
                          {"content-type", "application/x-www-form-urlencoded"}};
  EXPECT_EQ(program.send(http::Method::kGet, path, {{"authorization", "Bearer " + token}}).status, 303);
  EXPECT_NE(program.send(http::Method::kPost, path + "/submit", bearer, "secret.key=x").status, 200);
  EXPECT_EQ(status(), "pending");
  // And a person's session opens no API.
  EXPECT_EQ(program.send(http::Method::kGet, "/v1/connections", {{"cookie", browser.cookie_header()}}).status, 401);
}

TEST_F(BrowserSide, F099_FirstRunNeedsTheLink) {
  Browser stranger(program);
  EXPECT_EQ(stranger.get("/welcome").status, 303) << "to sign in";
  EXPECT_EQ(stranger.get("/sign-in/cs_signin_guess").status, 404);
}

TEST_F(BrowserSide, F101_PathTricksLeadNowhere) {
  for (const char* target : {"/connections/..;/", "/%2e%2e/connections", "//connections", "/connections;x",
                             "/CONNECTIONS", "/connections/", "/connections%00", "/h/%2e%2e%2flogin"}) {
    EXPECT_EQ(browser.get(target).status, 404) << target;
  }
}

TEST_F(BrowserSide, F098_SigningInReplacesTheOldSession) {
  const std::string before = browser.cookie_header();
  browser.sign_in(ada);
  EXPECT_NE(browser.cookie_header(), before);
  EXPECT_EQ(program.send(http::Method::kGet, "/", {{"cookie", before}}).status, 303) << "the old token is dead";
}

}  // namespace
}  // namespace countersign::flows
