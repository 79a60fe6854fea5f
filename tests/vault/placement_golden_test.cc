// Each template that ships against a request that its service documents (tests/golden/placement/): method, URL and
// every header, to the byte. <slug>.json is for the default template, <slug>.<template>.json for another one.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/json.h"
#include "catalog/catalog.h"
#include "vault/placement.h"

namespace countersign::vault {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(COUNTERSIGN_SOURCE_DIR) / "tests/golden/placement";

std::string name_of_golden(const domain::Integration& integration, const domain::AuthTemplate& form) {
  const bool usual = &form == &integration.templates.front();
  return integration.slug + (usual ? "" : "." + form.slug) + ".json";
}

Json read_golden(const std::string& name) {
  std::ifstream stream(kFolder / name);
  std::stringstream text;
  text << stream.rdbuf();
  return parse_json(text.str());
}

// A provider's calls to us carry no credential of ours.
bool makes_calls(const domain::AuthTemplate& form) { return form.kind != domain::TemplateKind::kWebhook; }

bool is_secret(const domain::AuthTemplate& form, const std::string& name) {
  if (const domain::Field* field = form.find_field(name)) return field->sensitivity == domain::Sensitivity::kSecret;
  if (form.kind == domain::TemplateKind::kOAuth2 && name == "access_token") return true;  // obtained, not typed
  throw std::runtime_error("no field " + name);
}

// The request that the catalog's data make of the golden file's fields.
Json request_for(const domain::Integration& integration, const domain::AuthTemplate& form, const Json& golden) {
  Fields secrets;
  PlainFields plain;
  for (const auto& [name, value] : golden.at("fields").items()) {
    if (is_secret(form, name)) {
      secrets.emplace(name, Secret(value.get<std::string>()));
    } else {
      plain.emplace_back(name, value.get<std::string>());
    }
  }
  const std::string base =
      golden.contains("base_url") ? golden.at("base_url").get<std::string>() : base_url_for(integration, form, plain);
  Json headers = Json::object();
  for (const auto& header : place(integration, form, secrets, plain).headers) {
    headers[header.name] = header.value + std::string(header.secret.reveal());
  }
  return {{"method", golden.at("request").at("method")},
          {"url", base + golden.at("path").get<std::string>()},
          {"headers", std::move(headers)}};
}

TEST(GoldenPlacement, EveryTemplateMakesTheRequestThatItsServiceDocuments) {
  const catalog::Catalog catalog(embedded::integrations(), catalog::Mode::kDev);
  for (const auto& integration : catalog.list()) {
    for (const domain::AuthTemplate& form : integration->templates) {
      if (!makes_calls(form)) continue;
      const std::string name = name_of_golden(*integration, form);
      SCOPED_TRACE(name);
      EXPECT_TRUE(std::filesystem::exists(kFolder / name)) << "a template that ships has no golden request";
      if (!std::filesystem::exists(kFolder / name)) continue;
      const Json golden = read_golden(name);
      EXPECT_EQ(golden.at("template"), form.slug);
      EXPECT_TRUE(golden.at("source").get<std::string>().starts_with("https://"));
      EXPECT_EQ(dump_json(request_for(*integration, form, golden)), dump_json(golden.at("request")));
    }
  }
}

TEST(GoldenPlacement, EveryGoldenFileBelongsToATemplate) {
  std::set<std::string> expected;
  const catalog::Catalog catalog(embedded::integrations(), catalog::Mode::kDev);
  for (const auto& integration : catalog.list()) {
    for (const auto& form : integration->templates) {
      if (makes_calls(form)) expected.insert(name_of_golden(*integration, form));
    }
  }
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) found.insert(entry.path().filename().string());
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace countersign::vault
