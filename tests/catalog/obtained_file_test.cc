// What an integration file may let a connection keep of an authorization, beside its tokens; and webhooks.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "catalog/catalog.h"

namespace countersign::catalog::obtained_file {
namespace {

using domain::AccountFrom;
using domain::BaseUrlRule;
using domain::Placement;

Json oauth() {
  return {{"authorization_endpoint", "https://auth.acme.example/authorize"},
          {"token_endpoint", "https://auth.acme.example/token"},
          {"sources", {"https://acme.example/docs/oauth"}}};
}

Json file(Json form) {
  return {{"slug", "acme"},
          {"name", "Acme"},
          {"description", "An example."},
          {"documentation_url", "https://acme.example/docs"},
          {"base_urls", {"https://api.acme.example"}},
          {"templates", Json::array({std::move(form)})}};
}

Json oauth_form(Json spec) {
  return {{"slug", "oauth"}, {"kind", "oauth2"}, {"label", "account"}, {"oauth", std::move(spec)}};
}
Json webhook_form(Json spec) {
  return {{"slug", "hook"}, {"kind", "webhook"}, {"label", "deliveries"}, {"webhook", std::move(spec)}};
}
Json key_form() {
  return {{"slug", "key"},
          {"kind", "bearer"},
          {"label", "key"},
          {"fields", Json::array({{{"name", "key"}, {"label", "key"}}})}};
}

Json with(Json json, std::string_view pointer, Json value) {
  json[Json::json_pointer(std::string(pointer))] = std::move(value);
  return json;
}

domain::Integration parse(const Json& json) { return parse_integration("acme.json", dump_json(json)); }

std::string refusal(const Json& json) {
  try {
    parse(json);
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), "bad_integration");
    constexpr std::string_view kFile = "acme.json: ";
    EXPECT_TRUE(error.message().starts_with(kFile)) << error.message();
    return error.message().substr(kFile.size());
  }
}
std::string refusal_with(std::string_view pointer, const Json& value, const Json& spec = oauth()) {
  const std::string said = refusal(file(oauth_form(with(spec, pointer, value))));
  constexpr std::string_view kPlace = "/templates/0/oauth";
  return said.starts_with(kPlace) ? said.substr(kPlace.size()) : said;
}
std::string refusal_of_webhook(const Json& spec) { return refusal(file(webhook_form(spec))); }

TEST(ObtainedFile, KeptValuesAreReadAndMayBePlaced) {
  Json spec = with(oauth(), "/keep", Json::array({{{"from", "/team/id"}, {"field", "team_id"}}}));
  spec["keep_callback"] = Json::array({{{"from", "realmId"}, {"field", "realm"}}});
  Json form = oauth_form(spec);
  form["placement"] = {{"headers", {{"X-Token", "{access_token}"}, {"X-Team", "{team_id}/{realm}"}}}};
  const domain::AuthTemplate read = parse(file(form)).templates.at(0);
  EXPECT_EQ(read.oauth->keep, (std::vector<domain::KeptValue>{{"/team/id", "team_id"}}));
  EXPECT_EQ(read.oauth->keep_callback, (std::vector<domain::KeptValue>{{"realmId", "realm"}}));
  EXPECT_TRUE(read.fields.empty()) << "nobody types what is kept";
}

TEST(ObtainedFile, PlacementHasTheAccessTokenAndNeverTheRefreshToken) {
  Json form = oauth_form(oauth());
  form["placement"] = {{"headers", {{"X-Key", "{refresh_token}"}}}};
  EXPECT_EQ(refusal(file(form)), "/templates/0/placement/headers/X-Key: {refresh_token} is no field of this template.");
  form["placement"] = {{"headers", {{"X-Key", "key"}}}};
  EXPECT_EQ(refusal(file(form)), "/templates/0/placement: does not say where the secret {access_token} stands.");
}

