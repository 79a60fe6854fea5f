// Connections through their pages: which are found, what is told of each, and what removing one takes away.
#include <chrono>

#include "web/connection_facts.h"
#include "web/fixture.h"

namespace countersign::web {
namespace {

class ConnectionPages : public WebTest {
 protected:
  // As if it had been made: only the record.
  domain::Connection add(domain::Owner owner, std::string integration, std::string name) {
    domain::Connection connection;
    connection.id = ids.next<ConnectionId>();
    connection.workspace = kHome;
    connection.owner = owner;
    connection.integration = std::move(integration);
    connection.name = std::move(name);
    connection.auth_template = "api-key";
    connection.created_at = connection.updated_at = clock.now();
    insert(connection);
    return connection;
  }
  void insert(const domain::Connection& connection) {
    store.transact([&](store::Transaction& tx) {
      tx.connections().insert(connection, {},
                              {kHome, clock.now(), by, "connection.created", connection.id.text(), {}, {}});
    });
  }
  static std::string path_of(const domain::Connection& connection) { return "/connections/" + connection.id.text(); }
  std::string page(std::string_view path) { return text_of(get(path, session.get())); }

  const domain::Person boss = add_person("boss", domain::Role::kAdmin);
  const domain::Person ada = add_person("ada");
  const Session session = sign_in_as(ada.id);
};

TEST_F(ConnectionPages, EmptyListTeachesTheNextStep) {
  EXPECT_THAT(page("/connections"), testing::AllOf(HasSubstr("There is none yet."), HasSubstr("href=\"/integrations\""),
                                                   Not(HasSubstr("name=\"integration\""))));
}

TEST_F(ConnectionPages, FilterFindsByServiceAndOwner) {
  add(domain::Owner::user(ada.id), "stripe", "mine");
  add(domain::Owner::org(), "github", "common");
  add(domain::Owner::user(boss.id), "stripe", "not for ada");
  EXPECT_THAT(page("/connections"),
              testing::AllOf(HasSubstr("mine"), HasSubstr("common"), Not(HasSubstr("not for ada"))));
  EXPECT_THAT(page("/connections?integration=stripe"), testing::AllOf(HasSubstr(">mine<"), Not(HasSubstr(">common<"))));
  EXPECT_THAT(page("/connections?owner=workspace"), testing::AllOf(HasSubstr(">common<"), Not(HasSubstr(">mine<"))));
  EXPECT_THAT(
      page("/connections?owner=me&integration=stripe"),
      testing::AllOf(HasSubstr("<option value=\"stripe\" selected>"), HasSubstr("<option value=\"me\" selected>")));
  EXPECT_THAT(page("/connections?owner=me&integration=github"), HasSubstr("No connection fits."));
}

TEST_F(ConnectionPages, ForgedFiltersAndCursorsAreRefused) {
  for (const char* query : {"owner=everybody", "owner=org%27", "integration=%27%20or%201", "integration=A", "before=1",
                            "before=ho_0000000000001", "before=%27"}) {
    EXPECT_EQ(get(std::string("/connections?") + query, session.get()).status, 400) << query;
  }
}

TEST_F(ConnectionPages, PagesKeepTheFilter) {
  for (int i = 0; i < 52; ++i) add(domain::Owner::user(ada.id), "stripe", "number " + std::to_string(i) + ".");
  const std::string first = page("/connections?owner=me&integration=stripe");
  EXPECT_THAT(first, Not(HasSubstr("number 1.")));
  const auto at = first.find("/connections?owner=me&amp;integration=stripe&amp;before=");
  ASSERT_NE(at, std::string::npos);
  const std::string id = first.substr(first.find("before=", at) + 7, 16);
  EXPECT_THAT(page("/connections?owner=me&integration=stripe&before=" + id),
              testing::AllOf(HasSubstr("number 1."), HasSubstr("number 0."), Not(HasSubstr("number 2."))));
}

TEST_F(ConnectionPages, NamesOfOthersAreTextAlone) {
  domain::Connection connection = add(domain::Owner::user(ada.id), "stripe", "<img src=x>\u200b");
  EXPECT_THAT(page("/connections"), HasSubstr("<bdi class=\"foreign\">&lt;img src=x&gt;⟦U+200B⟧</bdi>"));
  EXPECT_THAT(page(path_of(connection)), HasSubstr("<h1><bdi class=\"foreign\">&lt;img src=x&gt;⟦U+200B⟧</bdi></h1>"));
}

TEST_F(ConnectionPages, SecretThatLivesElsewhereIsNamedByWhereItLives) {
  domain::Connection connection = add(domain::Owner::user(ada.id), "stripe", "stored");
  connection.id = ids.next<ConnectionId>();
  connection.name = "fetched";
  connection.references = {{"api_key", "env", "AGENT_<STRIPE>"}};
  insert(connection);
  EXPECT_THAT(page("/connections"),
              testing::AllOf(HasSubstr("here, encrypted"), HasSubstr("elsewhere (env), fetched for each call")));
  EXPECT_THAT(
      page(path_of(connection)),
      HasSubstr("<dt>API key</dt><dd>from <strong>env</strong>: <bdi class=\"foreign\">AGENT_&lt;STRIPE&gt;</bdi>"));
}

TEST_F(ConnectionPages, TheAgentThatAskedIsNamed) {
  const std::string link = "/h/" + mint(ada.id, "demo");
  post(link + "/submit", session.post(), {{"csrf", session.csrf}, {"secret.key", "demo-key-0123456789abcdef"}});
  const domain::Connection made = connections.list(handoff::Opener{kHome, ada.id, ada.role, clock.now()}, {}).front();
  const std::string asker = grants.list(kHome).front().id.text();
  const std::string text = page(path_of(made));
  EXPECT_THAT(text, HasSubstr("<dt>Asked for by</dt><dd><a href=\"/agents/" + asker +
                              "\"><bdi class=\"foreign\">test &lt;agent&gt;</bdi></a>"));
  EXPECT_THAT(text, HasSubstr("ends in <code>cdef</code>, fingerprint <code>"));
  const domain::Connection bare = add(domain::Owner::user(ada.id), "stripe", "from nowhere");
  EXPECT_THAT(page(path_of(bare)), Not(HasSubstr("Asked for by")));
}

TEST_F(ConnectionPages, RemovingSaysWhoLosesIt) {
  const auto issue = [&](PersonId owner, std::string name, domain::ScopeSet scopes) {
    return grants.issue(by, {.workspace = kHome, .owner = owner, .name = std::move(name), .scopes = scopes}).agent;
  };
  const domain::Connection mine = add(domain::Owner::user(ada.id), "stripe", "mine");
  EXPECT_THAT(page(path_of(mine)), HasSubstr("No agent may use it now"));
  issue(ada.id, "user of it", domain::ScopeSet::usual());
  issue(ada.id, "reader", {domain::Scope::kRead});
  const domain::Agent gone = issue(ada.id, "gone", domain::ScopeSet::usual());
  grants.revoke(by, kHome, gone.id);
  issue({}, "common agent", domain::ScopeSet::usual());
  const std::string text = page(path_of(mine));
  EXPECT_THAT(text, testing::AllOf(HasSubstr("user of it"), Not(HasSubstr("reader")), Not(HasSubstr(">gone<")),
                                   Not(HasSubstr("common agent"))));
  EXPECT_THAT(text, HasSubstr("type=\"submit\">Remove “mine”</button>"));
  const domain::Connection common = add(domain::Owner::org(), "github", "common");
  const Session admin = sign_in_as(boss.id);
  EXPECT_THAT(text_of(get(path_of(common), admin.get())),
              testing::AllOf(HasSubstr("user of it"), HasSubstr("common agent"), Not(HasSubstr(">gone<"))));
}

TEST_F(ConnectionPages, WorkspacesOwnIsRemovedByAdmins) {
  const domain::Connection common = add(domain::Owner::org(), "github", "common");
  EXPECT_THAT(page(path_of(common)),
              testing::AllOf(HasSubstr("Only an admin can remove"), Not(HasSubstr("/remove\""))));
  EXPECT_EQ(post(path_of(common) + "/remove", session.post(), {{"csrf", session.csrf}}).status, 403);
  const Session admin = sign_in_as(boss.id);
  EXPECT_EQ(post(path_of(common) + "/remove", admin.post(), {{"csrf", admin.csrf}}).status, 303);
  EXPECT_THAT(text_of(get(path_of(common), admin.get())),
              testing::AllOf(HasSubstr("<span class=\"badge off\">Removed</span>"), Not(HasSubstr("/remove\""))));
}

TEST_F(ConnectionPages, SomebodyElsesLooksLikeNone) {
  const domain::Connection theirs = add(domain::Owner::user(boss.id), "stripe", "theirs");
  EXPECT_EQ(get(path_of(theirs), session.get()).status, 404);
  EXPECT_EQ(page(path_of(theirs)), page("/connections/co_0000000000001"));
  EXPECT_EQ(post(path_of(theirs) + "/remove", session.post(), {{"csrf", session.csrf}}).status, 404);
}

TEST(ConnectionFacts, EachStateHasItsBadge) {
  EXPECT_EQ(badge_of(domain::ConnectionState::kActive).kind, "ok");
  EXPECT_EQ(badge_of(domain::ConnectionState::kRefreshing).kind, "warn");
  EXPECT_EQ(badge_of(domain::ConnectionState::kNeedsReauth).kind, "bad");
  EXPECT_EQ(badge_of(domain::ConnectionState::kRevoked).kind, "off");
}

}  // namespace
}  // namespace countersign::web
