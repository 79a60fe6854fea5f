#include <thread>

#include "fixture.h"

namespace countersign::identity {
namespace {

class PresenceTest : public IdentityTest {
 protected:
  std::string cookie_of_ada() {
    if (people.list(workspace).empty()) add_person();
    return std::string(sign_in_as("ada").cookie.reveal());
  }
  bool is_present(const std::string& cookie) { return sign_in.present(cookie).has_value(); }
  // As a browser that is used every minute, with the job running.
  void stay(const std::string& cookie, minutes how_long) {
    for (minutes passed{0}; passed < how_long; ++passed) {
      clock.advance(minutes(1));
      ASSERT_TRUE(is_present(cookie)) << passed.count();
      sign_in.write_last_seen();
    }
  }
};

TEST_F(PresenceTest, PresenceNamesSessionPersonAndFormToken) {
  const auto presence = sign_in.present(cookie_of_ada());
  ASSERT_TRUE(presence);
  EXPECT_EQ(presence->person.login, "ada");
  EXPECT_EQ(presence->session.person, presence->person.id);
  EXPECT_TRUE(sign_in.csrf_matches(presence->session, presence->csrf));
}

TEST_F(PresenceTest, IdleSessionEndsAtTheLimitAndNotBefore) {
  const std::string cookie = cookie_of_ada();
  clock.advance(hours(2) - milliseconds(1));
  EXPECT_TRUE(is_present(cookie));
  clock.advance(milliseconds(1));
  EXPECT_FALSE(is_present(cookie)) << "what was seen counts once it is written";
}

TEST_F(PresenceTest, SeenSessionLivesOnFromWhenItWasSeen) {
  const std::string cookie = cookie_of_ada();
  clock.advance(hours(1));
  EXPECT_TRUE(is_present(cookie));
  clock.advance(seconds(30));
  sign_in.write_last_seen();
  clock.advance(hours(2) - seconds(30) - milliseconds(1));
  EXPECT_TRUE(is_present(cookie));
  clock.advance(milliseconds(1));
  EXPECT_FALSE(is_present(cookie));
}

TEST_F(PresenceTest, UsedSessionEndsAtTheAbsoluteLimitAndNotBefore) {
  const std::string cookie = cookie_of_ada();
  stay(cookie, minutes(12 * 60 - 1));
  clock.advance(minutes(1) - milliseconds(1));
  EXPECT_TRUE(is_present(cookie));
  clock.advance(milliseconds(1));
  EXPECT_FALSE(is_present(cookie));
}

TEST_F(PresenceTest, LastSeenIsWrittenAtMostOnceAMinute) {
  const std::string cookie = cookie_of_ada();
  const auto commits = store.stats().commits;
  clock.advance(seconds(59));
  EXPECT_TRUE(is_present(cookie));
  sign_in.write_last_seen();
  EXPECT_EQ(store.stats().commits, commits);
  clock.advance(seconds(1));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(is_present(cookie));
  sign_in.write_last_seen();
  sign_in.write_last_seen();
  EXPECT_EQ(store.stats().commits, commits + 1);
}

TEST_F(PresenceTest, A098_SignedOutSessionIsOverInEveryTabAndOthersLive) {
  const std::string cookie = cookie_of_ada();
  const std::string elsewhere = cookie_of_ada();
  const auto presence = sign_in.present(cookie);
  std::vector<std::thread> tabs;
  for (int i = 0; i < 8; ++i) tabs.emplace_back([&] { sign_in.sign_out(*presence); });
  for (std::thread& tab : tabs) tab.join();
  EXPECT_FALSE(is_present(cookie));
  EXPECT_TRUE(is_present(elsewhere));
  EXPECT_EQ(audit("session.ended").size(), 1U);
}

TEST_F(PresenceTest, A098_DisabledPersonIsOutAtOnce) {
  const std::string cookie = cookie_of_ada();
  const auto person = people.list(workspace)[0];
  // The account alone, so that it is that and nothing else: disable() also ends the sessions.
  const auto set_disabled = [&](bool disabled) {
    store.transact([&](store::Transaction& tx) {
      tx.people().set_disabled(workspace, person.id, disabled,
                               {workspace, clock.now(), admin, "person.disabled", "", {}, {}});
    });
  };
  EXPECT_TRUE(is_present(cookie));
  set_disabled(true);
  EXPECT_FALSE(is_present(cookie));
  set_disabled(false);
  EXPECT_TRUE(is_present(cookie));
}

TEST_F(PresenceTest, A098_CookieFromBeforeSignInIsNoSessionAfterIt) {
  add_person();
  const std::string visitor = sign_in.new_visitor();
  const std::string mine = text(sign_in_as("ada").cookie);
  const std::string again = text(sign_in_as("ada").cookie);
  EXPECT_NE(mine, again) << "every sign-in makes a token of its own: none can be planted before it";
  EXPECT_FALSE(is_present(visitor));
  EXPECT_TRUE(is_present(mine));
}

TEST_F(PresenceTest, A098_DemotedPersonActsWithTheNewRoleAtOnce) {
  const std::string cookie = cookie_of_ada();
  const auto boss = add_person("boss");
  EXPECT_EQ(sign_in.present(cookie)->acting().role, domain::Role::kAdmin);
  accounts.change_role(acting(boss), sign_in.present(cookie)->person.id, domain::Role::kMember);
  EXPECT_EQ(sign_in.present(cookie)->acting().role, domain::Role::kMember);
}

TEST_F(PresenceTest, CookieThatProvesNothingIsNobody) {
  const std::string good = cookie_of_ada();
  const std::string other = cookie_of_ada();
  EXPECT_FALSE(is_present(""));
  EXPECT_FALSE(is_present("cs_session_"));
  EXPECT_FALSE(is_present(good + "="));
  const std::size_t secret_at = good.size() - 43;
  EXPECT_FALSE(is_present(other.substr(0, secret_at) + good.substr(secret_at)));
  std::string flipped = good;
  flipped[secret_at - 3] = flipped[secret_at - 3] == '0' ? '1' : '0';
  EXPECT_FALSE(is_present(flipped));
  EXPECT_TRUE(is_present(good));
}

TEST_F(PresenceTest, A058_FormTokenOfAnotherSessionIsRefused) {
  const auto mine = sign_in.present(cookie_of_ada());
  const auto theirs = sign_in.present(cookie_of_ada());
  EXPECT_FALSE(sign_in.csrf_matches(mine->session, theirs->csrf));
  EXPECT_FALSE(sign_in.csrf_matches(mine->session, ""));
  EXPECT_FALSE(sign_in.csrf_matches(mine->session, mine->csrf + "A"));
  EXPECT_FALSE(sign_in.csrf_matches(mine->session, mine->csrf.substr(1)));
}

TEST_F(PresenceTest, A005_VisitorTokenBelongsToItsVisitorAlone) {
  const std::string visitor = sign_in.new_visitor();
  const std::string another = sign_in.new_visitor();
  EXPECT_NE(visitor, another);
  EXPECT_TRUE(sign_in.visitor_csrf_matches(visitor, sign_in.visitor_csrf(visitor)));
  EXPECT_FALSE(sign_in.visitor_csrf_matches(another, sign_in.visitor_csrf(visitor)));
  EXPECT_FALSE(sign_in.visitor_csrf_matches(visitor, ""));
  // Without a cookie, or with one we never made, there is nothing to match: not even its own token.
  for (const std::string& none : {std::string(), std::string("x"), std::string("visitor")}) {
    EXPECT_FALSE(sign_in.visitor_csrf_matches(none, sign_in.visitor_csrf(none))) << none;
  }
}

TEST_F(PresenceTest, VisitorTokenIsNoSessionToken) {
  const auto presence = sign_in.present(cookie_of_ada());
  EXPECT_FALSE(sign_in.csrf_matches(presence->session, sign_in.visitor_csrf(presence->session.id.text())));
}

}  // namespace
}  // namespace countersign::identity
