#include "oauth/server_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/json.h"
#include "crypto/jose.h"
#include "oauth/wire_client.h"
#include "support/fake_clock.h"
#include "support/scripted_server.h"
#include "support/seeded_random.h"

namespace countersign::oauth::server_calls {
namespace {

using domain::ClientAuth;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Form = std::map<std::string, std::string, std::less<>>;
using Kind = TokenRefusal::Kind;
using std::chrono::seconds;

constexpr std::string_view kToken = R"({"access_token":"at-fresh","token_type":"bearer","expires_in":60})";
constexpr std::string_view kAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

Secret secret(std::string_view text) { return Secret::copy_of(text); }

class ServerCallsTest : public ::testing::Test {
 protected:
  ServerCallsTest() {
    registered.client_id = "client 1";
    registered.auth = ClientAuth::kNone;
    server.issuer = "https://as.example/r1";
    server.token_endpoint = "https://as.example/token";
    server.revocation_endpoint = "https://as.example/revoke";
    server.registration_endpoint = "https://as.example/register";
    server.par_endpoint = "https://as.example/par";
    server.userinfo_endpoint = "https://as.example/me";
  }
  void serve(WireClient::Script script) {
    client = std::make_unique<WireClient>(std::move(script));
    calls = std::make_unique<ServerCalls>(*client, clock, random);
  }
  Target target() const { return {server, spec, opened}; }
  const WireClient::Sent& sent() const { return client->sent.back(); }

  TokenResult redeem(std::string_view resource = {}) const {
    return calls->redeem(target(), {secret("the-code"), secret("the-verifier"), "https://we.example/cb"}, resource);
  }
  TokenResult refresh(std::string_view resource = {}) const {
    return calls->refresh(target(), secret("rt-old-1234567890"), resource);
  }
  static TokenRefusal refusal(const TokenResult& result) { return std::get<TokenRefusal>(result); }

