#include "oauth/token_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "oauth/wire_client.h"

namespace countersign::oauth {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using Kind = TokenRefusal::Kind;
using std::chrono::seconds;

Json good() {
  return {{"access_token", "at-1234567890"},  {"token_type", "Bearer"}, {"expires_in", 3600},
          {"refresh_token", "rt-1234567890"}, {"scope", "read write"},  {"unknown", {{"x", 1}}}};
}
http::ClientResponse ok(std::string_view body) { return WireClient::answer(200, body); }

TokenAnswer read(const Json& body, const domain::OAuthSpec& spec = {}) {
  TokenResult result = read_token_answer(ok(dump_json(body)), spec);
  if (auto* refusal = std::get_if<TokenRefusal>(&result)) throw std::runtime_error("refused: " + refusal->error);
  return std::get<TokenAnswer>(std::move(result));
}
TokenRefusal refusal(const http::ClientResponse& response, const domain::OAuthSpec& spec = {}) {
  const TokenResult result = read_token_answer(response, spec);
  if (const auto* found = std::get_if<TokenRefusal>(&result)) return *found;
  throw std::runtime_error("taken, though it should have been refused");
}
TokenRefusal refusal(const Json& body, const domain::OAuthSpec& spec = {}) {
  return refusal(ok(dump_json(body)), spec);
}
Json with(const char* name, const Json& value) {
  Json body = good();
  body[name] = value;
  return body;
}
Json without(const char* name) {
  Json body = good();
  body.erase(name);
  return body;
}

TEST(TokenAnswer, IsReadAsTheStandardSays) {
  const TokenAnswer answer = read(good());
  EXPECT_EQ(answer.access_token.reveal(), "at-1234567890");
  EXPECT_EQ(answer.refresh_token.reveal(), "rt-1234567890");
  EXPECT_TRUE(answer.id_token.empty());
  EXPECT_EQ(answer.lifetime, seconds(3600));
  EXPECT_THAT(answer.scopes, Optional(ElementsAre("read", "write")));
}

TEST(TokenAnswer, WhatItDoesNotSayIsNotMadeUp) {
  for (const Json& body : {Json{{"access_token", "t"}, {"token_type", "bearer"}}, Json{{"access_token", "t"},
                                                                                       {"token_type", "bEARER"},
                                                                                       {"refresh_token", nullptr},
                                                                                       {"expires_in", nullptr},
                                                                                       {"scope", nullptr}}}) {
    const TokenAnswer answer = read(body);
    EXPECT_TRUE(answer.refresh_token.empty());
    EXPECT_EQ(answer.lifetime, std::nullopt);
    EXPECT_EQ(answer.scopes, std::nullopt);
  }
  EXPECT_THAT(read(with("scope", "")).scopes, Optional(IsEmpty())) << "nothing was granted";
}

TEST(TokenAnswer, AnyJsonContentTypeIsTakenAndNoOther) {
  const std::string body = dump_json(good());
  for (const char* type :
       {"", "application/json", "Application/JSON;charset=UTF-8", "application/json; charset=\"utf-8\"",
        "text/javascript", "text/json", "application/vnd.api+json; v=1"}) {
    EXPECT_TRUE(std::holds_alternative<TokenAnswer>(read_token_answer(WireClient::answer(200, body, type), {})))
        << type;
  }
  for (const char* type : {"text/html", "text/plain", "application/x-www-form-urlencoded", "application/jwt",
                           "application/json; charset=utf-16", "application/jsonp", "json"}) {
    EXPECT_EQ(refusal(WireClient::answer(200, body, type)).kind, Kind::kMalformed) << type;
  }
  auto twice = WireClient::answer(200, body);
  twice.headers.push_back({"content-type", "text/html"});
  EXPECT_EQ(refusal(twice).kind, Kind::kMalformed);
}

TEST(TokenAnswer, A033_WhatIsNoObjectOfJsonIsRefused) {
  const std::string body = dump_json(good());
  std::string deep = R"({"access_token":"t","token_type":"bearer","x":)";
  deep += std::string(100, '[') + std::string(100, ']') + "}";
  for (const std::string& text :
       {std::string(), std::string("<!doctype html><p>Sign in"), std::string("null"), std::string("[]"),
        std::string("\"t\""), std::string("access_token=t&token_type=bearer"), "\xef\xbb\xbf" + body,
        body.substr(0, body.size() - 1), body + body,
        R"({"access_token":"a","access_token":"b","token_type":"bearer"})" + std::string(), deep,
        std::string(R"({"access_token":"t\ud800","token_type":"bearer"})"),
        R"({"access_token":"t","token_type":"bearer","x":")" + std::string(65 * 1024, 'x') + "\"}"}) {
    const TokenRefusal refused = refusal(ok(text));
    EXPECT_EQ(refused.kind, Kind::kMalformed) << text.substr(0, 60);
    EXPECT_EQ(refused.error, "bad_answer");
    EXPECT_TRUE(refused.may_have_arrived) << "the other side believes it has answered";
  }
}

