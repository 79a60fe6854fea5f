#include "oauth/authorization_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "http/form.h"

namespace countersign::oauth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Query = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kEndpoint = "https://as.example/authorize";
const std::vector<std::string> kScopes{"read", "write all"};

AuthorizationRequest request() {
  return {.client_id = "id 1",
          .redirect_uri = "https://we.example/oauth/callback/oc_1?x=1&y",
          .state = "state-1",
          .code_challenge = "challenge-1",
          .nonce = "nonce-1",
          .resource = "https://api.example/mcp",
          .scopes = kScopes};
}

// parse_query refuses a name that stands there twice.
Query query_of(const std::string& url) { return http::parse_query(url.substr(url.find('?') + 1)); }
Query asked(const domain::OAuthSpec& spec, std::string_view endpoint = kEndpoint) {
  return query_of(with_query(endpoint, authorization_parameters(spec, request())));
}

TEST(AuthorizationRequest, HasWhatTheStandardsWantAndEscapesAllOfIt) {
  domain::OAuthSpec spec;
  spec.resource_use = domain::ResourceUse::kResource;
  EXPECT_EQ(asked(spec), (Query{{"response_type", "code"},
                                {"client_id", "id 1"},
                                {"redirect_uri", "https://we.example/oauth/callback/oc_1?x=1&y"},
                                {"scope", "read write all"},
                                {"state", "state-1"},
                                {"code_challenge", "challenge-1"},
                                {"code_challenge_method", "S256"},
                                {"nonce", "nonce-1"},
                                {"resource", "https://api.example/mcp"}}));
}

TEST(AuthorizationRequest, LeavesOutWhatIsNotThere) {
  const std::vector<std::string> none;
  const auto parameters = authorization_parameters({}, {.client_id = "c",
                                                        .redirect_uri = "r",
                                                        .state = "s",
                                                        .code_challenge = "",
                                                        .nonce = "",
                                                        .resource = "",
                                                        .scopes = none});
  EXPECT_EQ(form_encoded(parameters), "response_type=code&client_id=c&redirect_uri=r&state=s");
}

TEST(AuthorizationRequest, SendsNoChallengeWhereTheProviderRefusesOne) {
  domain::OAuthSpec spec;
  spec.pkce = domain::Pkce::kNotSent;
  EXPECT_FALSE(asked(spec).contains("code_challenge"));
  EXPECT_FALSE(asked(spec).contains("code_challenge_method"));
  spec.pkce = domain::Pkce::kUnconfirmed;
  EXPECT_EQ(asked(spec).at("code_challenge_method"), "S256");
}

TEST(AuthorizationRequest, NamesTheResourceAsTheProviderWantsIt) {
  domain::OAuthSpec spec;
  EXPECT_FALSE(asked(spec).contains("resource"));
  spec.resource_use = domain::ResourceUse::kAudience;
  EXPECT_EQ(asked(spec).at("audience"), "https://api.example/mcp");
  EXPECT_FALSE(asked(spec).contains("resource"));
}

TEST(AuthorizationRequest, WritesScopesInTheProvidersWay) {
  domain::OAuthSpec spec;
  spec.scope_parameter = "user_scope";
  spec.scope_separator = ",";
  EXPECT_EQ(asked(spec).at("user_scope"), "read,write all");
  EXPECT_FALSE(asked(spec).contains("scope"));
}

TEST(AuthorizationRequest, AddsTheProvidersParametersButNoneOfItsOwn) {
  domain::OAuthSpec spec;
  spec.pkce = domain::Pkce::kNotSent;
  spec.authorization_parameters = {{"access_type", "offline"},       {"scope", "admin"},
                                   {"redirect_uri", "https://evil"}, {"state", "known"},
                                   {"code_challenge", "weak"},       {"code_challenge_method", "plain"},
                                   {"request_uri", "https://evil"},  {"request", "x"},
                                   {"response_type", "token"},       {"client_id", "other"}};
  const Query query = asked(spec);
  EXPECT_EQ(query.at("access_type"), "offline");
  EXPECT_EQ(query.at("scope"), "read write all");
  EXPECT_EQ(query.at("redirect_uri"), "https://we.example/oauth/callback/oc_1?x=1&y");
  EXPECT_EQ(query.at("state"), "state-1");
  EXPECT_EQ(query.at("response_type"), "code");
  EXPECT_EQ(query.at("client_id"), "id 1");
  for (const char* name : {"code_challenge", "code_challenge_method", "request", "request_uri"}) {
    EXPECT_FALSE(query.contains(name)) << name;
  }
}

