// What an integration file may say about where a credential stands in a request.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "catalog/catalog.h"

namespace countersign::catalog::placement_file {
namespace {

Json secret(const char* name) { return {{"name", name}, {"label", name}}; }
Json plain(const char* name) { return {{"name", name}, {"label", name}, {"sensitivity", "plain"}}; }

// A file with one template, and what its `placement` is; null: left out.
Json file(const char* kind, Json fields, Json placement, Json headers = nullptr) {
  Json form{{"slug", "key"}, {"kind", kind}, {"label", "key"}, {"fields", std::move(fields)}};
  if (!placement.is_null()) form["placement"] = std::move(placement);
  Json json{{"slug", "acme"},
            {"name", "Acme"},
            {"description", "An example."},
            {"documentation_url", "https://acme.example/docs"},
            {"base_urls", {"https://api.acme.example"}},
            {"templates", Json::array({std::move(form)})}};
  if (!headers.is_null()) json["headers"] = std::move(headers);
  return json;
}

domain::Integration parse(const Json& json) { return parse_integration("acme.json", dump_json(json)); }
domain::Placement placement_of(const Json& json) { return parse(json).templates.at(0).placement; }

std::string refusal(const Json& json) {
  try {
    parse(json);
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), "bad_integration");
    return error.message();
  }
}

// The refusal of headers of an api_key template with the fields key (secret), user and zone (plain).
std::string refusal_of_headers(const Json& headers) {
  return refusal(file("api_key", {secret("key"), plain("user"), plain("zone")}, {{"headers", headers}}));
}
constexpr std::string_view kAtHeaders = "acme.json: /templates/0/placement/headers";

TEST(PlacementFile, IsReadAsItStands) {
  const auto placement = placement_of(file("custom", {secret("key"), secret("app"), plain("user")},
                                           {{"headers", {{"X-Key", "v={key}; u={user}"}, {"X-App", "{app}"}}}}));
  EXPECT_EQ(placement.headers, (std::vector<domain::PlacedHeader>{{"X-App", "{app}"}, {"X-Key", "v={key}; u={user}"}}));
  EXPECT_FALSE(placement.basic);
}

TEST(PlacementFile, LeftOutItIsTheUsualOneOfBearerAndBasic) {
  EXPECT_EQ(placement_of(file("bearer", Json::array({secret("token")}), nullptr)),
            (domain::Placement{{{"Authorization", "Bearer {token}"}}, std::nullopt}));
  EXPECT_EQ(placement_of(file("basic", {plain("username"), secret("password")}, nullptr)),
            (domain::Placement{{}, domain::BasicPair{"{username}", "{password}"}}));
}

TEST(PlacementFile, OtherKindsMustSayIt) {
  const std::string missing =
      "acme.json: /templates/0/placement: is missing: it says where in a request the credential stands.";
  EXPECT_EQ(refusal(file("api_key", Json::array({secret("key")}), nullptr)), missing);
  EXPECT_EQ(refusal(file("custom", Json::array({secret("key")}), nullptr)), missing);
  EXPECT_EQ(refusal(file("basic", {plain("email"), secret("token")}, nullptr)), missing);
}

TEST(PlacementFile, NamesOnlyFieldsOfItsTemplate) {
  EXPECT_EQ(refusal_of_headers({{"X-Key", "{kez}"}}),
            std::string(kAtHeaders) + "/X-Key: {kez} is no field of this template; did you mean \"key\"?");
  for (const char* value : {"{key", "key}", "{}", "{{key}}", "{Key}", "{ key }"}) {
    EXPECT_EQ(refusal_of_headers({{"X-Key", value}}),
              std::string(kAtHeaders) + "/X-Key: has a brace that does not enclose the name of a field.")
        << value;
  }
}

TEST(PlacementFile, HeaderTakesOneSecretAtMost) {
  EXPECT_EQ(refusal_of_headers({{"X-Key", "{user}:{key}:{zone}"}}), "accepted");
  EXPECT_EQ(refusal(file("custom", {secret("a"), secret("b")}, {{"headers", {{"X-Key", "{a}{b}"}}}})),
            std::string(kAtHeaders) + "/X-Key: names two secrets: a header takes one.");
}

TEST(PlacementFile, EverySecretIsPlaced) {
  EXPECT_EQ(refusal(file("custom", {secret("a"), secret("b")}, {{"headers", {{"X-Key", "{a}"}}}})),
            "acme.json: /templates/0/placement: does not say where the secret {b} stands.");
  EXPECT_EQ(refusal(file("custom", {secret("a"), secret("b")},
                         {{"headers", {{"X-A", "{a}"}}}, {"basic", {{"user", "{b}"}}}})),
            "accepted");
}

