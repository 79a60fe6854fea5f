// Abuse cases A and D for logins: the link of somebody else's program, the code that is typed, the code that is
// carried back, and what happens when two act at the same moment.
#include <barrier>
#include <nlohmann/json.hpp>
#include <thread>

#include "flows/login_fixture.h"

namespace countersign::flows {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class LoginLink : public LoginTest {
 protected:
  // By the attacker's program, on the attacker's machine, with a verifier of its own.
  Json attack() { return mint(elsewhere, {{"agent_identifier", "Payroll sync"}, {"code_challenge", kChallenge}}); }
  std::size_t agents() { return program.application().grants().list(app::kDefaultWorkspace).size(); }
  int times_audited(std::string_view action) {
    int found = 0;
    program.application().store().run_read([&](const store::Snapshot& now) {
      now.audit().walk(app::kDefaultWorkspace, 0, 0, [&](const domain::AuditRow& row, std::string_view) {
        found += row.action == action ? 1 : 0;
        return true;
      });
    });
    return found;
  }
  // Runs both as nearly at once as threads can, through the program's own workers.
  template <class One, class Other>
  static void at_once(One one, Other other) {
    std::barrier gate(2);
    std::thread beside([&] {
      gate.arrive_and_wait();
      other();
    });
    gate.arrive_and_wait();
    one();
    beside.join();
  }
  http::Response press_allow(Browser& browser, const Json& minted) {
    return browser.post(page_path(minted) + "/allow", {{"lifetime", "3600"}, {"scope.read", "yes"}});
  }
};

TEST_F(LoginLink, A001_AnotherPersonOpensTheLinkOfAnAttackersProgram) {
  const Json minted = attack();
  Browser victim = browser_of(ada);
  const std::string page = text_of(victim.get(page_path(minted)));
  EXPECT_THAT(page, Not(HasSubstr(minted["userCode"].get<std::string>()))) << "only who runs the program has it";
  EXPECT_THAT(page, HasSubstr(std::string(kElsewhere))) << "the page says from where it was asked";
  // Allow without the code: sent by hand, since no page offers it.
  EXPECT_EQ(press_allow(victim, minted).status, 303);
  EXPECT_EQ(status(elsewhere, minted)["status"], "pending");
  EXPECT_FALSE(json_of(redeem(elsewhere, minted, kVerifier)).contains("token"));
  EXPECT_EQ(agents(), 0U);
  // Once somebody has continued, everybody else reads that it is not theirs, and that is on record.
  type_code(victim, minted);
  Browser other = browser_of(bob);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(other.get(page_path(minted)).status, 403);
  EXPECT_THAT(text_of(other.get(page_path(minted))), Not(HasSubstr("Payroll sync")));
  EXPECT_EQ(times_audited("handoff.refused"), 1);
}

TEST_F(LoginLink, A002_TheVictimIsNotSignedInYet) {
  const Json minted = attack();
  Browser victim(program);
  const http::Response led = victim.get(page_path(minted));
  EXPECT_EQ(led.status, 303);
  EXPECT_TRUE(header_of(led, "Location").starts_with("/login?next="));
  victim.sign_in(ada);
  EXPECT_THAT(text_of(victim.get(page_path(minted))), HasSubstr("name=\"user_code\"")) << "and then as the first case";
  EXPECT_EQ(status(elsewhere, minted)["status"], "pending");
  EXPECT_EQ(agents(), 0U);
}

TEST_F(LoginLink, A003_LinkAndCodeAreRelayedAndTheVictimAllows) {
  const Json minted = attack();
  Browser victim = browser_of(ada);
  type_code(victim, minted);
  allow(victim, minted);
  // The attacker has the verifier, the session id, the user code. What is missing is the code on the victim's page.
  EXPECT_EQ(status(elsewhere, minted)["status"], "pending");
  EXPECT_FALSE(json_of(redeem(elsewhere, minted, kVerifier)).contains("token"));
  const std::string user_code = minted["userCode"];
  EXPECT_EQ(json_of(redeem(elsewhere, minted, kVerifier, {{"return_code", user_code}}))["code"], "wrong_return_code");
  program.clock().advance(600s);
  EXPECT_EQ(status(elsewhere, minted)["status"], "expired");
  EXPECT_EQ(agents(), 0U);
}

TEST_F(LoginLink, A005_TheQuestionNamesTheAccountThatIsGivenAway) {
  const Json minted = mint(here);
  EXPECT_THAT(text_of(browser_of(bob).get(page_path(minted))), HasSubstr("bob the person (bob)"));
  EXPECT_THAT(text_of(browser_of(bob).get(page_path(attack()))), HasSubstr("bob the person (bob)"));
}

// The attacker's own one-use link, pasted into a form in the victim's browser.
TEST_F(LoginLink, A005_ALinkIsPastedOnlyOnItsOwnPageAndNamesItsAccount) {
  const Secret link =
      program.application().people().make_link(domain::Actor::command_line(), app::kDefaultWorkspace, bob, 600s);
  const std::string token(link.reveal());
  Browser victim(program), attacker(program);
  victim.get("/login");
  attacker.get("/login");
  const Headers ours{{"origin", std::string(kPublicUrl)}};
  const std::string forged = "link=" + percent_encode(token) + "&csrf=" + percent_encode(attacker.csrf());
  EXPECT_EQ(victim.post_raw("/login/link", forged, ours).status, 403);
  EXPECT_EQ(victim.post_raw("/sign-in/" + token, "csrf=" + percent_encode(attacker.csrf()), ours).status, 403);
  // Even pasted by the victim, it only leads to a page that says whose account this is.
  victim.get("/login");
  EXPECT_EQ(header_of(victim.post("/login/link", {{"link", token}}), "Location"), "/sign-in/" + token);
  EXPECT_THAT(text_of(victim.get("/sign-in/" + token)), HasSubstr("Sign in as <bdi>bob</bdi>"));
  EXPECT_EQ(victim.get("/").status, 303) << "nobody is signed in";
}

TEST_F(LoginLink, A006_GuessedSessionsAreUniformlyUnknown) {
  const Json minted = mint(here);
  std::string forged = poll_path(minted);
  forged.back() = forged.back() == 'A' ? 'E' : 'A';
  std::string first;
  for (const std::string& guess : {forged, poll_path(minted) + "A", std::string("/v1/auth-sessions/as_1"),
                                   "/v1/auth-sessions/" + HandoffId(1).text()}) {
    const http::Response answer = elsewhere.get(guess);
    EXPECT_EQ(answer.status, 404) << guess;
    if (first.empty()) first = text_of(answer);
    EXPECT_EQ(text_of(answer), first) << guess;
  }
}

TEST_F(LoginLink, A007_AnIdOfTheAskersOwnChoiceIsRefused) {
  const Json minted = mint(here);
  for (const char* field : {"sessionRequestId", "handoffId", "userCode", "id"}) {
    const Json wish = {{field, minted["sessionRequestId"]}};
    EXPECT_EQ(elsewhere.post("/v1/auth-sessions", dump_json(wish)).status, 400) << field;
  }
  // Nor does a repeated key show one asker what another has.
  const Headers key = {{"idempotency-key", "shared"}};
  const http::Response one = here.post("/v1/auth-sessions", "{}", key);
  const http::Response other = elsewhere.post("/v1/auth-sessions", "{}", key);
  ASSERT_EQ(one.status, 201);
  ASSERT_EQ(other.status, 201);
  EXPECT_NE(json_of(one)["sessionRequestId"], json_of(other)["sessionRequestId"]);
}

TEST_F(LoginLink, A009_TwoTabsAllowAtTheSameMoment) {
  for (int round = 0; round < 10; ++round) {
    const std::size_t before = agents();
    const Json minted = mint(here, {{"code_challenge", kChallenge}});
    Browser tab = browser_of(ada), other_tab = browser_of(ada);
    tab.get(page_path(minted));
    other_tab.get(page_path(minted));
    int first = 0, second = 0;
    at_once([&] { first = press_allow(tab, minted).status; }, [&] { second = press_allow(other_tab, minted).status; });
    EXPECT_TRUE(first == 303 || second == 303) << first << " " << second;
    EXPECT_LT(std::max(first, second), 500);
    pause();
    std::string one, two;
    at_once([&] { one = text_of(here.post(poll_path(minted), dump_json(proof(kVerifier)))); },
            [&] { two = text_of(here.post(poll_path(minted), dump_json(proof(kVerifier)))); });
    EXPECT_EQ(agents(), before + 1) << one << two;
    program.clock().advance(60s);
  }
}

TEST_F(LoginLink, A010_PreviewersAndPollsChangeNothing) {
  const Json minted = attack();
  Browser victim = browser_of(ada);
  for (int i = 0; i < 3; ++i) {
    program.send(http::Method::kGet, page_path(minted));
    program.send(http::Method::kHead, page_path(minted));
    victim.get(page_path(minted));
    EXPECT_EQ(victim.get(page_path(minted) + "/allow?scope.read=yes&lifetime=3600").status, 405);
    EXPECT_EQ(victim.get(page_path(minted) + "/continue?user_code=" + minted["userCode"].get<std::string>()).status,
              405);
  }
  EXPECT_THAT(text_of(victim.get(page_path(minted))), HasSubstr("name=\"user_code\"")) << "still the first step";
  EXPECT_EQ(times_audited("handoff.opened"), 0);
  EXPECT_EQ(status(elsewhere, minted)["status"], "pending");
}

TEST_F(LoginLink, A011_TheAgentCancelsWhileThePersonDecides) {
  const Json minted = mint(here, {{"code_challenge", kChallenge}});
  Browser browser = browser_of(ada);
  browser.get(page_path(minted));
  EXPECT_EQ(here.remove(poll_path(minted)).status, 200);
  const http::Response late = press_allow(browser, minted);
  EXPECT_EQ(late.status, 409);
  EXPECT_THAT(text_of(late), HasSubstr("cancelled"));
  EXPECT_FALSE(json_of(redeem(here, minted, kVerifier)).contains("token"));
  EXPECT_EQ(agents(), 0U);
  // The same at the last step: allowed, but not carried back yet.
  const Json remote = attack();
  type_code(browser, remote);
  const std::string code = return_code_on(allow(browser, remote));
  EXPECT_EQ(elsewhere.remove(poll_path(remote)).status, 200);
  EXPECT_FALSE(json_of(redeem(elsewhere, remote, kVerifier, {{"return_code", code}})).contains("token"));
  EXPECT_EQ(agents(), 0U);
}

TEST_F(LoginLink, A013_ARevokedAgentIsOutAndIsNotGivenItsTokenAgain) {
  const Json minted = mint(here, {{"code_challenge", kChallenge}});
  Browser browser = browser_of(ada);
  allow(browser, minted, {"read", "connect"});
  const Json grant = json_of(redeem(here, minted, kVerifier));
  Agent agent(program, grant["token"]);
  const Json open = agent.ask(R"({"integration":"demo"})");
  browser.get("/");
  EXPECT_EQ(browser.post("/agents/" + grant["agentId"].get<std::string>() + "/revoke").status, 303);
  EXPECT_EQ(agent.get("/v1/handoffs/" + open["handoffId"].get<std::string>()).status, 401);
  EXPECT_THAT(text_of(browser.get(path_of(open["url"]))), HasSubstr("cancelled"));
  EXPECT_FALSE(json_of(redeem(here, minted, kVerifier)).contains("token"));
}

TEST_F(LoginLink, A015_SignedOutEverywhereMeansHistoryShowsNothing) {
  const Json minted = mint(here);
  Browser laptop = browser_of(ada), library = browser_of(ada);
  library.get(page_path(minted));
  laptop.get("/settings");
  EXPECT_EQ(laptop.post("/settings/sessions/end").status, 303);
  EXPECT_EQ(library.get(page_path(minted)).status, 303) << "to sign in";
  EXPECT_EQ(header_of(press_allow(library, minted), "Location").find("/login"), 0U);
  EXPECT_EQ(laptop.get(page_path(minted)).status, 200);
  EXPECT_EQ(agents(), 0U);
}

TEST_F(LoginLink, A017_ASecondDeviceSignsInAndTypesTheCode) {
  const Json minted = mint(here);
  Browser phone(program, "198.51.100.7");
  EXPECT_EQ(phone.get(page_path(minted)).status, 303);
  phone.sign_in(ada);
  const std::string page = text_of(phone.get(page_path(minted)));
  EXPECT_THAT(page, HasSubstr("name=\"user_code\""));
  EXPECT_THAT(page, Not(HasSubstr(minted["userCode"].get<std::string>())));
}

TEST_F(LoginLink, A018_TheTypedCodeIsLockedAfterFiveTriesWhoeverTries) {
  const Json minted = attack();
  Browser one = browser_of(ada), other = browser_of(bob);
  for (int i = 0; i < 4; ++i) {
    const http::Response wrong = type_code(i % 2 == 0 ? one : other, minted, "BBBB-BBBB");
    EXPECT_EQ(wrong.status, 422);
    EXPECT_THAT(text_of(wrong), Not(HasSubstr(minted["userCode"].get<std::string>())));
  }
  type_code(other, minted, "BBBB-BBBB");
  EXPECT_EQ(type_code(one, minted).status, 409) << "the right one comes too late";
  EXPECT_EQ(status(elsewhere, minted)["reason"], "locked");
  EXPECT_EQ(press_allow(one, minted).status, 409);
  EXPECT_FALSE(json_of(redeem(elsewhere, minted, kVerifier)).contains("token"));
  EXPECT_EQ(type_code(one, attack()).status, 303) << "a new request has a new code and new tries";
}

TEST_F(LoginLink, A018_TriesAtTheSameMomentCountAsTries) {
  const Json minted = attack();
  std::vector<Browser> guessers(12, browser_of(ada));
  for (Browser& guesser : guessers) guesser.get(page_path(minted));
  std::barrier gate(static_cast<std::ptrdiff_t>(guessers.size()));
  std::vector<std::thread> threads;
  for (Browser& guesser : guessers) {
    threads.emplace_back([&] {
      gate.arrive_and_wait();
      guesser.post(page_path(minted) + "/continue", {{"user_code", "BBBB-BBBB"}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(times_audited("handoff.code_refused"), 5);
  EXPECT_EQ(times_audited("handoff.locked"), 1);
  EXPECT_EQ(status(elsewhere, minted)["reason"], "locked");
}

TEST_F(LoginLink, A018_TheReturnCodeIsLockedAsWell) {
  const Json minted = attack();
  Browser victim = browser_of(ada);
  type_code(victim, minted);
  const std::string code = return_code_on(allow(victim, minted));
  for (int i = 0; i < 5; ++i) redeem(elsewhere, minted, kVerifier, {{"return_code", "BBBB-BBBB-BBBB"}});
  EXPECT_FALSE(json_of(redeem(elsewhere, minted, kVerifier, {{"return_code", code}})).contains("token"));
  EXPECT_EQ(status(elsewhere, minted)["reason"], "locked");
  EXPECT_EQ(agents(), 0U);
}

TEST_F(LoginLink, A019_EachOfManyLoginsIsItsOwn) {
  const Json one = attack(), other = attack();
  EXPECT_NE(one["userCode"], other["userCode"]);
  EXPECT_NE(one["loginUrl"], other["loginUrl"]);
  Browser browser = browser_of(ada);
  EXPECT_EQ(type_code(browser, one, other["userCode"]).status, 422);
  type_code(browser, one);
  const std::string code = return_code_on(allow(browser, one));
  type_code(browser, other);
  allow(browser, other);
  EXPECT_EQ(json_of(redeem(elsewhere, other, kVerifier, {{"return_code", code}}))["code"], "wrong_return_code");
  EXPECT_TRUE(json_of(redeem(elsewhere, one, kVerifier, {{"return_code", code}})).contains("token"));
  EXPECT_EQ(agents(), 1U);
}

// Ada allows while Bob, who has the link too, refuses: one of them decides, and both are shown the same.
TEST_F(LoginLink, D062_OfTwoPeopleAtTheSameMomentOneDecides) {
  for (int round = 0; round < 10; ++round) {
    const std::size_t before = agents();
    const Json minted = mint(here, {{"code_challenge", kChallenge}});
    Browser one = browser_of(ada), other = browser_of(bob);
    one.get(page_path(minted));
    other.get(page_path(minted));
    int allowed = 0, denied = 0;
    at_once([&] { allowed = press_allow(one, minted).status; },
            [&] { denied = other.post(page_path(minted) + "/decline").status; });
    EXPECT_LT(std::max(allowed, denied), 500);
    const Json told = status(here, minted);
    const bool active = told["status"] == "active";
    EXPECT_TRUE(active || told["status"] == "denied") << told;
    EXPECT_EQ(json_of(redeem(here, minted, kVerifier)).contains("token"), active);
    EXPECT_EQ(agents(), before + (active ? 1 : 0));
    EXPECT_EQ(other.get(page_path(minted)).status, active ? 403 : 200);
    program.clock().advance(60s);
  }
}

TEST_F(LoginLink, D062_ARefusalBeforeTheCodeIsCarriedBackWins) {
  const Json minted = attack();
  Browser victim = browser_of(ada);
  type_code(victim, minted);
  const std::string code = return_code_on(allow(victim, minted));
  victim.get(page_path(minted));
  EXPECT_EQ(victim.post(page_path(minted) + "/decline").status, 303);
  EXPECT_EQ(status(elsewhere, minted)["status"], "denied");
  EXPECT_FALSE(json_of(redeem(elsewhere, minted, kVerifier, {{"return_code", code}})).contains("token"));
  EXPECT_EQ(agents(), 0U);
}

TEST_F(LoginLink, D063_BackAndResubmitAllowsOnce) {
  const Json minted = mint(here, {{"code_challenge", kChallenge}});
  Browser browser = browser_of(ada);
  browser.get(page_path(minted));
  EXPECT_EQ(press_allow(browser, minted).status, 303);
  const http::Response again = browser.post(page_path(minted) + "/allow",
                                            {{"lifetime", "7776000"}, {"scope.read", "yes"}, {"scope.connect", "yes"}});
  EXPECT_EQ(again.status, 303);
  EXPECT_EQ(status(here, minted)["scopes"], Json::array({"read"})) << "what was allowed first";
  EXPECT_EQ(times_audited("handoff.allowed"), 1);
  EXPECT_TRUE(json_of(redeem(here, minted, kVerifier)).contains("token"));
  EXPECT_EQ(agents(), 1U);
}

}  // namespace
}  // namespace countersign::flows