TEST(AuthorizationRequest, KeepsTheEndpointsOwnQueryAndDropsItsFragment) {
  EXPECT_EQ(with_query("https://as.example/a?tenant=t%201&v", {{"state", "s"}}),
            "https://as.example/a?tenant=t%201&v&state=s");
  EXPECT_EQ(with_query("https://as.example/a?#f?x=1", {{"state", "s"}}), "https://as.example/a?state=s");
  EXPECT_EQ(with_query("https://as.example/a", {}), "https://as.example/a");
}

// Of two parameters of one name each server picks its own (RFC 6749 section 3.1).
TEST(AuthorizationRequest, NoParameterOfTheEndpointStandsBesideOursOfTheSameName) {
  const std::string url = with_query("https://as.example/a?redirect%5furi=https://evil&tenant=1&state=x",
                                     authorization_parameters({}, request()));
  EXPECT_THAT(url, Not(HasSubstr("evil")));
  EXPECT_EQ(query_of(url).at("tenant"), "1");
  EXPECT_EQ(query_of(url).at("state"), "state-1");
  EXPECT_EQ(with_query("https://as.example/a?request_uri=urn:x&%72equest=y&nonce=n&v=1", {{"state", "s"}}),
            "https://as.example/a?v=1&state=s")
      << "nor one of ours that is not sent this time";
}

TEST(Endpoint, IsHttpsOrLoopbackDecidedOnTheParsedAddress) {
  for (const std::string_view url : {"https://as.example", "https://as.example:8443/a/b?x=1", "http://127.0.0.1:8080/a",
                                     "http://127.9.9.9/", "http://[::1]:99/x", "http://localhost:1/x",
                                     "http://LOCALHOST/x", "https://[2001:db8::1]/x", "https://as.example?x"}) {
    EXPECT_TRUE(is_endpoint(url)) << url;
  }
  for (const std::string_view url : {"",
                                     "as.example",
                                     "http://as.example/",
                                     "http://127.0.0.1.evil.example/",
                                     "http://127.1/",
                                     "http://2130706433/",
                                     "http://0x7f.0.0.1/",
                                     "http://localhost.evil.example/",
                                     "http://localhost./",
                                     "http://[::ffff:127.0.0.1]/",
                                     "http://0.0.0.0/",
                                     "https://user@as.example/",
                                     "https://as.example@evil.example/",
                                     "https://as.example\\@evil.example/",
                                     "https:///x",
                                     "https://",
                                     "https:as.example",
                                     "https://as.example:0/",
                                     "https://as.example:99999/",
                                     "https://as.example:/",
                                     "https://as..example/",
                                     "https://[::1/",
                                     "https://[zz]/",
                                     "https://[::1]x/",
                                     "https://as.example/a b",
                                     "https://as.example/\n",
                                     "https://as.example/a/../b",
                                     "https://as.example/.",
                                     "https://as.example/#f",
                                     "HTTPS://as.example/",
                                     "javascript:alert(1)",
                                     "data:text/html,x",
                                     "file:///etc/passwd",
                                     "vbscript:x",
                                     "javascript://as.example/%0aalert(1)"}) {
    EXPECT_FALSE(is_endpoint(url)) << url;
    if (url.find('#') != std::string_view::npos) continue;
    try {
      with_query(url, {});
      ADD_FAILURE() << url;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_EQ(error.reason(), "bad_endpoint");
    }
  }
  EXPECT_FALSE(is_endpoint("https://as.example/" + std::string(2048, 'x')));
}

TEST(Endpoint, HostIsNamedWithItsPortInLowerCase) {
  EXPECT_EQ(host_of("https://Accounts.Example:8443/a?b#c"), "accounts.example:8443");
  EXPECT_EQ(host_of("https://[::1]:9/"), "[::1]:9");
  EXPECT_EQ(host_of("not a url"), "");
}

}  // namespace
}  // namespace countersign::oauth
