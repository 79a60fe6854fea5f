// Accounts through their pages: what admins see and do, and that nobody else gets that far.
#include <chrono>

#include "web/fixture.h"
#include "web/people_words.h"

namespace countersign::web::people_pages {
namespace {

constexpr std::string_view kPassword = "violet-harbour-tuba";

class PeoplePages : public WebTest {
 protected:
  domain::Person with_password(std::string login, domain::Role role) {
    const domain::Person person = add_person(std::move(login), role);
    people.set_password(by, kHome, person.id, Secret::copy_of(kPassword));
    return person;
  }
  void let_the_proof_grow_old() { clock.advance(std::chrono::minutes(6)); }
  Fields fields(Fields more = {}, std::string_view password = {}) const {
    more.emplace_back("csrf", session.csrf);
    if (!password.empty()) more.emplace_back("step_up_password", password);
    return more;
  }
  http::Response do_to(const domain::Person& person, std::string_view act, Fields more = {},
                       std::string_view password = {}) {
    return post(path_of(person, act), session.post(), fields(std::move(more), password));
  }
  static std::string path_of(const domain::Person& person, std::string_view act = {}) {
    return "/people/" + person.id.text() + (act.empty() ? "" : "/" + std::string(act));
  }
  static std::string link_on(const std::string& page) {
    const auto at = page.find("/sign-in/");
    return at == std::string::npos ? "" : page.substr(at + 9, page.find('<', at) - at - 9);
  }
  std::size_t count() const { return people.list(kHome).size(); }

