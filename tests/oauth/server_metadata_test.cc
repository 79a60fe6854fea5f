#include "oauth/server_metadata.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"

namespace countersign::oauth {
namespace {

using Urls = std::vector<std::string>;

template <class Call>
std::string reason_of(Call call) {
  try {
    call();
    return {};
  } catch (const Error& error) {
    return error.reason();
  }
}

Json metadata() {
  return {{"issuer", "https://as.example/t1"},
          {"authorization_endpoint", "https://as.example/t1/authorize"},
          {"token_endpoint", "https://token.example/t1"},
          {"revocation_endpoint", "https://as.example/t1/revoke"},
          {"registration_endpoint", "https://as.example/t1/register"},
          {"pushed_authorization_request_endpoint", "https://as.example/t1/par"},
          {"jwks_uri", "https://as.example/t1/jwks"},
          {"userinfo_endpoint", "https://as.example/t1/me"},
          {"require_pushed_authorization_requests", true},
          {"authorization_response_iss_parameter_supported", true},
          {"client_id_metadata_document_supported", true},
          {"code_challenge_methods_supported", {"plain", "S256"}},
          {"token_endpoint_auth_methods_supported", {"none", "client_secret_basic"}},
          {"scopes_supported", {"openid", "read"}},
          {"mtls_endpoint_aliases", {{"token_endpoint", "https://mtls.example"}}},
          {"something_new", nullptr}};
}
domain::OAuthServer parse(const Json& document) {
  return parse_server_metadata(dump_json(document), "https://as.example/t1");
}
std::string refusal(const char* name, const Json& value) {
  Json document = metadata();
  document[name] = value;
  return reason_of([&] { parse(document); });
}

TEST(ServerMetadata, StandsInThreePlacesForAnIssuerWithAPath) {
  EXPECT_EQ(server_metadata_urls("https://as.example/realms/r1"),
            (Urls{"https://as.example/.well-known/oauth-authorization-server/realms/r1",
                  "https://as.example/.well-known/openid-configuration/realms/r1",
                  "https://as.example/realms/r1/.well-known/openid-configuration"}));
  EXPECT_EQ(server_metadata_urls("https://as.example/realms/r1/"),
            server_metadata_urls("https://as.example/realms/r1"));
}

TEST(ServerMetadata, StandsInTwoPlacesForAnIssuerWithoutOne) {
  const Urls expected{"https://as.example:8443/.well-known/oauth-authorization-server",
                      "https://as.example:8443/.well-known/openid-configuration"};
  EXPECT_EQ(server_metadata_urls("https://as.example:8443"), expected);
  EXPECT_EQ(server_metadata_urls("https://as.example:8443/"), expected);
}

TEST(ServerMetadata, IsNotLookedForWhereNoIssuerCanBe) {
  for (const char* issuer : {"", "as.example", "http://as.example", "https://as.example?x", "https://as.example#f",
                             "https://as.example/a/../b", "https://u@as.example", "javascript:x"}) {
    EXPECT_EQ(reason_of([&] { server_metadata_urls(issuer); }), "bad_issuer") << issuer;
  }
}

TEST(ServerMetadata, IsReadAsItStands) {
  const domain::OAuthServer server = parse(metadata());
  domain::OAuthServer expected;
  expected.issuer = "https://as.example/t1";
  expected.authorization_endpoint = "https://as.example/t1/authorize";
  expected.token_endpoint = "https://token.example/t1";
  expected.revocation_endpoint = "https://as.example/t1/revoke";
  expected.registration_endpoint = "https://as.example/t1/register";
  expected.par_endpoint = "https://as.example/t1/par";
  expected.jwks_uri = "https://as.example/t1/jwks";
  expected.userinfo_endpoint = "https://as.example/t1/me";
  expected.par_required = expected.iss_in_callback = expected.client_id_metadata = expected.s256 = true;
  expected.auth_methods = {"none", "client_secret_basic"};
  expected.scopes = {"openid", "read"};
  EXPECT_EQ(server, expected);
}

TEST(ServerMetadata, WhatItDoesNotSayIsNot) {
  const domain::OAuthServer server =
      parse({{"issuer", "https://as.example/t1"}, {"token_endpoint", "https://as.example/token"}});
  EXPECT_FALSE(server.par_required || server.iss_in_callback || server.client_id_metadata);
  EXPECT_TRUE(server.auth_methods.empty());
  EXPECT_TRUE(server.authorization_endpoint.empty());
}

TEST(ServerMetadata, A027_WithoutS256ItDoesNotOfferPkce) {
  Json document = metadata();
  document["code_challenge_methods_supported"] = {"plain", "s256"};
  EXPECT_FALSE(parse(document).s256);
  document.erase("code_challenge_methods_supported");
  EXPECT_FALSE(parse(document).s256);
}

TEST(ServerMetadata, A029_OfAnotherIssuerIsRefusedWhateverTheDifference) {
  for (const char* other : {"https://evil.example/t1", "https://as.example/t1/", "https://AS.example/t1",
                            "https://as.example:443/t1", "https://as.example/T1", "https://as.example/%741", ""}) {
    EXPECT_EQ(refusal("issuer", other), "issuer_mismatch") << other;
  }
  EXPECT_EQ(refusal("issuer", nullptr), "issuer_mismatch");
  EXPECT_EQ(refusal("issuer", 1), "bad_metadata");
}

TEST(ServerMetadata, AnEndpointThatIsNoHttpsUrlRefusesTheWhole) {
  for (const char* name : {"authorization_endpoint", "token_endpoint", "revocation_endpoint", "registration_endpoint",
                           "pushed_authorization_request_endpoint", "jwks_uri", "userinfo_endpoint"}) {
    for (const char* url : {"javascript:alert(1)", "http://as.example/x", "data:,x", "/relative", "https://a@b/",
                            "file:///etc/passwd", "https://as.example/x#y"}) {
      EXPECT_EQ(refusal(name, url), "bad_metadata") << name << " " << url;
    }
    EXPECT_EQ(refusal(name, 1), "bad_metadata") << name;
  }
  EXPECT_EQ(refusal("token_endpoint", nullptr), "bad_metadata") << "there is no use for it";
  EXPECT_EQ(refusal("token_endpoint", ""), "bad_metadata");
}

TEST(ServerMetadata, AWrongTypeRefusesTheWhole) {
  EXPECT_EQ(refusal("require_pushed_authorization_requests", "false"), "bad_metadata");
  EXPECT_EQ(refusal("code_challenge_methods_supported", "S256"), "bad_metadata");
  EXPECT_EQ(refusal("code_challenge_methods_supported", Json::array({"S256", 1})), "bad_metadata");
  EXPECT_EQ(refusal("scopes_supported", Json::object()), "bad_metadata");
  EXPECT_EQ(refusal("token_endpoint_auth_methods_supported", std::vector<std::string>(33, "m")), "bad_metadata");
}

TEST(ServerMetadata, TextThatIsNoObjectIsRefused) {
  const std::string good = dump_json(metadata());
  for (const std::string& text :
       {std::string(), std::string("<html>"), std::string("[]"), "\xef\xbb\xbf" + good,
        good.substr(0, good.size() - 1) + R"(,"issuer":"https://as.example/t1"})", std::string(70'000, ' ') + good}) {
    EXPECT_EQ(reason_of([&] { parse_server_metadata(text, "https://as.example/t1"); }), "bad_metadata")
        << text.substr(0, 40);
  }
}

TEST(ServerMetadata, TakesOverAHundredScopesAtMostAndNoneThatCouldNotBeAskedFor) {
  Json document = metadata();
  Json scopes = {"with space", "", "a\"b", std::string(300, 'x')};
  for (int i = 0; i < 150; ++i) scopes.push_back("s" + std::to_string(i));
  document["scopes_supported"] = scopes;
  const auto taken = parse(document).scopes;
  EXPECT_EQ(taken.size(), kMostScopesTaken);
  EXPECT_EQ(taken.front(), "s0");
}

TEST(ResourceMetadata, StandsWithThePathThenAtTheRoot) {
  EXPECT_EQ(resource_metadata_urls("https://api.example/v1/mcp"),
            (Urls{"https://api.example/.well-known/oauth-protected-resource/v1/mcp",
                  "https://api.example/.well-known/oauth-protected-resource"}));
  EXPECT_EQ(resource_metadata_urls("https://api.example/mcp/"),
            (Urls{"https://api.example/.well-known/oauth-protected-resource/mcp/",
                  "https://api.example/.well-known/oauth-protected-resource"}));
  EXPECT_EQ(resource_metadata_urls("https://api.example/mcp?v=2").front(),
            "https://api.example/.well-known/oauth-protected-resource/mcp?v=2");
  EXPECT_EQ(resource_metadata_urls("https://api.example/"),
            (Urls{"https://api.example/.well-known/oauth-protected-resource"}));
  EXPECT_EQ(reason_of([] { resource_metadata_urls("https://api.example/#f"); }), "bad_resource");
  EXPECT_EQ(reason_of([] { resource_metadata_urls("http://api.example/"); }), "bad_resource");
}

Json resource_document(const std::string& resource) {
  return {{"resource", resource},
          {"authorization_servers", {"https://as.example", "https://other.example"}},
          {"scopes_supported", {"read"}}};
}
std::string resource_refusal(const Json& document, std::string_view asked = "https://api.example/mcp") {
  return reason_of([&] { parse_resource_metadata(dump_json(document), asked); });
}

TEST(ResourceMetadata, KeepsTheResourceByteForByte) {
  const auto metadata =
      parse_resource_metadata(dump_json(resource_document("https://api.example/mcp")), "https://api.example/mcp");
  EXPECT_EQ(metadata.resource, "https://api.example/mcp");
  EXPECT_EQ(metadata.authorization_servers, (Urls{"https://as.example", "https://other.example"}));
  EXPECT_EQ(metadata.scopes, Urls{"read"});
}

TEST(ResourceMetadata, MayNameTheOriginOfWhatWasAskedFor) {
  EXPECT_EQ(resource_refusal(resource_document("https://api.example")), "");
  EXPECT_EQ(resource_refusal(resource_document("https://api.example/")), "");
}

TEST(ResourceMetadata, A030_OfAnotherResourceIsRefused) {
  for (const char* other :
       {"https://evil.example/mcp", "https://api.example/mcp2", "https://api.example/mcp/", "https://api.example/m",
        "https://api.example:444", "http://api.example", "https://api.example.evil.example", "https://api.example//",
        "https://API.example/mcp", ""}) {
    EXPECT_EQ(resource_refusal(resource_document(other)), "resource_mismatch") << other;
  }
  Json document = resource_document("x");
  document.erase("resource");
  EXPECT_EQ(resource_refusal(document), "resource_mismatch");
}

TEST(ResourceMetadata, AServerThatIsNoUrlRefusesTheWhole) {
  Json document = resource_document("https://api.example/mcp");
  document["authorization_servers"] = {"https://as.example", "http://as.example"};
  EXPECT_EQ(resource_refusal(document), "bad_metadata");
  document["authorization_servers"] = std::vector<std::string>(17, "https://as.example");
  EXPECT_EQ(resource_refusal(document), "bad_metadata");
  document["authorization_servers"] = "https://as.example";
  EXPECT_EQ(resource_refusal(document), "bad_metadata");
}

TEST(BearerChallenge, IsFoundAmongOthers) {
  const auto challenge = parse_bearer_challenge(
      R"(Basic realm="a, b", Negotiate dG9rZW4=, bearer resource_metadata="https://a.example/x?y=1", )"
      R"(scope = "read write" , error=insufficient_scope, error_description="say \"please\", then")");
  EXPECT_EQ(challenge.resource_metadata, "https://a.example/x?y=1");
  EXPECT_EQ(challenge.scope, "read write");
  EXPECT_EQ(challenge.error, "insufficient_scope");
}

TEST(BearerChallenge, ParametersOfAnotherSchemeAreNotItsOwn) {
  const auto challenge = parse_bearer_challenge(R"(Bearer, Digest scope="x", resource_metadata="https://evil")");
  EXPECT_EQ(challenge.scope + challenge.resource_metadata, "");
}

TEST(BearerChallenge, SaysNothingWhenItIsMalformedOrSaysAThingTwice) {
  for (const std::string_view field :
       {"", "Bearer", R"(Bearer scope="x)", R"(Bearer scope="x"y, error="z")", R"(Bearer scope=, error="z")",
        R"(Bearer scope="x", scope="y")", R"(Bearer ="x", scope="y")", "Bearer scope=\"x\\", "\"Bearer\" scope=x",
        R"(Bearer scope="x" error="y")"}) {
    const auto challenge = parse_bearer_challenge(field);
    EXPECT_EQ(challenge.scope + challenge.error + challenge.resource_metadata, "") << field;
  }
  EXPECT_EQ(parse_bearer_challenge("Bearer scope=\"" + std::string(9000, 'x') + "\"").scope, "");
}

}  // namespace
}  // namespace countersign::oauth
