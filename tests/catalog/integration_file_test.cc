#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

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
             {"fields", {{{"name", "key"}, {"label", "API key"}, {"prefixes", {"ak_"}}, {"min_length", 8}}}}}}}};
}

domain::Integration parse(const Json& json) { return parse_integration("acme.json", dump_json(json)); }

// The message of the refusal, or "accepted".
std::string refusal(const Json& json) {
  try {
    parse(json);
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

TEST(IntegrationFile, FieldsFitTheKindOfTheirTemplate) {
  const Json user{{"name", "username"}, {"label", "user"}, {"sensitivity", "plain"}};
  const Json password{{"name", "password"}, {"label", "password"}};
  EXPECT_NE(refusal_with("/templates/0/fields/0/sensitivity", "plain"), "accepted");
  EXPECT_NE(refusal_with("/templates/0/kind", "basic"), "accepted");
  EXPECT_NE(refusal_with("/templates/0/kind", "token"), "accepted");
  Json json = good();
  json["templates"][0]["kind"] = "basic";
  json["templates"][0]["fields"] = {user, password};
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

TEST(IntegrationFile, EveryFileThatShipsParses) {
  const std::filesystem::path folder = std::filesystem::path(COUNTERSIGN_SOURCE_DIR) / "config/integrations";
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream stream(entry.path());
    std::stringstream text;
    text << stream.rdbuf();
    EXPECT_NO_THROW(parse_integration(entry.path().filename().string(), text.str())) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, embedded::integrations().size());
}

}  // namespace
}  // namespace countersign::catalog