  support::FakeClock clock;
  support::SeededRandom random;
  domain::OAuthClient registered;
  domain::OAuthServer server;
  domain::OAuthSpec spec;
  OpenedClient opened{registered, {}, {}};
  std::unique_ptr<WireClient> client;
  std::unique_ptr<ServerCalls> calls;
};

TEST_F(ServerCallsTest, RedeemsACodeWithOnePost) {
  serve(WireClient::always(200, std::string(kToken)));
  const TokenResult result = redeem();
  EXPECT_EQ(std::get<TokenAnswer>(result).access_token.reveal(), "at-fresh");
  ASSERT_EQ(client->sent.size(), 1U);
  EXPECT_EQ(sent().method, http::Method::kPost);
  EXPECT_EQ(sent().url, "https://as.example/token");
  EXPECT_EQ(sent().header("Accept"), "application/json");
  EXPECT_EQ(sent().header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(sent().limits.total, seconds(20));
  EXPECT_EQ(sent().limits.body_bytes, 64U * 1024);
  EXPECT_EQ(sent().form(), (Form{{"grant_type", "authorization_code"},
                                 {"code", "the-code"},
                                 {"redirect_uri", "https://we.example/cb"},
                                 {"code_verifier", "the-verifier"},
                                 {"client_id", "client 1"}}));
}

TEST_F(ServerCallsTest, RefreshesWithoutAScopeAndAtItsOwnEndpoint) {
  serve(WireClient::always(200, std::string(kToken)));
  server.refresh_endpoint = "https://as.example/refresh";
  spec.token_parameters = {{"only", "for codes"}};
  spec.refresh_parameters = {{"extra", "1"}, {"grant_type", "password"}, {"refresh_token", "other"}};
  refresh();
  EXPECT_EQ(sent().url, "https://as.example/refresh");
  EXPECT_EQ(sent().form(), (Form{{"grant_type", "refresh_token"},
                                 {"refresh_token", "rt-old-1234567890"},
                                 {"client_id", "client 1"},
                                 {"extra", "1"}}));
  server.refresh_endpoint.clear();
  refresh();
  EXPECT_EQ(sent().url, "https://as.example/token");
}

TEST_F(ServerCallsTest, ClientCredentialsAskForTheirScopes) {
  serve(WireClient::always(200, std::string(kToken)));
  registered.auth = ClientAuth::kBasic;
  opened.secret = secret("s");
  spec.scope_separator = ",";
  calls->client_credentials(target(), {"a", "b"}, {});
  EXPECT_EQ(sent().form(), (Form{{"grant_type", "client_credentials"}, {"scope", "a,b"}}));
}

TEST_F(ServerCallsTest, TheResourceIsRepeatedAsTheProviderWantsIt) {
  serve(WireClient::always(200, std::string(kToken)));
  const std::string resource = "https://api.example/mcp";
  for (const auto& [use, name] :
       {std::pair(domain::ResourceUse::kResource, "resource"), std::pair(domain::ResourceUse::kAudience, "audience")}) {
    spec.resource_use = use;
    redeem(resource);
    EXPECT_EQ(sent().form()[name], resource);
    refresh(resource);
    EXPECT_EQ(sent().form()[name], resource);
    calls->client_credentials(target(), {}, resource);
    EXPECT_EQ(sent().form()[name], resource);
  }
  spec.resource_use = domain::ResourceUse::kOmit;
  redeem(resource);
  EXPECT_THAT(sent().body, Not(HasSubstr("api.example")));
}

TEST_F(ServerCallsTest, TheProvidersHeadersAndParametersAreAddedButReplaceNoneOfOurs) {
  serve(WireClient::always(200, std::string(kToken)));
  spec.token_headers = {{"Notion-Version", "1"}, {"authorization", "Bearer x"}, {"Accept", "text/html"}};
  spec.token_parameters = {{"more", "1"}, {"code", "other"}, {"client_id", "other"}};
  redeem();
  EXPECT_EQ(sent().header("Notion-Version"), "1");
  EXPECT_EQ(sent().header("Accept"), "application/json");
  EXPECT_EQ(sent().headers.size(), 3U);
  EXPECT_EQ(sent().form()["code"], "the-code");
  EXPECT_EQ(sent().form()["client_id"], "client 1");
  EXPECT_EQ(sent().form()["more"], "1");
}

// RFC 6749 section 2.3.1: form-encoded first, so a colon or a plus in either part comes through.
TEST_F(ServerCallsTest, BasicEncodesBothPartsAndStandsInTheHeaderAlone) {
  serve(WireClient::always(200, std::string(kToken)));
  registered.auth = ClientAuth::kBasic;
  registered.client_id = "id:1";
  opened.secret = secret("p+ %\xc3\xa9");
  redeem();
  EXPECT_EQ(sent().header("Authorization"), "Basic aWQlM0ExOnAlMkIlMjAlMjUlQzMlQTk=");  // id%3A1:p%2B%20%25%C3%A9
  EXPECT_FALSE(sent().form().contains("client_id"));
  EXPECT_FALSE(sent().form().contains("client_secret"));
}

TEST_F(ServerCallsTest, PostPutsTheSecretIntoTheBodyAlone) {
  serve(WireClient::always(200, std::string(kToken)));
  registered.auth = ClientAuth::kPost;
  opened.secret = secret("s&=+\"");
  redeem();
  EXPECT_EQ(sent().header("Authorization"), "");
  EXPECT_EQ(sent().form()["client_id"], "client 1");
  EXPECT_EQ(sent().form()["client_secret"], "s&=+\"");
}

TEST_F(ServerCallsTest, AJsonBodyHoldsTheSame) {
  serve(WireClient::always(200, std::string(kToken)));
  registered.auth = ClientAuth::kPost;
  opened.secret = secret("s\"\\\n\xc3\xa9");
  spec.token_body = domain::TokenBody::kJson;
  redeem();
  EXPECT_EQ(sent().header("Content-Type"), "application/json");
  EXPECT_EQ(parse_json(sent().body), (Json{{"grant_type", "authorization_code"},
                                           {"code", "the-code"},
                                           {"redirect_uri", "https://we.example/cb"},
                                           {"code_verifier", "the-verifier"},
                                           {"client_id", "client 1"},
                                           {"client_secret", "s\"\\\n\xc3\xa9"}}));
}

Json part(const std::string& jwt, std::size_t index) {
  std::string rest = jwt;
  for (; index != 0; --index) rest = rest.substr(rest.find('.') + 1);
  const auto bytes = parse_base64url(rest.substr(0, rest.find('.')));
  return parse_json(as_text(*bytes));
}

TEST_F(ServerCallsTest, APrivateKeyJwtIsForThisServerAndThisMinute) {
  serve(WireClient::always(200, std::string(kToken)));
  crypto::SigningKeyPair keys = crypto::new_es256_key();
  registered.auth = ClientAuth::kPrivateKeyJwt;
  opened.private_key = std::move(keys.private_key);
  redeem();
  Form form = sent().form();
  EXPECT_EQ(form["client_id"], "client 1");
  EXPECT_EQ(form["client_assertion_type"], kAssertion);
  EXPECT_EQ(sent().header("Authorization"), "");
  const std::string jwt = form["client_assertion"];
  EXPECT_EQ(part(jwt, 0).at("alg"), "ES256");
  EXPECT_EQ(part(jwt, 0).at("typ"), "JWT");
  const Json claims = part(jwt, 1);
  EXPECT_EQ(claims.at("iss"), "client 1");
  EXPECT_EQ(claims.at("sub"), "client 1");
  EXPECT_EQ(claims.at("aud"), "https://as.example/r1") << "one text, never a list";
  EXPECT_EQ(claims.at("iat"), 1'795'000'000);
  EXPECT_EQ(claims.at("exp"), 1'795'000'060);
  EXPECT_EQ(claims.at("jti").get<std::string>().size(), 22U) << "128 bits";
  const auto checked = crypto::verify_jws(jwt, "{\"keys\":[" + keys.public_jwk + "]}");
  EXPECT_EQ(checked.verdict, crypto::JwsVerdict::kValid);

  redeem();
  EXPECT_NE(part(sent().form()["client_assertion"], 1).at("jti"), claims.at("jti"));
  server.issuer.clear();
  redeem();
  EXPECT_EQ(part(sent().form()["client_assertion"], 1).at("aud"), "https://as.example/token");
}

TEST_F(ServerCallsTest, AnAddressThatIsNoEndpointIsAskedNothing) {
  serve(WireClient::always(200, std::string(kToken)));
  for (const char* url : {"", "http://as.example/token", "javascript:x", "https://as.example/{tenant}/\n"}) {
    server.token_endpoint = url;
    EXPECT_THROW(redeem(), Error) << url;
  }
  EXPECT_TRUE(client->sent.empty());
}

TEST_F(ServerCallsTest, ARefusalIsAValueAndADefectIsThrown) {
  serve(WireClient::always(400, R"({"error":"invalid_grant"})"));
  EXPECT_EQ(refusal(refresh()).kind, Kind::kGrant);
  serve(WireClient::failing(ErrorCode::kUpstream, "upstream_timeout"));
  EXPECT_EQ(refusal(refresh()).error, "upstream_timeout");
  EXPECT_TRUE(refusal(refresh()).may_have_arrived);
  serve(WireClient::failing(ErrorCode::kInvalidArgument, "bad_upstream_url"));
  EXPECT_THROW(refresh(), Error);
}

TEST_F(ServerCallsTest, WhatItSentDoesNotComeBackInARefusal) {
  registered.auth = ClientAuth::kPost;
  opened.secret = secret("client-secret-1");
  for (const char* echo : {"rt-old-1234567890", "client-secret-1"}) {
    serve(WireClient::always(400,
                             R"({"error":"invalid_grant","error_description":"no such )" + std::string(echo) + "\"}"));
    EXPECT_EQ(refusal(refresh()).words, "") << echo;
    EXPECT_EQ(refusal(refresh()).kind, Kind::kGrant);
    serve(WireClient::always(400, R"({"error":")" + std::string(echo) + "\"}"));
    EXPECT_EQ(refusal(refresh()).error, "bad_answer") << echo;
  }
}

// --- pushed authorization requests ---

std::variant<Pushed, TokenRefusal> pushed(const ServerCalls& calls, const Target& target) {
  return calls.push(target, {{"response_type", "code"}, {"client_id", "client 1"}, {"state", "s"}});
}

TEST_F(ServerCallsTest, PushesTheWholeRequestOnceWithTheClientsProof) {
  serve(WireClient::always(201, R"({"request_uri":"urn:x:1","expires_in":90})"));
  registered.auth = ClientAuth::kPost;
  opened.secret = secret("s");
  spec.token_body = domain::TokenBody::kJson;
  const auto result = pushed(*calls, target());
  EXPECT_EQ(std::get<Pushed>(result).request_uri, "urn:x:1");
  EXPECT_EQ(std::get<Pushed>(result).lifetime, seconds(90));
  EXPECT_EQ(sent().url, "https://as.example/par");
  EXPECT_EQ(sent().form(),
            (Form{{"response_type", "code"}, {"client_id", "client 1"}, {"state", "s"}, {"client_secret", "s"}}));
}

TEST_F(ServerCallsTest, APushedAnswerIsExactOrRefused) {
  for (const char* body :
       {"", "<html>", "{}", R"({"request_uri":"urn:x"})", R"({"expires_in":9})", R"({"request_uri":"","expires_in":9})",
        R"({"request_uri":"a b","expires_in":9})", R"({"request_uri":"urn:x","expires_in":0})",
        R"({"request_uri":"urn:x","expires_in":"9"})", R"({"request_uri":1,"expires_in":9})"}) {
    serve(WireClient::always(201, body));
    EXPECT_EQ(std::get<TokenRefusal>(pushed(*calls, target())).kind, Kind::kMalformed) << body;
  }
  serve(WireClient::always(307, R"({"request_uri":"urn:x","expires_in":9})"));
  EXPECT_EQ(std::get<TokenRefusal>(pushed(*calls, target())).error, "redirect_refused");
  serve(WireClient::failing(ErrorCode::kUpstream, "upstream_lost"));
  EXPECT_EQ(std::get<TokenRefusal>(pushed(*calls, target())).error, "upstream_lost");
}

// --- revocation ---

TEST_F(ServerCallsTest, RevokesAsTheStandardSays) {
  serve(WireClient::always(200, ""));
  const RevocationResult result = calls->revoke(target(), secret("rt-1"), "refresh_token");
  EXPECT_TRUE(result.confirmed);
  EXPECT_EQ(sent().url, "https://as.example/revoke");
  EXPECT_EQ(sent().method, http::Method::kPost);
  EXPECT_EQ(sent().form(), (Form{{"token", "rt-1"}, {"token_type_hint", "refresh_token"}, {"client_id", "client 1"}}));
}

TEST_F(ServerCallsTest, RevokesInJsonWhereTokensAreAskedForInJson) {
  serve(WireClient::always(200, ""));
  spec.token_body = domain::TokenBody::kJson;
  calls->revoke(target(), secret("rt-1"), "refresh_token");
  EXPECT_EQ(parse_json(sent().body),
            (Json{{"token", "rt-1"}, {"token_type_hint", "refresh_token"}, {"client_id", "client 1"}}));
}

TEST_F(ServerCallsTest, RevokesABearerByItself) {
  serve(WireClient::always(204, ""));
  spec.revocation = domain::RevocationStyle::kBearer;
  EXPECT_TRUE(calls->revoke(target(), secret("at-1"), "access_token").confirmed);
  EXPECT_EQ(sent().method, http::Method::kPost);
  EXPECT_EQ(sent().header("Authorization"), "Bearer at-1");
  EXPECT_EQ(sent().body, "");
  serve(WireClient::always(401, ""));
  EXPECT_TRUE(calls->revoke(target(), secret("at-1"), "access_token").confirmed) << "it does not work any more";
}

TEST_F(ServerCallsTest, RevokesByBasicAndJsonBelowTheClientsOwnId) {
  serve(WireClient::always(204, ""));
  spec.revocation = domain::RevocationStyle::kBasicJson;
  server.revocation_endpoint = "https://api.example/applications/:client_id/token";
  opened.secret = secret("s");
  EXPECT_TRUE(calls->revoke(target(), secret("at-1"), "access_token").confirmed);
  EXPECT_EQ(sent().url, "https://api.example/applications/client%201/token");
  EXPECT_EQ(sent().method, http::Method::kDelete);
  EXPECT_EQ(sent().header("Authorization"), "Basic Y2xpZW50JTIwMTpz");
  EXPECT_EQ(parse_json(sent().body), (Json{{"access_token", "at-1"}}));
}

struct RevocationCase {
  int status;
  const char* body;
  bool confirmed;
  bool worth_retrying;
  const char* problem;
};

TEST_F(ServerCallsTest, ARevocationIsConfirmedPutOffOrGivenUp) {
  for (const RevocationCase& one : std::initializer_list<RevocationCase>{
           {200, "whatever", true, false, ""},
           {400, R"({"error":"unsupported_token_type"})", true, false, "unsupported_token_type"},
           {400, R"({"error":"invalid_token"})", true, false, ""},
           {401, R"({"error":"invalid_client"})", false, false, "invalid_client"},
           {404, "<html>", false, false, "bad_answer"},
           {405, "", false, false, "bad_answer"},
           {302, "", false, false, "redirect_refused"},
           {429, "", false, true, "rate_limited"},
           {500, "", false, true, "server_error"},
           {503, R"({"error":"temporarily_unavailable"})", false, true, "temporarily_unavailable"}}) {
    serve(WireClient::always(one.status, one.body));
    const RevocationResult result = calls->revoke(target(), secret("rt-1"), "refresh_token");
    EXPECT_EQ(result.confirmed, one.confirmed) << one.status;
    EXPECT_EQ(result.worth_retrying, one.worth_retrying) << one.status;
    EXPECT_EQ(result.problem, one.problem) << one.status;
  }
}

TEST_F(ServerCallsTest, ARevocationWithAFlagIsReadByTheFlag) {
  spec.answer.ok = "/ok";
  spec.revocation = domain::RevocationStyle::kBearer;
  const auto revoke = [&](const char* body) {
    serve(WireClient::always(200, body));
    return calls->revoke(target(), secret("at-1"), "access_token");
  };
  EXPECT_TRUE(revoke(R"({"ok":true,"revoked":true})").confirmed);
  EXPECT_TRUE(revoke(R"({"ok":false,"error":"token_revoked"})").confirmed);
  EXPECT_FALSE(revoke(R"({"ok":false,"error":"no_permission"})").confirmed);
  EXPECT_TRUE(revoke(R"({"ok":false,"error":"ratelimited"})").worth_retrying);
}

TEST_F(ServerCallsTest, A045_AProviderThatIsDownIsAskedAgainLater) {
  for (const char* reason : {"upstream_timeout", "upstream_unreachable", "upstream_lost", "upstream_tls"}) {
    serve(WireClient::failing(ErrorCode::kUpstream, reason));
    const RevocationResult result = calls->revoke(target(), secret("rt-1"), "refresh_token");
    EXPECT_FALSE(result.confirmed);
    EXPECT_TRUE(result.worth_retrying);
    EXPECT_EQ(result.problem, reason);
  }
  server.revocation_endpoint.clear();
  EXPECT_FALSE(calls->revoke(target(), secret("rt-1"), "refresh_token").worth_retrying);
}

// --- whose account ---

TEST_F(ServerCallsTest, AsksWhoseAccountItIsWithTheTokenAlone) {
  serve(WireClient::always(200, R"({"data":[{"id":7,"team":"t"}],"mail":"a@b\nc"})"));
  spec.account = {domain::AccountFrom::kRequest,
                  "https://{shop}.example.com/v1/{company}/me",
                  "",
                  {"/data/0/id", "/data/0/team"},
                  {"/name", "/mail"}};
  const Account account = calls->account(target(), secret("at-1"), {{"shop", "acme"}, {"company", "A/../b"}});
  EXPECT_EQ(account.id, "7|t");
  EXPECT_EQ(account.label, "a@bc");
  EXPECT_EQ(sent().method, http::Method::kGet);
  EXPECT_EQ(sent().url, "https://acme.example.com/v1/A%2F..%2Fb/me");
  EXPECT_EQ(sent().header("Authorization"), "Bearer at-1");
  EXPECT_EQ(sent().body, "");
}

TEST_F(ServerCallsTest, AnAccountMayBeAskedForByPost) {
  serve(WireClient::always(200, R"({"id":"1"})"));
  spec.account = {domain::AccountFrom::kRequest, "https://api.example.com/graphql", R"({"query":"{me}"})", {"/id"}, {}};
  EXPECT_EQ(calls->account(target(), secret("at-1"), {}).id, "1");
  EXPECT_EQ(sent().method, http::Method::kPost);
  EXPECT_EQ(sent().header("Content-Type"), "application/json");
  EXPECT_EQ(sent().body, R"({"query":"{me}"})");
  spec.account.body = "null";
  calls->account(target(), secret("at-1"), {});
  EXPECT_EQ(sent().method, http::Method::kPost);
  EXPECT_EQ(sent().header("Content-Type"), "");
  EXPECT_EQ(sent().body, "");
}

TEST_F(ServerCallsTest, TheTokenGoesToNoHostThatAValueMadeUp) {
  serve(WireClient::always(200, R"({"id":"1"})"));
  spec.account = {domain::AccountFrom::kRequest, "https://{shop}.example.com/me", "", {"/id"}, {}};
  for (const char* value : {"evil.com/", "evil.com#", "a.b", "", "A", "x@y", "evil.com?", "-a"}) {
    EXPECT_EQ(calls->account(target(), secret("at-1"), {{"shop", value}}).id, "") << value;
  }
  EXPECT_EQ(calls->account(target(), secret("at-1"), {}).id, "");
  EXPECT_TRUE(client->sent.empty());
}

TEST_F(ServerCallsTest, AnAccountThatCannotBeLearnedIsEmpty) {
  spec.account = {domain::AccountFrom::kRequest, "https://api.example.com/me", "", {"/id"}, {"/name"}};
  for (const auto& script : {WireClient::always(401, R"({"id":"1"})"), WireClient::always(302, R"({"id":"1"})"),
                             WireClient::always(200, "<html>"), WireClient::always(200, R"({"id":null})"),
                             WireClient::failing(ErrorCode::kUpstream, "upstream_timeout"),
                             WireClient::failing(ErrorCode::kUnavailable, "outbound_busy")}) {
    serve(script);
    EXPECT_EQ(calls->account(target(), secret("at-1"), {}).id, "");
  }
  serve(WireClient::failing(ErrorCode::kInternal, "internal"));
  EXPECT_THROW(calls->account(target(), secret("at-1"), {}), Error);
  spec.account.from = domain::AccountFrom::kIdToken;
  serve(WireClient::always(200, R"({"id":"1"})"));
  EXPECT_EQ(calls->account(target(), secret("at-1"), {}).id, "");
  EXPECT_TRUE(client->sent.empty());
}

TEST_F(ServerCallsTest, UserInfoIsTheSubjectAndAName) {
  serve(WireClient::always(200, R"({"sub":"s-1","email":"ada@example.com","name":"Ada"})"));
  EXPECT_EQ(calls->userinfo(target(), secret("at-1")).id, "s-1");
  EXPECT_EQ(calls->userinfo(target(), secret("at-1")).label, "ada@example.com");
  EXPECT_EQ(sent().url, "https://as.example/me");
  EXPECT_EQ(sent().header("Authorization"), "Bearer at-1");
  spec.account.label = {"/name"};
  EXPECT_EQ(calls->userinfo(target(), secret("at-1")).label, "Ada");
  server.userinfo_endpoint.clear();
  EXPECT_EQ(calls->userinfo(target(), secret("at-1")).id, "");
}

// --- registration ---

class RegistrationTest : public ServerCallsTest {
 protected:
  Registered register_client(int status, const Json& answer) {
    serve(WireClient::always(status, dump_json(answer)));
    return calls->register_client(wanted);
  }
  std::string refusal(int status, const std::string& body) {
    serve(WireClient::always(status, body));
    try {
      calls->register_client(wanted);
      return {};
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUpstream);
      EXPECT_EQ(error.reason(), "registration_refused");
      detail = error.detail();
      return error.message();
    }
  }
  std::string refusal(const Json& answer) { return refusal(201, dump_json(answer)); }

  RegistrationRequest wanted{.registration_endpoint = "https://as.example/register",
                             .redirect_uri = "https://we.example/oauth/callback/oc_1",
                             .grants = {domain::OAuthGrant::kAuthorizationCode},
                             .scopes = {"read", "write"},
                             .auth = ClientAuth::kNone,
                             .native = false,
                             .public_jwk = ""};
  std::string detail;
};

TEST_F(RegistrationTest, SaysWhatItWantsAndKeepsWhatItGot) {
  const Registered got = register_client(200, {{"client_id", "c-1"},
                                               {"token_endpoint_auth_method", "client_secret_post"},
                                               {"client_secret", "cs-1"},
                                               {"client_secret_expires_at", 1'900'000'000},
                                               {"registration_access_token", "rat-1"},
                                               {"redirect_uris", {"https://we.example/oauth/callback/oc_1"}}});
  EXPECT_EQ(got.client_id, "c-1");
  EXPECT_EQ(got.auth, ClientAuth::kPost) << "what the server settled on, not what was asked";
  EXPECT_EQ(got.client_secret.reveal(), "cs-1");
  EXPECT_EQ(got.registration_token.reveal(), "rat-1");
  EXPECT_EQ(got.secret_expires_at, Instant(seconds(1'900'000'000)));
  EXPECT_EQ(sent().method, http::Method::kPost);
  EXPECT_EQ(sent().header("Content-Type"), "application/json");
  EXPECT_EQ(sent().header("Authorization"), "");
  EXPECT_EQ(parse_json(sent().body), (Json{{"client_name", "Countersign"},
                                           {"application_type", "web"},
                                           {"redirect_uris", {"https://we.example/oauth/callback/oc_1"}},
                                           {"grant_types", {"authorization_code", "refresh_token"}},
                                           {"response_types", {"code"}},
                                           {"scope", "read write"},
                                           {"token_endpoint_auth_method", "none"}}));
}

TEST_F(RegistrationTest, ForAMachineAsksForNoCode) {
  wanted.grants = {domain::OAuthGrant::kClientCredentials};
  wanted.native = true;
  wanted.scopes.clear();
  wanted.auth = ClientAuth::kPrivateKeyJwt;
  wanted.public_jwk = R"({"kty":"EC","kid":"k"})";
  register_client(201, {{"client_id", "c-1"}});
  const Json body = parse_json(sent().body);
  EXPECT_EQ(body.at("grant_types"), Json::array({"client_credentials"}));
  EXPECT_EQ(body.at("response_types"), Json::array());
  EXPECT_EQ(body.at("application_type"), "native");
  EXPECT_EQ(body.at("jwks"), parse_json(R"({"keys":[{"kty":"EC","kid":"k"}]})"));
  EXPECT_FALSE(body.contains("scope"));
}

TEST_F(RegistrationTest, ASecretThatNeverExpiresSaysZeroOrNothing) {
  const Json answer = {
      {"client_id", "c-1"}, {"token_endpoint_auth_method", "client_secret_basic"}, {"client_secret", "s"}};
  EXPECT_EQ(register_client(201, answer).secret_expires_at, Instant());
  Json zero = answer;
  zero["client_secret_expires_at"] = 0;
  EXPECT_EQ(register_client(201, zero).secret_expires_at, Instant());
}

TEST_F(RegistrationTest, ASecretThatIsNotUsedIsNotKept) {
  EXPECT_TRUE(register_client(201, {{"client_id", "c-1"}, {"client_secret", "s"}}).client_secret.empty());
}

TEST_F(RegistrationTest, WhatCannotBeUsedIsRefused) {
  const Json good = {{"client_id", "c-1"}};
  const auto with = [&](const char* name, const Json& value) {
    Json answer = good;
    answer[name] = value;
    return answer;
  };
  EXPECT_EQ(refusal(good), "");
  for (const Json& id : {Json(nullptr), Json(""), Json(1), Json("a b"), Json(std::string(2049, 'x'))}) {
    EXPECT_THAT(refusal(with("client_id", id)), HasSubstr("no client_id")) << id.dump().substr(0, 40);
  }
  for (const char* method : {"client_secret_jwt", "tls_client_auth", "private_key_jwt", "NONE"}) {
    EXPECT_THAT(refusal(with("token_endpoint_auth_method", method)), HasSubstr("authenticate")) << method;
  }
  for (const Json& uris : {Json::array(), Json("https://we.example/oauth/callback/oc_1"), Json::array({1}),
                           Json::array({"https://we.example/oauth/callback/oc_1/"})}) {
    EXPECT_THAT(refusal(with("redirect_uris", uris)), HasSubstr("redirect URI")) << uris;
  }
  EXPECT_THAT(refusal(with("token_endpoint_auth_method", "client_secret_post")), HasSubstr("no client_secret"));
  for (const Json& end : {Json("never"), Json(-1), Json(1.5), Json(253402300800)}) {
    Json answer = with("token_endpoint_auth_method", "client_secret_post");
    answer["client_secret"] = "s";
    answer["client_secret_expires_at"] = end;
    EXPECT_THAT(refusal(answer), HasSubstr("no date")) << end;
  }
  EXPECT_THAT(refusal(201, "<html>"), HasSubstr("not what it must be"));
}

TEST_F(RegistrationTest, ARefusalAboutTheRedirectSaysWhatMayHelp) {
  for (const char* body : {R"({"error":"invalid_redirect_uri"})",
                           R"({"error":"invalid_client_metadata","error_description":"bad redirect_uris[0]"})"}) {
    EXPECT_THAT(refusal(400, body), AllOf(HasSubstr("127.0.0.1"), HasSubstr("https"), HasSubstr("by hand"))) << body;
  }
  EXPECT_EQ(detail, "invalid_client_metadata, status 400");
}

TEST_F(RegistrationTest, AnyOtherRefusalIsToldWithoutTheServersWords) {
  const std::string told = refusal(403, R"({"error":"access_denied","error_description":"<b>hostile</b>"})");
  EXPECT_THAT(told, AllOf(HasSubstr("by hand"), Not(HasSubstr("hostile")), Not(HasSubstr("127.0.0.1"))));
  EXPECT_EQ(detail, "access_denied, status 403");
  EXPECT_NE(refusal(302, ""), "");
  EXPECT_NE(refusal(500, ""), "");
}

// --- on the real client ---

class TokenEndpointOnTheWire : public ServerCallsTest {
 protected:
  static http::CurlClientOptions options() {
    http::CurlClientOptions loopback;
    loopback.allow_loopback_http = true;
    return loopback;
  }
  TokenResult ask(const support::ScriptedServer& peer) {
    server.token_endpoint = peer.url("/token");
    return ServerCalls(curl, clock, random).refresh(target(), secret("rt-old-1234567890"), {});
  }

  http::CurlClient curl{options()};
};

TEST_F(TokenEndpointOnTheWire, AnswersWithAToken) {
  support::ScriptedServer peer(support::ScriptedServer::always(
      support::ScriptedServer::answer(kToken, "200 OK", "Content-Type: application/json\r\n")));
  EXPECT_EQ(std::get<TokenAnswer>(ask(peer)).access_token.reveal(), "at-fresh");
  EXPECT_THAT(peer.requests(),
              Contains(HasSubstr("\r\n\r\ngrant_type=refresh_token&refresh_token=rt-old-1234567890&")));
}

TEST_F(TokenEndpointOnTheWire, A034_A035_TheBodyIsNeverForwarded) {
  for (const char* status : {"302 Found", "307 Temporary Redirect", "308 Permanent Redirect"}) {
    support::ScriptedServer other(support::ScriptedServer::always(support::ScriptedServer::answer(kToken)));
    support::ScriptedServer peer(support::ScriptedServer::always(
        support::ScriptedServer::answer("", status, "Location: " + other.url("/token") + "\r\n")));
    EXPECT_EQ(refusal(ask(peer)).error, "redirect_refused") << status;
    EXPECT_EQ(other.connections(), 0U);
    EXPECT_EQ(peer.requests().size(), 1U);
  }
}

TEST_F(TokenEndpointOnTheWire, A033_AFloodIsCutOffAndABombIsNotUnpacked) {
  support::ScriptedServer flood([](support::ScriptedServer::Peer& peer) {
    peer.read();
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"access_token\":\"");
    while (peer.send(std::string(64 * 1024, 'x'))) {
    }
  });
  EXPECT_EQ(refusal(ask(flood)).error, "upstream_too_large");
  EXPECT_TRUE(refusal(ask(flood)).may_have_arrived);
  support::ScriptedServer bomb(support::ScriptedServer::always(
      support::ScriptedServer::answer("\x1f\x8b\x08", "200 OK", "Content-Encoding: gzip\r\n")));
  EXPECT_EQ(refusal(ask(bomb)).kind, Kind::kMalformed);
}

TEST_F(TokenEndpointOnTheWire, A033_ATruncatedAnswerMayHaveBeenARotation) {
  support::ScriptedServer peer([](support::ScriptedServer::Peer& one) {
    one.read();
    one.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"access_token\":\"at-");
    ::shutdown(one.fd(), SHUT_RDWR);
  });
  const TokenRefusal refused = refusal(ask(peer));
  EXPECT_EQ(refused.error, "upstream_lost");
  EXPECT_EQ(refused.kind, Kind::kPassing);
  EXPECT_TRUE(refused.may_have_arrived);
  EXPECT_EQ(peer.requests().size(), 1U) << "one attempt, whatever becomes of it";
}

TEST_F(TokenEndpointOnTheWire, A049_APrivateAddressIsForTheAdminToAllow) {
  http::CurlClientOptions strict = options();
  strict.allow_loopback_http = false;
  strict.resolve = [](const std::string&) { return std::string("10.0.0.1"); };
  http::CurlClient careful(strict);
  server.token_endpoint = "https://as.example/token";
  const auto result = ServerCalls(careful, clock, random).refresh(target(), secret("rt"), {});
  EXPECT_EQ(refusal(result).kind, Kind::kConfiguration);
  EXPECT_EQ(refusal(result).error, "upstream_address_refused");
  EXPECT_FALSE(refusal(result).may_have_arrived);
}

}  // namespace
}  // namespace countersign::oauth::server_calls
