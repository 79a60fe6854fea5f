#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "catalog/catalog.h"

namespace countersign::catalog {
namespace {

Json good() {
  return {{"slug", "acme"},
          {"name", "Acme"},
          {"description", "An example."},
          {"documentation_url", "https://acme.example/docs"},
          {"base_urls", {"https://api.acme.example"}},
          {"templates",
           {{{"slug", "key"},
             {"kind", "api_key"},
             {"label", "API key"},
             {"fields", {{{"name", "key"}, {"label", "API key"}, {"prefixes", {"ak_"}}, {"min_length", 8}}}},
             {"placement", {{"headers", {{"X-Api-Key", "{key}"}}}}}}}}};
}

domain::Integration parse(const Json& json, Targets targets = Targets::kHttps) {
  return parse_integration("acme.json", dump_json(json), targets);
}

// The message of the refusal, or "accepted".
std::string refusal(const Json& json, Targets targets = Targets::kHttps) {
  try {
    parse(json, targets);
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error.reason(), "bad_integration");
    return error.message();
  }
}

std::string refusal_with(std::string_view pointer, const Json& value) {
  Json json = good();
  json[Json::json_pointer(std::string(pointer))] = value;
  return refusal(json);
}

TEST(IntegrationFile, BecomesTheDomainsIntegration) {
  const domain::Integration acme = parse(good());
  EXPECT_EQ(acme.slug, "acme");
  EXPECT_EQ(acme.base_url_rule, domain::BaseUrlRule::kFixed);
  EXPECT_FALSE(acme.only_in_dev);
  ASSERT_NE(acme.find_template("key"), nullptr);
  const domain::Field& field = acme.find_template("")->fields.at(0);
  EXPECT_EQ(field.sensitivity, domain::Sensitivity::kSecret);
  EXPECT_EQ(field.prefixes, std::vector<std::string>{"ak_"});
  EXPECT_EQ(field.min_length, 8U);
  EXPECT_EQ(field.max_length, 4096U);
}

TEST(IntegrationFile, MistypedKeyIsNamedWithItsPlaceAndTheKeyThatWasMeant) {
  Json json = good();
  json["templates"][0]["feilds"] = json["templates"][0]["fields"];
  json["templates"][0].erase("fields");
  EXPECT_EQ(refusal(json), "acme.json: /templates/0/feilds: unknown key; did you mean \"fields\"?");
}

TEST(IntegrationFile, StrangeKeyGetsNoFarFetchedSuggestion) {
  EXPECT_EQ(refusal_with("/templates/0/fields/0/zzzzzzzz", 1),
            "acme.json: /templates/0/fields/0/zzzzzzzz: unknown key.");
}

TEST(IntegrationFile, KeyWithASlashIsEscapedInThePointer) {
  Json json = good();
  json["a/b~c"] = 1;
  EXPECT_EQ(refusal(json), "acme.json: /a~1b~0c: unknown key.");
}

TEST(IntegrationFile, EachWrongTypeNamesItsPlace) {
  EXPECT_EQ(refusal_with("/name", 5), "acme.json: /name: must be text, but a number stands there.");
  EXPECT_EQ(refusal_with("/only_in_dev", "yes"),
            "acme.json: /only_in_dev: must be true or false, but text stands there.");
  EXPECT_EQ(refusal_with("/templates", Json::object()),
            "acme.json: /templates: must be a list, but an object stands there.");
  EXPECT_EQ(refusal_with("/templates/0/fields/0", "key"),
            "acme.json: /templates/0/fields/0: must be an object, but text stands there.");
  EXPECT_EQ(refusal_with("/templates/0/fields/0/prefixes/0", nullptr),
            "acme.json: /templates/0/fields/0/prefixes/0: must be text, but null stands there.");
  EXPECT_EQ(refusal_with("/templates/0/fields/0/min_length", -1),
            "acme.json: /templates/0/fields/0/min_length: must be a whole number, but a number stands there.");
}

TEST(IntegrationFile, MissingKeyAndEmptyListAreRefused) {
  Json json = good();
  json.erase("documentation_url");
  EXPECT_EQ(refusal(json), "acme.json: /documentation_url: is missing.");
  EXPECT_EQ(refusal_with("/templates", Json::array()), "acme.json: /templates: must have at least one entry.");
  EXPECT_EQ(refusal_with("/name", ""), "acme.json: /name: must not be empty.");
}

TEST(IntegrationFile, OnlyPlainHttpsTargetsAreTaken) {
  for (const char* url : {"http://api.acme.example", "https://", "https://user@acme.example", "https://ACME.example",
                          "javascript:alert(1)", "https://acme.example/a b", "https://acme.example/\"x"}) {
    EXPECT_NE(refusal_with("/base_urls/0", url), "accepted") << url;
    EXPECT_NE(refusal_with("/documentation_url", url), "accepted") << url;
    EXPECT_NE(refusal_with("/templates/0/help_url", url), "accepted") << url;
  }
}

TEST(IntegrationFile, TargetIsFixedOrEnteredNeverBoth) {
  EXPECT_NE(refusal_with("/base_url", "person_enters"), "accepted");
  EXPECT_NE(refusal_with("/base_urls", Json::array()), "accepted");
  Json json = good();
  json["base_url"] = "person_enters";
  json.erase("base_urls");
  EXPECT_EQ(refusal(json), "accepted");
  EXPECT_NE(refusal_with("/base_url", "anywhere"), "accepted");
}

TEST(IntegrationFile, BaseUrlIsASchemeAHostAndAPlainPath) {
  for (const char* url : {"https://api.acme.example/v2", "https://api.acme.example:8443", "https://acme",
                          "https://a-b.acme.example/A_b~c"}) {
    EXPECT_EQ(refusal_with("/base_urls/0", url), "accepted") << url;
  }
  for (const char* url :
       {"https://api.acme.example/", "https://api.acme.example/v2/", "https://api.acme.example?x=1",
        "https://api.acme.example/v2?x", "https://api.acme.example#x", "https://api.acme.example//v2",
        "https://api.acme.example/../v2", "https://api.acme.example/%2e%2e", "https://api.acme.example:0",
        "https://api.acme.example:65536", "https://api.acme.example:", "https://api.acme.example:443x",
        "https://-a.acme.example", "https://a..example", "https://acme.example.", "https://[::1]", "https://:443"}) {
    const std::string said = refusal_with("/base_urls/0", url);
    EXPECT_TRUE(said.starts_with("acme.json: /base_urls/0: must be https://")) << url << ": " << said;
  }
}

TEST(IntegrationFile, PlainHttpIsForThisMachineAloneAndOnlyWhereItIsAllowed) {
  Json json = good();
  for (const char* url : {"http://127.0.0.1:8080", "http://localhost:8080/api"}) {
    json["base_urls"][0] = url;
    EXPECT_NE(refusal(json), "accepted") << url;
    EXPECT_EQ(refusal(json, Targets::kHttpsAndLoopback), "accepted") << url;
  }
  for (const char* url : {"http://localhost", "http://localhost:", "http://localhost:80@evil.example",
                          "http://localhost.evil.example:80", "http://127.0.0.10:80", "http://acme.example:80"}) {
    json["base_urls"][0] = url;
    EXPECT_NE(refusal(json, Targets::kHttpsAndLoopback), "accepted") << url;
  }
}

Json with_host_label() {
  Json json = good();
  json["base_urls"] = {"https://{site}.acme.example", "https://{site}.eu.acme.example"};
  json["templates"][0]["fields"].push_back({{"name", "site"}, {"label", "site"}, {"sensitivity", "plain"}});
  return json;
}

TEST(IntegrationFile, HostLabelFieldTakesNoMoreThanAHostLabel) {
  const domain::Integration acme = parse(with_host_label());
  const domain::Field* site = acme.templates.at(0).find_field("site");
  ASSERT_NE(site, nullptr);
  EXPECT_EQ(site->characters, "a-z0-9-");
  EXPECT_EQ(site->max_length, 63U);
  EXPECT_EQ(site->min_length, 1U);
}

TEST(IntegrationFile, HostLabelFieldIsAWholeLabelAndNeverTheDomain) {
  Json json = with_host_label();
  for (const char* url :
       {"https://x{site}.acme.example", "https://{site}x.acme.example", "https://{site}{site}.acme.example",
        "https://{site}.example", "https://{site}", "https://acme.{site}", "https://acme.{site}.example",
        "https://api.acme.example/{site}", "https://api.acme.example:{site}", "{site}://api.acme.example",
        "https://{}.acme.example", "https://{site.acme.example", "https://{Site}.acme.example"}) {
    json["base_urls"][0] = url;
    EXPECT_NE(refusal(json), "accepted") << url;
  }
  json["base_urls"][0] = "https://{site}.{site}.acme.example";
  EXPECT_EQ(refusal(json), "accepted");
}

TEST(IntegrationFile, HostLabelFieldIsAPlainFieldOfEveryTemplate) {
  Json json = with_host_label();
  json["base_urls"][1] = "https://{key}.acme.example";
  EXPECT_EQ(refusal(json), "acme.json: /base_urls/1: {key} must be a plain field of the template \"key\".");
  json = with_host_label();
  Json other = json["templates"][0];
  other["slug"] = "other";
  other["fields"].erase(1);
  json["templates"].push_back(other);
  EXPECT_EQ(refusal(json), "acme.json: /base_urls/0: {site} must be a plain field of the template \"other\".");
}

TEST(IntegrationFile, CategoriesAreAFewDifferentSlugs) {
  Json json = good();
  json["categories"] = {"payments", "e-mail"};
  EXPECT_EQ(parse(json).categories, (std::vector<std::string>{"payments", "e-mail"}));
  json["categories"] = {"payments", "Payments!"};
  EXPECT_EQ(refusal(json), "acme.json: /categories/1: must be lower-case letters, digits and hyphens.");
  json["categories"] = {"a", "b", "a"};
  EXPECT_EQ(refusal(json), "acme.json: /categories/2: stands here twice.");
  json["categories"] = {"a", "b", "c", "d", "e", "f"};
  EXPECT_EQ(refusal(json), "acme.json: /categories: has more than 5 entries.");
}

TEST(IntegrationFile, CharactersAreRangesAndSingleOnes) {
  EXPECT_EQ(refusal_with("/templates/0/fields/0/characters", "A-Za-z0-9_-"), "accepted");
  for (const char* set : {"z-a", "a-Z", "a b", "a--z", "+-/"}) {
    EXPECT_NE(refusal_with("/templates/0/fields/0/characters", set), "accepted") << set;
  }
}

TEST(IntegrationFile, LiveTestStaysBelowTheBaseUrl) {
  Json json = good();
  json["templates"][0]["live_test"] = {{"path", "/v1/me?fields=id,name"}, {"account", {"/email", "/a~1b/0"}}};
  const auto test = parse(json).templates.at(0).live_test;
  ASSERT_TRUE(test);
  EXPECT_EQ(test->path, "/v1/me?fields=id,name");
  EXPECT_EQ(test->account, (std::vector<std::string>{"/email", "/a~1b/0"}));
  for (const char* path : {"v1/me", "//evil.example/x", "/v1//me", "/v1/../me", "/v1/./me", "/v1/%2e%2e/me", "/v1/me#x",
                           "/v1/{key}", "/v1/me x", "@evil.example/", "\\v1", ""}) {
    json["templates"][0]["live_test"]["path"] = path;
    EXPECT_TRUE(refusal(json).starts_with("acme.json: /templates/0/live_test/path: ")) << path << ": " << refusal(json);
  }
}

TEST(IntegrationFile, LiveTestNamesTheAccountByJsonPointers) {
  Json json = good();
  for (const char* pointer : {"email", "/a~2", "/a~"}) {
    json["templates"][0]["live_test"] = {{"path", "/me"}, {"account", {"/ok", pointer}}};
    EXPECT_EQ(refusal(json), "acme.json: /templates/0/live_test/account/1: must be a JSON Pointer, like /user/email.");
  }
}

TEST(IntegrationFile, TemplateOfKindNoneHasNeitherFieldsNorPlacement) {
  Json json = good();
  json["templates"][0] = {{"slug", "open"}, {"kind", "none"}, {"label", "nothing"}, {"live_test", {{"path", "/ping"}}}};
  const domain::AuthTemplate form = parse(json).templates.at(0);
  EXPECT_EQ(form.kind, domain::TemplateKind::kNone);
  EXPECT_TRUE(form.fields.empty() && form.placement == domain::Placement{});
  for (const char* key : {"fields", "placement"}) {
    Json wrong = json;
    wrong["templates"][0][key] = good()["templates"][0][key];
    EXPECT_EQ(refusal(wrong),
              "acme.json: /templates/0/" + std::string(key) + ": must be left out when the kind is \"none\".");
  }
}

TEST(IntegrationFile, FieldsFitTheKindOfTheirTemplate) {
  const Json user{{"name", "username"}, {"label", "user"}, {"sensitivity", "plain"}};
  const Json password{{"name", "password"}, {"label", "password"}};
  EXPECT_NE(refusal_with("/templates/0/fields/0/sensitivity", "plain"), "accepted");
  EXPECT_NE(refusal_with("/templates/0/kind", "basic"), "accepted");
  EXPECT_NE(refusal_with("/templates/0/kind", "token"), "accepted");
  Json json = good();
  json["templates"][0]["kind"] = "basic";
  json["templates"][0]["fields"] = {user, password};
  json["templates"][0].erase("placement");
  EXPECT_EQ(refusal(json), "accepted");
  json["templates"][0]["kind"] = "bearer";
  EXPECT_NE(refusal(json), "accepted");
}

TEST(IntegrationFile, NamesAreUniqueAndNotTheFormsOwn) {
  EXPECT_NE(refusal_with("/templates/0/fields/0/name", "base_url"), "accepted");
  EXPECT_NE(refusal_with("/templates/0/fields/0/name", "Key\r\n"), "accepted");
  Json json = good();
  json["templates"].push_back(json["templates"][0]);
  EXPECT_EQ(refusal(json), "acme.json: /templates: has two templates named \"key\".");
  EXPECT_NE(refusal_with("/templates/0/fields/0/max_length", 4), "accepted");  // below min_length
}

TEST(IntegrationFile, SlugIsTheFilesName) {
  EXPECT_NE(refusal_with("/slug", "other"), "accepted");
  EXPECT_NE(refusal_with("/slug", "-acme"), "accepted");
}

TEST(IntegrationFile, BrokenJsonSaysWhichFile) {
  EXPECT_THROW(
      {
        try {
          parse_integration("acme.json", "{\"slug\": ");
        } catch (const Error& error) {
          EXPECT_EQ(error.reason(), "bad_integration");
          EXPECT_TRUE(error.message().starts_with("acme.json: ")) << error.message();
          throw;
        }
      },
      Error);
}

}  // namespace
}  // namespace countersign::catalog
