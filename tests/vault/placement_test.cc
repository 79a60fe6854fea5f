#include "vault/placement.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace countersign::vault {
namespace {

using domain::AuthTemplate;
using domain::BasicPair;
using domain::Field;
using domain::Integration;
using domain::PlacedHeader;
using domain::Placement;
using domain::Sensitivity;

Field field(std::string name, Sensitivity sensitivity) {
  Field one;
  one.label = "label of " + name;
  one.name = std::move(name);
  one.sensitivity = sensitivity;
  return one;
}

AuthTemplate form_with(Placement placement) {
  AuthTemplate form;
  form.slug = "key";
  form.fields = {field("key", Sensitivity::kSecret), field("user", Sensitivity::kPlain),
                 field("site", Sensitivity::kPlain)};
  form.placement = std::move(placement);
  return form;
}

AuthTemplate form_with_header(std::string name, std::string value) {
  return form_with({{{std::move(name), std::move(value)}}, std::nullopt});
}

Fields secrets(std::string key) {
  Fields fields;
  fields.emplace("key", Secret(std::move(key)));
  return fields;
}

// Every header as it stands on the wire, one a line.
std::string sent(const AuthTemplate& form, const Fields& secrets, const PlainFields& plain,
                 const Integration& integration = {}) {
  std::string text;
  for (const http::ClientHeader& header : place(integration, form, secrets, plain).headers) {
    text += header.name + ": " + header.value + std::string(header.secret.reveal()) + "\n";
  }
  return text;
}

// The message of the refusal, or what would have been sent.
std::string refusal(const AuthTemplate& form, const Fields& secrets, const PlainFields& plain,
                    const Integration& integration = {}) {
  try {
    return sent(form, secrets, plain, integration);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error.reason(), "bad_credential");
    EXPECT_TRUE(error.detail().empty());
    return error.message();
  }
}

TEST(Placement, SecretPartOfAHeaderStaysASecret) {
  const auto placed = place({}, form_with_header("Authorization", "Bearer {key}"), secrets("s3cret"), {});
  ASSERT_EQ(placed.headers.size(), 1U);
  EXPECT_EQ(placed.headers[0].name, "Authorization");
  EXPECT_EQ(placed.headers[0].value, "Bearer ");
  EXPECT_EQ(placed.headers[0].secret.reveal(), "s3cret");
}

TEST(Placement, WhatFollowsASecretStaysBehindIt) {
  const auto placed = place({}, form_with_header("X-Key", "u={user}; k=\"{key}\"; s={site}"), secrets("s3cret"),
                            {{"user", "fred"}, {"site", "acme"}});
  EXPECT_EQ(placed.headers.at(0).value, "u=fred; k=\"");
  EXPECT_EQ(placed.headers.at(0).secret.reveal(), "s3cret\"; s=acme");
}

TEST(Placement, HeadersOfTheIntegrationComeAlong) {
  Integration integration;
  integration.headers = {{"Acme-Version", "2"}};
  EXPECT_EQ(sent(form_with_header("X-Key", "{key}"), secrets("k"), {}, integration), "Acme-Version: 2\nX-Key: k\n");
}

TEST(Placement, NothingIsPlacedForATemplateOfKindNone) {
  AuthTemplate form;
  form.kind = domain::TemplateKind::kNone;
  EXPECT_EQ(sent(form, {}, {}), "");
}

// RFC 7617 section 2, and a pair of each length modulo three.
TEST(Placement, BasicIsThePairInBase64) {
  const auto basic = [](std::string user, std::string password) {
    return sent(form_with({{}, BasicPair{"{user}", "{key}"}}), secrets(std::move(password)),
                {{"user", std::move(user)}});
  };
  EXPECT_EQ(basic("Aladdin", "open sesame"), "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\n");
  EXPECT_EQ(basic("a", "b"), "Authorization: Basic YTpi\n");
  EXPECT_EQ(basic("a", "bc"), "Authorization: Basic YTpiYw==\n");
  EXPECT_EQ(basic("a", "bcd"), "Authorization: Basic YTpiY2Q=\n");
  EXPECT_EQ(basic("a", "?>~?>~"), "Authorization: Basic YTo/Pn4/Pn4=\n");
  EXPECT_EQ(basic("test", "123\u00a3"), "Authorization: Basic dGVzdDoxMjPCow==\n");  // section 2.1, its own example
  EXPECT_EQ(basic("", ""), "Authorization: Basic Og==\n");
}

TEST(Placement, BasicMayHaveLiteralsAndTheSecretAsTheUser) {
  EXPECT_EQ(sent(form_with({{}, BasicPair{"{user}/token", "{key}"}}), secrets("k"), {{"user", "a@b.example"}}),
            "Authorization: Basic YUBiLmV4YW1wbGUvdG9rZW46aw==\n");
  EXPECT_EQ(sent(form_with({{}, BasicPair{"{key}", ""}}), secrets("k"), {}), "Authorization: Basic azo=\n");
}

TEST(Placement, BasicUserWithAColonIsRefused) {
  const AuthTemplate form = form_with({{}, BasicPair{"{user}", "{key}"}});
  const std::string said = refusal(form, secrets("k"), {{"user", "fred:admin"}});
  EXPECT_EQ(said, "A user name with a colon in it cannot be sent. Connect the account again.");
}

TEST(Placement, ControlCharactersAreRefusedAndNeverRepeated) {
  for (const AuthTemplate& form : {form_with_header("X-Key", "{key}"), form_with_header("X-Key", "{user}"),
                                   form_with({{}, BasicPair{"{user}", "{key}"}})}) {
    for (const char bad : {'\r', '\n', '\0', '\t', '\x1f', '\x7f'}) {
      const std::string value = std::string("abc") + bad + "X-Evil: 1";
      const std::string said = refusal(form, secrets(value), {{"user", value}});
      EXPECT_TRUE(said.ends_with("cannot be sent. Connect the account again.")) << said;
      EXPECT_EQ(said.find("abc"), std::string::npos);
      EXPECT_EQ(said.find("Evil"), std::string::npos);
    }
  }
}

