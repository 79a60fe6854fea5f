#include "app/integration_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "support/fake_clock.h"
#include "vault/scripted_client.h"

namespace countersign::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using vault::ScriptedClient;

constexpr const char* kCallback = "https://broker.example/oauth/callback/CLIENT";
constexpr const char* kIssuer = "https://auth.acme.example";

domain::OAuthSpec spec() {
  domain::OAuthSpec spec;
  spec.server.issuer = kIssuer;
  spec.server.authorization_endpoint = "https://auth.acme.example/authorize";
  spec.server.token_endpoint = "https://auth.acme.example/token";
  spec.scopes = {{"read", "Read", true}, {"admin", "Change", false}};
  spec.client_auth = {domain::ClientAuth::kPost};
  return spec;
}

domain::AuthTemplate form(domain::OAuthSpec with = spec()) {
  domain::AuthTemplate form;
  form.slug = "oauth";
  form.kind = domain::TemplateKind::kOAuth2;
  form.label = "account";
  form.oauth = std::move(with);
  return form;
}

domain::OAuthServer provider() {
  domain::OAuthServer server = spec().server;
  server.auth_methods = {"client_secret_post", "none"};
  return server;
}

Json metadata() {
  return {{"issuer", kIssuer},
          {"authorization_endpoint", "https://auth.acme.example/authorize"},
          {"token_endpoint", "https://auth.acme.example/token"},
          {"code_challenge_methods_supported", {"S256"}},
          {"token_endpoint_auth_methods_supported", {"client_secret_post"}}};
}

struct Online {
  explicit Online(ScriptedClient::Script script) : client(std::move(script)) {}
  static Online answering(const Json& json) { return Online(ScriptedClient::always(200, dump_json(json))); }
  TemplateCheck check(const domain::AuthTemplate& one) {
    const support::FakeClock clock;
    const oauth::Discovery discovery(client, clock);
    return check_template_online(one, kCallback, discovery);
  }
  ScriptedClient client;
};

std::string fact(const TemplateCheck& check, std::string_view name) {
  for (const auto& [key, value] : check.facts) {
    if (key == name) return value;
  }
  return "";
}

TEST(IntegrationCheck, AuthorizationUrlIsTheOneAPersonWouldGoToWithMadeUpValues) {
  EXPECT_EQ(check_template(form(), kCallback).authorization_url,
            "https://auth.acme.example/authorize?response_type=code&client_id=CLIENT-ID"
            "&redirect_uri=https%3A%2F%2Fbroker.example%2Foauth%2Fcallback%2FCLIENT&scope=read&state=STATE"
            "&code_challenge=CODE-CHALLENGE&code_challenge_method=S256");
}

TEST(IntegrationCheck, HostLabelIsFilledWithAnExample) {
  domain::OAuthSpec with = spec();
  with.server.authorization_endpoint = "https://{shop}.acme.example/authorize";
  EXPECT_THAT(check_template(form(with), kCallback).authorization_url,
              ::testing::StartsWith("https://example.acme.example/authorize?"));
}

TEST(IntegrationCheck, NobodyIsSentAnywhereForAMachineOrAnUnknownServer) {
  domain::OAuthSpec machine = spec();
  machine.grants = {domain::OAuthGrant::kClientCredentials};
  EXPECT_EQ(check_template(form(machine), kCallback).authorization_url, "");
  domain::OAuthSpec generic;
  EXPECT_EQ(check_template(form(generic), kCallback).authorization_url, "");
  EXPECT_EQ(fact(check_template(form(generic), kCallback), "server"), "the client it is used with says it");
}

TEST(IntegrationCheck, WaiverIsShownWithItsReason) {
  EXPECT_EQ(fact(check_template(form(), kCallback), "pkce"), "s256, required");
  domain::OAuthSpec waived = spec();
  waived.pkce = domain::Pkce::kNotSent;
  waived.pkce_reason = "It refuses it.";
  const TemplateCheck check = check_template(form(waived), kCallback);
  EXPECT_EQ(fact(check, "pkce"), "not_sent, a waiver: It refuses it.");
  EXPECT_THAT(check.authorization_url, Not(HasSubstr("code_challenge")));
  EXPECT_THAT(text_of(check), HasSubstr("not_sent, a waiver: It refuses it."));
}

// --- what the provider says ---

TEST(IntegrationDifferences, ThereAreNoneWhereBothSayTheSame) { EXPECT_TRUE(differences(spec(), provider()).empty()); }

TEST(IntegrationDifferences, AnotherOrAMissingEndpointIsWrong) {
  domain::OAuthServer moved = provider();
  moved.token_endpoint = "https://new.acme.example/token";
  EXPECT_EQ(differences(spec(), moved),
            (std::vector<Difference>{{Difference::Kind::kWrong, "token_endpoint", "https://auth.acme.example/token",
                                      "https://new.acme.example/token"}}));
  domain::OAuthSpec revoking = spec();
  revoking.server.revocation_endpoint = "https://auth.acme.example/revoke";
  EXPECT_EQ(differences(revoking, provider()),
            (std::vector<Difference>{
                {Difference::Kind::kWrong, "revocation_endpoint", "https://auth.acme.example/revoke", ""}}));
}

