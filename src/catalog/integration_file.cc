// Reads one file of config/integrations: the shape that config/integration.schema.json documents, and the
// rules no schema can state.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "base/closest.h"
#include "base/error.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "catalog/json_object.h"

namespace countersign::catalog {
namespace {

using domain::AuthTemplate;
using domain::BaseUrlRule;
using domain::Field;
using domain::Integration;
using domain::Sensitivity;
using domain::TemplateKind;

constexpr std::size_t kNameLimit = 80;
constexpr std::size_t kSentenceLimit = 400;
constexpr std::size_t kUrlLimit = 300;
constexpr std::size_t kSlugLimit = 40;
constexpr std::size_t kLongestSecret = 16 * 1024;  // a private key in PEM fits
// The form's own field beside the template's: the target of an integration without a fixed one.
constexpr std::string_view kReservedField = "base_url";

constexpr std::array<std::string_view, 9> kIntegrationKeys{
    "$schema", "slug", "name", "description", "documentation_url", "base_urls", "base_url", "only_in_dev", "templates"};
constexpr std::array<std::string_view, 5> kTemplateKeys{"slug", "kind", "label", "help_url", "fields"};
constexpr std::array<std::string_view, 8> kFieldKeys{"name",     "label",       "hint",       "placeholder",
                                                     "prefixes", "sensitivity", "min_length", "max_length"};

constexpr domain::Names<BaseUrlRule, 2> kBaseUrlRuleNames{{"fixed", "person_enters"}};
constexpr domain::Names<Sensitivity, 2> kSensitivityNames{{"secret", "plain"}};

template <class Enum, std::size_t N>
Enum one_of(const JsonObject& from, std::string_view key, const domain::Names<Enum, N>& names,
            const std::string& word) {
  if (const auto value = names.parse(word)) return *value;
  std::string listed;
  for (const std::string_view name : names.names) {
    listed += listed.empty() ? "\"" : ", \"";
    listed += std::string(name) + "\"";
  }
  throw from.error(key, "must be one of " + listed + did_you_mean(word, names.names));
}

bool only(std::string_view text, std::string_view also) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || also.find(c) != std::string_view::npos;
  });
}

std::string slug(const JsonObject& from, std::string_view key) {
  std::string word = from.text(key, kSlugLimit);
  if (!only(word, "-") || word.front() == '-' || word.back() == '-') {
    throw from.error(key, "must be lower-case letters, digits and hyphens");
  }
  return word;
}

// A page a person is sent to, or a place credentials go: https, a host, nothing that hides another host.
void check_https(const JsonObject& from, std::string_view key, std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  const std::string_view rest = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  const std::string_view host = rest.substr(0, rest.find('/'));
  const bool printable = std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (host.empty() || !only(host, ".-:") || !printable || url.find_first_of("\\\"<>") != std::string_view::npos) {
    throw from.error(key, "must be an https:// URL with a lower-case host");
  }
}

std::string https_url(const JsonObject& from, std::string_view key) {
  std::string url = from.text(key, kUrlLimit);
  check_https(from, key, url);
  return url;
}

Field read_field(const JsonObject& from) {
  Field field;
  field.name = from.text("name", kSlugLimit);
  if (!only(field.name, "_") || field.name == kReservedField) {
    throw from.error("name", "must be lower-case letters, digits and underscores, and not \"base_url\"");
  }
  field.label = from.text("label", kNameLimit);
  field.hint = from.optional_text("hint", kSentenceLimit);
  field.placeholder = from.optional_text("placeholder", kNameLimit);
  field.prefixes = from.texts("prefixes", kSlugLimit);
  if (const std::string word = from.optional_text("sensitivity", kSlugLimit); !word.empty()) {
    field.sensitivity = one_of(from, "sensitivity", kSensitivityNames, word);
  }
  field.min_length = from.count("min_length", field.min_length, kLongestSecret);
  field.max_length = from.count("max_length", field.max_length, kLongestSecret);
  if (field.min_length > field.max_length) throw from.error("min_length", "is larger than max_length");
  return field;
}

