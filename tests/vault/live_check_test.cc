// Trying a credential out: what the provider's answer means, and what is kept of it.
#include "vault/live_check.h"

#include "base/encoding.h"
#include "support/scripted_server.h"
#include "vault/scripted_client.h"
#include "vault/words.h"

namespace countersign::vault {
namespace {

using support::ScriptedServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

domain::Integration acme() {
  domain::AuthTemplate form;
  form.slug = "key";
  form.fields.emplace_back().name = "token";
  form.placement.headers.push_back({"Authorization", "Bearer {token}"});
  form.live_test = domain::LiveTest{"/v1/me?brief=1", {"/user/email", "/login", "/id"}};
  domain::Integration integration;
  integration.slug = "acme";
  integration.name = "Acme";
  integration.base_urls = {"https://api.acme.example"};
  integration.headers.push_back({"Acme-Version", "7"});
  integration.templates.push_back(form);
  return integration;
}

Checked check(http::Client& client, const domain::Integration& integration,
              std::string_view base_url = "https://api.acme.example") {
  Fields secrets;
  secrets.emplace("token", Secret(std::string("canary-token")));
  return live_check(client, integration, integration.templates.front(), base_url, secrets, {});
}

Checked outcome(int status, std::string body) {
  ScriptedClient client(ScriptedClient::always(status, std::move(body)));
  return check(client, acme());
}

// "works: account", "refused: 401" or the sentence.
std::string text_of(const Checked& checked) {
  if (const auto* works = std::get_if<Works>(&checked)) return "works: " + works->account;
  if (const auto* refused = std::get_if<RefusedByProvider>(&checked))
    return "refused: " + std::to_string(refused->status);
  const std::string why = std::get<CouldNotAsk>(checked).why;
  EXPECT_THAT(why, Not(HasSubstr("canary")));
  EXPECT_TRUE(why.ends_with('.')) << why;
  return why;
}

TEST(LiveCheck, AsksWithTheCredentialInItsPlace) {
  ScriptedClient client(ScriptedClient::always(200, R"({"login":"octo"})"));
  EXPECT_EQ(text_of(check(client, acme(), "https://eu.acme.example/api/")), "works: octo");
  ASSERT_EQ(client.sent.size(), 1U);
  EXPECT_EQ(client.sent[0].method, http::Method::kGet);
  EXPECT_EQ(client.sent[0].url, "https://eu.acme.example/api/v1/me?brief=1");
  EXPECT_THAT(client.sent[0].headers, ElementsAre("Acme-Version: 7", "Authorization: Bearer canary-token"));
  EXPECT_EQ(client.sent[0].limits.total, std::chrono::seconds(8));
  EXPECT_EQ(client.sent[0].limits.body_bytes, 256U * 1024);
}

TEST(LiveCheck, TheFirstPointerThatNamesSomethingCounts) {
  EXPECT_EQ(text_of(outcome(200, R"({"user":{"email":"a@b.example"},"login":"octo","id":7})")), "works: a@b.example");
  EXPECT_EQ(text_of(outcome(200, R"({"user":{"email":null},"login":["x"],"id":7})")), "works: 7");
  EXPECT_EQ(text_of(outcome(201, R"({"user":"text","login":"\u0007","id":"x-7"})")), "works: x-7");
  EXPECT_EQ(text_of(outcome(200, R"([1,2])")), "works: ");
  EXPECT_EQ(text_of(outcome(200, R"({"id":true})")), "works: ");
}

TEST(LiveCheck, TheAccountIsCutAndHasNoControlCharacters) {
  std::string controls = R"({"login":"a\u0001b\u001b[31mc\u007f\u0085d\u202ee\u200bf\ufeff\n\u2066g ä"})";
  EXPECT_EQ(text_of(outcome(200, controls)), "works: ab[31mcdefg \xc3\xa4");
  std::string lengthy = R"({"login":")";
  for (int i = 0; i < 200; ++i) lengthy += "\xf0\x9f\x98\x80\\u0002";
  const auto account = std::get<Works>(outcome(200, lengthy + "\"}")).account;
  EXPECT_TRUE(is_utf8(account));
  EXPECT_EQ(code_points(account), 120U);
}

TEST(LiveCheck, OnlyTheProviderItselfRefuses) {
  EXPECT_EQ(text_of(outcome(401, "{}")), "refused: 401");
  EXPECT_EQ(text_of(outcome(403, "canary")), "refused: 403");
  for (const int status : {301, 302, 307, 400, 404, 407, 422, 429, 500, 503}) {
    EXPECT_THAT(text_of(outcome(status, "canary")), HasSubstr("Acme answered with status " + std::to_string(status)));
  }
}

TEST(LiveCheck, AnAnswerThatIsNoJsonProvesNothing) {
  for (const std::string& body : {std::string(), std::string("<html>canary: sign in to the hotel's network</html>"),
                                  std::string(R"({"login":"canary","login":"b"})"), std::string(200'000, '[')}) {
    EXPECT_THAT(text_of(outcome(200, body)), HasSubstr("Acme answered")) << body.substr(0, 40);
  }
}

TEST(LiveCheck, WithoutPointersTheStatusIsEnough) {
  auto integration = acme();
  integration.templates.front().live_test->account.clear();
  ScriptedClient client(ScriptedClient::always(204, ""));
  EXPECT_EQ(text_of(check(client, integration)), "works: ");
}

TEST(LiveCheck, ATemplateWithoutATestAsksNobody) {
  auto integration = acme();
  integration.templates.front().live_test.reset();
  ScriptedClient client(ScriptedClient::always(200, "{}"));
  EXPECT_THAT(text_of(check(client, integration)), HasSubstr("no harmless request"));
  EXPECT_TRUE(client.sent.empty());
}

TEST(LiveCheck, WhatTheNetworkDoesIsNeverThrown) {
  for (const auto code : {ErrorCode::kUpstream, ErrorCode::kUnavailable}) {
    ScriptedClient client(ScriptedClient::failing(code, "upstream_timeout"));
    EXPECT_THAT(text_of(check(client, acme())), HasSubstr("did not answer in time"));
  }
  ScriptedClient client(ScriptedClient::failing(ErrorCode::kInvalidArgument, "bad_upstream_url"));
  EXPECT_EQ(reason_of([&] { check(client, acme()); }), "bad_upstream_url") << "that is not the network's doing";
}

TEST(LiveCheck, ACredentialThatCannotBeSentIsNotSent) {
  ScriptedClient client(ScriptedClient::always(200, "{}"));
  const auto integration = acme();
  Fields secrets;
  secrets.emplace("token", Secret(std::string("canary\r\nHost: evil")));
  EXPECT_EQ(
      reason_of([&] { live_check(client, integration, integration.templates.front(), "https://a", secrets, {}); }),
      "bad_credential");
  EXPECT_TRUE(client.sent.empty());
}

TEST(LiveCheck, OnRealSocketsARedirectIsNotFollowedAndAFloodIsCut) {
  http::CurlClientOptions loopback;
  loopback.allow_loopback_http = true;
  http::CurlClient client(loopback);
  ScriptedServer other(ScriptedServer::always(ScriptedServer::answer(R"({"login":"octo"})")));
  ScriptedServer elsewhere(
      ScriptedServer::always(ScriptedServer::answer("", "302 Found", "Location: " + other.url("/v1/me") + "\r\n")));
  EXPECT_THAT(text_of(check(client, acme(), elsewhere.url())), HasSubstr("a redirect"));
  EXPECT_EQ(other.connections(), 0U);
  EXPECT_EQ(text_of(check(client, acme(), other.url())), "works: octo");

  ScriptedServer flood(ScriptedServer::always(ScriptedServer::answer(std::string(256 * 1024 + 1, ' '))));
  EXPECT_THAT(text_of(check(client, acme(), flood.url())), HasSubstr("more than"));
}

}  // namespace
}  // namespace countersign::vault