TEST(TokenAnswer, A033_EveryWrongLifetimeIsRefused) {
  for (const char* value : {"\"3600\"", "-1", "0", "1e99", "1e3", "3600.0", "3600.5", "true", "[]", "{}", "\"\"",
                            "316224001", "9007199254740993"}) {
    std::string body = dump_json(good());
    body.replace(body.find("3600"), 4, value);
    const TokenRefusal refused = refusal(ok(body));
    EXPECT_EQ(refused.kind, Kind::kMalformed) << value;
  }
  EXPECT_EQ(refusal(with("expires_in", -1)).error, "bad_expires_in");
  EXPECT_EQ(read(with("expires_in", 1)).lifetime, seconds(1));
  EXPECT_EQ(read(with("expires_in", 316224000)).lifetime, seconds(316224000));
}

TEST(TokenAnswer, ALifetimeInTextOrMillisecondsIsForThoseWhoseFileSaysSo) {
  domain::OAuthSpec spec;
  spec.answer.numeric_text = true;
  EXPECT_EQ(read(with("expires_in", "3600"), spec).lifetime, seconds(3600));
  for (const char* text : {"", " 3600", "3600s", "-1", "0", "+1", "1e3", "0x10", "99999999999999999999"}) {
    EXPECT_EQ(refusal(with("expires_in", text), spec).error, "bad_expires_in") << text;
  }
  spec.answer.milliseconds = true;
  EXPECT_EQ(read(with("expires_in", 3'600'000), spec).lifetime, seconds(3600));
  EXPECT_EQ(refusal(with("expires_in", 999), spec).error, "bad_expires_in");
}

TEST(TokenAnswer, A033_OnlyABearerTokenIsOneThatCanBeUsed) {
  EXPECT_EQ(refusal(without("token_type")).error, "missing_token_type");
  EXPECT_EQ(refusal(with("token_type", nullptr)).error, "missing_token_type");
  for (const Json& type : {Json("DPoP"), Json("mac"), Json("N_A"), Json("Bearer "), Json(""), Json(1), Json::array()}) {
    EXPECT_EQ(refusal(with("token_type", type)).error, "unknown_token_type") << type;
  }
  domain::OAuthSpec spec;
  spec.answer.token_type_optional = true;
  EXPECT_EQ(read(without("token_type"), spec).access_token.reveal(), "at-1234567890");
  EXPECT_EQ(refusal(with("token_type", "DPoP"), spec).error, "unknown_token_type");
}