TEST(ObtainedFile, TokenIsNeverKeptAsAPlainField) {
  for (const char* from : {"/access_token", "/refresh_token", "/id_token"}) {
    EXPECT_EQ(refusal_with("/keep", Json::array({{{"from", from}, {"field", "x"}}})),
              "/keep/0/from: is a token: it is kept sealed anyway, and never as a plain field.");
  }
  const Json moved = with(oauth(), "/answer", {{"access_token", "/data/key"}});
  EXPECT_NE(refusal_with("/keep", Json::array({{{"from", "/data/key"}, {"field", "x"}}}), moved), "accepted");
  for (const char* from : {"code", "state", "iss", "error"}) {
    EXPECT_EQ(refusal_with("/keep_callback", Json::array({{{"from", from}, {"field", "x"}}})),
              "/keep_callback/0/from: is a parameter of OAuth itself, which is never kept.");
  }
}

TEST(ObtainedFile, KeptFieldHasANameOfItsOwn) {
  for (const char* name : {"access_token", "refresh_token", "base_url", "Team", "a-b"}) {
    EXPECT_TRUE(refusal_with("/keep", Json::array({{{"from", "/x"}, {"field", name}}})).starts_with("/keep/0/field: "))
        << name;
  }
  EXPECT_EQ(refusal_with("/keep", {{{"from", "/x"}, {"field", "a"}}, {{"from", "/y"}, {"field", "a"}}}),
            "/keep/1: has the name of another field, \"a\".");
  Json form = oauth_form(with(oauth(), "/keep_callback", Json::array({{{"from", "x"}, {"field", "shop"}}})));
  form["fields"] = Json::array({{{"name", "shop"}, {"label", "shop"}, {"sensitivity", "plain"}}});
  EXPECT_EQ(refusal(file(form)), "/templates/0/oauth/keep_callback/0: has the name of another field, \"shop\".");
  EXPECT_EQ(refusal_with("/keep", Json::array({{{"from", "team"}, {"field", "a"}}})),
            "/keep/0/from: must be a JSON Pointer, like /user/email.");
}

// --- the address of the API ---

Json told(Json hosts) { return with(oauth(), "/base_url", {{"from", "/instance_url"}, {"hosts", std::move(hosts)}}); }

TEST(ObtainedFile, TokenAnswerMayNameTheAddressAndThenNoneIsFixed) {
  Json json = file(oauth_form(told({".my.acme.example"})));
  EXPECT_EQ(parse(json).base_url_rule, BaseUrlRule::kTokenAnswer);
  json.erase("base_urls");
  const domain::Integration acme = parse(json);
  EXPECT_EQ(acme.base_url_rule, BaseUrlRule::kTokenAnswer);
  EXPECT_EQ(acme.templates.at(0).oauth->base_url.from, "/instance_url");
  EXPECT_EQ(acme.templates.at(0).oauth->base_url_hosts, std::vector<std::string>{".my.acme.example"});
}

TEST(ObtainedFile, OtherTemplatesNeedATargetAllTheSame) {
  Json json = file(oauth_form(told({".my.acme.example"})));
  json["templates"].push_back(key_form());
  EXPECT_EQ(refusal(json), "accepted");
  json.erase("base_urls");
  EXPECT_EQ(refusal(json), "/base_urls: must name at least one target.");
  json = file(oauth_form(oauth()));
  json.erase("base_urls");
  EXPECT_EQ(refusal(json), "/base_urls: must name at least one target.");
}

TEST(ObtainedFile, AddressIsToldOrTypedNeverBoth) {
  Json json = file(oauth_form(told({".my.acme.example"})));
  json.erase("base_urls");
  json["base_url"] = "person_enters";
  EXPECT_EQ(refusal(json), "/base_url: must not be \"person_enters\" where a token answer names the address.");
}

TEST(ObtainedFile, ToldAddressStaysWithinTheHostsOfTheFile) {
  EXPECT_EQ(refusal(file(oauth_form(told({"api.acme.example", ".acme.example"})))), "accepted");
  EXPECT_EQ(refusal(file(oauth_form(told(Json::array())))),
            "/templates/0/oauth/base_url/hosts: must name at least one host: the answer alone decides nothing.");
  for (const char* host : {".com", "com", ".", "", "*.acme.example", "https://acme.example", ".Acme.example",
                           "{x}.acme.example", ".acme.example.", "acme..example", "acme.example/x", "-.acme.example"}) {
    EXPECT_TRUE(refusal(file(oauth_form(told({host})))).starts_with("/templates/0/oauth/base_url/hosts/0: ")) << host;
  }
}