TEST(Placement, MissingFieldIsNamedByItsLabel) {
  EXPECT_EQ(refusal(form_with_header("X-Key", "{key}"), {}, {}),
            "This connection has no label of key. Connect the account again.");
  EXPECT_EQ(refusal(form_with_header("X-Key", "{user}{key}"), secrets("k"), {}),
            "This connection has no label of user. Connect the account again.");
}

// Nobody types it, so the form has no field for it (domain/integration.h).
TEST(Placement, ATokenThatOAuthObtainedStandsWhereTheTemplateSays) {
  AuthTemplate form;
  form.slug = "oauth";
  form.kind = domain::TemplateKind::kOAuth2;
  form.placement.headers = {{"Authorization", "Bearer {access_token}"}};
  Fields tokens;
  EXPECT_EQ(refusal(form, tokens, {}), "This connection has no access token. Connect the account again.");
  tokens.emplace("access_token", Secret(std::string("at-1")));
  tokens.emplace("refresh_token", Secret(std::string("rt-1")));
  EXPECT_EQ(sent(form, tokens, {{"team_id", "T1"}}), "Authorization: Bearer at-1\n");
}

TEST(Placement, HeaderNameFromAPlainFieldIsATokenThatSteersNothing) {
  const AuthTemplate form = form_with_header("{user}", "{key}");
  EXPECT_EQ(sent(form, secrets("k"), {{"user", "X-Api-Key"}}), "X-Api-Key: k\n");
  for (const char* name : {"Host", "content-length", "Cookie", "X Key", "X-Key:", "", "\u00e4"}) {
    EXPECT_EQ(refusal(form, secrets("k"), {{"user", name}}),
              "The name of the header is none that a credential can stand in. Connect the account again.")
        << name;
  }
}

TEST(Placement, HeaderNameIsNeverASecret) {
  // Sealed as a secret once, named as a header by the file of today.
  EXPECT_NE(refusal(form_with_header("{key}", "{user}"), secrets("X-Leak"), {{"user", "x"}}), "X-Leak: x\n");
}

TEST(Placement, NoHeaderIsSentTwice) {
  Integration integration;
  integration.headers = {{"Acme-Version", "2"}};
  EXPECT_EQ(refusal(form_with_header("{user}", "{key}"), secrets("k"), {{"user", "acme-version"}}, integration),
            "The name of the header is taken by another one. Connect the account again.");
}

Integration integration_at(std::vector<std::string> base_urls) {
  Integration integration;
  integration.base_urls = std::move(base_urls);
  return integration;
}

TEST(BaseUrl, LabelsOfTheHostAreFilledIn) {
  const AuthTemplate form = form_with({});
  const Integration integration =
      integration_at({"https://{site}.acme.example/v2", "https://up.{site}.{user}.acme.example"});
  const PlainFields plain{{"site", "eu-1"}, {"user", "fred"}};
  EXPECT_EQ(base_url_for(integration, form, plain), "https://eu-1.acme.example/v2");
  EXPECT_EQ(base_urls_for(integration, form, plain),
            (std::vector<std::string>{"https://eu-1.acme.example/v2", "https://up.eu-1.fred.acme.example"}));
}

TEST(BaseUrl, WithoutLabelsStaysAsItIs) {
  EXPECT_EQ(base_url_for(integration_at({"https://api.acme.example"}), form_with({}), {}), "https://api.acme.example");
}

TEST(BaseUrl, ValueThatIsNoHostLabelIsRefused) {
  const Integration integration = integration_at({"https://{site}.acme.example"});
  for (const char* site : {"", "evil.example/", "evil.example#", "evil.example?", "a.b", "a@evil.example", "a:443",
                           "-a", "a-", "ACME", "a\r\n", "%65", "{user}"}) {
    try {
      base_url_for(integration, form_with({}), {{"site", site}, {"user", "x"}});
      FAIL() << site;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_EQ(error.reason(), "bad_host_label");
      EXPECT_EQ(error.message(),
                "The label of site must be one part of a host name: lower-case letters, digits and hyphens, without a "
                "hyphen at either end.");
    }
  }
  EXPECT_THROW(base_url_for(integration, form_with({}), {}), Error);
}

TEST(BaseUrl, IsTheConnectionsOwnWhereThePersonEntersIt) {
  Integration integration;
  integration.base_url_rule = domain::BaseUrlRule::kPersonEnters;
  EXPECT_TRUE(base_urls_for(integration, form_with({}), {}).empty());
  EXPECT_THROW(base_url_for(integration, form_with({}), {}), Error);
}

TEST(BaseUrl, IsTheConnectionsOwnWhereTheTokenAnswerNamesIt) {
  Integration integration = integration_at({"https://api.acme.example"});
  integration.base_url_rule = domain::BaseUrlRule::kTokenAnswer;
  AuthTemplate oauth = form_with({});
  oauth.kind = domain::TemplateKind::kOAuth2;
  oauth.oauth.emplace().base_url.from = "/instance_url";
  EXPECT_TRUE(base_urls_for(integration, oauth, {}).empty());
  EXPECT_THROW(base_url_for(integration, oauth, {}), Error);
  EXPECT_EQ(base_url_for(integration, form_with({}), {}), "https://api.acme.example") << "a key beside it goes there";
}

}  // namespace
}  // namespace countersign::vault