TEST(IntegrationDifferences, WhatTheFileDoesNotUseIsToldAndIsNoFault) {
  domain::OAuthServer more = provider();
  more.registration_endpoint = "https://auth.acme.example/register";
  more.client_id_metadata = true;
  const auto found = differences(spec(), more);
  ASSERT_EQ(found.size(), 2U);
  for (const Difference& one : found) EXPECT_EQ(one.kind, Difference::Kind::kUnused) << one.what;
  TemplateCheck check;
  check.differences = found;
  EXPECT_TRUE(is_good(check));
}

TEST(IntegrationDifferences, PkceThatIsNotOfferedAndWaiverThatIsNotNeededAreWrong) {
  domain::OAuthServer without = provider();
  without.s256 = false;
  ASSERT_EQ(differences(spec(), without).size(), 1U);
  EXPECT_EQ(differences(spec(), without)[0].what, "pkce");
  domain::OAuthSpec waived = spec();
  waived.pkce = domain::Pkce::kUnconfirmed;
  EXPECT_TRUE(differences(waived, without).empty());
  ASSERT_EQ(differences(waived, provider()).size(), 1U);
  EXPECT_EQ(differences(waived, provider())[0].provider, "code_challenge_methods_supported has S256");
}

TEST(IntegrationDifferences, PushedRequestsIssAndMethodsAreCompared) {
  domain::OAuthServer strict = provider();
  strict.par_required = true;
  strict.iss_in_callback = true;
  strict.auth_methods = {"private_key_jwt"};
  std::vector<std::string> names;
  for (const Difference& one : differences(spec(), strict)) names.push_back(one.what);
  EXPECT_EQ(names, (std::vector<std::string>{"require_pushed_authorization_requests",
                                             "authorization_response_iss_parameter_supported", "client_auth"}));
  strict.auth_methods.clear();  // not said
  EXPECT_EQ(differences(spec(), strict).size(), 2U);
}

TEST(IntegrationCheck, OnlineAnAgreeingProviderIsGood) {
  auto online = Online::answering(metadata());
  const TemplateCheck check = online.check(form());
  EXPECT_EQ(check.asked, kIssuer);
  EXPECT_TRUE(is_good(check)) << text_of(check);
  EXPECT_THAT(text_of(check), HasSubstr("of https://auth.acme.example agrees"));
  EXPECT_EQ(online.client.sent.at(0).url, "https://auth.acme.example/.well-known/oauth-authorization-server");
}

TEST(IntegrationCheck, OnlineADisagreeingOneIsNot) {
  Json json = metadata();
  json["token_endpoint"] = "https://new.acme.example/token";
  const TemplateCheck check = Online::answering(json).check(form());
  EXPECT_FALSE(is_good(check));
  EXPECT_THAT(text_of(check), HasSubstr("WRONG: the file says https://auth.acme.example/token, the provider "
                                        "https://new.acme.example/token"));
  EXPECT_EQ(json_of(check).at("differences").at(0).at("kind"), "wrong");
}

TEST(IntegrationCheck, OnlineADiscoveredServerSaysWhereAPersonWouldGo) {
  domain::OAuthSpec discovered = spec();
  discovered.discover = true;
  discovered.server = {};
  discovered.server.issuer = kIssuer;
  EXPECT_EQ(check_template(form(discovered), kCallback).authorization_url, "");
  const TemplateCheck check = Online::answering(metadata()).check(form(discovered));
  EXPECT_TRUE(is_good(check)) << text_of(check);
  EXPECT_THAT(check.authorization_url, ::testing::StartsWith("https://auth.acme.example/authorize?response_type=code"));
}

TEST(IntegrationCheck, ProviderThatCannotBeAskedIsAProblemAndOneThatNeedNotBeIsNone) {
  const TemplateCheck lost = Online(ScriptedClient::always(404, "")).check(form());
  EXPECT_FALSE(is_good(lost));
  EXPECT_THAT(text_of(lost), HasSubstr("PROBLEM: No metadata could be found"));

  auto online = Online::answering(metadata());
  domain::OAuthSpec unnamed = spec();
  unnamed.server.issuer.clear();
  domain::OAuthSpec per_customer = spec();
  per_customer.server.issuer = "https://{shop}.acme.example";
  for (const auto& one : {unnamed, per_customer, domain::OAuthSpec()}) {
    const TemplateCheck check = online.check(form(one));
    EXPECT_TRUE(is_good(check));
    EXPECT_FALSE(check.not_asked.empty());
  }
  domain::AuthTemplate key;
  key.kind = domain::TemplateKind::kBearer;
  EXPECT_TRUE(is_good(online.check(key)));
  EXPECT_TRUE(online.client.sent.empty()) << "somebody was asked";
}

TEST(IntegrationCheck, WhatAStrangerSaysCannotSteerATerminal) {
  TemplateCheck check;
  check.differences = {{Difference::Kind::kWrong, "token_endpoint", "https://a.example", "https://b\x1b[2J\n.example"}};
  EXPECT_THAT(text_of(check), Not(HasSubstr("\x1b")));
  EXPECT_THAT(text_of(check), HasSubstr("https://b[2J.example\n"));
}

}  // namespace
}  // namespace countersign::app
