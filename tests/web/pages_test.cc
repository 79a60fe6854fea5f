// Pages through their routes: who sees what, which headers go along, and how errors look.
#include "base/error.h"
#include "web/cookies.h"
#include "web/fixture.h"

namespace countersign::web {
namespace {

constexpr std::string_view kKey = "demo-key-0123456789abcdef";

class Pages : public WebTest {
 protected:
  std::string path_of_link(std::string_view integration = "demo") { return "/h/" + mint(ada.id, integration); }
  http::Response error(int status, Error cause, std::string path = "/x", Headers headers = {}) {
    http::Request request;
    request.path = std::move(path);
    request.headers = std::move(headers);
    request.id = "0123456789abcdef";
    return page_error(services, request, cause, status);
  }
  // A visitor's cookie and form token, from the page that hands them out.
  std::pair<Headers, std::string> visitor() {
    const std::string fresh = sign_in.new_visitor();
    return {{{"cookie", visitor_cookie_name(settings) + "=" + fresh}, {"origin", std::string(kOrigin)}},
            sign_in.visitor_csrf(fresh)};
  }

  const domain::Person ada = add_person("ada");
  const Session session = sign_in_as(ada.id);
};

TEST_F(Pages, EveryAnswerCarriesTheHeaders) {
  const std::string link = path_of_link();
  for (const auto& response :
       {get("/login"), get("/"), get("/", session.get()), get(link, session.get()), get("/nowhere"),
        get("/h/x", session.get()), post(link + "/decline", session.post(), {{"csrf", session.csrf}}),
        error(500, Error(ErrorCode::kInternal, "x", "x"))}) {
    EXPECT_THAT(
        header_of(response, "Content-Security-Policy"),
        testing::AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self'"), HasSubstr("connect-src 'self'"),
                       HasSubstr("frame-ancestors 'none'"), HasSubstr("form-action 'self'"), Not(HasSubstr("unsafe"))));
    EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
    EXPECT_EQ(header_of(response, "Referrer-Policy"), "same-origin");
    EXPECT_EQ(header_of(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header_of(response, "Cross-Origin-Opener-Policy"), "same-origin");
    EXPECT_EQ(header_of(response, "Cross-Origin-Resource-Policy"), "same-origin");
    EXPECT_EQ(header_of(response, "Strict-Transport-Security"), "") << "plain http";
  }
  settings.public_url = "https://broker.example";
  EXPECT_NE(header_of(get("/login"), "Strict-Transport-Security"), "");
}

TEST_F(Pages, WhoIsNotSignedInIsLedThereAndBack) {
  const std::string link = path_of_link();
  EXPECT_EQ(header_of(get("/"), "Location"), "/login");
  EXPECT_EQ(header_of(get("/connections/co_1"), "Location"), "/login?next=connections.co_1");
  const http::Response away = get(link);
  EXPECT_EQ(away.status, 303);
  EXPECT_EQ(header_of(away, "Location"), "/login?next=" + link.substr(3));
  EXPECT_EQ(header_of(get(header_of(away, "Location"), session.get()), "Location"), link);
  const http::Response lost = post(link + "/submit", {{"origin", std::string(kOrigin)}}, {{"secret.key", "x"}});
  EXPECT_EQ(header_of(lost, "Location"), "/login?next=" + link.substr(3) + "&lost=1");
  EXPECT_THAT(text_of(get(header_of(lost, "Location"))), HasSubstr("was not saved"));
}

TEST_F(Pages, NextIsAWordOrAGenuineLinkNeverAUrl) {
  for (const char* next :
       {"https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "connections%2F..", "javascript%3A1", "x"}) {
    EXPECT_EQ(get(std::string("/login?next=") + next, session.get()).status, 404) << next;
    EXPECT_EQ(get(std::string("/signed-in?next=") + next, session.get()).status, 404) << next;
  }
  EXPECT_EQ(header_of(get("/login?next=connections", session.get()), "Location"), "/connections");
}

TEST_F(Pages, OneUseLinkIsConsumedByPostAlone) {
  const std::string path = "/sign-in/" + std::string(people.make_link(by, kHome, ada.id, seconds(60)).reveal());
  const auto [headers, csrf] = visitor();
  EXPECT_EQ(get(path).status, 200);
  EXPECT_EQ(ask(http::Method::kHead, path).status, 200);
  const http::Response in = post(path, headers, {{"csrf", csrf}});
  EXPECT_EQ(in.status, 303);
  EXPECT_EQ(header_of(in, "Location"), "/signed-in");
  const auto cookies = headers_of(in, "Set-Cookie");
  ASSERT_EQ(cookies.size(), 2U) << "the session, and the end of where it was going";
  const std::string& cookie = cookies.front();
  EXPECT_TRUE(cookie.starts_with("__Host-cs_session_7117=cs_session_")) << cookie;
  EXPECT_TRUE(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax")) << cookie;
  EXPECT_EQ(post(path, headers, {{"csrf", csrf}}).status, 410);
  EXPECT_EQ(get(path).status, 404);
}

TEST_F(Pages, PersonOfAServerChoosesAPasswordFirst) {
  settings.dev = false;
  const std::string path = "/sign-in/" + std::string(people.make_link(by, kHome, ada.id, seconds(60)).reveal());
  const auto [headers, csrf] = visitor();
  EXPECT_EQ(header_of(post(path, headers, {{"csrf", csrf}}), "Location"), "/signed-in");
  EXPECT_EQ(header_of(get("/", session.get()), "Location"), "/welcome");
  const std::string link = path_of_link();
  EXPECT_EQ(header_of(get(link, session.get()), "Location"), "/welcome?next=" + link.substr(3));
  EXPECT_THAT(text_of(get("/welcome?next=" + link.substr(3), session.get())), HasSubstr(link.substr(3)));
  EXPECT_THAT(text_of(get("/welcome", session.get())), Not(HasSubstr("Not now")));
  settings.dev = true;
  EXPECT_THAT(text_of(get("/welcome", session.get())), HasSubstr("Not now"));
}

TEST_F(Pages, SignInReplacesTheSessionThisBrowserHad) {
  const std::string path = "/sign-in/" + std::string(people.make_link(by, kHome, ada.id, seconds(60)).reveal());
  auto [headers, csrf] = visitor();
  headers.front().value += "; " + session.cookie;
  EXPECT_EQ(post(path, headers, {{"csrf", csrf}}).status, 303);
  EXPECT_EQ(get("/", session.get()).status, 303) << "the old one is over";
}

TEST_F(Pages, DroppedCookieIsExplained) {
  const http::Response page = get("/signed-in");
  EXPECT_EQ(page.status, 403);
  EXPECT_THAT(text_of(page), HasSubstr("did not keep our cookie"));
  EXPECT_THAT(text_of(page), HasSubstr(std::string(kOrigin)));
  EXPECT_THAT(text_of(post("/login", {{"origin", std::string(kOrigin)}}, {})), HasSubstr("did not keep our cookie"));
  EXPECT_EQ(header_of(get("/signed-in", session.get()), "Location"), "/");
}

TEST_F(Pages, WrongPasswordKeepsTheNameAndNotThePassword) {
  people.set_password(by, kHome, ada.id, Secret::copy_of("violet-harbour-tuba"));
  const auto [headers, csrf] = visitor();
  const http::Response wrong =
      post("/login", headers, {{"csrf", csrf}, {"login", "ada"}, {"password", "not-the-right-one"}});
  EXPECT_EQ(wrong.status, 403);
  EXPECT_THAT(text_of(wrong), HasSubstr("<title>Error: Sign in"));
  EXPECT_THAT(text_of(wrong), HasSubstr("There is a problem"));
  EXPECT_THAT(text_of(wrong), HasSubstr("value=\"ada\""));
  EXPECT_THAT(text_of(wrong), Not(HasSubstr("not-the-right-one")));
  EXPECT_THAT(text_of(wrong), HasSubstr(csrf)) << "the form works again";
  const http::Response right =
      post("/login", headers, {{"csrf", csrf}, {"login", "ada"}, {"password", "violet-harbour-tuba"}});
  EXPECT_EQ(right.status, 303);
}

TEST_F(Pages, WeakPasswordIsMendedInTheForm) {
  const http::Response weak = post("/welcome", session.post(), {{"csrf", session.csrf}, {"password", "short-one"}});
  EXPECT_EQ(weak.status, 422);
  EXPECT_THAT(text_of(weak), HasSubstr("There is a problem"));
  EXPECT_THAT(text_of(weak), Not(HasSubstr("short-one")));
  const http::Response good =
      post("/welcome", session.post(), {{"csrf", session.csrf}, {"password", "violet-harbour-tuba"}});
  EXPECT_EQ(good.status, 303);
  EXPECT_FALSE(people.get(kHome, ada.id).password_hash.empty());
}

TEST_F(Pages, SigningOutEndsTheSessionAndClearsTheBrowser) {
  const http::Response out = post("/logout", session.post(), {{"csrf", session.csrf}});
  EXPECT_EQ(header_of(out, "Location"), "/signed-out");
  EXPECT_THAT(header_of(out, "Set-Cookie"), HasSubstr("Max-Age=0"));
  EXPECT_THAT(header_of(out, "Clear-Site-Data"), HasSubstr("\"cache\""));
  EXPECT_EQ(get("/", session.get()).status, 303);
}

TEST_F(Pages, SecretIsSavedShownByItsTraceAndTheLinkIsUsedUp) {
  const std::string link = path_of_link();
  const http::Response form = get(link, session.get());
  EXPECT_THAT(text_of(form), HasSubstr("test &lt;agent&gt;"));
  const http::Response saved =
      post(link + "/submit", session.post(), {{"csrf", session.csrf}, {"secret.key", " " + std::string(kKey)}});
  ASSERT_EQ(header_of(saved, "Location"), link + "?saved=key");
  const std::string now = text_of(get(link + "?saved=key", session.get()));
  EXPECT_THAT(now, HasSubstr("Saved: “Demo service”"));
  EXPECT_THAT(now, HasSubstr("around the API key were removed"));
  EXPECT_THAT(now, HasSubstr("ends in <code>cdef</code>"));
  EXPECT_THAT(now, Not(HasSubstr(std::string(kKey))));
  EXPECT_THAT(text_of(get(link, session.get())), HasSubstr("This was done already"));
}

TEST_F(Pages, EmptySecretIsAProblemOfTheForm) {
  const std::string link = path_of_link("generic-http");
  const http::Response page =
      post(link + "/submit", session.post(),
           {{"csrf", session.csrf}, {"plain.base_url", "https://api.example.com"}, {"secret.token", ""}});
  EXPECT_EQ(page.status, 422);
  EXPECT_THAT(text_of(page), HasSubstr("<title>Error: "));
  EXPECT_THAT(text_of(page), HasSubstr("href=\"#f-token\""));
  EXPECT_THAT(text_of(page), HasSubstr("value=\"https://api.example.com\""));
}

TEST_F(Pages, SomebodyElseSeesNothingAndMayChangeTheAccount) {
  const std::string link = path_of_link();
  const Session bob = sign_in_as(add_person("bob", domain::Role::kAdmin).id);
  for (const auto& page :
       {get(link, bob.get()), post(link + "/submit", bob.post(), {{"csrf", bob.csrf}, {"secret.key", "x"}})}) {
    EXPECT_EQ(page.status, 403);
    EXPECT_THAT(text_of(page), HasSubstr("made for someone else"));
    EXPECT_THAT(text_of(page), HasSubstr("bob the person"));
    EXPECT_THAT(text_of(page), Not(HasSubstr("Demo")));
    EXPECT_THAT(text_of(page), Not(HasSubstr("test &lt;agent")));
  }
  const http::Response out = post("/logout", bob.post(), {{"csrf", bob.csrf}, {"next", link.substr(3)}});
  EXPECT_EQ(header_of(out, "Location"), "/login?next=" + link.substr(3));
}

TEST_F(Pages, OrgsRequestIsTakenOnByOneAdmin) {
  const Session boss = sign_in_as(add_person("boss", domain::Role::kAdmin).id);
  const Session chief = sign_in_as(add_person("chief", domain::Role::kAdmin).id);
  const std::string link = "/h/" + mint({}, "demo");
  EXPECT_THAT(text_of(get(link, session.get())), HasSubstr("sent to your admins"));
  EXPECT_THAT(text_of(get(link, boss.get())), HasSubstr("Continue with Demo service"));
  EXPECT_EQ(post(link + "/continue", boss.post(), {{"csrf", boss.csrf}}).status, 303);
  EXPECT_THAT(text_of(get(link, boss.get())), HasSubstr("name=\"secret.key\""));
  EXPECT_THAT(text_of(get(link, chief.get())), HasSubstr("Another admin has taken this"));
}

TEST_F(Pages, TooLateIsAConflictWithItsOwnPage) {
  const std::string expired = path_of_link();
  clock.advance(seconds(600));
  EXPECT_THAT(text_of(get(expired, session.get())), HasSubstr("This request has expired"));
  const http::Response late = post(expired + "/submit", session.post(), {{"csrf", session.csrf}, {"secret.key", "x"}});
  EXPECT_EQ(late.status, 409);
  EXPECT_THAT(text_of(late), HasSubstr("This request has expired"));

  const std::string declined = path_of_link();
  EXPECT_EQ(post(declined + "/decline", session.post(), {{"csrf", session.csrf}}).status, 303);
  EXPECT_THAT(text_of(get(declined, session.get())), HasSubstr("You declined"));
}

TEST_F(Pages, HomeListsWhatWaits) {
  EXPECT_THAT(text_of(get("/", session.get())), HasSubstr("Nothing waits"));
  const std::string link = path_of_link("github");
  const std::string home = text_of(get("/", session.get()));
  EXPECT_THAT(home, HasSubstr("href=\"" + link + "\""));
  EXPECT_THAT(home, HasSubstr("Give your GitHub personal access token"));
  EXPECT_THAT(home, HasSubstr("test &lt;agent&gt;"));
}

TEST_F(Pages, A001_OwnerIsToldThatSomebodyElseOpenedTheLink) {
  const std::string link = path_of_link("github");
  EXPECT_THAT(text_of(get(link, session.get())), Not(HasSubstr("Somebody else")));
  EXPECT_EQ(get(link, sign_in_as(add_person("mallory").id).get()).status, 403);
  EXPECT_THAT(text_of(get(link, session.get())), HasSubstr("Somebody else, signed in under another account"));
  EXPECT_THAT(text_of(get("/", session.get())), HasSubstr("Somebody else opened this link"));
}

TEST_F(Pages, ConnectionIsShownAndRemovedByItsName) {
  const std::string link = path_of_link();
  post(link + "/submit", session.post(), {{"csrf", session.csrf}, {"secret.key", std::string(kKey)}});
  const auto all = connections.list(handoff::Opener{kHome, ada.id, domain::Role::kMember, {}}, {});
  ASSERT_EQ(all.size(), 1U);
  const std::string path = "/connections/" + all.front().id.text();
  EXPECT_THAT(text_of(get("/connections", session.get())), HasSubstr(path));
  EXPECT_THAT(text_of(get(path, session.get())), HasSubstr("Remove “Demo service”</button>"));
  EXPECT_EQ(get(path, sign_in_as(add_person("bob").id).get()).status, 404);
  EXPECT_EQ(get("/connections/co_nonsense", session.get()).status, 404);
  const http::Response gone = post(path + "/remove", session.post(), {{"csrf", session.csrf}});
  EXPECT_EQ(header_of(gone, "Location"), "/connections?removed=1");
  EXPECT_THAT(text_of(get("/connections?removed=1", session.get())), HasSubstr("There is none yet"));
  EXPECT_EQ(post(path + "/remove", session.post(), {{"csrf", session.csrf}}).status, 409);
}

TEST_F(Pages, EveryErrorSaysWhatHappenedAndNamesTheRequest) {
  for (const int status : {400, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 431, 500, 501, 503}) {
    const http::Response page =
        error(status, Error(ErrorCode::kInternal, "some_reason", "What the error says.", "a detail"));
    EXPECT_EQ(page.status, status);
    const std::string text = text_of(page);
    EXPECT_THAT(text, HasSubstr("<h1>"));
    EXPECT_THAT(text, HasSubstr("0123456789abcdef"));
    EXPECT_THAT(text, Not(HasSubstr("a detail")));
    const bool tells_our_defect = status == 500 && text.find("What the error says") != std::string::npos;
    EXPECT_FALSE(tells_our_defect);
  }
  EXPECT_THAT(text_of(error(429, Error(ErrorCode::kRateLimited, "x", "Slow down.").retry_after(seconds(7)))),
              HasSubstr("7 seconds"));
}

TEST_F(Pages, AnErrorLeavesWhoIsSignedInTheirWayAround) {
  const Error missing(ErrorCode::kNotFound, "not_found", "There is nothing at this address.");
  EXPECT_THAT(text_of(error(404, missing, "/x", session.get())),
              testing::AllOf(HasSubstr("href=\"/connections\""), HasSubstr("Sign out"), HasSubstr(session.csrf)));
  EXPECT_THAT(text_of(error(502, missing, "/x", session.get())), HasSubstr("Sign out"));
  EXPECT_THAT(text_of(error(404, missing)), testing::AllOf(Not(HasSubstr("<nav")), HasSubstr("Go to the home page")));
  EXPECT_THAT(text_of(error(503, missing, "/x", session.get())), Not(HasSubstr("<nav")))
      << "a store in trouble is not asked";
}

TEST_F(Pages, WhatIsNotYoursLooksLikeWhatDoesNotExist) {
  const std::string unknown = text_of(error(404, Error(ErrorCode::kNotFound, "unknown_handoff", "No such handoff.")));
  const std::string other = text_of(error(404, Error(ErrorCode::kNotFound, "unknown_connection", "Other words.")));
  EXPECT_EQ(unknown, other);
}

TEST_F(Pages, LostRaceIsToldLikeTheStateItLostTo) {
  const http::Response page = error(409, Error(ErrorCode::kConflict, "handoff_cancelled", "x"), "/h/y/submit");
  EXPECT_EQ(page.status, 409);
  EXPECT_THAT(text_of(page), HasSubstr("The agent cancelled this request"));
}

}  // namespace
}  // namespace countersign::web
