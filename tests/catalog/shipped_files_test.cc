// The files of config/integrations themselves, and the schema that describes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "catalog/integration_file.h"
#include "catalog/read_oauth.h"
#include "catalog/read_obtained.h"
#include "catalog/read_placement.h"
#include "catalog/read_template.h"
#include "catalog/read_webhook.h"

namespace countersign::catalog {
namespace {

std::filesystem::path config() { return std::filesystem::path(COUNTERSIGN_SOURCE_DIR) / "config"; }

std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(ShippedIntegrations, EveryFileParsesAndIsInTheProgram) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(config() / "integrations")) {
    EXPECT_NO_THROW(parse_integration(entry.path().filename().string(), text_of(entry.path()))) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, embedded::integrations().size());
  EXPECT_GE(files, 25U);
}

TEST(ShippedIntegrations, SayWhereAKeyIsFoundAndWhatKindOfServiceItIs) {
  const Catalog catalog(embedded::integrations(), Mode::kServe);
  for (const auto& integration : catalog.list()) {
    EXPECT_FALSE(integration->categories.empty()) << integration->slug;
    const bool fixed = integration->base_url_rule == domain::BaseUrlRule::kFixed;
    for (const auto& form : integration->templates) {
      const std::string_view for_client = form.oauth ? form.oauth->client_help_url : std::string_view();
      const std::string_view for_address = form.webhook ? form.webhook->help_url : std::string_view();
      const bool helped = !form.help_url.empty() || !for_client.empty() || !for_address.empty();
      EXPECT_TRUE(!fixed || helped) << integration->slug << " " << form.slug;
      for (const auto& field : form.fields) {
        EXPECT_FALSE(field.hint.empty()) << integration->slug << " " << field.name;
        const bool secret = field.sensitivity == domain::Sensitivity::kSecret;
        EXPECT_TRUE(!secret || field.placeholder.empty()) << integration->slug << " " << field.name;
      }
    }
  }
}

// The key lists of the reader and of the schema that an editor completes from are the same.
std::set<std::string> keys_of(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

template <std::size_t N>
std::set<std::string> keys_of(const std::array<std::string_view, N>& known) {
  return {known.begin(), known.end()};
}

TEST(IntegrationSchema, KnowsTheKeysThatTheReaderKnows) {
  const Json schema = parse_json(text_of(config() / "integration.schema.json"));
  const Json& parts = schema.at("$defs");
  EXPECT_EQ(keys_of(schema.at("properties")), keys_of(kIntegrationKeys));
  EXPECT_EQ(keys_of(parts.at("template").at("properties")), keys_of(kTemplateKeys));
  EXPECT_EQ(keys_of(parts.at("field").at("properties")), keys_of(kFieldKeys));
  EXPECT_EQ(keys_of(parts.at("placement").at("properties")), keys_of(kPlacementKeys));
  EXPECT_EQ(keys_of(parts.at("basic").at("properties")), keys_of(kBasicKeys));
  EXPECT_EQ(keys_of(parts.at("live_test").at("properties")), keys_of(kLiveTestKeys));
  EXPECT_EQ(keys_of(parts.at("oauth").at("properties")), keys_of(kOAuthKeys));
  EXPECT_EQ(keys_of(parts.at("scope").at("properties")), keys_of(kScopeKeys));
  EXPECT_EQ(keys_of(parts.at("answer").at("properties")), keys_of(kAnswerKeys));
  EXPECT_EQ(keys_of(parts.at("kept").at("properties")), keys_of(kKeptKeys));
  EXPECT_EQ(keys_of(parts.at("told_base_url").at("properties")), keys_of(kToldBaseUrlKeys));
  EXPECT_EQ(keys_of(parts.at("account").at("properties")), keys_of(kAccountKeys));
  EXPECT_EQ(keys_of(parts.at("webhook").at("properties")), keys_of(kWebhookKeys));
}

TEST(IntegrationSchema, RefusesUnknownKeysWhereverTheReaderDoes) {
  const Json schema = parse_json(text_of(config() / "integration.schema.json"));
  EXPECT_EQ(schema.at("additionalProperties"), false);
  for (const char* part : {"template", "field", "placement", "basic", "live_test", "oauth", "scope", "answer", "kept",
                           "told_base_url", "account", "webhook"}) {
    EXPECT_EQ(schema.at("$defs").at(part).at("additionalProperties"), false) << part;
  }
}

template <class Enum, std::size_t N>
std::vector<std::string> words_of(const domain::Names<Enum, N>& names) {
  return {names.names.begin(), names.names.end()};
}

TEST(IntegrationSchema, ListsTheSameWords) {
  const Json schema = parse_json(text_of(config() / "integration.schema.json"));
  const auto listed = [&](const char* pointer) {
    return schema.at("$defs").at(Json::json_pointer(pointer)).get<std::vector<std::string>>();
  };
  EXPECT_EQ(listed("/template/properties/kind/enum"), words_of(domain::kTemplateKindNames));
  EXPECT_EQ(listed("/oauth/properties/grants/items/enum"), words_of(domain::kOAuthGrantNames));
  EXPECT_EQ(listed("/oauth/properties/client_auth/items/enum"), words_of(domain::kClientAuthNames));
  EXPECT_EQ(listed("/oauth/properties/pkce/enum"), words_of(domain::kPkceNames));
  EXPECT_EQ(listed("/oauth/properties/resource_use/enum"), words_of(domain::kResourceUseNames));
  EXPECT_EQ(listed("/oauth/properties/token_body/enum"), words_of(domain::kTokenBodyNames));
  EXPECT_EQ(listed("/oauth/properties/revocation/enum"), words_of(domain::kRevocationStyleNames));
  EXPECT_EQ(listed("/account/properties/from/enum"), words_of(domain::kAccountFromNames));
  EXPECT_EQ(listed("/webhook/properties/scheme/enum"), words_of(domain::kWebhookSchemeNames));
}

}  // namespace
}  // namespace countersign::catalog