// --- whose account it is ---

TEST(ObtainedFile, AccountIsAskedForWithARequest) {
  const Json account{{"from", "request"},
                     {"url", "https://api.acme.example/graphql"},
                     {"body", "{\"query\":\"{me{id}}\"}"},
                     {"id", {"/team/id", "/id"}},
                     {"label", {"/email"}}};
  const auto source = parse(file(oauth_form(with(oauth(), "/account", account)))).templates.at(0).oauth->account;
  EXPECT_EQ(source.from, AccountFrom::kRequest);
  EXPECT_EQ(source.body, "{\"query\":\"{me{id}}\"}");
  EXPECT_EQ(source.id, (std::vector<std::string>{"/team/id", "/id"}));
  EXPECT_EQ(source.label, std::vector<std::string>{"/email"});
  EXPECT_EQ(refusal_with("/account", with(account, "/body", "null")), "accepted");
  EXPECT_TRUE(
      refusal_with("/account", with(account, "/body", "{")).starts_with("/account/body: must be a JSON text: "));
  EXPECT_TRUE(
      refusal_with("/account", with(account, "/url", "http://x.example")).starts_with("/account/url: must be https"));
}

TEST(ObtainedFile, AccountHasWhatItsSourceNeedsAndNothingElse) {
  EXPECT_EQ(refusal_with("/account", {{"from", "request"}, {"id", {"/id"}}}),
            "/account/url: is missing: the account is asked for there.");
  for (const char* from : {"token_answer", "nowhere", "id_token"}) {
    EXPECT_EQ(refusal_with("/account", {{"from", from}, {"url", "https://api.acme.example/me"}}),
              "/account/url: is for \"from\": \"request\" alone.");
  }
  EXPECT_EQ(refusal_with("/account", {{"from", "token_answer"}, {"label", {"/team/name"}}}),
            "/account/id: is missing: without it one account cannot be told from another.");
  EXPECT_EQ(refusal_with("/account", {{"from", "nowhere"}, {"label", {"/x"}}}),
            "/account/label: must be left out when it comes from nowhere.");
  EXPECT_EQ(refusal_with("/account", {{"from", "token_answer"}, {"id", {"id"}}}),
            "/account/id/0: must be a JSON Pointer, like /user/email.");
  EXPECT_EQ(refusal_with("/account", Json::object()), "/account/from: is missing.");
}

TEST(ObtainedFile, AccountOfAnIdTokenIsItsSubjectAndCanBeChecked) {
  const Json account{{"from", "id_token"}, {"label", {"/email"}}};
  EXPECT_EQ(refusal_with("/account", account),
            "/account: from an ID token needs \"issuer\" and \"jwks_uri\" to check it by.");
  Json spec = oauth();
  spec.update({{"issuer", "https://acme.example"}, {"jwks_uri", "https://acme.example/jwks"}, {"account", account}});
  EXPECT_EQ(parse(file(oauth_form(spec))).templates.at(0).oauth->account.id, std::vector<std::string>{"/sub"});
  EXPECT_EQ(refusal_with("/account/id", {"/email"}, spec), "/account/id: of an ID token is /sub alone.");
  Json discovered{{"discover", true}, {"issuer", "https://acme.example"}, {"sources", {"https://acme.example"}}};
  EXPECT_EQ(refusal_with("/account", account, discovered), "accepted");
}

// --- webhooks ---

Json body_hmac() {
  return {{"scheme", "body_hmac"},
          {"signature_header", "x-acme-signature"},
          {"signature_prefix", "sha256="},
          {"id_header", "x-acme-delivery"},
          {"help_url", "https://acme.example/hooks"}};
}

TEST(WebhookFile, IsReadAsItStands) {
  const domain::AuthTemplate form = parse(file(webhook_form(body_hmac()))).templates.at(0);
  EXPECT_EQ(*form.webhook, (domain::WebhookSpec{domain::WebhookScheme::kBodyHmac, "x-acme-signature",
                                                "sha256=", "x-acme-delivery", "https://acme.example/hooks"}));
  EXPECT_EQ(form.placement, Placement());
}