TEST(TokenAnswer, A033_ATokenIsVisibleAsciiOfABoundedLength) {
  for (const char* name : {"access_token", "refresh_token", "id_token"}) {
    for (const Json& value : {Json(""), Json("a b"), Json("a\nb"), Json("t\x7f"), Json("t\xc3\xa9"), Json(12345),
                              Json(true), Json::array({"t"}), Json(std::string(16 * 1024 + 1, 't'))}) {
      EXPECT_EQ(refusal(with(name, value)).error, "bad_token") << name << " " << value.dump().substr(0, 40);
    }
  }
  EXPECT_EQ(refusal(without("access_token")).error, "bad_token");
  EXPECT_EQ(refusal(with("access_token", nullptr)).error, "bad_token");
  EXPECT_EQ(read(with("access_token", std::string(16 * 1024, 't'))).access_token.size(), 16U * 1024);
  EXPECT_EQ(read(with("id_token", "a.b.c")).id_token.reveal(), "a.b.c");
}

TEST(TokenAnswer, ScopesAreTextInTheProvidersSeparator) {
  domain::OAuthSpec spec;
  spec.answer.scope_separator = ",";
  EXPECT_THAT(read(with("scope", "repo,gist, user:email,,"), spec).scopes,
              Optional(ElementsAre("repo", "gist", "user:email")));
  spec.answer.scope_separator.clear();
  spec.scope_separator = ",";
  EXPECT_THAT(read(with("scope", "a,b"), spec).scopes, Optional(ElementsAre("a", "b"))) << "as asked";
  EXPECT_THAT(read(with("scope", Json::array({"a,b", "c"})), spec).scopes, Optional(ElementsAre("a,b", "c")));
  EXPECT_THAT(read(with("scope", Json::array())).scopes, Optional(IsEmpty()));
  for (const Json& scope : {Json::array({1}), Json::array({"read", "a b"}), Json(1), Json("a\tb"), Json("\xe2\x80\xae"),
                            Json(std::string(257, 's'))}) {
    EXPECT_EQ(refusal(with("scope", scope)).error, "bad_scope") << scope.dump().substr(0, 40);
  }
  std::string many;
  for (int i = 0; i < 201; ++i) many += "s" + std::to_string(i) + " ";
  EXPECT_EQ(refusal(with("scope", many)).error, "bad_scope");
}

TEST(TokenAnswer, IsFoundWhereTheProviderPutsIt) {
  domain::OAuthSpec spec;
  spec.answer = {.access_token = "/authed_user/access_token",
                 .refresh_token = "/authed_user/refresh_token",
                 .expires_in = "/authed_user/expires_in",
                 .scope = "/authed_user/scope",
                 .token_type = "/none",
                 .scope_separator = ",",
                 .ok = "/ok",
                 .token_type_optional = true};
  spec.keep = {{"/team/id", "team_id"}, {"/enterprise/id", "enterprise_id"}};
  spec.account = {domain::AccountFrom::kTokenAnswer, "", "", {"/team/id", "/authed_user/id"}, {"/none", "/team/name"}};
  const Json body = {
      {"ok", true},
      {"authed_user", {{"id", "U1"}, {"access_token", "at-user"}, {"scope", "a,b"}, {"token_type", "user"}}},
      {"team", {{"id", "T1"}, {"name", "Ink\xe2\x80\xae\n Ltd"}}},
      {"enterprise", nullptr}};
  const TokenAnswer answer = read(body, spec);
  EXPECT_EQ(answer.access_token.reveal(), "at-user");
  EXPECT_THAT(answer.scopes, Optional(ElementsAre("a", "b")));
  EXPECT_EQ(answer.kept, (domain::Parameters{{"team_id", "T1"}}));
  EXPECT_EQ(answer.account_id, "T1|U1");
  EXPECT_EQ(answer.account_label, "Ink Ltd");
}