TEST(PlacementFile, HeaderThatSteersTheRequestIsRefused) {
  for (const char* name : {"Host", "content-length", "Content-Type", "Transfer-Encoding", "Connection", "TE", "Trailer",
                           "Upgrade", "Expect", "Accept-Encoding", "Cookie", "Set-Cookie", "Proxy-Authorization",
                           "Range", "X Key", "X-Key:", "X\r\nEvil", ""}) {
    EXPECT_NE(refusal_of_headers({{name, "{key}"}}), "accepted") << name;
  }
}

TEST(PlacementFile, HeaderNameMayBeOnePlainFieldAlone) {
  EXPECT_EQ(refusal_of_headers({{"{user}", "{key}"}}), "accepted");
  EXPECT_EQ(refusal_of_headers({{"{key}", "{key}"}}),
            std::string(kAtHeaders) + "/{key}: must name a plain field: the name of a header is no secret.");
  EXPECT_EQ(refusal_of_headers({{"X-{user}", "{key}"}}),
            std::string(kAtHeaders) + "/X-{user}: must be one field alone when it names a field.");
  EXPECT_NE(refusal_of_headers({{"{who}", "{key}"}}), "accepted");
}

TEST(PlacementFile, HeaderValueIsPrintableAndTrimmed) {
  for (const char* value : {"{key}\r\nX-Evil: 1", "{key}\t", " {key}", "{key} ", "Schlüssel {key}", "{key}\u007f"}) {
    EXPECT_NE(refusal_of_headers({{"X-Key", value}}), "accepted") << value;
  }
}

TEST(PlacementFile, NoHeaderIsSentTwice) {
  EXPECT_EQ(refusal_of_headers({{"X-Key", "{key}"}, {"x-key", "{user}"}}),
            std::string(kAtHeaders) + "/x-key: stands here twice.");
  EXPECT_EQ(refusal(file("basic", {plain("username"), secret("password")},
                         {{"headers", {{"authorization", "{password}"}}}, {"basic", {{"user", "{username}"}}}})),
            "acme.json: /templates/0/placement: sets Authorization twice: \"basic\" is that header too.");
  EXPECT_EQ(
      refusal(file("api_key", Json::array({secret("key")}), {{"headers", {{"X-Key", "{key}"}}}}, {{"x-key", "1"}})),
      "acme.json: /headers: has x-key, which the template \"key\" sets too.");
}

TEST(PlacementFile, BasicIsAPairOfTexts) {
  const auto fields = Json{plain("email"), secret("token")};
  const auto placement =
      placement_of(file("basic", fields, {{"basic", {{"user", "{email}/token"}, {"password", "{token}"}}}}));
  EXPECT_EQ(placement.basic, (domain::BasicPair{"{email}/token", "{token}"}));
  EXPECT_EQ(placement_of(file("basic", fields, {{"basic", {{"user", "{token}"}}}})).basic,
            (domain::BasicPair{"{token}", ""}));
  EXPECT_EQ(refusal(file("basic", fields, {{"basic", {{"user", "a:b"}, {"password", "{token}"}}}})),
            "acme.json: /templates/0/placement/basic/user: must not hold a colon.");
  EXPECT_NE(refusal(file("basic", fields, {{"basic", Json::object()}})), "accepted");
  EXPECT_EQ(refusal(file("basic", fields, {{"headers", {{"X-Key", "{token}"}}}})),
            "acme.json: /templates/0/placement: of a basic template must have \"basic\".");
  EXPECT_EQ(refusal(file("basic", fields, {{"basic", {{"pasword", "{token}"}}}})),
            "acme.json: /templates/0/placement/basic/pasword: unknown key; did you mean \"password\"?");
}

TEST(PlacementFile, FixedHeadersAreTheSameForEverybodyAndNoCredential) {
  const Json fields = Json::array({secret("key")});
  const Json placement{{"headers", {{"X-Key", "{key}"}}}};
  EXPECT_EQ(parse(file("api_key", fields, placement, {{"Acme-Version", "2"}})).headers,
            (std::vector<domain::PlacedHeader>{{"Acme-Version", "2"}}));
  EXPECT_EQ(refusal(file("api_key", fields, placement, {{"Acme-Version", "{key}"}})),
            "acme.json: /headers/Acme-Version: {key} is no field of this template.");
  EXPECT_EQ(refusal(file("api_key", fields, placement, {{"authorization", "Bearer x"}})),
            "acme.json: /headers: must not hold a credential.");
  EXPECT_NE(refusal(file("api_key", fields, placement, {{"Host", "evil.example"}})), "accepted");
  EXPECT_NE(refusal(file("api_key", fields, placement, {{"X-{key}", "1"}})), "accepted");
  EXPECT_EQ(refusal(file("api_key", fields, placement, {{"Acme-Version", 2}})),
            "acme.json: /headers/Acme-Version: must be text, but a number stands there.");
}

}  // namespace
}  // namespace countersign::catalog::placement_file