TEST(WebhookFile, HasOneSecretWhichIsDescribedWithoutBeingWritten) {
  const Json standard{{"scheme", "standard_webhooks"}};
  const auto fields = parse(file(webhook_form(standard))).templates.at(0).fields;
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_EQ(fields[0].name, "signing_secret");
  EXPECT_EQ(fields[0].label, "signing secret");
  EXPECT_EQ(fields[0].sensitivity, domain::Sensitivity::kSecret);
  Json form = webhook_form(standard);
  form["fields"] = Json::array({{{"name", "signing_secret"}, {"label", "its secret"}, {"min_length", 4}}});
  EXPECT_EQ(parse(file(form)).templates.at(0).fields.at(0).label, "its secret");
  const std::string wrong = "/templates/0/fields: of a webhook template are one secret named \"signing_secret\".";
  for (const auto& [key, value] : {std::pair("name", "key"), std::pair("sensitivity", "plain")}) {
    EXPECT_EQ(refusal(file(with(form, std::string("/fields/0/") + key, value))), wrong);
  }
  form["fields"].push_back({{"name", "other"}, {"label", "other"}});
  EXPECT_EQ(refusal(file(form)), wrong);
}

TEST(WebhookFile, HasWhatItsSchemeNeedsAndNothingElse) {
  Json json = body_hmac();
  json.erase("signature_header");
  EXPECT_EQ(refusal_of_webhook(json), "/templates/0/webhook/signature_header: is missing.");
  for (const char* key : {"signature_header", "signature_prefix", "id_header"}) {
    EXPECT_EQ(refusal_of_webhook({{"scheme", "standard_webhooks"}, {key, "x-y"}}),
              "/templates/0/webhook/" + std::string(key) + ": must be left out: Standard Webhooks says what it is.");
  }
  EXPECT_EQ(refusal_of_webhook({{"help_url", "https://acme.example"}}), "/templates/0/webhook/scheme: is missing.");
  EXPECT_EQ(refusal_of_webhook({{"shceme", "body_hmac"}}),
            "/templates/0/webhook/shceme: unknown key; did you mean \"scheme\"?");
  EXPECT_TRUE(refusal_of_webhook({{"scheme", "md5"}}).starts_with("/templates/0/webhook/scheme: must be one of"));
}

TEST(WebhookFile, HeaderIsOneThatADeliveryCanHave) {
  for (const char* name : {"X-Acme-Signature", "x acme", "host", "content-length", "x-a:"}) {
    EXPECT_TRUE(refusal_of_webhook(with(body_hmac(), "/signature_header", name))
                    .starts_with("/templates/0/webhook/signature_header: must be the name of a header"))
        << name;
    EXPECT_TRUE(refusal_of_webhook(with(body_hmac(), "/id_header", name))
                    .starts_with("/templates/0/webhook/id_header: must be the name of a header"))
        << name;
  }
  EXPECT_EQ(refusal_of_webhook(with(body_hmac(), "/id_header", "x-acme-signature")),
            "/templates/0/webhook/id_header: must be another one than signature_header.");
  EXPECT_EQ(refusal_of_webhook(with(body_hmac(), "/signature_prefix", "sha 256=")),
            "/templates/0/webhook/signature_prefix: must be visible ASCII.");
}

TEST(WebhookFile, MakesNoCalls) {
  for (const char* key : {"placement", "live_test"}) {
    EXPECT_EQ(refusal(file(with(webhook_form(body_hmac()), "/" + std::string(key), Json::object()))),
              "/templates/0/" + std::string(key) + ": must be left out when the kind is \"webhook\".");
  }
  Json json = file(webhook_form(body_hmac()));
  json.erase("base_urls");
  EXPECT_EQ(refusal(json), "accepted");
  json["base_urls"] = {"https://{shop}.acme.example"};
  EXPECT_EQ(refusal(json), "accepted");
  EXPECT_EQ(refusal(with(file(key_form()), "/templates/0/webhook", body_hmac())),
            "/templates/0/webhook: must be left out when the kind is \"bearer\".");
}

}  // namespace
}  // namespace countersign::catalog::obtained_file
