// Abuse cases D and F that need more than one page: guessed passwords, sessions that should be over, streams of
// people who are out, the first run, where signing in leads to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <barrier>
#include <nlohmann/json.hpp>
#include <thread>

#include "flows/in_process.h"

namespace countersign::flows {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kPassword = "violet-harbour-tuba";

class AccountAbuse : public ::testing::Test {
 protected:
  AccountAbuse() {
    for (const PersonId person : {ada, boss, chief}) {
      program.application().people().set_password(by, app::kDefaultWorkspace, person, Secret::copy_of(kPassword));
    }
  }

  domain::Acting acting(PersonId admin) {
    return {app::kDefaultWorkspace, admin, domain::Role::kAdmin, program.clock().now()};
  }
  http::Response try_password(Browser& browser, const std::string& login, std::string_view password) {
    browser.get("/login");
    return browser.post("/login", {{"login", login}, {"password", std::string(password)}});
  }
  Browser signed_in(PersonId person) {
    Browser browser(program);
    browser.sign_in(person);
    return browser;
  }
  std::string link_of(PersonId person) {
    return "/sign-in/" +
           std::string(program.application().people().make_link(by, app::kDefaultWorkspace, person, 600s).reveal());
  }
  Pending stream_of(const Browser& browser) {
    return program.begin(http::Method::kGet, "/events", {{"cookie", browser.cookie_header()}});
  }
  // Until `done`, or for as long as a few thousand turns of the workers take; the many rounds are for a busy machine.
  static constexpr int kFewRounds = 200;
  template <class Done>
  bool comes_true(Done done, int rounds = 10'000) {
    for (int i = 0; i < rounds && !done(); ++i) {
      if (i < kFewRounds) program.clock().advance(1s);
      program.application().sweep_waiters();
      std::this_thread::sleep_for(1ms);
    }
    return done();
  }
  static std::size_t events_in(Pending& stream) {
    const std::string text = text_of(stream.wait());
    std::size_t count = 0;
    for (std::size_t at = text.find("event: "); at != std::string::npos; at = text.find("event: ", at + 1)) ++count;
    return count;
  }
  std::vector<domain::Person> people() { return program.application().people().list(app::kDefaultWorkspace); }