TEST(TokenAnswer, AnAccountIsAllItsPartsOrNone) {
  domain::OAuthSpec spec;
  spec.account = {domain::AccountFrom::kTokenAnswer, "", "", {"/id", "/team"}, {}};
  const auto account = [&](const Json& id, const Json& team) {
    Json body = good();
    body["id"] = id;
    body["team"] = team;
    return read(body, spec).account_id;
  };
  EXPECT_EQ(account(7, "t"), "7|t");
  for (const Json& bad : {Json(nullptr), Json(""), Json(1.5), Json::object(), Json("a\nb"),
                          Json("\xe2\x80\x8b"
                               "x"),
                          Json(std::string(513, 'x'))}) {
    EXPECT_EQ(account(7, bad), "") << bad.dump().substr(0, 40);
  }
}

TEST(TokenAnswer, AKeptValueIsVisibleText) {
  domain::OAuthSpec spec;
  spec.keep = {{"/realm", "realm_id"}};
  EXPECT_EQ(read(with("realm", 12), spec).kept, (domain::Parameters{{"realm_id", "12"}}));
  EXPECT_THAT(read(good(), spec).kept, IsEmpty());
  for (const Json& value :
       {Json(""), Json("a b"), Json("a\r\nX: y"), Json("\xc3\xa9"), Json::object(), Json(std::string(513, 'x'))}) {
    EXPECT_EQ(refusal(with("realm", value), spec).error, "bad_kept_value") << value.dump().substr(0, 40);
  }
}

TEST(TokenAnswer, TheApisAddressIsOneTheFileAllows) {
  domain::OAuthSpec spec;
  spec.base_url.from = "/instance_url";
  spec.base_url_hosts = {".my.example.com", "fixed.example.net"};
  EXPECT_EQ(read(with("instance_url", "https://Acme.my.example.com/"), spec).base_url, "https://acme.my.example.com");
  EXPECT_EQ(read(with("instance_url", "https://fixed.example.net"), spec).base_url, "https://fixed.example.net");
  EXPECT_EQ(read(good(), spec).base_url, "");
  for (const Json& url :
       {Json("https://evil.example"), Json("https://my.example.com"), Json("https://.my.example.com"),
        Json("https://evilmy.example.com"), Json("https://acme.my.example.com.evil.example"),
        Json("https://acme.my.example.com@evil.example"), Json("https://evil.example/.my.example.com"),
        Json("https://evil.example?.my.example.com"), Json("https://acme.my.example.com:8443"),
        Json("http://acme.my.example.com"), Json("https://sub.fixed.example.net"),
        Json("https://acme.my.example.com/../x"), Json("javascript:alert(1)"), Json(1)}) {
    EXPECT_EQ(refusal(with("instance_url", url), spec).error, "bad_base_url") << url;
  }
  spec.base_url_hosts.clear();
  EXPECT_EQ(refusal(with("instance_url", "https://acme.my.example.com"), spec).error, "bad_base_url");
}

// --- refusals ---

TokenRefusal refused_as(int status, std::string_view error, const domain::OAuthSpec& spec = {}) {
  return refusal(WireClient::answer(status, dump_json({{"error", error}, {"error_description", "words"}})), spec);
}

TEST(TokenRefusal, OnlyInvalidGrantAndItsKinAreDefinite) {
  for (const char* error : {"invalid_grant", "bad_refresh_token", "bad_verification_code", "invalid_refresh_token"}) {
    const TokenRefusal refused = refused_as(400, error);
    EXPECT_EQ(refused.kind, Kind::kGrant) << error;
    EXPECT_EQ(refused.error, error);
    EXPECT_EQ(refused.words, "words");
    EXPECT_EQ(refused.status, 400);
    EXPECT_FALSE(refused.may_have_arrived);
  }
  EXPECT_EQ(refused_as(401, "invalid_client").kind, Kind::kConfiguration);
  for (const char* error :
       {"invalid_client", "unauthorized_client", "invalid_target", "invalid_scope", "invalid_request",
        "unsupported_grant_type", "INVALID_GRANT", "invalid_grant2", "redirect_uri_mismatch"}) {
    EXPECT_EQ(refused_as(400, error).kind, Kind::kConfiguration) << error;
  }
}