// What each kind needs so that the credential can be placed in a request later.
void check_fields(const JsonObject& from, const AuthTemplate& form) {
  std::set<std::string_view> names;
  for (const Field& field : form.fields) {
    if (!names.insert(field.name).second) throw from.error("fields", "has two fields named \"" + field.name + "\"");
  }
  const auto secrets = std::count_if(form.fields.begin(), form.fields.end(),
                                     [](const Field& field) { return field.sensitivity == Sensitivity::kSecret; });
  switch (form.kind) {
    case TemplateKind::kBearer:
      if (secrets != 1 || form.fields.size() != 1) throw from.error("fields", "of a bearer template is one secret");
      return;
    case TemplateKind::kApiKey:
      if (secrets != 1) throw from.error("fields", "of an api_key template have exactly one secret");
      return;
    case TemplateKind::kBasic:
      if (names != std::set<std::string_view>{"username", "password"}) {
        throw from.error("fields", "of a basic template are \"username\" and \"password\"");
      }
      [[fallthrough]];
    case TemplateKind::kCustom:
      if (secrets == 0) throw from.error("fields", "have no secret: there would be nothing to keep");
      return;
  }
}

AuthTemplate read_template(const JsonObject& from) {
  AuthTemplate form;
  form.slug = slug(from, "slug");
  form.kind = one_of(from, "kind", domain::kTemplateKindNames, from.text("kind", kSlugLimit));
  form.label = from.text("label", kNameLimit);
  if (const std::string url = from.optional_text("help_url", kUrlLimit); !url.empty()) {
    check_https(from, "help_url", url);
    form.help_url = url;
  }
  for (const JsonObject& field : from.objects("fields", kFieldKeys)) form.fields.push_back(read_field(field));
  check_fields(from, form);
  return form;
}

void read_targets(const JsonObject& from, Integration& integration) {
  if (const std::string word = from.optional_text("base_url", kSlugLimit); !word.empty()) {
    integration.base_url_rule = one_of(from, "base_url", kBaseUrlRuleNames, word);
  }
  integration.base_urls = from.texts("base_urls", kUrlLimit);
  for (const std::string& url : integration.base_urls) check_https(from, "base_urls", url);
  const bool fixed = integration.base_url_rule == BaseUrlRule::kFixed;
  if (fixed == integration.base_urls.empty()) {
    throw from.error("base_urls",
                     fixed ? "must name at least one target" : "must be left out when the person enters it");
  }
}

Integration read_integration(const JsonObject& from) {
  Integration integration;
  integration.slug = slug(from, "slug");
  integration.name = from.text("name", kNameLimit);
  integration.description = from.text("description", kSentenceLimit);
  integration.documentation_url = https_url(from, "documentation_url");
  integration.only_in_dev = from.flag("only_in_dev", false);
  read_targets(from, integration);
  for (const JsonObject& form : from.objects("templates", kTemplateKeys)) {
    integration.templates.push_back(read_template(form));
    const std::string& newest = integration.templates.back().slug;
    if (integration.find_template(newest) != &integration.templates.back()) {
      throw from.error("templates", "has two templates named \"" + newest + "\"");
    }
  }
  return integration;
}

Json parse_file(std::string_view file, std::string_view text) {
  try {
    return parse_json(text);
  } catch (const Error& error) {
    throw bad_integration(file, "", error.message());  // the only thing added is which file
  }
}

}  // namespace

Integration parse_integration(std::string_view file, std::string_view text) {
  const Json json = parse_file(file, text);
  Integration integration = read_integration(JsonObject(file, "", json, kIntegrationKeys));
  if (file != integration.slug + ".json") {
    throw bad_integration(file, "/slug", "\"" + integration.slug + "\" must be the file's name without .json");
  }
  return integration;
}

}  // namespace countersign::catalog
