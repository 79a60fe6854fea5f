// Agents through their pages: who sees which, a token shown once, and what a new one, a pause and the end do.
#include <chrono>

#include "web/agent_facts.h"
#include "web/fixture.h"

namespace countersign::web {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::string_view kPassword = "violet-harbour-tuba";

class AgentPages : public WebTest {
 protected:
  domain::Person with_password(std::string login, domain::Role role) {
    const domain::Person person = add_person(std::move(login), role);
    people.set_password(by, kHome, person.id, Secret::copy_of(kPassword));
    return person;
  }
  void let_the_proof_grow_old() { clock.advance(minutes(6)); }
  identity::IssuedGrant issue(PersonId owner, std::string name, seconds lifetime = seconds(0)) {
    return grants.issue(by, {.workspace = kHome, .owner = owner, .name = std::move(name), .lifetime = lifetime});
  }
  static std::string path_of(const domain::Agent& agent, std::string_view act = {}) {
    return "/agents/" + agent.id.text() + (act.empty() ? "" : "/" + std::string(act));
  }
  Fields fields(Fields more = {}, std::string_view password = {}) const {
    more.emplace_back("csrf", session.csrf);
    if (!password.empty()) more.emplace_back("step_up_password", password);
    return more;
  }
  http::Response do_to(const domain::Agent& agent, std::string_view act, Fields more = {},
                       std::string_view password = {}) {
    return post(path_of(agent, act), session.post(), fields(std::move(more), password));
  }
  Fields new_agent(std::string name, Fields more = {}) {
    more.insert(more.end(), {{"name", std::move(name)}, {"scope.read", "yes"}, {"lifetime", "86400"}});
    return more;
  }
  static std::string turn_on(const std::string& page) {
    const auto at = page.find("name=\"turn\" value=\"");
    return at == std::string::npos ? "" : page.substr(at + 19, page.find('"', at + 19) - at - 19);
  }
  static std::string token_on(const std::string& page) {
    const auto at = page.find("<code id=\"token\">");
    return at == std::string::npos ? "" : page.substr(at + 17, page.find('<', at + 17) - at - 17);
  }
  http::Response rotate(const domain::Agent& agent, std::string overlap, std::string_view password = {}) {
    const std::string turn = turn_on(text_of(get(path_of(agent, "rotate"), session.get())));
    return do_to(agent, "rotate", {{"overlap", std::move(overlap)}, {"turn", turn}}, password);
  }
  bool works(std::string_view token) const {
    try {
      grants.authenticate(token);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  const domain::Person boss = with_password("boss", domain::Role::kAdmin);
  const domain::Person ada = with_password("ada", domain::Role::kMember);
  const Session session = sign_in_as(ada.id);
  const Session admin = sign_in_as(boss.id);
};

TEST_F(AgentPages, EmptyListTeachesTheNextStep) {
  const std::string page = text_of(get("/agents", session.get()));
  EXPECT_THAT(page, HasSubstr("No agent is connected."));
  EXPECT_THAT(page, HasSubstr("href=\"/agents/new\""));
}

TEST_F(AgentPages, MembersSeeTheirOwnAlone) {
  issue(ada.id, "mine");
  const auto other = issue(boss.id, "one the boss has");
  const auto common = issue({}, "common one");
  const std::string page = text_of(get("/agents", session.get()));
  EXPECT_THAT(page, HasSubstr("mine"));
  EXPECT_THAT(page, testing::AllOf(Not(HasSubstr("boss")), Not(HasSubstr("common one"))));
  EXPECT_THAT(page, Not(HasSubstr("name=\"owner\"")));
  const std::string nothing = text_of(get("/agents/ag_0000000000001", session.get()));
  for (const domain::Agent& hidden : {other.agent, common.agent}) {
    EXPECT_EQ(get(path_of(hidden), session.get()).status, 404);
    EXPECT_EQ(text_of(get(path_of(hidden), session.get())), nothing);
    for (const char* act : {"rotate", "pause", "resume", "revoke"}) {
      EXPECT_EQ(do_to(hidden, act, {{"overlap", "0"}, {"turn", "0"}}).status, 404) << act;
    }
  }
  EXPECT_TRUE(works(other.token.reveal()));
}

TEST_F(AgentPages, AdminsSeeAllGroupedByOwnerAndWhoLostTheirs) {
  issue(ada.id, "of ada");
  issue({}, "common");
  issue(boss.id, "own");
  accounts.disable({kHome, boss.id, domain::Role::kAdmin, clock.now()}, ada.id);
  const std::string page = text_of(get("/agents", admin.get()));
  const auto mine = page.find("Yours</bdi>"), common = page.find("The workspace’s</bdi>"),
             theirs = page.find("ada the person (ada)</bdi></h2>");
  EXPECT_LT(mine, common);
  EXPECT_LT(common, theirs);
  EXPECT_NE(theirs, std::string::npos);
  EXPECT_THAT(page.substr(theirs), HasSubstr("<span class=\"badge bad\">Owner disabled</span>"));
}

TEST_F(AgentPages, FiltersKeepWhatFitsAndRefuseWhatIsNone) {
  issue(ada.id, "working");
  const auto paused = issue(ada.id, "resting");
  grants.pause({kHome, ada.id, domain::Role::kMember, clock.now()}, paused.agent.id);
  const std::string page = text_of(get("/agents?state=paused", session.get()));
  EXPECT_THAT(page, HasSubstr("resting"));
  EXPECT_THAT(page, Not(HasSubstr("working")));
  EXPECT_THAT(page, HasSubstr("<option value=\"paused\" selected>"));
  EXPECT_THAT(text_of(get("/agents?state=expired", session.get())), HasSubstr("No agent fits."));
  EXPECT_THAT(text_of(get("/agents?owner=workspace", admin.get())), HasSubstr("No agent fits."));
  EXPECT_THAT(text_of(get("/agents?owner=" + ada.id.text(), admin.get())), HasSubstr("working"));
  for (const char* query : {"?state=happy", "?owner=%27%20or%201=1", "?owner=pe_x"}) {
    EXPECT_EQ(get(std::string("/agents") + query, admin.get()).status, 400) << query;
  }
}

TEST_F(AgentPages, VeryLongListSaysWhatItLeavesOut) {
  store.transact([&](store::Transaction& tx) {
    for (int i = 0; i < 503; ++i) {
      domain::Agent agent;
      agent.id = ids.next<AgentId>();
      agent.workspace = kHome;
      agent.owner = ada.id;
      agent.name = "one of many";
      agent.scopes = domain::ScopeSet::usual();
      agent.created_at = clock.now();
      tx.agents().insert(agent, {kHome, clock.now(), by, "agent.created", agent.id.text(), {}, {}});
    }
  });
  EXPECT_THAT(text_of(get("/agents", session.get())), HasSubstr("And 3 more: narrow the list above."));
}

TEST_F(AgentPages, RevokedOnesAreBehindALink) {
  const auto old = issue(ada.id, "bygone");
  EXPECT_EQ(do_to(old.agent, "revoke").status, 303);
  const std::string page = text_of(get("/agents", session.get()));
  EXPECT_THAT(page, Not(HasSubstr("bygone")));
  EXPECT_THAT(page, HasSubstr("Show revoked ones (1)"));
  EXPECT_THAT(text_of(get("/agents?state=revoked", session.get())), HasSubstr("bygone"));
}

TEST_F(AgentPages, TokenIsShownOnceAndNowhereElse) {
  const http::Response made = post("/agents/new", session.post(), fields(new_agent("Laptop")));
  EXPECT_EQ(made.status, 200);
  const std::string page = text_of(made);
  const std::string token = token_on(page);
  ASSERT_TRUE(works(token)) << token;
  EXPECT_THAT(page, HasSubstr("--header &quot;Authorization: Bearer " + token + "&quot;"));
  EXPECT_THAT(page, Not(HasSubstr("YOUR_TOKEN")));
  EXPECT_THAT(page, Not(HasSubstr("⟦secret⟧")));
  for (auto at = page.find("href=\""); at != std::string::npos; at = page.find("href=\"", at + 1)) {
    EXPECT_EQ(page.substr(at, page.find('"', at + 6) - at).find(token), std::string::npos);
  }
  const domain::Agent agent = grants.authenticate(token);
  EXPECT_EQ(agent.owner, ada.id);
  EXPECT_EQ(agent.scopes, domain::ScopeSet{domain::Scope::kRead});
  EXPECT_EQ(agent.expires_at, clock.now() + hours(24));
  const std::string later = text_of(get(path_of(agent), session.get()));
  EXPECT_THAT(later, HasSubstr(token_prefix(agent.id)));
  EXPECT_EQ(later.find(token.substr(token.size() - 43)), std::string::npos);
  EXPECT_THAT(later, HasSubstr("Bearer YOUR_TOKEN"));
  EXPECT_TRUE(token.starts_with(token_prefix(agent.id).substr(0, token_prefix(agent.id).size() - 3)));
}

TEST_F(AgentPages, NameOfAnAgentCannotCallForTheToken) {
  const std::string page =
      text_of(post("/agents/new", session.post(), fields(new_agent("<i>⟦secret⟧{{TOKEN}}\u202e"))));
  const std::string token = token_on(page);
  ASSERT_FALSE(token.empty());
  EXPECT_THAT(page, HasSubstr("<bdi class=\"foreign\">&lt;i&gt;⟦U+27E6⟧secret⟦U+27E7⟧{{TOKEN}}⟦U+202E⟧</bdi>"));
}

TEST_F(AgentPages, FormOffersTheUsualScopesAndAMonth) {
  const std::string page = text_of(get("/agents/new", session.get()));
  for (const char* usual : {"read", "connect", "use"}) {
    const auto at = page.find("id=\"f-scope-" + std::string(usual) + "\"");
    ASSERT_NE(at, std::string::npos);
    EXPECT_THAT(page.substr(at, page.find('>', at) - at), HasSubstr(" checked")) << usual;
  }
  const auto change = page.find("id=\"f-scope-change\"");
  EXPECT_THAT(page.substr(change, page.find('>', change) - change), Not(HasSubstr(" checked")));
  EXPECT_THAT(page, HasSubstr("selected>30 days</option>"));
}

TEST_F(AgentPages, FormThatIsSentTwiceMakesOneAgent) {
  const Fields form = fields(new_agent("Laptop", {{"newest", ""}}));
  EXPECT_EQ(post("/agents/new", session.post(), form).status, 200);
  const http::Response again = post("/agents/new", session.post(), form);
  EXPECT_EQ(again.status, 409);
  EXPECT_THAT(text_of(again), HasSubstr("This form was sent already"));
  EXPECT_EQ(grants.list(kHome).size(), 1U);
  const std::string newest = "name=\"newest\" value=\"" + grants.list(kHome).front().id.text() + "\"";
  EXPECT_THAT(text_of(again), HasSubstr(newest)) << "sent from here, it makes a second one";
}

TEST_F(AgentPages, WhatIsWrongInTheFormIsMendedThere) {
  const auto refused = [&](Fields typed, std::string_view field) {
    const http::Response page = post("/agents/new", session.post(), fields(std::move(typed)));
    EXPECT_EQ(page.status, 422) << field;
    EXPECT_THAT(text_of(page), HasSubstr("href=\"#f-" + std::string(field) + "\""));
    EXPECT_THAT(text_of(page), HasSubstr("id=\"f-" + std::string(field) + "\""));
  };
  refused({{"name", " "}, {"scope.read", "yes"}, {"lifetime", "86400"}}, "name");
  refused({{"name", "x"}, {"lifetime", "86400"}}, "scope");
  refused({{"name", "x"}, {"scope.read", "yes"}, {"lifetime", "86401"}}, "lifetime");
  refused({{"name", "x"}, {"scope.read", "yes"}, {"lifetime", "86400"}, {"rate", "-5"}}, "rate");
  refused({{"name", "x"}, {"scope.read", "yes"}, {"lifetime", "86400"}, {"rate", "many"}}, "rate");
  EXPECT_TRUE(grants.list(kHome).empty());
}

TEST_F(AgentPages, OwnRateIsKeptAndShown) {
  const std::string token =
      token_on(text_of(post("/agents/new", session.post(), fields(new_agent("Slow", {{"rate", " 12 "}})))));
  const domain::Agent agent = grants.authenticate(token);
  EXPECT_EQ(agent.writes_per_minute, 12);
  EXPECT_THAT(text_of(get(path_of(agent), session.get())), HasSubstr("12 writes a minute"));
}

TEST_F(AgentPages, WorkspacesAgentsAreMadeByAdmins) {
  const Fields wanted = new_agent("Common", {{"owner", "workspace"}});
  EXPECT_EQ(post("/agents/new", session.post(), fields(wanted)).status, 403);
  EXPECT_THAT(text_of(get("/agents/new", session.get())), Not(HasSubstr("name=\"owner\"")));
  EXPECT_TRUE(grants.list(kHome).empty());
  Fields by_admin = wanted;
  by_admin.emplace_back("csrf", admin.csrf);
  EXPECT_EQ(post("/agents/new", admin.post(), by_admin).status, 200);
  EXPECT_FALSE(grants.list(kHome).front().owner.valid());
}

TEST_F(AgentPages, WhatGivesAsksForThePasswordWhenTheProofIsOld) {
  const auto given = issue(ada.id, "helper");
  grants.pause({kHome, ada.id, domain::Role::kMember, clock.now()}, given.agent.id);
  let_the_proof_grow_old();
  for (const std::string& path :
       {std::string("/agents/new"), path_of(given.agent, "rotate"), path_of(given.agent, "resume")}) {
    EXPECT_THAT(text_of(get(path, session.get())), HasSubstr("name=\"step_up_password\"")) << path;
  }
  EXPECT_EQ(post("/agents/new", session.post(), fields(new_agent("New"))).status, 422);
  EXPECT_EQ(do_to(given.agent, "resume").status, 422);
  EXPECT_EQ(rotate(given.agent, "0").status, 422);
  EXPECT_EQ(grants.list(kHome).size(), 1U);
  EXPECT_EQ(rotate(given.agent, "0", "not-the-right-one").status, 422);
  EXPECT_EQ(rotate(given.agent, "0", kPassword).status, 200);
  EXPECT_EQ(do_to(given.agent, "resume").status, 303) << "the proof is fresh again";
}

TEST_F(AgentPages, WhatTakesAwayAsksForNothing) {
  const auto given = issue(ada.id, "helper");
  let_the_proof_grow_old();
  EXPECT_EQ(do_to(given.agent, "pause").status, 303);
  EXPECT_FALSE(works(given.token.reveal()));
  EXPECT_THAT(text_of(get(path_of(given.agent), session.get())), HasSubstr("<span class=\"badge off\">Paused</span>"));
  EXPECT_THAT(text_of(get(path_of(given.agent, "revoke"), session.get())), Not(HasSubstr("step_up_password")));
  EXPECT_EQ(do_to(given.agent, "revoke").status, 303);
  EXPECT_EQ(do_to(given.agent, "revoke").status, 303) << "pressed twice";
  EXPECT_EQ(do_to(given.agent, "resume").status, 404);
}

TEST_F(AgentPages, OldTokenWorksForAsLongAsWasChosen) {
  const auto first = issue(ada.id, "helper");
  const std::string page = text_of(rotate(first.agent, "3600"));
  const std::string second = token_on(page);
  EXPECT_THAT(page, HasSubstr("The old token still works"));
  EXPECT_TRUE(works(second));
  EXPECT_TRUE(works(first.token.reveal()));
  clock.advance(minutes(61));
  EXPECT_FALSE(works(first.token.reveal()));
  const std::string third = token_on(text_of(rotate(first.agent, "0", kPassword)));
  EXPECT_FALSE(works(second));
  EXPECT_TRUE(works(third));
  EXPECT_EQ(rotate(first.agent, "999").status, 422);
}

TEST_F(AgentPages, ReloadedPageOfANewTokenDoesNotMakeAnother) {
  const auto first = issue(ada.id, "helper");
  const std::string turn = turn_on(text_of(get(path_of(first.agent, "rotate"), session.get())));
  const Fields form{{"overlap", "3600"}, {"turn", turn}};
  const std::string second = token_on(text_of(do_to(first.agent, "rotate", form)));
  const http::Response again = do_to(first.agent, "rotate", form);
  EXPECT_EQ(again.status, 409);
  EXPECT_THAT(text_of(again), Not(HasSubstr("cs_agent_")));
  EXPECT_TRUE(works(second));
  EXPECT_TRUE(works(first.token.reveal())) << "its overlap is not cut short";
}

TEST_F(AgentPages, RevokingSaysWhatItCancelsAndDoesIt) {
  mint(ada.id, "demo");
  const domain::Agent agent = grants.list(kHome).front();
  const std::string page = text_of(get(path_of(agent, "revoke"), session.get()));
  EXPECT_THAT(page, HasSubstr("One request of it waits for you now."));
  EXPECT_THAT(page, HasSubstr("type=\"submit\"><span>Revoke <bdi>test &lt;agent&gt;</bdi></span></button>"));
  EXPECT_EQ(do_to(agent, "revoke").status, 303);
  EXPECT_TRUE(handoffs.waiting_for({kHome, ada.id, domain::Role::kMember, clock.now()}).empty());
  EXPECT_THAT(text_of(get(path_of(agent), session.get())), Not(HasSubstr("/revoke\"")));
}

TEST_F(AgentPages, StateIsTheOneThatHoldsItBackMost) {
  const Instant now = clock.now();
  domain::Agent agent;
  EXPECT_EQ(state_of(agent, now), AgentState::kActive);
  agent.expires_at = now + hours(24 * 8);
  EXPECT_EQ(state_of(agent, now), AgentState::kActive);
  agent.expires_at = now + hours(24 * 7);
  EXPECT_EQ(state_of(agent, now), AgentState::kExpiresSoon);
  agent.paused_at = now;
  EXPECT_EQ(state_of(agent, now), AgentState::kPaused);
  agent.orphaned_at = now;
  EXPECT_EQ(state_of(agent, now), AgentState::kOrphaned);
  agent.expires_at = now;
  EXPECT_EQ(state_of(agent, now), AgentState::kExpired);
  agent.revoked_at = now;
  EXPECT_EQ(state_of(agent, now), AgentState::kRevoked);
}

TEST_F(AgentPages, AdminStopsSomebodyElsesAgentAndCannotTakeItsPlace) {
  const auto given = issue(ada.id, "helper");
  const std::string page = text_of(get(path_of(given.agent), admin.get()));
  EXPECT_THAT(page, testing::AllOf(HasSubstr("/pause\""), HasSubstr("/revoke\"")));
  EXPECT_THAT(page, testing::AllOf(Not(HasSubstr("/rotate\"")), Not(HasSubstr("YOUR_TOKEN"))));
  EXPECT_EQ(get(path_of(given.agent, "rotate"), admin.get()).status, 403);
  const Fields form{{"csrf", admin.csrf}, {"overlap", "3600"}, {"turn", "0"}};
  const http::Response refused = post(path_of(given.agent, "rotate"), admin.post(), form);
  EXPECT_THAT(text_of(refused), Not(HasSubstr("cs_agent_")));
  EXPECT_EQ(refused.status, 403);
  EXPECT_TRUE(works(given.token.reveal()));
}

TEST_F(AgentPages, ExpiredOneIsConnectedAnewNotRotated) {
  const auto brief = issue(ada.id, "brief", seconds(60));
  clock.advance(minutes(2));
  const std::string page = text_of(get(path_of(brief.agent), session.get()));
  EXPECT_THAT(page, HasSubstr("<span class=\"badge bad\">Expired</span>"));
  EXPECT_THAT(page, Not(HasSubstr("/rotate\"")));
  const http::Response refused = rotate(brief.agent, "0");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(text_of(refused), HasSubstr("This grant has expired."));
}

}  // namespace
}  // namespace countersign::web
