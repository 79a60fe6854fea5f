#include "web/authenticate.h"

#include "web/cookies.h"
#include "web/fixture.h"

namespace countersign::web {
namespace {

http::Request request_with(Headers headers) {
  http::Request request;
  request.headers = std::move(headers);
  return request;
}

TEST(FormSource, OnlyOurOwnOriginOrASameOriginFetchIsOurs) {
  struct Case {
    Headers headers;
    FormSource source;
  };
  const std::string ours(kOrigin);
  const Case cases[] = {
      {{{"origin", ours}}, FormSource::kOurs},
      {{{"sec-fetch-site", "same-origin"}}, FormSource::kOurs},
      {{}, FormSource::kUnknown},
      {{{"sec-fetch-site", "same-site"}}, FormSource::kUnknown},
      {{{"sec-fetch-site", "cross-site"}}, FormSource::kUnknown},
      {{{"sec-fetch-site", "none"}}, FormSource::kUnknown},
      {{{"origin", "null"}}, FormSource::kOtherOrigin},
      {{{"origin", ""}}, FormSource::kOtherOrigin},
      {{{"origin", "https://evil.example"}}, FormSource::kOtherOrigin},
      {{{"origin", ours + ".evil.example"}}, FormSource::kOtherOrigin},
      {{{"origin", ours + "/"}}, FormSource::kOtherOrigin},
      {{{"origin", "https://127.0.0.1:7117"}}, FormSource::kOtherOrigin},
      {{{"origin", "http://localhost:7117"}}, FormSource::kOtherOrigin},
      {{{"origin", ours}, {"origin", ours}}, FormSource::kOtherOrigin},
      // A bad Origin is not made good by the other header.
      {{{"origin", "null"}, {"sec-fetch-site", "same-origin"}}, FormSource::kOtherOrigin},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(form_source(request_with(one.headers), kOrigin), one.source)
        << (one.headers.empty() ? "none" : one.headers.front().value);
  }
}

class DoorkeeperTest : public WebTest {
 protected:
  std::string refusal(http::Access access, Headers headers) {
    try {
      doorkeeper.authenticate(request_with(std::move(headers)), access);
      return "accepted";
    } catch (const Error& error) {
      return error.reason();
    }
  }
  std::string form_refusal(http::Access access, Headers headers, std::string csrf) {
    http::Form form;
    form.add("csrf", std::move(csrf));
    try {
      doorkeeper.check_form(request_with(std::move(headers)), {}, access, form);
      return "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kPermissionDenied);
      return error.reason();
    }
  }

