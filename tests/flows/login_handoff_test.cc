// create_auth_session from the asker's first request to the grant at work, through every layer but the socket.
#include <nlohmann/json.hpp>

#include "flows/login_fixture.h"

namespace countersign::flows {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class LoginHandoff : public LoginTest {};

TEST_F(LoginHandoff, AProgramWithAChallengeOfItsOwnGetsAGrantThatWorks) {
  const Json minted = mint(here, {{"agent_identifier", "Nightly report"}, {"code_challenge", kChallenge}});
  EXPECT_THAT(minted["sessionRequestId"].get<std::string>(), ::testing::StartsWith("as_"));
  EXPECT_THAT(minted["loginUrl"].get<std::string>(), HasSubstr("http://127.0.0.1:7117/h/"));
  EXPECT_EQ(minted["expiresIn"], 600);
  EXPECT_FALSE(minted.contains("codeVerifier")) << "it has its own";
  EXPECT_EQ(status(here, minted)["status"], "pending");
  const Json early = json_of(redeem(here, minted, kVerifier));
  EXPECT_EQ(early["status"], "pending");
  EXPECT_FALSE(early.contains("token"));

  Browser browser = browser_of(ada);
  EXPECT_THAT(text_of(browser.get(page_path(minted))), HasSubstr(minted["userCode"].get<std::string>()));
  EXPECT_EQ(status(here, minted)["status"], "pending") << "looking changes nothing";
  allow(browser, minted, {"read", "connect"});

  const Json told = status(here, minted);
  EXPECT_EQ(told["status"], "active");
  EXPECT_EQ(told["approvedBy"], "ada the person");
  EXPECT_EQ(told["scopes"], Json::array({"read", "connect"}));
  EXPECT_THAT(told.dump(), Not(HasSubstr(std::string(kTokenMark)))) << "a look is no proof";

  const http::Response released = redeem(here, minted, kVerifier);
  EXPECT_EQ(header_of(released, "Cache-Control"), "no-store");
  const Json grant = json_of(released);
  const std::string token = grant["token"];
  EXPECT_THAT(token, ::testing::StartsWith(kTokenMark));
  EXPECT_THAT(grant["agentId"].get<std::string>(), ::testing::StartsWith("ag_"));
  EXPECT_FALSE(grant["expiresAt"].is_null());
  Agent agent(program, token);
  EXPECT_EQ(agent.get("/v1/connections").status, 200);
  EXPECT_EQ(agent.post("/v1/handoffs", R"({"integration":"demo"})").status, 201);
  EXPECT_THAT(program.log().text(), Not(HasSubstr(token)));
}

TEST_F(LoginHandoff, AProgramWithoutAChallengeIsGivenAVerifierAndNothingElseOpensIt) {
  const Json minted = mint(here);
  const std::string verifier = minted["codeVerifier"];
  Browser browser = browser_of(ada);
  allow(browser, minted);
  const http::Response wrong = redeem(here, minted, kVerifier);
  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(json_of(wrong)["code"], "wrong_verifier");
  EXPECT_THAT(text_of(wrong), Not(HasSubstr(std::string(kVerifier))));
  EXPECT_EQ(Agent(program, json_of(redeem(here, minted, verifier))["token"]).get("/v1/connections").status, 200);
  EXPECT_THAT(program.log().text(), Not(HasSubstr(verifier)));
}

TEST_F(LoginHandoff, OverMcpTheGrantGoesToTheClientByTheCodeOnThePage) {
  const Json answer = here.call("create_auth_session", {{"agent_identifier", "Chat"}});
  ASSERT_FALSE(answer.value("isError", false)) << answer;
  const Json minted = answer["structuredContent"];
  EXPECT_FALSE(minted.contains("codeVerifier"));
  EXPECT_THAT(answer["content"][0]["text"].get<std::string>(), HasSubstr(minted["loginUrl"].get<std::string>()));

  Browser browser = browser_of(ada);
  const std::string code = return_code_on(allow(browser, minted));
  ASSERT_FALSE(code.empty());
  const Json told = here.call("get_auth_session", {{"session_request_id", minted["sessionRequestId"]}});
  EXPECT_EQ(told["structuredContent"]["status"], "active");
  EXPECT_THAT(told["content"][0]["text"].get<std::string>(), HasSubstr("countersign client connect"));
  EXPECT_THAT(told.dump(), Not(HasSubstr(code))) << "the code is the person's to carry";

  const http::Response connected = here.post("/v1/auth-sessions/connect", dump_json({{"code", code}}));
  ASSERT_EQ(connected.status, 200) << text_of(connected);
  EXPECT_EQ(header_of(connected, "Cache-Control"), "no-store");
  const Json grant = json_of(connected);
  EXPECT_EQ(grant["name"], "Chat");
  EXPECT_EQ(grant["mcpUrl"], "http://127.0.0.1:7117/mcp");
  EXPECT_EQ(grant["scopes"], Json::array({"read"}));
  EXPECT_EQ(Agent(program, grant["token"]).get("/v1/connections").status, 200);
}

// Invariant of the design: whatever is called over MCP, by whomever, a model never reads a token.
TEST_F(LoginHandoff, NoAnswerOverMcpHoldsATokenOrAVerifier) {
  std::string all;
  const auto say = [&](const std::string& tool, const Json& arguments) {
    pause();
    const Json result = here.call(tool, arguments);
    all += result.dump();
    return result["structuredContent"];
  };
  for (const Json& arguments : {Json::object(), Json{{"code_challenge", kChallenge}}}) {
    const Json minted = say("create_auth_session", arguments);
    const Json id = {{"sessionRequestId", minted["sessionRequestId"]}};
    say("get_auth_session", id);
    Browser browser = browser_of(ada);
    const std::string code = return_code_on(allow(browser, minted));
    EXPECT_EQ(say("get_auth_session", id)["status"], "active");
    say("get_auth_session", {{"sessionRequestId", minted["sessionRequestId"]}, {"returnCode", "WRNG-WRNG-WRNG"}});
    if (arguments.empty()) {
      EXPECT_EQ(here.post("/v1/auth-sessions/connect", dump_json({{"code", code}})).status, 200);
    } else {
      EXPECT_TRUE(json_of(redeem(here, minted, kVerifier)).contains("token"));
    }
    say("get_auth_session", id);
  }
  EXPECT_THAT(all, Not(HasSubstr(std::string(kTokenMark))));
  EXPECT_THAT(all, Not(HasSubstr("erifier\":")));
}

// The attacker's program asks, and its link and code are sent to somebody who allows them (DESIGN 3.1, 8.4).
TEST_F(LoginHandoff, ARelayedLinkWinsNothingWithoutTheCodeThatThePersonCarriesBack) {
  const Json minted = mint(elsewhere, {{"code_challenge", kChallenge}});
  Browser browser = browser_of(ada);
  const http::Response page = browser.get(page_path(minted));
  EXPECT_THAT(text_of(page), HasSubstr("user_code")) << "asked from another machine: the code is typed";
  EXPECT_THAT(text_of(page), Not(HasSubstr(minted["userCode"].get<std::string>())));
  EXPECT_EQ(type_code(browser, minted).status, 303);
  const std::string code = return_code_on(allow(browser, minted));
  ASSERT_FALSE(code.empty());

  const Json told = status(elsewhere, minted);
  EXPECT_EQ(told["status"], "pending");
  EXPECT_EQ(told["returnCodeAwaited"], true);
  EXPECT_THAT(told["next"].get<std::string>(), HasSubstr("returnCode"));
  EXPECT_THAT(told.dump(), Not(HasSubstr(code)));
  EXPECT_FALSE(json_of(redeem(elsewhere, minted, kVerifier)).contains("token"));
  const http::Response wrong = redeem(elsewhere, minted, kVerifier, {{"return_code", "BBBB-BBBB-BBBB"}});
  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(json_of(wrong)["code"], "wrong_return_code");

  const Json grant = json_of(redeem(elsewhere, minted, kVerifier, {{"return_code", code}}));
  EXPECT_EQ(grant["status"], "active");
  EXPECT_TRUE(grant.contains("token"));
}

TEST_F(LoginHandoff, AModelMayBringTheReturnCodeBackForItsProgram) {
  const Json minted = elsewhere.call("create_auth_session", {{"code_challenge", kChallenge}})["structuredContent"];
  Browser browser = browser_of(ada);
  type_code(browser, minted);
  const std::string code = return_code_on(allow(browser, minted));
  pause();
  const Json id = {{"sessionRequestId", minted["sessionRequestId"]}, {"returnCode", code}};
  EXPECT_EQ(elsewhere.call("get_auth_session", id)["structuredContent"]["status"], "active");
  EXPECT_TRUE(json_of(redeem(elsewhere, minted, kVerifier)).contains("token"));
}

TEST_F(LoginHandoff, TheConnectCodeAlsoBringsAMcpLoginFromElsewhereBack) {
  const Json minted = elsewhere.call("create_auth_session", Json::object())["structuredContent"];
  Browser browser = browser_of(ada);
  type_code(browser, minted);
  const std::string code = return_code_on(allow(browser, minted));
  pause();
  const Json told = elsewhere.call("get_auth_session", {{"sessionRequestId", minted["sessionRequestId"]}});
  EXPECT_EQ(told["structuredContent"]["returnCodeAwaited"], true);
  EXPECT_THAT(told["content"][0]["text"].get<std::string>(), HasSubstr("countersign client connect"));
  EXPECT_EQ(elsewhere.post("/v1/auth-sessions/connect", dump_json({{"code", code}})).status, 200);
  EXPECT_EQ(status(elsewhere, minted)["status"], "active");
}

TEST_F(LoginHandoff, AHeldPollIsAnsweredByTheDecision) {
  const Json minted = mint(here, {{"code_challenge", kChallenge}});
  Pending look = here.begin_get(poll_path(minted) + "?wait=50");
  Pending grant = here.begin_post(poll_path(minted), dump_json(proof(kVerifier, {{"wait", 50}})));
  while (!look.held() || !grant.held()) std::this_thread::yield();
  Browser browser = browser_of(ada);
  browser.get(page_path(minted));
  EXPECT_FALSE(look.answered() || grant.answered());
  allow(browser, minted);
  EXPECT_EQ(json_of(look.wait())["status"], "active");
  EXPECT_TRUE(json_of(grant.wait()).contains("token"));
}

TEST_F(LoginHandoff, AHeldPollIsAnsweredWhenTheReturnCodeIsAwaited) {
  const Json minted = mint(elsewhere, {{"code_challenge", kChallenge}});
  Pending look = elsewhere.begin_get(poll_path(minted) + "?wait=50");
  while (!look.held()) std::this_thread::yield();
  Browser browser = browser_of(ada);
  type_code(browser, minted);
  EXPECT_FALSE(look.answered());
  allow(browser, minted);
  EXPECT_EQ(json_of(look.wait())["returnCodeAwaited"], true);
}

TEST_F(LoginHandoff, AHeldPollEndsWithItsWaitAndWithTheDeadline) {
  const Json minted = mint(here, {{"code_challenge", kChallenge}});
  Pending poll = here.begin_post(poll_path(minted), dump_json(proof(kVerifier, {{"wait", 20}})));
  while (!poll.held()) std::this_thread::yield();
  program.clock().advance(20s);
  program.application().sweep_waiters();
  EXPECT_EQ(json_of(poll.wait())["status"], "pending");

  program.clock().advance(570s);
  Pending last = here.begin_get(poll_path(minted) + "?wait=50");
  while (!last.held()) std::this_thread::yield();
  program.clock().advance(11s);
  program.application().sweep_waiters();
  EXPECT_EQ(json_of(last.wait())["status"], "expired");
}

TEST_F(LoginHandoff, PlainPollsThatAreTooFastAreSlowedDownAndHeldOnesAreNot) {
  const Json minted = mint(here);
  const auto slowed = [&] { return json_of(here.get(poll_path(minted))).value("code", ""); };
  EXPECT_EQ(slowed(), "");
  const http::Response refused = here.get(poll_path(minted));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(json_of(refused)["code"], "slow_down");
  const int wait = std::stoi(header_of(refused, "Retry-After"));
  EXPECT_EQ(wait, 7) << "RFC 8628 section 3.5: five seconds more";
  program.clock().advance(std::chrono::seconds(wait));
  EXPECT_EQ(slowed(), "");

  Pending held = here.begin_get(poll_path(minted) + "?wait=5");
  while (!held.held()) std::this_thread::yield();
  Browser browser = browser_of(ada);
  browser.get(page_path(minted));
  browser.post(page_path(minted) + "/decline");
  EXPECT_EQ(json_of(held.wait())["status"], "denied");
  EXPECT_EQ(slowed(), "") << "an end is told to anybody at any pace";
  EXPECT_EQ(slowed(), "");
}

TEST_F(LoginHandoff, TheGrantIsGivenAgainForAMinute) {
  const Json minted = mint(here, {{"code_challenge", kChallenge}});
  Browser browser = browser_of(ada);
  allow(browser, minted);
  const std::string token = json_of(redeem(here, minted, kVerifier))["token"];
  program.clock().advance(50s);
  EXPECT_EQ(json_of(redeem(here, minted, kVerifier))["token"], token) << "the first answer may have been lost";
  program.clock().advance(6s);
  const http::Response late = redeem(here, minted, kVerifier);
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(json_of(late)["code"], "grant_released");
}

TEST_F(LoginHandoff, ThePageDoesNotGoOnSayingThatANeverFetchedGrantIsOne) {
  const Json fetched = mint(here, {{"code_challenge", kChallenge}});
  const Json left = mint(here, {{"agent_identifier", "Left behind"}, {"code_challenge", kChallenge}});
  Browser browser = browser_of(ada);
  EXPECT_THAT(allow(browser, left), HasSubstr("may act for you"));
  EXPECT_THAT(allow(browser, fetched), HasSubstr("may act for you"));
  EXPECT_TRUE(json_of(redeem(here, fetched, kVerifier)).contains("token"));
  program.clock().advance(domain::kFetchWithin);
  EXPECT_EQ(json_of(redeem(here, left, kVerifier))["code"], "grant_released");
  const std::string page = text_of(browser.get(page_path(left)));
  EXPECT_THAT(page, HasSubstr("Nothing was granted to <bdi>Left behind</bdi>"));
  EXPECT_THAT(page, Not(HasSubstr("may act for you")));
  EXPECT_THAT(text_of(browser.get(page_path(fetched))), HasSubstr("may act for you"));
}

TEST_F(LoginHandoff, WhatIsWrongWithTheChoiceStandsBesideIt) {
  const Json minted = mint(here);
  Browser browser = browser_of(ada);
  const auto answer = [&](const std::map<std::string, std::string>& choice) {
    browser.get(page_path(minted));
    const http::Response response = browser.post(page_path(minted) + "/allow", choice);
    EXPECT_EQ(response.status, 422);
    return text_of(response);
  };
  const std::string nothing = answer({{"lifetime", "3600"}});
  EXPECT_THAT(nothing, HasSubstr("<legend>What it may do</legend>\n<p class=\"error\">Choose at least one thing"));
  EXPECT_THAT(nothing, Not(HasSubstr("error-lifetime")));
  EXPECT_THAT(nothing, HasSubstr("value=\"3600\" selected"));
  const std::string too_long = answer({{"scope.read", "yes"}, {"lifetime", "99999999999"}});
  EXPECT_THAT(too_long, HasSubstr("id=\"error-lifetime\">Choose how long"));
  EXPECT_THAT(too_long, Not(HasSubstr("<legend>What it may do</legend>\n<p class=\"error\">")));
  EXPECT_EQ(status(here, minted)["status"], "pending");
}

TEST_F(LoginHandoff, TheGrantIsNotGivenAgainOnceItWasUsed) {
  const Json minted = mint(here, {{"code_challenge", kChallenge}});
  Browser browser = browser_of(ada);
  allow(browser, minted);
  Agent agent(program, json_of(redeem(here, minted, kVerifier))["token"]);
  EXPECT_EQ(agent.get("/v1/connections").status, 200);
  EXPECT_EQ(json_of(redeem(here, minted, kVerifier))["code"], "grant_released");
  EXPECT_EQ(agent.get("/v1/connections").status, 200) << "and the one that has it keeps it";
}

TEST_F(LoginHandoff, TheWaysItEndsAreToldApart) {
  Browser browser = browser_of(ada);
  const Json denied = mint(here);
  browser.get(page_path(denied));
  browser.post(page_path(denied) + "/decline");
  EXPECT_EQ(status(here, denied)["status"], "denied");

  const Json cancelled = mint(here);
  EXPECT_EQ(json_of(here.remove(poll_path(cancelled)))["status"], "cancelled");
  EXPECT_FALSE(status(here, cancelled).contains("reason"));
  EXPECT_THAT(text_of(browser.get(page_path(cancelled))), HasSubstr("cancelled"));

  const Json locked = mint(elsewhere);
  for (int i = 0; i < 5; ++i) type_code(browser, locked, "BBBB-BBBB");
  EXPECT_EQ(status(elsewhere, locked)["status"], "cancelled");
  EXPECT_EQ(status(elsewhere, locked)["reason"], "locked");

  const Json expired = mint(here);
  program.clock().advance(601s);
  EXPECT_EQ(status(here, expired)["status"], "expired");
  EXPECT_THAT(status(here, expired)["next"].get<std::string>(), HasSubstr("not a denial"));
  for (const Json& minted : {denied, cancelled, expired}) {
    EXPECT_FALSE(json_of(redeem(here, minted, minted["codeVerifier"].get<std::string>())).contains("token"));
  }
}

TEST_F(LoginHandoff, WhoContinuesFirstIsTheOneAndNobodyElseLearnsAnything) {
  const Json minted = mint(elsewhere);
  Browser first = browser_of(ada);
  Browser second = browser_of(bob);
  EXPECT_EQ(type_code(first, minted).status, 303);
  EXPECT_EQ(second.get(page_path(minted)).status, 403);
  EXPECT_FALSE(return_code_on(allow(first, minted)).empty());
  EXPECT_EQ(second.get(page_path(minted)).status, 403);
}

TEST_F(LoginHandoff, ItSurvivesARestart) {
  const Json minted = mint(here, {{"code_challenge", kChallenge}});
  program.restart();
  Browser browser = browser_of(ada);
  allow(browser, minted);
  program.restart();
  EXPECT_TRUE(json_of(redeem(here, minted, kVerifier)).contains("token"));
}

}  // namespace
}  // namespace countersign::flows