TEST(TokenRefusal, WhatWillPassPassesWhateverElseItSays) {
  for (const int status : {500, 502, 503, 504, 599, 429, 408}) {
    EXPECT_EQ(refused_as(status, "invalid_grant").kind, Kind::kPassing) << status;
    EXPECT_EQ(refusal(WireClient::answer(status, "<html>", "text/html")).kind, Kind::kPassing) << status;
    EXPECT_EQ(refused_as(status, "x").may_have_arrived, status >= 500) << status;
  }
  EXPECT_EQ(refusal(WireClient::answer(503, "")).error, "server_error");
  EXPECT_EQ(refusal(WireClient::answer(429, "")).error, "rate_limited");
  EXPECT_EQ(refused_as(400, "temporarily_unavailable").kind, Kind::kPassing);
}

TEST(TokenRefusal, A034_ARedirectIsNotFollowedAndNotRead) {
  for (const int status : {300, 301, 302, 303, 307, 308}) {
    auto response = WireClient::answer(status, dump_json(good()));
    response.headers.push_back({"location", "https://evil.example/"});
    const TokenRefusal refused = refusal(response);
    EXPECT_EQ(refused.kind, Kind::kMalformed) << status;
    EXPECT_EQ(refused.error, "redirect_refused");
    EXPECT_EQ(refused_as(status, "invalid_grant").kind, Kind::kMalformed) << "its body says nothing";
  }
}

TEST(TokenRefusal, ASuccessOfAnotherKindIsNone) {
  for (const int status : {202, 204, 206})
    EXPECT_EQ(refusal(WireClient::answer(status, dump_json(good()))).kind, Kind::kMalformed);
}

TEST(TokenRefusal, AnErrorMayComeWithStatus200) {
  EXPECT_EQ(refused_as(200, "bad_verification_code").kind, Kind::kGrant);
  EXPECT_EQ(refused_as(200, "incorrect_client_credentials").kind, Kind::kConfiguration);
  EXPECT_EQ(refusal(with("error", "invalid_grant")).kind, Kind::kMalformed)
      << "a token and an error: neither is believed";
}

TEST(TokenRefusal, AFlagThatIsNotTrueIsAnError) {
  domain::OAuthSpec spec;
  spec.answer.ok = "/ok";
  EXPECT_EQ(refusal(Json{{"ok", false}, {"error", "invalid_code"}}, spec).kind, Kind::kGrant);
  for (const Json& flag : {Json(false), Json("true"), Json(1), Json(nullptr)}) {
    EXPECT_EQ(refusal(with("ok", flag), spec).kind, Kind::kMalformed) << flag;
  }
  EXPECT_EQ(refusal(good(), spec).kind, Kind::kMalformed);
  EXPECT_EQ(read(with("ok", true), spec).lifetime, seconds(3600));
}

TEST(TokenRefusal, A033_ARefusalThatIsNoneOfTheStandardIsMalformed) {
  for (const std::string& body :
       {std::string("<html>"), std::string(), std::string("{}"), std::string(R"({"error":{"code":1}})"),
        std::string(R"({"error":""})"), std::string(R"({"error":"two words"})"),
        R"({"error":")" + std::string(65, 'x') + "\"}", std::string(R"({"error":"<script>"})"),
        std::string(R"({"error":"a\r\nb"})")}) {
    const TokenRefusal refused = refusal(WireClient::answer(400, body));
    EXPECT_EQ(refused.kind, Kind::kMalformed) << body;
    EXPECT_EQ(refused.error, "bad_answer");
    EXPECT_FALSE(refused.may_have_arrived);
  }
}

