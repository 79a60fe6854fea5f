// What an integration file may say about an authorization server, and what it is refused for. Each refusal names the
// file and the place in it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "catalog/catalog.h"

namespace countersign::catalog::oauth_file {
namespace {

using domain::BaseUrlRule;
using domain::OAuthSpec;

Json plain(const char* name) { return {{"name", name}, {"label", name}, {"sensitivity", "plain"}}; }

Json oauth() {
  return {{"authorization_endpoint", "https://auth.acme.example/authorize"},
          {"token_endpoint", "https://auth.acme.example/token"},
          {"sources", {"https://acme.example/docs/oauth#code"}}};
}

Json discovered() {
  return {{"discover", true}, {"issuer", "https://auth.acme.example/"}, {"sources", {"https://acme.example/docs"}}};
}

// A file with one template of kind oauth2.
Json file(Json spec) {
  return {{"slug", "acme"},
          {"name", "Acme"},
          {"description", "An example."},
          {"documentation_url", "https://acme.example/docs"},
          {"base_urls", {"https://api.acme.example"}},
          {"templates", {{{"slug", "oauth"}, {"kind", "oauth2"}, {"label", "account"}, {"oauth", std::move(spec)}}}}};
}

Json with(Json json, std::string_view pointer, Json value) {
  json[Json::json_pointer(std::string(pointer))] = std::move(value);
  return json;
}

domain::Integration parse(const Json& json, Targets targets = Targets::kHttps) {
  return parse_integration("acme.json", dump_json(json), targets);
}
OAuthSpec spec_of(const Json& spec) { return *parse(file(spec)).templates.at(0).oauth; }

// What is said of a place in the file, or "accepted".
std::string refusal(const Json& json, Targets targets = Targets::kHttps) {
  try {
    parse(json, targets);
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error.reason(), "bad_integration");
    constexpr std::string_view kFile = "acme.json: ";
    EXPECT_TRUE(error.message().starts_with(kFile)) << error.message();
    return error.message().substr(kFile.size());
  }
}
// The same for `oauth` with one more or another key; the place is told from there.
std::string refusal_with(std::string_view pointer, const Json& value, const Json& spec = oauth()) {
  const std::string said = refusal(file(with(spec, pointer, value)));
  constexpr std::string_view kPlace = "/templates/0/oauth";
  return said.starts_with(kPlace) ? said.substr(kPlace.size()) : said;
}

TEST(OAuthFile, ShortestOneHasTheStandardsOwnAnswers) {
  const domain::Integration acme = parse(file(oauth()));
  const domain::AuthTemplate& form = acme.templates.at(0);
  OAuthSpec plainly;
  plainly.server.authorization_endpoint = "https://auth.acme.example/authorize";
  plainly.server.token_endpoint = "https://auth.acme.example/token";
  plainly.sources = {"https://acme.example/docs/oauth#code"};
  EXPECT_EQ(*form.oauth, plainly);
  EXPECT_TRUE(form.fields.empty());
  EXPECT_EQ(form.placement.headers, (std::vector<domain::PlacedHeader>{{"Authorization", "Bearer {access_token}"}}));
  EXPECT_EQ(acme.base_url_rule, BaseUrlRule::kFixed);
}

TEST(OAuthFile, EveryKeyArrivesWhereItBelongs) {
  Json json = oauth();
  json.update({{"issuer", "https://auth.acme.example"},
               {"refresh_endpoint", "https://auth.acme.example/refresh"},
               {"revocation_endpoint", "https://auth.acme.example/revoke"},
               {"registration_endpoint", "https://auth.acme.example/register"},
               {"pushed_authorization_request_endpoint", "https://auth.acme.example/par"},
               {"jwks_uri", "https://auth.acme.example/jwks"},
               {"userinfo_endpoint", "https://auth.acme.example/me?schema=openid"},
               {"require_pushed_authorization_requests", true},
               {"authorization_response_iss_parameter_supported", true},
               {"client_id_metadata_document_supported", true}});
  const domain::OAuthServer server = spec_of(json).server;
  EXPECT_EQ(server.issuer, "https://auth.acme.example");
  EXPECT_EQ(server.refresh_endpoint, "https://auth.acme.example/refresh");
  EXPECT_EQ(server.revocation_endpoint, "https://auth.acme.example/revoke");
  EXPECT_EQ(server.registration_endpoint, "https://auth.acme.example/register");
  EXPECT_EQ(server.par_endpoint, "https://auth.acme.example/par");
  EXPECT_EQ(server.jwks_uri, "https://auth.acme.example/jwks");
  EXPECT_EQ(server.userinfo_endpoint, "https://auth.acme.example/me?schema=openid");
  EXPECT_TRUE(server.par_required && server.iss_in_callback && server.client_id_metadata && server.s256);
}

TEST(OAuthFile, RulesOfTheProviderArriveWhereTheyBelong) {
  Json json = oauth();
  json.update(
      {{"grants", {"client_credentials", "authorization_code"}},
       {"client_auth", {"private_key_jwt", "client_secret_post"}},
       {"scopes", {{{"name", "read:all"}, {"words", "Read everything"}}, {{"name", "admin"}, {"asked", false}}}},
       {"scope_parameter", "user_scope"},
       {"scope_separator", ","},
       {"pkce", "unconfirmed"},
       {"pkce_reason", "Its documentation does not mention it."},
       {"resource_use", "audience"},
       {"resource", "api.acme.example"},
       {"authorization_parameters", {{"access_type", "offline"}}},
       {"token_parameters", {{"format", "json"}}},
       {"refresh_parameters", {{"format", "jwt"}}},
       {"token_headers", {{"Accept", "application/json"}}},
       {"token_body", "json"},
       {"revocation", "basic_json"},
       {"lifetime_seconds", 3600},
       {"leeway_seconds", 60},
       {"client_help_url", "https://acme.example/apps"},
       {"client_hint", "Choose \"web\"."}});
  const OAuthSpec spec = spec_of(json);
  EXPECT_EQ(spec.grants, (std::vector{domain::OAuthGrant::kClientCredentials, domain::OAuthGrant::kAuthorizationCode}));
  EXPECT_EQ(spec.client_auth, (std::vector{domain::ClientAuth::kPrivateKeyJwt, domain::ClientAuth::kPost}));
  EXPECT_EQ(spec.scopes,
            (std::vector<domain::OAuthScope>{{"read:all", "Read everything", true}, {"admin", "", false}}));
  EXPECT_EQ(spec.scope_parameter + spec.scope_separator, "user_scope,");
  EXPECT_EQ(spec.pkce, domain::Pkce::kUnconfirmed);
  EXPECT_FALSE(spec.server.s256);
  EXPECT_EQ(spec.resource_use, domain::ResourceUse::kAudience);
  EXPECT_EQ(spec.resource, "api.acme.example");
  EXPECT_EQ(spec.authorization_parameters, (domain::Parameters{{"access_type", "offline"}}));
  EXPECT_EQ(spec.token_parameters, (domain::Parameters{{"format", "json"}}));
  EXPECT_EQ(spec.refresh_parameters, (domain::Parameters{{"format", "jwt"}}));
  EXPECT_EQ(spec.token_headers, (domain::Parameters{{"Accept", "application/json"}}));
  EXPECT_EQ(spec.token_body, domain::TokenBody::kJson);
  EXPECT_EQ(spec.revocation, domain::RevocationStyle::kBasicJson);
  EXPECT_EQ(spec.lifetime, std::chrono::seconds(3600));
  EXPECT_EQ(spec.leeway, std::chrono::seconds(60));
  EXPECT_EQ(spec.client_hint, "Choose \"web\".");
}

TEST(OAuthFile, AnswerSaysWhereItDiffers) {
  const OAuthSpec spec = spec_of(with(oauth(), "/answer",
                                      {{"access_token", "/data/token"},
                                       {"ok", "/ok"},
                                       {"scope_separator", ","},
                                       {"token_type_optional", true},
                                       {"milliseconds", true},
                                       {"numeric_text", true}}));
  EXPECT_EQ(spec.answer.access_token, "/data/token");
  EXPECT_EQ(spec.answer.refresh_token, "/refresh_token");
  EXPECT_EQ(spec.answer.ok, "/ok");
  EXPECT_EQ(spec.answer.scope_separator, ",");
  EXPECT_TRUE(spec.answer.token_type_optional && spec.answer.milliseconds && spec.answer.numeric_text);
  EXPECT_EQ(refusal_with("/answer", {{"access_token", "token"}}),
            "/answer/access_token: must be a JSON Pointer, like /user/email.");
  EXPECT_EQ(refusal_with("/answer", {{"milisecond", true}}),
            "/answer/milisecond: unknown key; did you mean \"milliseconds\"?");
}

TEST(OAuthFile, MistypedKeyAndWordAreNamedWithWhatWasMeant) {
  EXPECT_EQ(refusal_with("/token_endpont", "x"), "/token_endpont: unknown key; did you mean \"token_endpoint\"?");
  EXPECT_EQ(refusal_with("/client_auth", {"client_secret_pots"}),
            "/client_auth: must be one of \"none\", \"client_secret_basic\", \"client_secret_post\", "
            "\"private_key_jwt\"; did you mean \"client_secret_post\"?");
  EXPECT_TRUE(refusal_with("/grants", {"password"}).starts_with("/grants: must be one of"));
  EXPECT_EQ(refusal_with("/grants", {"authorization_code", "authorization_code"}),
            "/grants: has \"authorization_code\" twice.");
  EXPECT_EQ(refusal_with("/grants", Json::array()), "/grants: must have at least one entry.");
  EXPECT_TRUE(refusal_with("/token_body", "xml").starts_with("/token_body: must be one of"));
  EXPECT_TRUE(refusal_with("/revocation", "none").starts_with("/revocation: must be one of"));
}

TEST(OAuthFile, KindAndKeyBelongTogether) {
  Json json = file(oauth());
  json["templates"][0].erase("oauth");
  EXPECT_EQ(refusal(json), "/templates/0/oauth: is missing: it says how the provider is spoken to.");
  json = with(file(oauth()), "/templates/0/kind", "bearer");
  EXPECT_EQ(refusal(json), "/templates/0/oauth: must be left out when the kind is \"bearer\".");
  json = with(file(oauth()), "/templates/0/webhook", {{"scheme", "standard_webhooks"}});
  EXPECT_EQ(refusal(json), "/templates/0/webhook: must be left out when the kind is \"oauth2\".");
}

// --- where the server is ---

TEST(OAuthFile, EndpointIsHttpsAndNothingElse) {
  for (const char* url : {"http://auth.acme.example/token", "https://", "https://ACME.example/t",
                          "https://acme.example/a b", "https://user@acme.example/t", "https://acme.example/t#f",
                          "https://acme.example//t", "https://acme.example/../t", "javascript:alert(1)",
                          "http://127.0.0.1:9/t", "/token", "https://acme.example/t?a=\"b\""}) {
    EXPECT_TRUE(refusal_with("/token_endpoint", url).starts_with("/token_endpoint: must be https://")) << url;
    EXPECT_TRUE(refusal_with("/jwks_uri", url).starts_with("/jwks_uri: must be https://")) << url;
    EXPECT_TRUE(refusal_with("/issuer", url).starts_with("/issuer: must be https://")) << url;
  }
  EXPECT_EQ(refusal_with("/token_endpoint", "https://acme.example:8443/t/?v=2"), "accepted");
  EXPECT_TRUE(refusal_with("/issuer", "https://acme.example/?v=2").starts_with("/issuer: must be https://"));
}

TEST(OAuthFile, EndpointOnThisMachineIsForDevelopment) {
  const Json json = file(with(oauth(), "/token_endpoint", "http://127.0.0.1:9000/token"));
  EXPECT_NE(refusal(json), "accepted");
  EXPECT_EQ(refusal(json, Targets::kHttpsAndLoopback), "accepted");
  EXPECT_NE(
      refusal(file(with(oauth(), "/token_endpoint", "http://127.0.0.1.evil.example/t")), Targets::kHttpsAndLoopback),
      "accepted");
}

TEST(OAuthFile, ServerIsStatedOrDiscoveredOrTheClientsNeverHalf) {
  EXPECT_EQ(refusal(file(discovered())), "accepted");
  EXPECT_EQ(refusal(file({{"sources", {"https://acme.example/docs"}}})), "accepted");
  EXPECT_EQ(refusal_with("/discover", true, {{"sources", {"https://acme.example/docs"}}}),
            "/discover: needs either \"issuer\" or \"protected_resource\": where to ask.");
  EXPECT_EQ(refusal_with("/protected_resource", "https://api.acme.example/mcp", discovered()),
            "/discover: needs either \"issuer\" or \"protected_resource\": where to ask.");
  EXPECT_EQ(refusal_with("/protected_resource", "https://api.acme.example/mcp"),
            "/protected_resource: needs \"discover\": true.");
  Json only_token = oauth();
  only_token.erase("authorization_endpoint");
  EXPECT_EQ(refusal(file(only_token)),
            "/templates/0/oauth/authorization_endpoint: is missing: the grant authorization_code begins there.");
  EXPECT_EQ(refusal_with("/grants", {"client_credentials"}, only_token), "accepted");
  EXPECT_EQ(refusal_with("/grants", {"client_credentials"}),
            "/authorization_endpoint: is not used by the grants of this template.");
}

TEST(OAuthFile, WhatNeedsAServerIsRefusedWithoutOne) {
  const Json none{{"sources", {"https://acme.example/docs"}}};
  for (const char* key : {"issuer", "authorization_endpoint", "revocation_endpoint", "jwks_uri"}) {
    EXPECT_EQ(refusal_with(std::string("/") + key, "https://acme.example/x", none),
              "/" + std::string(key) + ": means nothing without a token_endpoint.");
  }
  EXPECT_EQ(refusal_with("/client_id_metadata_document_supported", true, none),
            "/client_id_metadata_document_supported: means nothing without a token_endpoint.");
}

TEST(OAuthFile, WhatIsDiscoveredIsNotStatedToo) {
  for (const char* key : {"authorization_endpoint", "token_endpoint", "revocation_endpoint", "registration_endpoint"}) {
    EXPECT_EQ(refusal_with(std::string("/") + key, "https://acme.example/x", discovered()),
              "/" + std::string(key) + ": must be left out where the server's metadata says it (\"discover\").");
  }
  EXPECT_NE(refusal_with("/authorization_response_iss_parameter_supported", false, discovered()), "accepted");
}

TEST(OAuthFile, FactNeedsWhatItIsAbout) {
  EXPECT_EQ(refusal_with("/require_pushed_authorization_requests", true),
            "/require_pushed_authorization_requests: needs pushed_authorization_request_endpoint.");
  EXPECT_EQ(refusal_with("/authorization_response_iss_parameter_supported", true),
            "/authorization_response_iss_parameter_supported: needs the issuer it is compared with.");
}

TEST(OAuthFile, HostLabelOfAnEndpointIsAPlainFieldAndTakesNothingElse) {
  Json json = file(with(oauth(), "/token_endpoint", "https://{shop}.acme.example/token"));
  EXPECT_EQ(refusal(json), "/templates/0/oauth/token_endpoint: {shop} is no field of this template.");
  json["templates"][0]["fields"] = Json::array({plain("shop")});
  const domain::Field shop = parse(json).templates.at(0).fields.at(0);
  EXPECT_EQ(shop.characters, "a-z0-9-");
  EXPECT_EQ(shop.max_length, 63U);
  for (const char* url :
       {"https://acme.{shop}/token", "https://acme.example/{shop}", "https://x{shop}.acme.example/t"}) {
    EXPECT_NE(refusal(with(json, "/templates/0/oauth/token_endpoint", url)), "accepted") << url;
  }
}

TEST(OAuthFile, OnlyTheRevocationEndpointHasTheClientsIdInItsPath) {
  const std::string url = "https://acme.example/apps/:client_id/token";
  EXPECT_EQ(refusal_with("/revocation_endpoint", url), "accepted");
  for (const char* key : {"token_endpoint", "authorization_endpoint", "userinfo_endpoint"}) {
    EXPECT_NE(refusal_with("/" + std::string(key), url), "accepted") << key;
  }
  for (const char* other : {"https://:client_id.acme.example/t", "https://:client_id/t", "https://acme.example/:a/t",
                            "https://acme.example/{client_id}/t", "https://acme.example/x:client_id/t",
                            "https://acme.example/:client_id/:client_id/t"}) {
    EXPECT_NE(refusal_with("/revocation_endpoint", other), "accepted") << other;
  }
}

TEST(OAuthFile, PersonTypesNoToken) {
  Json json = file(oauth());
  json["templates"][0]["fields"] = Json::array({{{"name", "key"}, {"label", "key"}}});
  EXPECT_EQ(refusal(json), "/templates/0/fields: of an oauth2 template are plain: a person types no token.");
  for (const char* name : {"access_token", "refresh_token", "client_secret"}) {
    json["templates"][0]["fields"] = Json::array({plain("shop"), plain(name)});
    EXPECT_EQ(refusal(json), "/templates/0/fields/1: is named \"" + std::string(name) + "\", which no person types.");
  }
}

// --- what weakens a check has to be said, and some of it cannot be ---

TEST(OAuthFile, WaiverOfPkceHasAReasonAndNothingElseHas) {
  for (const char* waiver : {"unconfirmed", "not_sent"}) {
    EXPECT_EQ(refusal_with("/pkce", waiver),
              "/pkce_reason: is missing: people are shown why this provider is not asked for S256.");
    EXPECT_EQ(refusal_with("/pkce_reason", "It refuses it.", with(oauth(), "/pkce", waiver)), "accepted");
  }
  EXPECT_EQ(refusal_with("/pkce_reason", "Why not."), "/pkce_reason: is for a waiver, and \"s256\" is none.");
  EXPECT_NE(refusal_with("/pkce", "plain"), "accepted");
}

TEST(OAuthFile, ParameterCannotTakeThePlaceOfOneOfTheProtocol) {
  for (const char* key : {"authorization_parameters", "token_parameters", "refresh_parameters"}) {
    for (const char* name :
         {"client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge", "code_challenge_method",
          "nonce", "resource", "code", "grant_type", "client_secret", "refresh_token", "request_uri", "request",
          "code_verifier", "client_assertion", "client_assertion_type"}) {
      EXPECT_EQ(refusal_with("/" + std::string(key), {{name, "x"}}),
                "/" + std::string(key) + "/" + name + ": must not stand here: the broker itself says what it is.");
    }
  }
  EXPECT_EQ(refusal_with("/authorization_parameters", {{"a b", "x"}}),
            "/authorization_parameters/a b: is no name of a parameter.");
  EXPECT_EQ(refusal_with("/authorization_parameters", {{"a", "x\ny"}}),
            "/authorization_parameters/a: must be printable ASCII.");
}

TEST(OAuthFile, ParameterThatTheFileItselfRenamedIsReservedToo) {
  const Json renamed = with(oauth(), "/scope_parameter", "user_scope");
  EXPECT_NE(refusal_with("/authorization_parameters", {{"user_scope", "x"}}, renamed), "accepted");
  EXPECT_EQ(refusal_with("/authorization_parameters", {{"audience", "x"}}), "accepted");
  Json audience = with(oauth(), "/resource_use", "audience");
  audience["resource"] = "api.acme.example";
  EXPECT_NE(refusal_with("/authorization_parameters", {{"audience", "x"}}, audience), "accepted");
}

TEST(OAuthFile, HeaderOfATokenRequestSteersNothingAndIsNoCredential) {
  EXPECT_EQ(refusal_with("/token_headers", {{"Authorization", "Basic x"}}),
            "/token_headers/Authorization: must not hold a credential.");
  for (const char* name : {"Host", "Content-Type", "Content-Length", "Cookie", "X Y"}) {
    EXPECT_EQ(refusal_with("/token_headers", {{name, "x"}}),
              "/token_headers/" + std::string(name) + ": is no header name, or one that the broker itself sets.");
  }
}

TEST(OAuthFile, ResourceIsSaidTogetherWithHowItIsSent) {
  EXPECT_EQ(refusal_with("/resource", "https://api.acme.example"),
            "/resource: is not sent: say how with \"resource_use\".");
  EXPECT_EQ(refusal_with("/resource_use", "resource"), "/resource: is missing: \"resource_use\" says that it is sent.");
  const Json sent = with(oauth(), "/resource_use", "resource");
  EXPECT_EQ(refusal_with("/resource", "https://api.acme.example/mcp", sent), "accepted");
  for (const char* resource : {"https://api.acme.example/#x", "api", "https://a b"}) {
    EXPECT_EQ(refusal_with("/resource", resource, sent), "/resource: must be an absolute URI without a fragment.");
  }
}

TEST(OAuthFile, MachineProvesWhoItIs) {
  Json json = with(oauth(), "/grants", {"authorization_code", "client_credentials"});
  EXPECT_EQ(refusal_with("/client_auth", {"none"}, json),
            "/client_auth: must prove who the client is for the grant client_credentials.");
}

TEST(OAuthFile, ScopeIsOneWordAndStandsOnce) {
  for (const char* name : {"a b", "a\"b", "a\\b", "ä"}) {
    EXPECT_TRUE(refusal_with("/scopes", Json::array({{{"name", name}}})).starts_with("/scopes/0/name: must be"))
        << name;
  }
  const Json comma = with(oauth(), "/scope_separator", ",");
  EXPECT_TRUE(refusal_with("/scopes", Json::array({{{"name", "a,b"}}}), comma).starts_with("/scopes/0/name: must be"));
  EXPECT_EQ(refusal_with("/scopes", {{{"name", "a"}}, {{"name", "a"}}}), "/scopes/1/name: stands here twice.");
  EXPECT_EQ(refusal_with("/scope_separator", "&"), "/scope_separator: must be a space, or one of , + ; |.");
  EXPECT_EQ(refusal_with("/scope_parameter", "a&b"), "/scope_parameter: is no name of a parameter.");
}

TEST(OAuthFile, LeewayLeavesATokenSomeTime) {
  EXPECT_EQ(refusal_with("/lifetime_seconds", 60),
            "/leeway_seconds: must be shorter than lifetime_seconds: each token would be renewed at once.");
  EXPECT_EQ(refusal_with("/leeway_seconds", 3601), "/leeway_seconds: is larger than 3600.");
  EXPECT_TRUE(refusal_with("/lifetime_seconds", -1).starts_with("/lifetime_seconds: must be a whole number"));
}

TEST(OAuthFile, SaysWhereItWasReadUp) {
  Json json = oauth();
  json.erase("sources");
  const std::string missing = "/templates/0/oauth/sources: must name at least one public page that says all this.";
  EXPECT_EQ(refusal(file(json)), missing);
  EXPECT_EQ(refusal(file(with(json, "/sources", Json::array()))), missing);
  EXPECT_EQ(refusal_with("/sources", {"https://acme.example", "http://acme.example"}),
            "/sources/1: must be an https:// URL with a lower-case host.");
  EXPECT_NE(refusal_with("/client_help_url", "javascript:alert(1)"), "accepted");
}

}  // namespace
}  // namespace countersign::catalog::oauth_file