  const domain::Person ada = add_person("ada");
  const Session session = sign_in_as(ada.id);
};

TEST_F(DoorkeeperTest, CookieProvesThePerson) {
  const http::Caller caller = doorkeeper.authenticate(request_with(session.get()), http::Access::kBrowser);
  EXPECT_EQ(caller.kind, http::Caller::Kind::kPerson);
  EXPECT_EQ(caller.id, ada.id.value());
  EXPECT_EQ(caller.workspace, kHome.value());
  EXPECT_EQ(caller.csrf, session.csrf);
}

TEST_F(DoorkeeperTest, BearerProvesTheAgentAndItsOwner) {
  const auto grant = grants.issue(by, {kHome, ada.id, "agent"});
  const std::string token(grant.token.reveal());
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER "}) {
    const http::Caller caller =
        doorkeeper.authenticate(request_with({{"authorization", scheme + token}}), http::Access::kAgent);
    EXPECT_EQ(caller.kind, http::Caller::Kind::kAgent);
    EXPECT_EQ(caller.id, grant.agent.id.value());
    EXPECT_EQ(caller.owner, ada.id.value());
  }
}

TEST_F(DoorkeeperTest, TheAgentsScopesAndItsOwnCapComeAlong) {
  identity::NewGrant wanted{kHome, ada.id, "agent"};
  wanted.scopes = {domain::Scope::kRead, domain::Scope::kChange};
  wanted.writes_per_minute = 7;
  const std::string token(grants.issue(by, wanted).token.reveal());
  const auto caller =
      doorkeeper.authenticate(request_with({{"authorization", "Bearer " + token}}), http::Access::kAgent);
  EXPECT_EQ(domain::ScopeSet::from_bits(caller.scopes), wanted.scopes);
  EXPECT_EQ(caller.writes_per_minute, 7);
}

TEST_F(DoorkeeperTest, WhereATokenMayBeAbsentABadOneIsStillRefused) {
  const auto access = http::Access::kAgentOrNobody;
  EXPECT_EQ(doorkeeper.authenticate(request_with({}), access).kind, http::Caller::Kind::kNobody);
  EXPECT_EQ(doorkeeper.authenticate(request_with(session.get()), access).kind, http::Caller::Kind::kNobody)
      << "a browser's session is nothing here";
  const std::string token(grants.issue(by, {kHome, ada.id, "agent"}).token.reveal());
  EXPECT_EQ(doorkeeper.authenticate(request_with({{"authorization", "Bearer " + token}}), access).kind,
            http::Caller::Kind::kAgent);
  EXPECT_EQ(refusal(access, {{"authorization", "Bearer " + token + "x"}}), "bad_token");
  EXPECT_EQ(refusal(access, {{"authorization", ""}}), "no_token");
  EXPECT_EQ(refusal(access, {{"authorization", "Basic " + token}}), "no_token");
}

TEST_F(DoorkeeperTest, APausedAgentIsToldSoAndAStrangerIsNot) {
  const domain::Acting acting{kHome, ada.id, domain::Role::kMember, clock.now()};
  const auto grant = grants.issue(by, {kHome, ada.id, "agent"});
  const std::string token(grant.token.reveal());
  grants.pause(acting, grant.agent.id);
  EXPECT_EQ(refusal(http::Access::kAgent, {{"authorization", "Bearer " + token}}), "agent_paused");
  EXPECT_EQ(refusal(http::Access::kAgent, {{"authorization", "Bearer " + token + "x"}}), "bad_token");
}

TEST_F(DoorkeeperTest, TheTwoWorldsDoNotSeeEachOther) {
  const std::string token(grants.issue(by, {kHome, ada.id, "agent"}).token.reveal());
  EXPECT_EQ(refusal(http::Access::kBrowser, {{"authorization", "Bearer " + token}}), kSignInNeeded);
  EXPECT_EQ(refusal(http::Access::kAgent, session.get()), "no_token");
  EXPECT_EQ(refusal(http::Access::kAgent, {{"authorization", "Basic " + token}}), "no_token");
  EXPECT_EQ(refusal(http::Access::kAgent, {{"authorization", "Bearer " + token}, {"authorization", "Bearer x"}}),
            "no_token");
}

TEST_F(DoorkeeperTest, TossedOrForeignCookieIsNobody) {
  EXPECT_EQ(refusal(http::Access::kBrowser, {}), kSignInNeeded);
  EXPECT_EQ(refusal(http::Access::kBrowser, {{"cookie", session.cookie + "; " + session.cookie}}), kSignInNeeded);
  const std::string value = session.cookie.substr(session.cookie.find('='));
  EXPECT_EQ(refusal(http::Access::kBrowser, {{"cookie", "__Host-cs_session" + value}}), kSignInNeeded)
      << "another port's cookie";
}

TEST_F(DoorkeeperTest, FormOfASessionNeedsThatSessionsToken) {
  const Session other = sign_in_as(add_person("bob").id);
  const auto access = http::Access::kBrowserForm;
  EXPECT_EQ(form_refusal(access, session.post(), session.csrf), "accepted");
  EXPECT_EQ(form_refusal(access, session.post(), other.csrf), "csrf");
  EXPECT_EQ(form_refusal(access, session.post(), ""), "csrf");
  EXPECT_EQ(form_refusal(access, session.get(), session.csrf), "csrf") << "no Origin";
  EXPECT_EQ(form_refusal(access, {{"origin", std::string(kOrigin)}}, session.csrf), "csrf") << "no cookie";
}

TEST_F(DoorkeeperTest, FormBeforeSignInNeedsThisBrowsersToken) {
  const std::string visitor = sign_in.new_visitor();
  const std::string cookie = visitor_cookie_name(settings) + "=" + visitor;
  const Headers good{{"cookie", cookie}, {"origin", std::string(kOrigin)}};
  const auto access = http::Access::kAnonymousForm;
  EXPECT_EQ(form_refusal(access, good, sign_in.visitor_csrf(visitor)), "accepted");
  EXPECT_EQ(form_refusal(access, good, sign_in.visitor_csrf(sign_in.new_visitor())), "csrf");
  EXPECT_EQ(form_refusal(access, good, session.csrf), "csrf");
  EXPECT_EQ(form_refusal(access, {{"cookie", cookie}}, sign_in.visitor_csrf(visitor)), "csrf");
  EXPECT_EQ(refusal(access, good), "accepted");
  EXPECT_EQ(refusal(access, {{"origin", std::string(kOrigin)}}), kCookiesDropped);
}

TEST_F(DoorkeeperTest, ForgedFormIsRefusedBeforeAnybodyIsAskedToSignIn) {
  EXPECT_EQ(refusal(http::Access::kBrowserForm, {{"origin", "https://evil.example"}}), "csrf");
  EXPECT_EQ(refusal(http::Access::kBrowserForm, {{"origin", std::string(kOrigin)}}), kSignInNeeded);
}

}  // namespace
}  // namespace countersign::web