  const domain::Actor by = domain::Actor::command_line();
  InProcess program{catalog::Mode::kServe};
  PersonId ada = program.add_person("ada", domain::Role::kMember);
  PersonId boss = program.add_person("boss", domain::Role::kAdmin);
  PersonId chief = program.add_person("chief", domain::Role::kAdmin);
};

TEST_F(AccountAbuse, D062_OfTwoAdminsAtTheSameMomentOneTakesTheRequest) {
  Agent agent(program, program.issue_token(ada));
  for (int round = 0; round < 10; ++round) {
    const Json minted = agent.ask(R"({"integration":"github","owner":"org"})");
    const std::string path = path_of(minted["url"]);
    Browser one = signed_in(boss), other = signed_in(chief);
    one.get(path);
    other.get(path);
    std::barrier gate(2);
    std::thread beside([&] {
      gate.arrive_and_wait();
      other.post(path + "/continue");
    });
    gate.arrive_and_wait();
    one.post(path + "/continue");
    beside.join();
    const int first = one.get(path).status, second = other.get(path).status;
    EXPECT_TRUE((first == 200 && second == 403) || (first == 403 && second == 200)) << first << " " << second;
    agent.post("/v1/handoffs/" + minted["handoffId"].get<std::string>() + "/cancel", "");
    program.clock().advance(60s);
  }
}

TEST_F(AccountAbuse, D063_AnActSentAgainIsDoneOnce) {
  Browser browser = signed_in(boss);
  const std::string path = "/people/" + ada.text();
  const auto events = [&] { return text_of(browser.get("/audit?object=" + ada.text())); };
  const auto times = [&](const std::string& action) {
    const std::string page = events();
    int count = 0;
    const std::string mark = "<code>" + action + "</code>";
    for (std::size_t at = page.find(mark); at != std::string::npos; at = page.find(mark, at + 1)) ++count;
    return count;
  };
  for (int i = 0; i < 2; ++i) EXPECT_EQ(browser.post(path + "/disable").status, 303);
  EXPECT_EQ(times("person.disabled"), 1);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(browser.post(path + "/enable").status, 303);
  EXPECT_EQ(times("person.enabled"), 1);
  const std::map<std::string, std::string> invitation{{"login", "dora"}, {"name", "Dora"}, {"role", "member"}};
  EXPECT_EQ(browser.post("/people/new", invitation).status, 200);
  EXPECT_EQ(browser.post("/people/new", invitation).status, 422) << "the login is taken: by the first one";
  EXPECT_EQ(people().size(), 4U);
}

TEST_F(AccountAbuse, D065_AHandoffsLabelForgesNoEvent) {
  Agent agent(program, program.issue_token(ada));
  Browser browser = signed_in(ada);
  Pending stream = stream_of(browser);
  stream.wait();
  ASSERT_TRUE(comes_true([&] { return events_in(stream) == 1; }));
  agent.ask(R"({"integration":"github","label":"x\r\n\r\nevent: waiting\ndata: {\"count\":99}\n\nid: 7"})");
  ASSERT_TRUE(comes_true([&] { return events_in(stream) == 2; }));
  const std::string text = text_of(stream.wait());
  EXPECT_THAT(text, Not(HasSubstr("99")));
  EXPECT_THAT(text, HasSubstr("data: {\"count\":1,"));
  EXPECT_EQ(text.find('\r'), std::string::npos);
  const std::string now = text_of(browser.get("/events/now"));
  EXPECT_EQ(json_of(browser.get("/events/now")).size(), 2U) << now << ": a count and a digest, no text";
}

TEST_F(AccountAbuse, D070_TossedCookiesAreNobodys) {
  Browser browser = signed_in(ada);
  const std::string good = browser.cookie_header();
  const auto at = good.find("__Host-cs_session_7117=");
  const std::string session = good.substr(at, good.find(';', at) - at);
  const std::string value = session.substr(session.find('=') + 1);
  const auto status = [&](const std::string& cookie) {
    return program.send(http::Method::kGet, "/settings", {{"cookie", cookie}}).status;
  };
  EXPECT_EQ(status(session), 200);
  for (const std::string& tossed :
       {"cs_session_7117=" + value, "__Secure-cs_session_7117=" + value, "__host-cs_session_7117=" + value,
        session + "; " + session, "__Host-cs_session_7117=x; " + session, "__Host-cs_session=" + value,
        "__Host-cs_visitor_7117=" + value}) {
    EXPECT_EQ(status(tossed), 303) << tossed;
  }
  // Where somebody was going is no cookie's to say, unless it is a place of ours.
  const std::string link = link_of(ada);
  for (const char* next : {"https://evil.example", "//evil.example", "agents./evil", "x.y"}) {
    const http::Response page =
        program.send(http::Method::kGet, link, {{"cookie", "__Host-cs_next_7117=" + std::string(next)}});
    EXPECT_EQ(page.status, 200) << next;
    EXPECT_THAT(text_of(page), HasSubstr("name=\"next\" value=\"\"")) << next;
  }
}

TEST_F(AccountAbuse, D071_EveryNextLeadsToAPlaceOfOurs) {
  Agent agent(program, program.issue_token(ada));
  const std::string handoff = path_of(agent.ask(R"({"integration":"github"})")["url"]).substr(3);
  Browser inside = signed_in(ada);
  Browser visitor(program);
  visitor.get("/login");
  std::string forged = handoff;
  forged.back() = forged.back() == 'A' ? 'E' : 'A';
  for (const std::string& next :
       {std::string("https://evil.example"), std::string("//evil.example"), std::string("/\\evil.example"),
        std::string("javascript:alert(1)"), std::string("agents.//evil.example"), std::string("agents.https:evil"),
        std::string("agents..."), std::string(".evil"), std::string(".3405803785"), std::string("evil.example"),
        "h/" + handoff, forged}) {
    const std::string query = "?next=" + percent_encode(next);
    std::vector<http::Response> answers{visitor.get("/login" + query), inside.get("/login" + query),
                                        inside.get("/signed-in" + query), inside.get("/welcome" + query),
                                        visitor.get(link_of(ada) + query)};
    visitor.get("/login");
    answers.push_back(visitor.post("/login", {{"next", next}, {"login", "ada"}, {"password", std::string(kPassword)}}));
    answers.push_back(visitor.post("/login/link", {{"next", next}, {"link", link_of(ada)}}));
    answers.push_back(visitor.post(link_of(ada), {{"next", next}}));
    inside.get("/");
    answers.push_back(inside.post("/logout", {{"next", next}}));
    for (const http::Response& answer : answers) {
      EXPECT_EQ(answer.status, 404) << next << " at " << &answer - answers.data();
      EXPECT_TRUE(header_of(answer, "Location").empty()) << next;
      EXPECT_TRUE(header_of(answer, "Set-Cookie").find("session") == std::string::npos) << next;
    }
  }
  EXPECT_EQ(inside.get("/").status, 200) << "nothing of that signed anybody out";
}

TEST_F(AccountAbuse, D074_TheObjectIsTheOneInThePath) {
  Browser browser = signed_in(boss);
  const std::map<std::string, std::string> other{{"id", chief.text()}, {"person", chief.text()}, {"role", "approver"}};
  EXPECT_EQ(browser.post("/people/" + ada.text() + "/role?id=" + chief.text() + "&role=admin", other).status, 303);
  const auto role_of = [&](PersonId id) { return program.application().people().get(app::kDefaultWorkspace, id).role; };
  EXPECT_EQ(role_of(ada), domain::Role::kApprover) << "the form's role, not the address's";
  EXPECT_EQ(role_of(chief), domain::Role::kAdmin);
}

TEST_F(AccountAbuse, F095_KnownAndUnknownUsersAreToldTheSame) {
  const auto shown = [&](const std::string& login, std::string_view password) {
    Browser browser(program, "198.51.100.77");
    const http::Response answer = try_password(browser, login, password);
    std::string text = text_of(answer);
    for (const std::string& changing : {login, browser.csrf()}) {
      for (auto at = text.find(changing); at != std::string::npos; at = text.find(changing))
        text.erase(at, changing.size());
    }
    std::string names;
    for (const http::Header& header : answer.headers) names += header.name + " ";
    return std::to_string(answer.status) + names + text;
  };
  const std::string unknown = shown("zzz", "wrong-password-here");
  EXPECT_TRUE(unknown.starts_with("403"));
  EXPECT_EQ(shown("ada", "wrong-password-here"), unknown);
  EXPECT_EQ(shown("boss", "wrong-password-here"), unknown) << "an admin is no exception";
  program.application().accounts().disable(acting(boss), ada);
  EXPECT_EQ(shown("ada", kPassword), unknown) << "nor is one who is disabled and knows the password";
}

TEST_F(AccountAbuse, F095_AnAdminIsNeverLockedOutForGood) {
  Browser attacker(program);  // from the admin's own address
  for (int i = 0; i < 40; ++i) try_password(attacker, "boss", "guess number " + std::to_string(i));
  for (int i = 0; i < 40; ++i) try_password(attacker, "user" + std::to_string(i), "winter-winter-2026");
  Browser admin(program);
  const http::Response refused = try_password(admin, "boss", kPassword);
  ASSERT_EQ(refused.status, 429);
  // A one-use link from the command line works all the same, and so does the password from another address,
  EXPECT_NO_THROW(admin.sign_in(boss));
  EXPECT_EQ(admin.get("/people").status, 200);
  Browser elsewhere(program, kElsewhere);
  EXPECT_EQ(try_password(elsewhere, "boss", kPassword).status, 303);
  // and here after a quarter of an hour.
  program.clock().advance(15min);
  Browser later(program);
  EXPECT_EQ(try_password(later, "boss", kPassword).status, 303);
}

TEST_F(AccountAbuse, F095_SprayingOnePasswordIsStoppedByAddress) {
  Browser sprayer(program, kElsewhere);
  int looked_at = 0;
  for (int i = 0; i < 200; ++i) {
    looked_at += try_password(sprayer, "user" + std::to_string(i), "winter-winter-2026").status == 403 ? 1 : 0;
  }
  EXPECT_LT(looked_at, 100);
  EXPECT_EQ(try_password(sprayer, "ada", kPassword).status, 429) << "a lucky guess is not looked at either";
  Browser owner(program);
  EXPECT_EQ(try_password(owner, "ada", kPassword).status, 303);
}

TEST_F(AccountAbuse, F095_AStolenSessionDoesNotGuessThePassword) {
  Browser thief = signed_in(boss);
  program.clock().advance(6min);
  int refused = 0;
  for (int i = 0; i < 30; ++i) {
    thief.get("/people/" + ada.text() + "/role");
    const http::Response answer = thief.post("/people/" + ada.text() + "/role",
                                             {{"role", "admin"}, {"step_up_password", "guess " + std::to_string(i)}});
    EXPECT_THAT(answer.status, AnyOf(422, 429));
    refused += answer.status == 429 ? 1 : 0;
    thief.get("/settings");
    EXPECT_THAT(thief.post("/settings/password", {{"present", "guess"}, {"password", "another-harbour-tuba"}}).status,
                AnyOf(422, 429));
  }
  EXPECT_GT(refused, 15);
  EXPECT_EQ(program.application().people().get(app::kDefaultWorkspace, ada).role, domain::Role::kMember);
}

TEST_F(AccountAbuse, F098_ASessionThatWasPlantedIsNotTakenOver) {
  Browser attacker = signed_in(ada);
  // The victim's browser carries the attacker's cookie when it signs in.
  const std::string link = link_of(boss);
  Browser victim = attacker;
  victim.get(link);
  EXPECT_EQ(victim.post(link).status, 303);
  EXPECT_NE(victim.cookie_header(), attacker.cookie_header());
  EXPECT_THAT(text_of(victim.get("/")), HasSubstr("boss the person"));
  EXPECT_EQ(attacker.get("/").status, 303) << "the planted one is over, not raised";
}

TEST_F(AccountAbuse, F098_SigningOutInOneTabWinsOverTheOther) {
  for (int round = 0; round < 5; ++round) {
    Browser tab = signed_in(boss);
    tab.get("/");
    Browser other_tab = tab;
    std::barrier gate(2);
    std::thread beside([&] {
      gate.arrive_and_wait();
      other_tab.post("/settings/name", {{"name", "Boss"}});
    });
    gate.arrive_and_wait();
    EXPECT_EQ(tab.post("/logout").status, 303);
    beside.join();
    EXPECT_EQ(other_tab.get("/").status, 303);
    EXPECT_EQ(header_of(other_tab.post("/settings/name", {{"name", "X"}}), "Location").find("/login"), 0U);
  }
}

TEST_F(AccountAbuse, F098_ADisabledPersonsAgentsStreamsLinksAndPasswordEndAtOnce) {
  const std::string token = program.issue_token(ada);
  Agent agent(program, token);
  const Json minted = agent.ask(R"({"integration":"github"})");
  Browser browser = signed_in(ada);
  const std::string link = link_of(ada);
  Pending stream = stream_of(browser);
  ASSERT_TRUE(comes_true([&] { return events_in(stream) == 1; }));
  program.application().accounts().disable(acting(boss), ada);
  EXPECT_EQ(browser.get("/").status, 303);
  EXPECT_EQ(agent.get("/v1/handoffs/" + minted["handoffId"].get<std::string>()).status, 401);
  EXPECT_EQ(agent.mcp("tools/list", "{}").status, 401);
  EXPECT_TRUE(comes_true([&] { return stream.ended(); }));
  EXPECT_EQ(events_in(stream), 1U) << "and said nothing more";
  Browser again(program);
  EXPECT_EQ(again.get(link).status, 404);
  EXPECT_EQ(try_password(again, "ada", kPassword).status, 403);
}

TEST_F(AccountAbuse, F098_AStreamEndsWithItsSession) {
  Browser here = signed_in(ada), there = signed_in(ada);
  Pending stream = stream_of(there), kept = stream_of(here);
  ASSERT_TRUE(comes_true([&] { return events_in(stream) == 1 && events_in(kept) == 1; }));
  here.get("/settings");
  EXPECT_EQ(here.post("/settings/sessions/end").status, 303);
  EXPECT_TRUE(comes_true([&] { return stream.ended(); }));
  EXPECT_FALSE(kept.ended());
  here.get("/");
  here.post("/logout");
  EXPECT_TRUE(comes_true([&] { return kept.ended(); }));
}

TEST_F(AccountAbuse, F098_ADemotedAdminsStreamTellsNothingOfTheWorkspace) {
  Agent agent(program, program.issue_token(ada));
  Browser browser = signed_in(chief);
  Pending stream = stream_of(browser);
  ASSERT_TRUE(comes_true([&] { return events_in(stream) == 1; }));
  program.application().accounts().change_role(acting(boss), chief, domain::Role::kMember);
  agent.ask(R"({"integration":"github","owner":"org"})");
  EXPECT_FALSE(comes_true([&] { return text_of(stream.wait()).find("\"count\":1") != std::string::npos; }, kFewRounds));
  EXPECT_FALSE(stream.ended()) << "the session lives on";
  EXPECT_EQ(json_of(browser.get("/events/now"))["count"], 0);
  EXPECT_EQ(browser.get("/people").status, 403);
}

TEST_F(AccountAbuse, F099_NothingOverTheNetworkMakesTheFirstAdmin) {
  InProcess fresh(catalog::Mode::kServe);
  Browser stranger(fresh, kElsewhere);
  for (const char* page : {"/", "/welcome", "/people", "/people/new", "/settings"}) {
    EXPECT_EQ(header_of(stranger.get(page), "Location").find("/login"), 0U) << page;
  }
  stranger.get("/login");
  for (const char* form : {"/people/new", "/welcome", "/settings/password", "/login", "/login/link", "/sign-in/x"}) {
    const http::Response answer = stranger.post(form, {{"login", "admin"},
                                                       {"name", "admin"},
                                                       {"role", "admin"},
                                                       {"password", std::string(kPassword)},
                                                       {"link", "cs_signin_guess"}});
    EXPECT_GE(answer.status, 303) << form;
  }
  EXPECT_EQ(stranger.get("/").status, 303);
  EXPECT_TRUE(fresh.application().people().list(app::kDefaultWorkspace).empty());
}

// A link that only invites is no sign-in for who takes it second.
TEST_F(AccountAbuse, F099_AnInvitationIsTakenOnceAndItsTakerChoosesThePassword) {
  Browser admin = signed_in(boss);
  admin.get("/people/new");
  const std::string page = text_of(admin.post("/people/new", {{"login", "dora"}, {"name", "Dora"}, {"role", "admin"}}));
  const auto at = page.find("cs_signin_");
  ASSERT_NE(at, std::string::npos);
  const std::string link = "/sign-in/" + page.substr(at, page.find_first_of("<\"& \n", at) - at);
  Browser dora(program), late(program);
  dora.get(link);
  late.get(link);
  EXPECT_EQ(dora.post(link).status, 303);
  EXPECT_EQ(late.post(link).status, 410);
  EXPECT_EQ(dora.get("/people").status, 303) << "first a password";
  EXPECT_TRUE(header_of(dora.get("/people"), "Location").starts_with("/welcome"));
  dora.get("/welcome");
  EXPECT_EQ(dora.post("/welcome", {{"password", std::string(kPassword)}}).status, 303);
  EXPECT_EQ(dora.get("/people").status, 200);
}

TEST_F(AccountAbuse, F102_AForgedFilterOrCursorShowsNothingOfOthers) {
  const std::string others = program.issue_token(boss);
  Agent(program, others).ask(R"({"integration":"github","label":"of-the-boss"})");
  Browser member = signed_in(ada);
  const std::string boss_only = boss.text();
  for (const std::string& target :
       {"/audit?actor=person:" + boss_only, std::string("/audit?before=9007199254740991&actor=operator"),
        "/agents?owner=" + boss_only, std::string("/agents?owner=workspace"), "/connections?owner=" + boss_only,
        std::string("/connections?before=co_zzzzzzzzzzzzz"), std::string("/audit/1"),
        std::string("/audit?action=person.")}) {
    const http::Response answer = member.get(target);
    EXPECT_THAT(answer.status, AnyOf(200, 400, 404)) << target;
    EXPECT_THAT(text_of(answer), Not(HasSubstr("of-the-boss"))) << target;
    EXPECT_THAT(text_of(answer), Not(HasSubstr("boss the person"))) << target;
    EXPECT_THAT(text_of(answer), Not(HasSubstr("<code>person.created</code>"))) << target;
  }
  Agent agent(program, program.issue_token(ada));
  for (const char* cursor :
       {"co_0000000000000", "co_zzzzzzzzzzzzz", "ho_0000000000001", "1", "-1", "%00", "%27", "x y"}) {
    const http::Response answer = agent.get("/v1/connections?cursor=" + std::string(cursor));
    EXPECT_THAT(answer.status, AnyOf(200, 400, 404)) << cursor;
  }
}

}  // namespace
}  // namespace countersign::flows
