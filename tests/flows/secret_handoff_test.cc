// A secret by handoff, from the mint to the agent's answer, through every layer but the socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "flows/in_process.h"

namespace countersign::flows {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kKey = "demo-key-0123456789abcdef";

class SecretHandoff : public ::testing::Test {
 protected:
  SecretHandoff()
      : ada(program.add_person("ada", domain::Role::kMember)),
        boss(program.add_person("boss", domain::Role::kAdmin)),
        agent(program, program.issue_token(ada)) {}

  std::string status_of(const Json& minted) {
    return json_of(agent.get("/v1/handoffs/" + minted["handoffId"].get<std::string>()))["status"];
  }

  InProcess program;
  PersonId ada;
  PersonId boss;
  Agent agent;
};

TEST_F(SecretHandoff, EndsWithAConnectionAndNeverShowsTheSecret) {
  const Json minted = agent.ask(R"({"integration":"demo","label":"My demo"})");
  EXPECT_THAT(minted["url"].get<std::string>(), HasSubstr("http://127.0.0.1:7117/h/"));
  EXPECT_EQ(minted["expiresIn"], 600);
  EXPECT_EQ(status_of(minted), "pending");

  Browser browser(program);
  browser.sign_in(ada);
  const std::string path = path_of(minted["url"]);
  const http::Response page = browser.get(path);
  ASSERT_EQ(page.status, 200);
  EXPECT_THAT(text_of(page), HasSubstr(minted["userCode"].get<std::string>()));
  EXPECT_EQ(status_of(minted), "pending") << "looking changes nothing";

  const http::Response saved = browser.post(path + "/submit", {{"secret.key", std::string(kKey)}});
  ASSERT_EQ(saved.status, 303) << text_of(saved);
  const http::Response done = browser.get(header_of(saved, "Location"));
  EXPECT_THAT(text_of(done), HasSubstr("cdef")) << "the last four of a long secret";
  EXPECT_THAT(text_of(done), Not(HasSubstr(std::string(kKey))));

  const Json outcome = json_of(agent.get("/v1/handoffs/" + minted["handoffId"].get<std::string>()));
  EXPECT_EQ(outcome["status"], "completed");
  EXPECT_EQ(outcome["connection"]["integration"], "demo");
  EXPECT_EQ(outcome["connection"]["name"], "My demo");
  EXPECT_EQ(outcome["connection"]["owner"], "user");
  EXPECT_THAT(outcome.dump(), Not(HasSubstr(std::string(kKey))));
  EXPECT_THAT(program.log().text(), Not(HasSubstr(std::string(kKey))));
}

TEST_F(SecretHandoff, AHeldPollIsAnsweredByTheCommit) {
  const Json minted = agent.ask(R"({"integration":"demo"})");
  Pending poll = agent.begin_get("/v1/handoffs/" + minted["handoffId"].get<std::string>() + "?wait=50");
  while (!poll.held()) std::this_thread::yield();
  EXPECT_FALSE(poll.answered());
  Browser browser(program);
  browser.sign_in(ada);
  browser.get(path_of(minted["url"]));
  browser.post(path_of(minted["url"]) + "/submit", {{"secret.key", "x"}});
  EXPECT_EQ(json_of(poll.wait())["status"], "completed");
}

TEST_F(SecretHandoff, AHeldPollEndsWithItsWait) {
  const Json minted = agent.ask(R"({"integration":"demo"})");
  Pending poll = agent.begin_get("/v1/handoffs/" + minted["handoffId"].get<std::string>() + "?wait=20");
  while (!poll.held()) std::this_thread::yield();
  program.clock().advance(19s);
  program.application().sweep_waiters();
  EXPECT_FALSE(poll.answered());
  program.clock().advance(1s);
  program.application().sweep_waiters();
  EXPECT_EQ(json_of(poll.wait())["status"], "pending");
}

TEST_F(SecretHandoff, ExpiryIsTrueWithoutAJobAndIsNoDenial) {
  const Json minted = agent.ask(R"({"integration":"demo"})");
  Pending poll = agent.begin_get("/v1/handoffs/" + minted["handoffId"].get<std::string>() + "?wait=50");
  while (!poll.held()) std::this_thread::yield();
  program.clock().advance(599s);
  EXPECT_EQ(status_of(minted), "pending");
  program.clock().advance(1s);
  EXPECT_EQ(status_of(minted), "expired");
  program.application().sweep_waiters();
  EXPECT_THAT(text_of(poll.wait()), HasSubstr("not a denial"));

  Browser browser(program);
  browser.sign_in(ada);
  EXPECT_THAT(text_of(browser.get(path_of(minted["url"]))), HasSubstr("expired"));
  const http::Response late = browser.post(path_of(minted["url"]) + "/submit", {{"secret.key", "x"}});
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(status_of(minted), "expired");
}

TEST_F(SecretHandoff, DeclinedIsToldToTheAgent) {
  const Json minted = agent.ask(R"({"integration":"demo"})");
  Browser browser(program);
  browser.sign_in(ada);
  browser.get(path_of(minted["url"]));
  EXPECT_EQ(browser.post(path_of(minted["url"]) + "/decline").status, 303);
  EXPECT_EQ(status_of(minted), "declined");
  EXPECT_EQ(browser.post(path_of(minted["url"]) + "/submit", {{"secret.key", "x"}}).status, 409);
  EXPECT_TRUE(json_of(agent.get("/v1/connections"))["connections"].empty());
}

TEST_F(SecretHandoff, AnOrgHandoffBelongsToTheFirstAdminWhoContinues) {
  const PersonId second = program.add_person("second", domain::Role::kAdmin);
  const Json minted = agent.ask(R"({"integration":"demo","owner":"org"})");
  const std::string path = path_of(minted["url"]);

  Browser member(program), first(program), other(program);
  member.sign_in(ada);
  EXPECT_EQ(member.get(path).status, 403) << "sent to the admins";
  first.sign_in(boss);
  other.sign_in(second);
  EXPECT_THAT(text_of(other.get("/")), HasSubstr("/h/")) << "it waits on the admins' home";
  first.get(path);
  EXPECT_EQ(first.post(path + "/continue").status, 303);
  EXPECT_EQ(status_of(minted), "opened");
  EXPECT_EQ(other.get(path).status, 403);
  first.get(path);
  EXPECT_EQ(first.post(path + "/submit", {{"secret.key", "x"}}).status, 303);
  EXPECT_EQ(status_of(minted), "completed");
}

TEST_F(SecretHandoff, AGrantOfTheWorkspaceAsksForOrgOnly) {
  Agent robot(program, program.issue_token({}));
  const http::Response refused = robot.post("/v1/handoffs", R"({"integration":"demo","owner":"user"})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(json_of(refused)["code"], "subject_required");
  EXPECT_EQ(robot.post("/v1/handoffs", R"({"integration":"demo"})").status, 201);
}

TEST_F(SecretHandoff, ARetriedMintShowsTheSameLink) {
  const Headers key = {{"idempotency-key", "same"}};
  const Json first = json_of(agent.post("/v1/handoffs", R"({"integration":"demo"})", key));
  const Json again = json_of(agent.post("/v1/handoffs", R"({"integration":"demo"})", key));
  EXPECT_EQ(first["url"], again["url"]);
  const http::Response other = agent.post("/v1/handoffs", R"({"integration":"github"})", key);
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(json_of(other)["code"], "request_key_reused");
}

TEST_F(SecretHandoff, AMistakeInTheFormKeepsTheHandoffOpenAndRepeatsNoSecret) {
  const Json minted = agent.ask(R"({"integration":"github"})");
  Browser browser(program);
  browser.sign_in(ada);
  browser.get(path_of(minted["url"]));
  const http::Response page = browser.post(path_of(minted["url"]) + "/submit", {{"secret.token", "wrong-start-123"}});
  EXPECT_EQ(page.status, 422);
  EXPECT_THAT(text_of(page), HasSubstr("There is a problem"));
  EXPECT_THAT(text_of(page), Not(HasSubstr("wrong-start-123")));
  EXPECT_NE(status_of(minted), "completed");
}

TEST_F(SecretHandoff, TheBaseUrlOfGenericHttpIsThePersonsToConfirm) {
  const Json minted = agent.ask(R"({"integration":"generic-http","template":"bearer"})");
  Browser browser(program);
  browser.sign_in(ada);
  const std::string submit = path_of(minted["url"]) + "/submit";
  browser.get(path_of(minted["url"]));
  EXPECT_EQ(browser.post(submit, {{"secret.token", "t0ken"}, {"plain.base_url", "http://evil.example"}}).status, 422);
  EXPECT_EQ(browser.post(submit, {{"secret.token", "t0ken"}, {"plain.base_url", "https://API.example.com/v1/"}}).status,
            303);
  const Json outcome = json_of(agent.get("/v1/handoffs/" + minted["handoffId"].get<std::string>()));
  EXPECT_EQ(outcome["connection"]["baseUrl"], "https://api.example.com/v1");
}

TEST_F(SecretHandoff, ASecondConnectionOfOneNameGetsANumber) {
  Browser browser(program);
  browser.sign_in(ada);
  for (int i = 0; i < 2; ++i) {
    const Json minted = agent.ask(R"({"integration":"demo","label":"Same"})");
    browser.get(path_of(minted["url"]));
    ASSERT_EQ(browser.post(path_of(minted["url"]) + "/submit", {{"secret.key", "x"}}).status, 303);
  }
  const Json list = json_of(agent.get("/v1/connections"))["connections"];
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["name"], "Same 2");
  EXPECT_EQ(list[1]["name"], "Same");
}

TEST_F(SecretHandoff, RemovingAConnectionWaitsForThePerson) {
  Json minted = agent.ask(R"({"integration":"demo"})");
  Browser browser(program);
  browser.sign_in(ada);
  browser.get(path_of(minted["url"]));
  browser.post(path_of(minted["url"]) + "/submit", {{"secret.key", "x"}});
  const std::string id = json_of(agent.get("/v1/connections"))["connections"][0]["connectionId"];

  const http::Response asked = agent.remove("/v1/connections/" + id);
  ASSERT_EQ(asked.status, 202);
  EXPECT_EQ(json_of(agent.get("/v1/connections"))["connections"].size(), 1U) << "nothing is removed by asking";
  minted = json_of(asked);
  const http::Response page = browser.get(path_of(minted["url"]));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(browser.post(path_of(minted["url"]) + "/confirm").status, 303);
  EXPECT_EQ(status_of(minted), "completed");
  EXPECT_TRUE(json_of(agent.get("/v1/connections"))["connections"].empty());
}

TEST_F(SecretHandoff, SurvivesARestart) {
  const Json minted = agent.ask(R"({"integration":"demo"})");
  program.restart();
  Browser browser(program);
  browser.sign_in(ada);
  browser.get(path_of(minted["url"]));
  EXPECT_EQ(browser.post(path_of(minted["url"]) + "/submit", {{"secret.key", "x"}}).status, 303);
  EXPECT_EQ(status_of(minted), "completed");
}

TEST_F(SecretHandoff, AGrantHasThirtyWritesAMinute) {
  for (int i = 0; i < 30; ++i) agent.ask(R"({"integration":"demo"})");
  const http::Response refused = agent.post("/v1/handoffs", R"({"integration":"demo"})");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(json_of(refused)["code"], "grant_cap");
  EXPECT_FALSE(header_of(refused, "Retry-After").empty());
  EXPECT_EQ(Agent(program, program.issue_token(boss)).post("/v1/handoffs", R"({"integration":"demo"})").status, 201);
  program.clock().advance(2s);
  EXPECT_EQ(agent.post("/v1/handoffs", R"({"integration":"demo"})").status, 201);
}

}  // namespace
}  // namespace countersign::flows
