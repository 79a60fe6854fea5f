#include "http/router.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"

namespace countersign::http {
namespace {

Route route(Method method, std::string pattern, Surface surface = Surface::kApi) {
  Route made;
  made.method = method;
  made.pattern = std::move(pattern);
  made.surface = surface;
  made.handler = [](Call&) -> Outcome { return Response(200, "text/plain", "ok"); };
  return made;
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router_.add(route(Method::kGet, "/", Surface::kPage));
    router_.add(route(Method::kGet, "/h/{token}", Surface::kPage));
    router_.add(route(Method::kGet, "/v1/handoffs/{id}"));
    router_.add(route(Method::kDelete, "/v1/handoffs/{handoff}"));
    router_.add(route(Method::kPost, "/v1/handoffs/{id}/cancel"));
    router_.add(route(Method::kPost, "/v1/handoffs/search"));
    router_.add(route(Method::kPost, "/v1/{kind}/{id}/touch"));
    router_.add(route(Method::kPost, "/mcp", Surface::kMcp));
  }
  std::string pattern(std::string_view path, Method method = Method::kGet) const {
    const auto match = router_.match(method, path);
    return match.route != nullptr ? match.route->pattern : "";
  }

  Router router_;
};

TEST_F(RouterTest, PathAndMethodFindTheRoute) {
  EXPECT_EQ(pattern("/"), "/");
  EXPECT_EQ(pattern("/h/abc"), "/h/{token}");
  EXPECT_EQ(pattern("/v1/handoffs/ho_1", Method::kDelete), "/v1/handoffs/{handoff}");
  EXPECT_EQ(pattern("/v1/handoffs/ho_1/cancel", Method::kPost), "/v1/handoffs/{id}/cancel");
}

TEST_F(RouterTest, ParametersAreDecodedAndNamedByTheirOwnRoute) {
  EXPECT_EQ(router_.match(Method::kGet, "/v1/handoffs/a%20%C3%A9+;x").path_params.at("id"), "a \xC3\xA9+;x");
  EXPECT_EQ(router_.match(Method::kDelete, "/v1/handoffs/7").path_params.at("handoff"), "7");
  const auto both = router_.match(Method::kPost, "/v1/people/7/touch").path_params;
  EXPECT_EQ(both.at("kind"), "people");
  EXPECT_EQ(both.at("id"), "7");
}

TEST_F(RouterTest, NamesEveryRouteOnce) {
  std::multiset<std::string> patterns;
  for (const Route* route : router_.routes()) patterns.insert(route->pattern);
  EXPECT_EQ(patterns,
            (std::multiset<std::string>{"/", "/h/{token}", "/mcp", "/v1/handoffs/{handoff}", "/v1/handoffs/{id}",
                                        "/v1/handoffs/{id}/cancel", "/v1/handoffs/search", "/v1/{kind}/{id}/touch"}));
  EXPECT_TRUE(Router().routes().empty());
}

TEST_F(RouterTest, HeadIsAnsweredByTheGetRoute) { EXPECT_EQ(pattern("/h/abc", Method::kHead), "/h/{token}"); }

TEST_F(RouterTest, TextWinsOverAParameterAndASearchThatFailsGoesBack) {
  EXPECT_EQ(pattern("/v1/handoffs/search", Method::kPost), "/v1/handoffs/search");
  EXPECT_EQ(pattern("/v1/handoffs/7/touch", Method::kPost), "/v1/{kind}/{id}/touch");
  // The path alone decides which resource it is.
  EXPECT_EQ(pattern("/v1/handoffs/search", Method::kGet), "");
}

TEST_F(RouterTest, WrongMethodNamesTheRightOnes) {
  const auto match = router_.match(Method::kPost, "/v1/handoffs/7");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allowed, (std::vector<Method>{Method::kGet, Method::kHead, Method::kDelete}));
  EXPECT_EQ(match.surface, Surface::kApi);
  EXPECT_TRUE(router_.match(Method::kGet, "/v1/nothing").allowed.empty());
}

