#include "catalog/read_template.h"

#include <algorithm>
#include <set>

#include "catalog/read_placement.h"
#include "catalog/read_values.h"

namespace countersign::catalog {
namespace {

using domain::AuthTemplate;
using domain::Field;
using domain::LiveTest;
using domain::Sensitivity;
using domain::TemplateKind;

constexpr std::size_t kMostFields = 10;
constexpr std::size_t kMostPointers = 5;
constexpr std::size_t kLongestSecret = 16 * 1024;  // a private key in PEM fits
// The form's own field beside the template's: the target of an integration without a fixed one.
constexpr std::string_view kReservedField = "base_url";
constexpr domain::Names<Sensitivity, 2> kSensitivityNames{{"secret", "plain"}};

Field read_field(const JsonObject& from) {
  Field field;
  field.name = from.text("name", kSlugLimit);
  if (!is_lower(field.name, "_") || field.name == kReservedField) {
    throw from.error("name", "must be lower-case letters, digits and underscores, and not \"base_url\"");
  }
  field.label = from.text("label", kNameLimit);
  field.hint = from.optional_text("hint", kSentenceLimit);
  field.placeholder = from.optional_text("placeholder", kNameLimit);
  field.prefixes = from.texts("prefixes", kSlugLimit);
  field.characters = from.optional_text("characters", kNameLimit);
  if (!domain::is_character_set(field.characters)) {
    throw from.error("characters",
                     "must list visible ASCII characters and ranges like a-z, with \"-\" itself at the end");
  }
  if (const std::string word = from.optional_text("sensitivity", kSlugLimit); !word.empty()) {
    field.sensitivity = one_of(from, "sensitivity", kSensitivityNames, word);
  }
  field.min_length = from.count("min_length", field.min_length, kLongestSecret);
  field.max_length = from.count("max_length", field.max_length, kLongestSecret);
  if (field.min_length > field.max_length) throw from.error("min_length", "is larger than max_length");
  return field;
}

// What each kind promises about the fields.
void check_fields(const JsonObject& from, const AuthTemplate& form) {
  std::set<std::string_view> names;
  for (const Field& field : form.fields) {
    if (!names.insert(field.name).second) throw from.error("fields", "has two fields named \"" + field.name + "\"");
  }
  if (form.fields.size() > kMostFields) throw from.error("fields", "has more than 10 fields");
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
    case TemplateKind::kCustom:
      if (secrets == 0) throw from.error("fields", "have no secret: there would be nothing to keep");
      return;
    case TemplateKind::kNone:
      return;
  }
}

void read_credential(const JsonObject& from, AuthTemplate& form) {
  if (form.kind == TemplateKind::kNone) {
    for (const std::string_view key : {"fields", "placement"}) {
      if (from.has(key)) throw from.error(key, "must be left out when the kind is \"none\"");
    }
    return;
  }
  for (const JsonObject& field : from.objects("fields", kFieldKeys)) form.fields.push_back(read_field(field));
  check_fields(from, form);
  form.placement = read_placement(from, form);
}

// Sent as it stands behind the base URL, so it must not be able to leave it.
bool is_live_path(std::string_view path) {
  constexpr std::string_view kAlso = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~/!$&'()*+,;=:@?%";
  const std::string_view before_query = path.substr(0, path.find('?'));
  return path.starts_with('/') && is_lower(path, kAlso) && path.find("//") == std::string_view::npos &&
         path.find("..") == std::string_view::npos && before_query.find("/.") == std::string_view::npos &&
         before_query.find('%') == std::string_view::npos;
}

// RFC 6901 section 3.
bool is_pointer(std::string_view text) {
  if (!text.starts_with('/')) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  }
  return true;
}

LiveTest read_live_test(const JsonObject& from) {
  LiveTest test;
  test.path = from.text("path", kUrlLimit);
  if (!is_live_path(test.path)) {
    throw from.error("path", "must begin with one \"/\" and have no \"..\", \"//\", fragment or field in it");
  }
  test.account = from.texts("account", kNameLimit);
  for (std::size_t i = 0; i < test.account.size(); ++i) {
    if (!is_pointer(test.account[i])) throw from.error("account", i, "must be a JSON Pointer, like /user/email");
  }
  if (test.account.size() > kMostPointers) throw from.error("account", "has more than 5 pointers");
  return test;
}

}  // namespace

AuthTemplate read_template(const JsonObject& from) {
  AuthTemplate form;
  form.slug = read_slug(from, "slug");
  form.kind = one_of(from, "kind", domain::kTemplateKindNames, from.text("kind", kSlugLimit));
  form.label = from.text("label", kNameLimit);
  form.help_url = read_optional_page_url(from, "help_url");
  read_credential(from, form);
  if (const auto test = from.optional_object("live_test", kLiveTestKeys)) form.live_test = read_live_test(*test);
  return form;
}

}  // namespace countersign::catalog
