// One's own account through its page, and what admins learn of the server.
#include <chrono>

#include "web/fixture.h"

namespace countersign::web::settings_pages {
namespace {

constexpr std::string_view kPassword = "violet-harbour-tuba";
constexpr std::string_view kBetter = "quiet-granite-lantern";

class SettingsPages : public WebTest {
 protected:
  domain::Person with_password(std::string login, domain::Role role = domain::Role::kMember) {
    const domain::Person person = add_person(std::move(login), role);
    people.set_password(by, kHome, person.id, Secret::copy_of(kPassword));
    return person;
  }
  http::Response send(std::string_view path, Fields fields = {}) {
    fields.emplace_back("csrf", session.csrf);
    return post(path, session.post(), fields);
  }
  bool can_sign_in(std::string_view password) {
    try {
      sign_in.with_password(kHome, "ada", Secret::copy_of(password), {"192.0.2.9", "x"});
      return true;
    } catch (const Error&) {
      return false;
    }
  }
  std::string session_of(PersonId person) {
    return sessions.list({kHome, person, domain::Role::kMember, clock.now()}, person).front().id.text();
  }

  const domain::Person ada = with_password("ada");
  const Session session = sign_in_as(ada.id);
};

TEST_F(SettingsPages, NameIsChangedAndABadOneIsMendedThere) {
  EXPECT_EQ(header_of(send("/settings/name", {{"name", " Ada <b> "}}), "Location"), "/settings?done=name");
  EXPECT_EQ(people.get(kHome, ada.id).display_name, "Ada <b>");
  EXPECT_THAT(text_of(get("/settings", session.get())), HasSubstr("value=\"Ada &lt;b&gt;\""));
  const http::Response refused = send("/settings/name", {{"name", ""}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(text_of(refused), HasSubstr("href=\"#f-name\""));
  EXPECT_EQ(people.get(kHome, ada.id).display_name, "Ada <b>");
}

TEST_F(SettingsPages, PasswordIsChangedByWhoKnowsThePresentOne) {
  const Session elsewhere = sign_in_as(ada.id);
  const http::Response wrong =
      send("/settings/password", {{"present", "not-the-right-one"}, {"password", std::string(kBetter)}});
  EXPECT_EQ(wrong.status, 422);
  EXPECT_THAT(text_of(wrong), HasSubstr("href=\"#f-present\""));
  EXPECT_THAT(text_of(wrong), Not(HasSubstr(std::string(kBetter))));
  const http::Response weak = send("/settings/password", {{"present", std::string(kPassword)}, {"password", "short"}});
  EXPECT_EQ(weak.status, 422);
  EXPECT_THAT(text_of(weak), HasSubstr("href=\"#f-password\""));
  EXPECT_TRUE(can_sign_in(kPassword));
  const http::Response right =
      send("/settings/password", {{"present", std::string(kPassword)}, {"password", std::string(kBetter)}});
  EXPECT_EQ(header_of(right, "Location"), "/settings?done=password");
  EXPECT_TRUE(can_sign_in(kBetter));
  EXPECT_FALSE(can_sign_in(kPassword));
  EXPECT_EQ(get("/settings", session.get()).status, 200);
  EXPECT_EQ(get("/settings", elsewhere.get()).status, 303);
}

TEST_F(SettingsPages, GuessingThePresentPasswordIsSlowedDown) {
  http::Response last;
  for (int i = 0; i < 30 && last.status != 429; ++i) {
    last = send("/settings/password",
                {{"present", "guess-number-" + std::to_string(i)}, {"password", std::string(kBetter)}});
  }
  EXPECT_EQ(last.status, 429);
  EXPECT_EQ(
      send("/settings/password", {{"present", std::string(kPassword)}, {"password", std::string(kBetter)}}).status,
      429);
}

TEST_F(SettingsPages, WhoHasNoPasswordIsLedToChooseOne) {
  const Session guest = sign_in_as(add_person("guest").id);
  const std::string page = text_of(get("/settings", guest.get()));
  EXPECT_THAT(page, HasSubstr("href=\"/welcome\""));
  EXPECT_THAT(page, Not(HasSubstr("name=\"present\"")));
}

TEST_F(SettingsPages, SessionsAreShownAndEndedOneByOne) {
  clock.advance(std::chrono::minutes(1));
  const Session elsewhere = sign_in_as(ada.id);
  const std::string page = text_of(get("/settings", session.get()));
  EXPECT_THAT(page, HasSubstr("<span class=\"badge ok\">This one</span>"));
  const std::string newest = session_of(ada.id);
  EXPECT_THAT(page, HasSubstr("action=\"/settings/sessions/" + newest + "/end\""));
  EXPECT_EQ(send("/settings/sessions/" + newest + "/end").status, 303);
  EXPECT_EQ(get("/", elsewhere.get()).status, 303);
  EXPECT_EQ(get("/", session.get()).status, 200);
  EXPECT_EQ(send("/settings/sessions/" + newest + "/end").status, 404);
}

TEST_F(SettingsPages, SessionsOfOthersLookLikeNone) {
  const domain::Person bob = add_person("bob");
  const Session theirs = sign_in_as(bob.id);
  const http::Response refused = send("/settings/sessions/" + session_of(bob.id) + "/end");
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(text_of(refused), text_of(send("/settings/sessions/se_0000000000001/end")));
  EXPECT_EQ(get("/", theirs.get()).status, 200);
}

TEST_F(SettingsPages, EverywhereElseMeansEverywhereButHere) {
  EXPECT_THAT(text_of(get("/settings", session.get())), Not(HasSubstr("Sign out everywhere else")));
  const Session first = sign_in_as(ada.id), second = sign_in_as(ada.id);
  EXPECT_THAT(text_of(get("/settings", session.get())), HasSubstr("Sign out everywhere else"));
  EXPECT_EQ(send("/settings/sessions/end").status, 303);
  EXPECT_EQ(get("/", first.get()).status, 303);
  EXPECT_EQ(get("/", second.get()).status, 303);
  EXPECT_EQ(get("/", session.get()).status, 200);
}

TEST_F(SettingsPages, ServerSpeaksToAdminsAlone) {
  EXPECT_THAT(text_of(get("/settings", session.get())), Not(HasSubstr("This server")));
  const Session boss = sign_in_as(with_password("boss", domain::Role::kAdmin).id);
  const std::string page = text_of(get("/settings", boss.get()));
  EXPECT_THAT(page, HasSubstr("<dt>Version</dt><dd>0.0.0-test</dd>"));
  EXPECT_THAT(page, HasSubstr("Up to #10,423"));
}

TEST_F(SettingsPages, AnotherAddressThanThePublicOneIsPointedOut) {
  const Session boss = sign_in_as(with_password("boss", domain::Role::kAdmin).id);
  const auto seen_under = [&](std::string host) {
    Headers headers = boss.get();
    headers.push_back({"host", std::move(host)});
    return text_of(get("/settings", headers));
  };
  EXPECT_THAT(seen_under("127.0.0.1:7117"), HasSubstr("You came by the address that links are made with."));
  const std::string page = seen_under("box<b>.local:7117");
  EXPECT_THAT(page, HasSubstr("<span class=\"badge warn\">Another address</span>"));
  EXPECT_THAT(page, HasSubstr("“box&lt;b&gt;.local:7117”"));
}

}  // namespace
}  // namespace countersign::web::settings_pages