TEST(TokenRefusal, A031_WordsAreCutAndComeAsTheyAre) {
  std::string words = "<script>\xe2\x80\xae";
  for (int i = 0; i < 10'000; ++i) words += "\xc3\xab";
  const TokenRefusal refused =
      refusal(WireClient::answer(400, dump_json({{"error", "invalid_grant"}, {"error_description", words}})));
  EXPECT_EQ(refused.words, words.substr(0, 8 + 3 + 291 * 2));
  EXPECT_EQ(refusal(WireClient::answer(400, R"({"error":"x","error_description":["y"]})")).words, "");
}

std::optional<seconds> waits(const char* retry_after, const char* date = "") {
  auto response = WireClient::answer(429, "");
  response.headers.push_back({"retry-after", retry_after});
  if (*date != '\0') response.headers.push_back({"date", date});
  return refusal(response).retry_after;
}

TEST(TokenRefusal, RetryAfterIsSecondsOrADateAndAnHourAtMost) {
  EXPECT_EQ(waits("0"), seconds(0));
  EXPECT_EQ(waits("120"), seconds(120));
  EXPECT_EQ(waits("3601"), seconds(3600));
  EXPECT_EQ(waits("99999999999999999999"), seconds(3600));
  EXPECT_EQ(waits("Wed, 18 Nov 2026 10:01:30 GMT", "Wed, 18 Nov 2026 10:00:00 GMT"), seconds(90));
  EXPECT_EQ(waits("Thu, 01 Jan 2099 00:00:00 GMT", "Wed, 18 Nov 2026 10:00:00 GMT"), seconds(3600));
  EXPECT_EQ(waits("Wed, 18 Nov 2026 09:00:00 GMT", "Wed, 18 Nov 2026 10:00:00 GMT"), seconds(0));
  for (const char* text : {"", "-1", "1.5", "soon", "Wed, 18 Nov 2026 10:01:30 GMT", "Wed, 31 Feb 2026 10:01:30 GMT"}) {
    EXPECT_EQ(waits(text), std::nullopt) << text;
  }
  EXPECT_EQ(waits("Wed, 18 Xxx 2026 10:01:30 GMT", "Wed, 18 Nov 2026 10:00:00 GMT"), std::nullopt);
}

TEST(TokenRefusal, WhatTheNetworkDidIsSortedByWhetherItMayHaveArrived) {
  const auto of = [](std::string_view reason, ErrorCode code = ErrorCode::kUpstream) {
    return refusal_of(Error(code, reason, "https://as.example:443 failed"));
  };
  for (const char* reason : {"upstream_unreachable", "upstream_tls"}) {
    EXPECT_EQ(of(reason).kind, Kind::kPassing);
    EXPECT_FALSE(of(reason).may_have_arrived);
    EXPECT_EQ(of(reason).error, reason);
    EXPECT_EQ(of(reason).status, 0);
  }
  for (const char* reason : {"upstream_timeout", "upstream_lost"}) {
    EXPECT_EQ(of(reason).kind, Kind::kPassing);
    EXPECT_TRUE(of(reason).may_have_arrived);
  }
  for (const char* reason : {"upstream_malformed", "upstream_too_large"}) {
    EXPECT_EQ(of(reason).kind, Kind::kMalformed);
    EXPECT_TRUE(of(reason).may_have_arrived);
  }
  EXPECT_EQ(of("upstream_address_refused").kind, Kind::kConfiguration);
  EXPECT_FALSE(of("upstream_address_refused").may_have_arrived);
  EXPECT_EQ(of("outbound_busy", ErrorCode::kUnavailable).kind, Kind::kPassing);
  EXPECT_EQ(refusal_of(Error(ErrorCode::kUnavailable, "outbound_busy", "x").retry_after(seconds(1))).retry_after,
            seconds(1));
}

TEST(TokenRefusal, WhatIsNoMatterOfTheNetworkIsThrownOn) {
  for (const ErrorCode code : {ErrorCode::kInvalidArgument, ErrorCode::kInternal}) {
    EXPECT_THROW(refusal_of(Error(code, "bad_upstream_url", "x")), Error);
  }
}

}  // namespace
}  // namespace countersign::oauth
