// Reads one file of config/integrations: the shape that config/integration.schema.json documents, and the
// rules no schema can state.
#include "catalog/integration_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "catalog/json_object.h"
#include "catalog/operator_folder.h"
#include "catalog/read_placement.h"
#include "catalog/read_target.h"
#include "catalog/read_template.h"
#include "catalog/read_values.h"

namespace countersign::catalog {
namespace {

using domain::Integration;

constexpr std::size_t kMostCategories = 5;
constexpr std::size_t kMostTemplates = 10;

std::vector<std::string> read_categories(const JsonObject& from) {
  std::vector<std::string> categories = from.texts("categories", kSlugLimit);
  for (std::size_t i = 0; i < categories.size(); ++i) {
    if (!is_slug(categories[i])) throw from.error("categories", i, "must be lower-case letters, digits and hyphens");
    if (std::find(categories.begin(), categories.begin() + static_cast<std::ptrdiff_t>(i), categories[i]) !=
        categories.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw from.error("categories", i, "stands here twice");
    }
  }
  if (categories.size() > kMostCategories) throw from.error("categories", "has more than 5 entries");
  return categories;
}

void read_templates(const JsonObject& from, Targets targets, Integration& integration) {
  for (const JsonObject& form : from.objects("templates", kTemplateKeys)) {
    integration.templates.push_back(read_template(form, targets));
    const std::string& newest = integration.templates.back().slug;
    if (integration.find_template(newest) != &integration.templates.back()) {
      throw from.error("templates", "has two templates named \"" + newest + "\"");
    }
  }
  if (integration.templates.size() > kMostTemplates) throw from.error("templates", "has more than 10 templates");
}

Integration read_integration(const JsonObject& from, Targets targets) {
  Integration integration;
  integration.slug = read_slug(from, "slug");
  integration.name = from.text("name", kNameLimit);
  integration.description = from.text("description", kSentenceLimit);
  integration.documentation_url = read_page_url(from, "documentation_url");
  integration.categories = read_categories(from);
  integration.only_in_dev = from.flag("only_in_dev", false);
  integration.headers = read_fixed_headers(from);
  read_targets(from, targets, integration);
  read_templates(from, targets, integration);
  settle_targets(from, integration);
  bind_host_fields(from, integration);
  check_headers_once(from, integration);
  return integration;
}

Json parse_file(std::string_view file, std::string_view text) {
  try {
    return parse_json(text, {.bytes = kLargestFile});
  } catch (const Error& error) {
    throw bad_integration(file, "", error.message());  // the only thing added is which file
  }
}

}  // namespace

Integration parse_integration(std::string_view file, std::string_view text, Targets targets) {
  const Json json = parse_file(file, text);
  Integration integration = read_integration(JsonObject(file, "", json, kIntegrationKeys), targets);
  if (file != integration.slug + ".json") {
    throw bad_integration(file, "/slug", "\"" + integration.slug + "\" must be the file's name without .json");
  }
  return integration;
}

}  // namespace countersign::catalog
