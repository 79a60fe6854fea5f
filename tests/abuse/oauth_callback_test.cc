// Abuse cases A and B: the way to the provider and back as the attack. Numbers are those of cases.md.
#include "flows/oauth_fixture.h"

namespace countersign::flows {
namespace {

// Another value for one parameter of the provider's redirect; empty: without it.
std::string with(std::string target, const std::string& name, const std::string& value) {
  const auto at = target.find(name + "=");
  const auto end = std::min(target.find('&', at), target.size());
  target.replace(at, end - at, value.empty() ? "unrelated=1" : name + "=" + percent_encode(value));
  return target;
}

std::string parameter(const std::string& target, const std::string& name) {
  return http::parse_query(target.substr(target.find('?') + 1))[name];
}

class OAuthCallback : public OAuthFlows {
 protected:
  OAuthCallback() : browser(browser_of(ada)), minted(start()), back(provider.consent(leave(browser, minted))) {}

  std::size_t token_calls() { return provider.calls(kAcme / "token"); }
  // Refused, nobody was asked anything, and the request goes on as before.
  void expect_refused(Browser& by, const std::string& target, int expected) {
    SCOPED_TRACE(target);
    const http::Response refused = by.get(target);
    EXPECT_EQ(refused.status, expected);
    EXPECT_EQ(token_calls(), 0U);
    EXPECT_THAT(connections(), IsEmpty());
    EXPECT_EQ(status(minted), "opened");
    EXPECT_EQ(header_of(refused, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(header_of(refused, "Cache-Control"), "no-store");
  }

  Browser browser;
  Json minted;
  std::string back;
};

TEST_F(OAuthCallback, A001_WhoeverOpensAnotherPersonsLinkNeverLeavesForTheProvider) {
  const Json other = start({{"name", "Second"}});
  Browser eve = browser_of(program.add_person("eve", domain::Role::kMember));
  EXPECT_EQ(eve.get(path_of(other["url"])).status, 403);
  EXPECT_EQ(eve.post(path_of(other["url"]) + "/leave").status, 403);
  EXPECT_EQ(status(other), "pending");
  EXPECT_EQ(events("handoff.left").size(), 1U) << "the one of the fixture";
  EXPECT_EQ(events("handoff.refused").size(), 1U);
}

TEST_F(OAuthCallback, A014_NoRefererLeadsFromOurPagesToTheProviderNorFromTheCallback) {
  const http::Response page = press(browser, start({{"name", "Second"}}));
  EXPECT_THAT(text_of(page), HasSubstr("rel=\"noreferrer\""));
  EXPECT_EQ(header_of(page, "Referrer-Policy"), "same-origin");
  EXPECT_THAT(text_of(page), Not(HasSubstr("http-equiv")));
  const http::Response landed = browser.get(back);
  EXPECT_EQ(landed.status, 303) << "never 307, which would send a body on";
  EXPECT_THAT(header_of(landed, "Location"), Not(AnyOf(HasSubstr("code"), HasSubstr("state="))));
  EXPECT_THAT(text_of(landed), IsEmpty());
  EXPECT_EQ(header_of(landed, "Cache-Control"), "no-store");
  const http::Response again = browser.get(back);
  EXPECT_EQ(header_of(again, "Referrer-Policy"), "no-referrer") << "code and state stand in this address";
  EXPECT_THAT(text_of(again), Not(AnyOf(HasSubstr("canary"), HasSubstr(parameter(back, "state")))));
}

TEST_F(OAuthCallback, A019_EachOfManyLandsInItsOwn) {
  std::vector<Json> asked{minted};
  std::vector<std::string> ways{back};
  for (int i = 1; i < 4; ++i) {
    asked.push_back(start({{"name", "Account " + std::to_string(i)}}));
    const std::string account = "acct-" + std::to_string(i);
    ways.push_back(provider.consent(leave(browser, asked.back()), {.account = account}));
    EXPECT_NE(asked.back()["userCode"], asked.front()["userCode"]);
  }
  for (std::size_t i = ways.size(); i-- > 0;) EXPECT_EQ(browser.get(ways[i]).status, 303);
  for (std::size_t i = 1; i < asked.size(); ++i) {
    const Json made = outcome(asked[i])["connection"];
    EXPECT_EQ(made["name"], "Account " + std::to_string(i));
    EXPECT_EQ(made["identityLabel"], "acct-" + std::to_string(i) + "@example");
  }
  EXPECT_EQ(outcome(minted)["connection"]["identityLabel"], "acct-ada@example");
}

TEST_F(OAuthCallback, B021_WithoutAGoodStateNothingIsSent) {
  const std::string state = parameter(back, "state");
  expect_refused(browser, with(back, "state", ""), 400);
  expect_refused(browser, with(back, "state", "x"), 400);
  expect_refused(browser, with(back, "state", std::string(state.size(), 'a')), 400);
  expect_refused(browser, with(back, "state", state.substr(0, 14) + std::string(43, 'a')), 400);
  expect_refused(browser, with(back, "state", state + "a"), 400);
  expect_refused(browser, back + "&state=" + state, 400);
  expect_refused(browser, back + "&code=another", 400);
  EXPECT_EQ(browser.get(back).status, 303) << "none of it used up the right one";
  EXPECT_EQ(status(minted), "completed");
}

TEST_F(OAuthCallback, B022_TheSameAnswerTwiceIsRedeemedOnce) {
  EXPECT_EQ(browser.get(back).status, 303);
  EXPECT_EQ(browser.get(back).status, 409);
  EXPECT_EQ(browser.get(with(back, "code", "code-canary-of-somebody")).status, 409);
  EXPECT_EQ(token_calls(), 1U);
  EXPECT_EQ(connections().size(), 1U);
}

TEST_F(OAuthCallback, B022_ARefusedCodeDoesNotBringTheStateBack) {
  EXPECT_EQ(browser.get(with(back, "code", "code-of-nobody")).status, 303);
  EXPECT_EQ(status(minted), "failed");
  EXPECT_EQ(outcome(minted)["problem"], "invalid_grant");
  EXPECT_EQ(browser.get(back).status, 409);
  EXPECT_EQ(token_calls(), 1U);
}

TEST_F(OAuthCallback, B022_LeavingAgainMakesTheWayBackOfTheFirstTabVoid) {
  const std::string second = provider.consent(leave(browser, minted));
  expect_refused(browser, back, 409);
  EXPECT_EQ(browser.get(second).status, 303);
  EXPECT_EQ(status(minted), "completed");
}

TEST_F(OAuthCallback, B023_AfterTenMinutesItIsOver) {
  program.clock().advance(10min);
  EXPECT_EQ(browser.get(back).status, 409);
  EXPECT_EQ(token_calls(), 0U);
  EXPECT_THAT(connections(), IsEmpty());
}

// The code of one provider at the callback of another (COAT).
TEST_F(OAuthCallback, B025_TheAnswerOfOneProviderAtAnothersDoorIsRefused) {
  const std::string beta = set_up_beta();
  const Json other = start({{"integration", "beta"}});
  const std::string to_beta = provider.consent(leave(browser, other));
  const std::string acme_path = back.substr(0, back.find('?'));
  const std::string beta_path = to_beta.substr(0, to_beta.find('?'));
  ASSERT_NE(acme_path, beta_path) << "each client has a redirect URI of its own";
  expect_refused(browser, beta_path + back.substr(back.find('?')), 400);
  expect_refused(browser, acme_path + to_beta.substr(to_beta.find('?')), 400);
  // Beta's code, smuggled into Acme's answer: it goes to Acme's token endpoint, which does not know it.
  EXPECT_EQ(browser.get(with(back, "code", parameter(to_beta, "code"))).status, 303);
  EXPECT_EQ(status(minted), "failed");
  EXPECT_EQ(provider.calls(kBeta / "token"), 0U);
  EXPECT_EQ(status(other), "opened");
}

// RFC 9207: an answer that names another server is nobody's we left for.
TEST_F(OAuthCallback, B025_AWrongIssuerSendsNothingAndShowsNothing) {
  for (const char* wrong : {"https://as.beta.example", "https://AS.acme.example", "https://as.acme.example/",
                            "https://as.acme.example:443", "https://as%2eacme.example"}) {
    const Json one = start({{"name", wrong + 8}});
    ScriptedProvider::Consent evil;
    evil.error = "canary_error";
    evil.error_description = "call 555-canary";
    const std::string answer = with(provider.consent(leave(browser, one), evil), "iss", wrong);
    EXPECT_EQ(browser.get(answer).status, 303) << wrong;
    EXPECT_EQ(outcome(one)["problem"], "issuer_mismatch") << wrong;
    const std::string page = text_of(browser.get(path_of(one["url"])));
    EXPECT_THAT(page, AllOf(HasSubstr("this can be an attack"), Not(HasSubstr("canary")))) << wrong;
    program.clock().advance(10s);
  }
  const Json without = start({{"name", "Without"}});
  EXPECT_EQ(browser.get(with(provider.consent(leave(browser, without)), "iss", "")).status, 303);
  EXPECT_EQ(outcome(without)["problem"], "issuer_mismatch") << "it was promised";
  EXPECT_EQ(token_calls(), 0U);
}

// A callback for what this person never started (CORF): with a state of the attacker's own, and with one of nobody's.
TEST_F(OAuthCallback, B026_ACallbackForWhatNobodyStartedHereIsRefused) {
  Browser victim = browser_of(boss);
  expect_refused(victim, back, 403);
  EXPECT_THAT(text_of(victim.get(back)), HasSubstr("started in another browser"));
  Browser nobody(program);
  expect_refused(nobody, back, 403);
  EXPECT_EQ(events("handoff.refused").size(), 1U) << "on record, once";
  const std::string beta = set_up_beta();
  expect_refused(victim, "/oauth/callback/" + beta + "?code=x&state=01jd8w3m5k2va." + std::string(43, 'a'), 400);
  expect_refused(victim, "/oauth/callback/" + beta + "?code=x", 400);
  expect_refused(victim, "/oauth/callback/nonsense?code=x&state=y", 400);

  // Asked for and opened, but nobody has left: there is no state that could be right.
  const Json never = start({{"name", "Never left"}});
  Browser own = browser_of(ada);
  own.get(path_of(never["url"]));
  const std::string id = never["handoffId"].get<std::string>().substr(3);
  expect_refused(own, back.substr(0, back.find('?')) + "?code=x&state=" + id + "." + std::string(43, 'a'), 400);
  EXPECT_EQ(status(never), "pending");
}

// The same person in another of their browsers is another browser, too (facts A4).
TEST_F(OAuthCallback, B026_TheWayBackBelongsToTheBrowserThatLeft) {
  Browser elsewhere = browser_of(ada);
  expect_refused(elsewhere, back, 403);
  EXPECT_EQ(browser.get(back).status, 303);
}

TEST_F(OAuthCallback, B026_TheCookieThatBindsIsHostOnlySecureAndGoesWithTheAnswer) {
  const http::Response page = press(browser, start({{"name", "Second"}}));
  const std::string cookie = header_of(page, "Set-Cookie");
  EXPECT_THAT(cookie, AllOf(StartsWith("__Host-"), HasSubstr("Secure"), HasSubstr("HttpOnly"),
                            HasSubstr("SameSite=Lax"), HasSubstr("Path=/"), Not(HasSubstr("Domain"))));
  EXPECT_THAT(header_of(browser.get(back), "Set-Cookie"), HasSubstr("Max-Age=0"));
}

TEST_F(OAuthCallback, B031_AProvidersWordsAreTextAndShort) {
  ScriptedProvider::Consent hostile;
  hostile.error = "server_error";
  hostile.error_description = "<script>a()</script>\r\nSet-Cookie: x=y\r\n\xe2\x80\xae" + std::string(10'000, 'A');
  const Json one = start({{"name", "Hostile"}});
  const std::string page = text_of(connect(browser, one, hostile));
  EXPECT_THAT(page, Not(AnyOf(HasSubstr("<script>a"), HasSubstr("\xe2\x80\xae"), HasSubstr(std::string(400, 'A')))));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(outcome(one).dump(), Not(HasSubstr("script")));
  const std::string log = program.log().text();
  EXPECT_THAT(log, Not(AnyOf(HasSubstr("Set-Cookie: x"), HasSubstr("<script>"))));

  hostile.error = "<b>bad</b>" + std::string(100, 'x');
  const Json other = start({{"name", "Hostile again"}});
  EXPECT_THAT(text_of(connect(browser, other, hostile)), Not(HasSubstr("<b>bad")));
  EXPECT_EQ(outcome(other)["problem"], "unknown_error");
}

}  // namespace
}  // namespace countersign::flows