TEST_F(RouterTest, A101_PathTricksMatchNothing) {
  for (const char* path : {"",          "h/abc",           "//h/abc",
                           "/h//abc",   "/h/abc/",         "/h/",
                           "//",        "/./h/abc",        "/h/.",
                           "/h/..",     "/x/../h/abc",     "/h/%2e%2e",
                           "/h/%2E",    "/x/%2e%2e/h/abc", "/h%2fabc",
                           "/h%2Fabc",  "/h/a%2Fb",        "/h/a%5Cb",
                           "/h/a\\b",   "/h/%00",          "/h/a%00b",
                           "/h/%0a",    "/h/%7f",          "/h/%",
                           "/h/%4",     "/h/%zz",          "/h/%ff",
                           "/h/%c0%af", "/h/%ed%a0%80",    "/H/abc",
                           "/h;x/abc",  "/%2568/abc",      "/h/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s"}) {
    const auto match = router_.match(Method::kGet, path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_TRUE(match.allowed.empty()) << path;
  }
}

TEST_F(RouterTest, DecodesOnceAndOnlyOnce) {
  EXPECT_EQ(pattern("/%68/abc"), "/h/{token}");
  EXPECT_EQ(router_.match(Method::kGet, "/h/%252e%252e").path_params.at("token"), "%2e%2e");
}

TEST_F(RouterTest, AnUnknownPathLooksLikeItsNeighbours) {
  EXPECT_EQ(router_.match(Method::kGet, "/nothing").surface, Surface::kPage);
  EXPECT_EQ(router_.match(Method::kGet, "/v1/nothing").surface, Surface::kApi);
  EXPECT_EQ(router_.match(Method::kGet, "/v1/handoffs/%ff").surface, Surface::kApi);
  EXPECT_EQ(router_.match(Method::kGet, "/mcp/x").surface, Surface::kMcp);
  EXPECT_EQ(Router().match(Method::kGet, "/").surface, Surface::kPage);
}

TEST_F(RouterTest, BodyLimitIsTheRoutesOrTheDefault) {
  Route small = route(Method::kPost, "/small");
  small.body_limit = 10;
  router_.add(std::move(small));
  EXPECT_EQ(router_.body_limit(Method::kPost, "/small"), 10U);
  EXPECT_EQ(router_.body_limit(Method::kPut, "/small"), 64U * 1024);
  EXPECT_EQ(router_.body_limit(Method::kPost, "/nothing"), 64U * 1024);
}

void expect_refused(Route bad) {
  Router router;
  const std::string pattern = bad.pattern;
  EXPECT_THROW(router.add(std::move(bad)), Error) << pattern;
}

TEST(RouterAdd, RefusesARouteThatWouldOpenAHole) {
  Route changes_without_csrf = route(Method::kPost, "/a");
  changes_without_csrf.access = Access::kBrowser;
  expect_refused(std::move(changes_without_csrf));
  Route form_by_get = route(Method::kGet, "/a");
  form_by_get.access = Access::kBrowserForm;
  form_by_get.body = BodyKind::kForm;
  expect_refused(std::move(form_by_get));
  Route form_without_form = route(Method::kPost, "/a");
  form_without_form.access = Access::kAnonymousForm;
  expect_refused(std::move(form_without_form));
  Route without_handler = route(Method::kGet, "/a");
  without_handler.handler = nullptr;
  expect_refused(std::move(without_handler));
}

TEST(RouterAdd, RefusesAPatternThatNoPathMatchesAndASecondRoute) {
  for (const char* pattern : {"", "a", "/a/", "//", "/a/../b"}) expect_refused(route(Method::kGet, pattern));
  expect_refused(route(Method::kHead, "/a"));
  Router router;
  router.add(route(Method::kGet, "/a/{x}"));
  EXPECT_THROW(router.add(route(Method::kGet, "/a/{y}")), Error);
}

}  // namespace
}  // namespace countersign::http