  const domain::Person boss = with_password("boss", domain::Role::kAdmin);
  const domain::Person ada = with_password("ada", domain::Role::kMember);
  const Session session = sign_in_as(boss.id);
};

TEST_F(PeoplePages, OnlyAdminsGetThatFar) {
  const Session member = sign_in_as(ada.id);
  for (const std::string& path :
       {std::string("/people"), std::string("/people/new"), path_of(boss), path_of(boss, "role"),
        path_of(boss, "disable"), path_of(boss, "link"), std::string("/people/pe_nonsense")}) {
    const http::Response page = get(path, member.get());
    EXPECT_EQ(page.status, 403) << path;
    EXPECT_THAT(text_of(page), Not(HasSubstr("boss"))) << path;
  }
  for (const char* act : {"role", "disable", "enable", "link", "sessions"}) {
    const auto refused = post(path_of(boss, act), member.post(), {{"csrf", member.csrf}, {"role", "member"}});
    EXPECT_EQ(refused.status, 403) << act;
  }
  EXPECT_EQ(post("/people/new", member.post(), {{"csrf", member.csrf}, {"login", "eve"}, {"role", "admin"}}).status,
            403);
  EXPECT_EQ(count(), 2U);
  EXPECT_EQ(people.get(kHome, boss.id).role, domain::Role::kAdmin);
  EXPECT_FALSE(people.get(kHome, boss.id).disabled);
}

TEST_F(PeoplePages, ListSaysWhoIsHereAndWhenTheyCame) {
  grants.issue(by, {.workspace = kHome, .owner = ada.id, .name = "helper"});
  clock.advance(std::chrono::minutes(3));
  const std::string page = text_of(get("/people", session.get()));
  EXPECT_THAT(page, HasSubstr("boss the person</bdi></a> <span class=\"meta\"><bdi>boss</bdi>, you</span>"));
  EXPECT_THAT(page, HasSubstr("3 minutes ago"));
  EXPECT_THAT(page, HasSubstr("not lately"));  // ada has never come
  EXPECT_THAT(page, HasSubstr("<td data-label=\"Agents\">1</td>"));
  EXPECT_THAT(page, HasSubstr("<span class=\"badge ok\">Active</span>"));
}

TEST_F(PeoplePages, HostileNamesAreShownAndDoNothing) {
  people.add(by, {kHome, "eve", "<script>x</script>\u202e", domain::Role::kMember});
  const std::string page = text_of(get("/people", session.get()));
  EXPECT_THAT(page, HasSubstr("<bdi class=\"foreign\">&lt;script&gt;x&lt;/script&gt;⟦U+202E⟧</bdi>"));
  EXPECT_THAT(page, Not(HasSubstr("<script>x")));
}

TEST_F(PeoplePages, InvitationLinkIsShownOnceAndWorksOnce) {
  const http::Response invited =
      post("/people/new", session.post(), fields({{"login", "bob"}, {"name", "Bob"}, {"role", "approver"}}));
  EXPECT_EQ(invited.status, 200);
  const std::string text = text_of(invited);
  EXPECT_THAT(text, HasSubstr("Invited: <bdi class=\"foreign\">Bob</bdi>"));
  const std::string link = link_on(text);
  EXPECT_TRUE(link.starts_with("cs_signin_")) << link;
  EXPECT_THAT(text, HasSubstr(std::string(kOrigin) + "/sign-in/" + link));
  EXPECT_THAT(text, Not(HasSubstr("href=\"" + std::string(kOrigin))));  // to be copied, not to be followed
  const auto owner = sign_in.owner_of_link(link);
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->purpose, domain::LinkPurpose::kInvitation);
  EXPECT_EQ(owner->person.role, domain::Role::kApprover);
  for (const std::string& path : {std::string("/people"), path_of(owner->person), std::string("/people/new")}) {
    EXPECT_THAT(text_of(get(path, session.get())), Not(HasSubstr("cs_signin_"))) << path;
  }
}

TEST_F(PeoplePages, InvitingAsksForThePasswordWhenTheProofIsOld) {
  EXPECT_THAT(text_of(get("/people/new", session.get())), Not(HasSubstr("step_up_password")));
  let_the_proof_grow_old();
  EXPECT_THAT(text_of(get("/people/new", session.get())), HasSubstr("name=\"step_up_password\""));
  const Fields wanted{{"login", "bob"}, {"name", "Bob <b>"}, {"role", "member"}};
  for (const std::string_view wrong : {"", "not-the-right-one"}) {
    const http::Response page = post("/people/new", session.post(), fields(wanted, wrong));
    EXPECT_EQ(page.status, 422);
    EXPECT_THAT(text_of(page), HasSubstr("href=\"#f-step_up_password\""));
    EXPECT_THAT(text_of(page), HasSubstr("value=\"Bob &lt;b&gt;\""));  // nothing typed is lost
    EXPECT_THAT(text_of(page), Not(HasSubstr("not-the-right-one")));
  }
  EXPECT_EQ(count(), 2U);
  EXPECT_EQ(post("/people/new", session.post(), fields(wanted, kPassword)).status, 200);
  EXPECT_EQ(count(), 3U);
}

TEST_F(PeoplePages, WhatIsWrongInAnInvitationIsMendedInTheForm) {
  const auto refused = [&](Fields wanted, std::string_view field) {
    const http::Response page = post("/people/new", session.post(), fields(std::move(wanted)));
    EXPECT_EQ(page.status, 422);
    EXPECT_THAT(text_of(page), HasSubstr("href=\"#f-" + std::string(field) + "\""));
    EXPECT_THAT(text_of(page), HasSubstr("<title>Error: "));
  };
  refused({{"login", "ada"}, {"role", "member"}}, "login");
  refused({{"login", "no spaces"}, {"role", "member"}}, "login");
  refused({{"login", "bob"}, {"name", "a\nb"}, {"role", "member"}}, "name");
  refused({{"login", "bob"}, {"role", "emperor"}}, "role");
  EXPECT_EQ(count(), 2U);
}

TEST_F(PeoplePages, RoleIsChangedWithAFreshProof) {
  let_the_proof_grow_old();
  EXPECT_EQ(do_to(ada, "role", {{"role", "approver"}}).status, 422);
  EXPECT_EQ(people.get(kHome, ada.id).role, domain::Role::kMember);
  EXPECT_EQ(header_of(do_to(ada, "role", {{"role", "approver"}}, kPassword), "Location"), path_of(ada) + "?done=role");
  EXPECT_EQ(people.get(kHome, ada.id).role, domain::Role::kApprover);
  EXPECT_THAT(text_of(get(path_of(ada) + "?done=role", session.get())), HasSubstr("The role is changed."));
  EXPECT_THAT(text_of(get(path_of(ada) + "?done=%3Cb%3E", session.get())), Not(HasSubstr("role=\"status\"")));
}

TEST_F(PeoplePages, LastAdminStaysOneAndThePageSaysWhy) {
  const http::Response page = do_to(boss, "role", {{"role", "member"}});
  EXPECT_EQ(page.status, 409);
  EXPECT_THAT(text_of(page), HasSubstr("This is the only admin"));
  EXPECT_THAT(text_of(page), HasSubstr("<option value=\"member\" selected>"));
  EXPECT_EQ(people.get(kHome, boss.id).role, domain::Role::kAdmin);
}

TEST_F(PeoplePages, DisablingNamesThePersonEndsSessionsAndCanBeTakenBack) {
  const Session theirs = sign_in_as(ada.id);
  const auto agent = grants.issue(by, {.workspace = kHome, .owner = ada.id, .name = "helper"});
  EXPECT_THAT(text_of(get(path_of(ada, "disable"), session.get())),
              HasSubstr("type=\"submit\"><span>Disable <bdi>ada the person</bdi></span></button>"));
  EXPECT_EQ(do_to(ada, "disable").status, 303);
  EXPECT_EQ(get("/", theirs.get()).status, 303);
  EXPECT_THROW(grants.authenticate(agent.token.reveal()), Error);
  const std::string page = text_of(get(path_of(ada), session.get()));
  EXPECT_THAT(page, HasSubstr("<span class=\"badge off\">Disabled</span>"));
  EXPECT_THAT(page, HasSubstr("<span class=\"badge bad\">Owner disabled</span>"));
  EXPECT_THAT(page, Not(HasSubstr("/disable\"")));
  EXPECT_EQ(do_to(ada, "enable").status, 303);
  EXPECT_NO_THROW(grants.authenticate(agent.token.reveal()));
}

TEST_F(PeoplePages, NobodyDisablesThemselves) {
  EXPECT_THAT(text_of(get(path_of(boss), session.get())), Not(HasSubstr("/disable\"")));
  const http::Response page = do_to(boss, "disable");
  EXPECT_EQ(page.status, 409);
  EXPECT_FALSE(people.get(kHome, boss.id).disabled);
}

TEST_F(PeoplePages, NewSignInLinkEndsTheOldPasswordAndIsShownOnce) {
  let_the_proof_grow_old();
  EXPECT_THAT(text_of(do_to(ada, "link")), Not(HasSubstr("cs_signin_")));
  EXPECT_FALSE(people.get(kHome, ada.id).password_hash.empty());
  const std::string link = link_on(text_of(do_to(ada, "link", {}, kPassword)));
  EXPECT_TRUE(people.get(kHome, ada.id).password_hash.empty());
  ASSERT_TRUE(sign_in.owner_of_link(link));
  EXPECT_EQ(sign_in.owner_of_link(link)->person.id, ada.id);
  EXPECT_THAT(text_of(get(path_of(ada), session.get())), Not(HasSubstr("cs_signin_")));
}

TEST_F(PeoplePages, SessionsAreListedAndEndedTogether) {
  const Session theirs = sign_in_as(ada.id);
  const std::string page = text_of(get(path_of(ada), session.get()));
  EXPECT_THAT(page, HasSubstr("192.0.2.7"));
  EXPECT_THAT(page, HasSubstr("test browser"));
  EXPECT_EQ(do_to(ada, "sessions").status, 303);
  EXPECT_EQ(get("/", theirs.get()).status, 303);
  EXPECT_EQ(get("/", session.get()).status, 200);
}

TEST_F(PeoplePages, UnknownPersonIsNotFound) {
  for (const char* path : {"/people/pe_0000000000001", "/people/nonsense", "/people/pe_0000000000001/disable"}) {
    EXPECT_EQ(get(path, session.get()).status, 404) << path;
  }
  EXPECT_EQ(post("/people/pe_0000000000001/disable", session.post(), fields()).status, 404);
}

TEST_F(PeoplePages, FormsOfOthersAreRefused) {
  const Session member = sign_in_as(ada.id);
  const http::Response forged = post(path_of(ada, "role"), session.post(), {{"csrf", member.csrf}, {"role", "admin"}});
  EXPECT_EQ(forged.status, 403);
  EXPECT_EQ(people.get(kHome, ada.id).role, domain::Role::kMember);
}

TEST(PeopleWords, BrowserIsNamedWhereItCanBeTold) {
  EXPECT_EQ(browser_of("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"), "Firefox on Linux");
  EXPECT_EQ(browser_of("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0"), "Edge on Windows");
  EXPECT_EQ(browser_of("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1"),
            "Safari on iPhone");
  EXPECT_EQ(browser_of("curl/8.5"), "curl/8.5");
  EXPECT_NE(browser_of(""), "");
}

}  // namespace
}  // namespace countersign::web::people_pages
