// Abuse cases A: the link as the attack. Numbers are those of cases.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "flows/in_process.h"

namespace countersign::flows {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HandoffLink : public ::testing::Test {
 protected:
  HandoffLink()
      : ada(program.add_person("ada", domain::Role::kMember)),
        mallory(program.add_person("mallory", domain::Role::kAdmin)),
        agent(program, program.issue_token(ada, &agent_id)),
        minted(agent.ask(R"({"integration":"demo","label":"secret project"})")),
        path(path_of(minted["url"])) {}

  std::string status() { return json_of(agent.get("/v1/handoffs/" + id()))["status"]; }
  std::string id() { return minted["handoffId"]; }
  bool audited(std::string_view action) { return times_audited(action) > 0; }
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

  InProcess program;
  PersonId ada;
  PersonId mallory;
  AgentId agent_id;
  Agent agent;
  Json minted;
  std::string path;
};

TEST_F(HandoffLink, A001_AnotherSignedInPersonOpensIt) {
  Browser other(program);
  other.sign_in(mallory);
  const http::Response page = other.get(path);
  EXPECT_EQ(page.status, 403);
  EXPECT_THAT(text_of(page), HasSubstr("someone else"));
  EXPECT_THAT(text_of(page), Not(HasSubstr("secret project")));
  EXPECT_THAT(text_of(page), Not(HasSubstr("test agent")));
  EXPECT_THAT(text_of(page), Not(HasSubstr(minted["userCode"].get<std::string>())));
  EXPECT_TRUE(audited("handoff.refused"));
  EXPECT_EQ(status(), "pending");
  for (int i = 0; i < 5; ++i) other.get(path);
  EXPECT_EQ(times_audited("handoff.refused"), 1) << "knocking often fills no record";
}

TEST_F(HandoffLink, A002_TheVictimIsNotSignedInYet) {
  Browser other(program);
  const http::Response page = other.get(path);
  EXPECT_EQ(page.status, 303);
  EXPECT_THAT(header_of(page, "Location"), HasSubstr("/login"));
  other.sign_in(mallory);
  EXPECT_EQ(other.get(path).status, 403);
  EXPECT_EQ(status(), "pending");
}

TEST_F(HandoffLink, A003_LinkAndCodeAreRelayed) {
  Browser other(program);
  other.sign_in(mallory);
  const http::Response answer =
      other.post(path + "/submit", {{"secret.key", "stolen"}, {"code", minted["userCode"].get<std::string>()}});
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(status(), "pending");
}

TEST_F(HandoffLink, A005_LoginNeedsThePreSessionTokenOfItsOwnPage) {
  Browser victim(program);
  victim.get("/login");
  EXPECT_EQ(
      victim.post_raw("/login", "login=mallory&password=x&csrf=guess", {{"origin", std::string(kPublicUrl)}}).status,
      403);
  Browser attacker(program);
  attacker.get("/login");
  // The attacker's token does not fit the victim's browser.
  EXPECT_EQ(victim
                .post_raw("/login", "login=mallory&password=x&csrf=" + percent_encode(attacker.csrf()),
                          {{"origin", std::string(kPublicUrl)}})
                .status,
            403);
  Browser signed_in(program);
  signed_in.sign_in(ada);
  EXPECT_THAT(text_of(signed_in.get(path)), HasSubstr("ada the person")) << "the page names the account";
}

TEST_F(HandoffLink, A006_GuessedIdsAndLinksAreUniformlyUnknown) {
  Browser browser(program);
  browser.sign_in(ada);
  std::string forged = path;
  forged.back() = forged.back() == 'A' ? 'E' : 'A';
  std::string first;
  for (const std::string& guess : {forged, std::string("/h/x"), path.substr(0, path.size() - 1), path + "A",
                                   "/h/" + HandoffId(1).text().substr(3) + path.substr(path.find('.'))}) {
    const http::Response page = browser.get(guess);
    EXPECT_EQ(page.status, 404) << guess;
    if (first.empty()) first = text_of(page);
    EXPECT_EQ(text_of(page), first) << "one 404 for all";
  }
}

TEST_F(HandoffLink, A007_AnotherAgentsIdsAndKeysAreItsOwn) {
  Agent other(program, program.issue_token(ada));
  EXPECT_EQ(other.get("/v1/handoffs/" + id()).status, 404);
  EXPECT_EQ(other.post("/v1/handoffs/" + id() + "/cancel", "").status, 404);
  const Headers key = {{"idempotency-key", "shared"}};
  const Json mine = json_of(agent.post("/v1/handoffs", R"({"integration":"demo"})", key));
  const Json theirs = json_of(other.post("/v1/handoffs", R"({"integration":"demo"})", key));
  EXPECT_NE(mine["handoffId"], theirs["handoffId"]);
}

TEST_F(HandoffLink, A009_UsedTwiceAndInTwoTabs) {
  Browser first(program), second(program);
  first.sign_in(ada);
  second.sign_in(ada);
  first.get(path);
  second.get(path);
  EXPECT_EQ(first.post(path + "/submit", {{"secret.key", "one"}}).status, 303);
  const http::Response late = second.post(path + "/submit", {{"secret.key", "two"}});
  EXPECT_EQ(late.status, 303) << "leads to what was done";
  EXPECT_EQ(header_of(late, "Location"), path);
  EXPECT_EQ(json_of(agent.get("/v1/connections"))["connections"].size(), 1U);
}

TEST_F(HandoffLink, A010_PreviewersAndScannersChangeNothing) {
  for (int i = 0; i < 3; ++i) {
    program.send(http::Method::kGet, path);
    program.send(http::Method::kHead, path);
  }
  EXPECT_EQ(status(), "pending");
  const Secret link =
      program.application().people().make_link(domain::Actor::command_line(), app::kDefaultWorkspace, ada, 600s);
  const std::string sign_in = "/sign-in/" + std::string(link.reveal());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(program.send(http::Method::kGet, sign_in).status, 200);
  Browser browser(program);
  browser.get(sign_in);
  EXPECT_EQ(browser.post(sign_in).status, 303) << "still unused";
  browser.get(sign_in);
  EXPECT_GE(browser.post(sign_in).status, 400) << "used now";
}

TEST_F(HandoffLink, A011_TheAgentCancelsWhileThePersonTypes) {
  Browser browser(program);
  browser.sign_in(ada);
  browser.get(path);
  EXPECT_EQ(agent.post("/v1/handoffs/" + id() + "/cancel", "").status, 200);
  const http::Response late = browser.post(path + "/submit", {{"secret.key", "too-late-secret"}});
  EXPECT_EQ(late.status, 409);
  EXPECT_THAT(text_of(late), HasSubstr("cancelled"));
  EXPECT_TRUE(json_of(agent.get("/v1/connections"))["connections"].empty()) << "nothing was stored";
}

TEST_F(HandoffLink, A013_ARevokedAgentIsOutAndItsRequestsAreCancelled) {
  program.application().grants().revoke(domain::Actor::command_line(), app::kDefaultWorkspace, agent_id);
  EXPECT_EQ(agent.get("/v1/handoffs/" + id()).status, 401);
  Browser browser(program);
  browser.sign_in(ada);
  EXPECT_THAT(text_of(browser.get(path)), HasSubstr("cancelled"));
  EXPECT_EQ(browser.post(path + "/submit", {{"secret.key", "x"}}).status, 409);
}

TEST_F(HandoffLink, A014_NothingLeaksByReferrer) {
  Browser browser(program);
  browser.sign_in(ada);
  EXPECT_EQ(header_of(browser.get(path), "Referrer-Policy"), "same-origin");
}

TEST_F(HandoffLink, A015_AfterSigningOutHistoryShowsNothing) {
  Browser browser(program);
  browser.sign_in(ada);
  EXPECT_EQ(header_of(browser.get(path), "Cache-Control"), "no-store");
  const std::string cookies = browser.cookie_header();
  browser.get("/");
  const http::Response out = browser.post("/logout");
  EXPECT_FALSE(header_of(out, "Clear-Site-Data").empty());
  // The old cookie is dead at the server, not only forgotten by the browser.
  EXPECT_EQ(program.send(http::Method::kGet, path, {{"cookie", cookies}}).status, 303);
}

TEST_F(HandoffLink, A017_ASecondDeviceHasToSignInAsTheSamePerson) {
  Browser phone(program);
  EXPECT_EQ(phone.get(path).status, 303);
  phone.sign_in(ada);
  EXPECT_EQ(phone.get(path).status, 200);
}

TEST_F(HandoffLink, A019_ParallelRequestsHaveTheirOwnCodes) {
  const Json other = agent.ask(R"({"integration":"demo"})");
  EXPECT_NE(other["userCode"], minted["userCode"]);
  EXPECT_NE(other["url"], minted["url"]);
}

}  // namespace
}  // namespace countersign::flows
