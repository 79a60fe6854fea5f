#include "catalog/read_template.h"

#include <algorithm>
#include <set>

#include "catalog/read_oauth.h"
#include "catalog/read_obtained.h"
#include "catalog/read_placement.h"
#include "catalog/read_target.h"
#include "catalog/read_values.h"
#include "catalog/read_webhook.h"

namespace countersign::catalog {
namespace {

using domain::AuthTemplate;
using domain::Field;
using domain::LiveTest;
using domain::Sensitivity;
using domain::TemplateKind;

constexpr std::size_t kMostFields = 10;
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
    case TemplateKind::kOAuth2:
      if (secrets != 0) throw from.error("fields", "of an oauth2 template are plain: a person types no token");
      return;
    case TemplateKind::kWebhook:
      if (form.fields.size() != 1 || secrets != 1 || form.fields.front().name != kSigningSecret) {
        throw from.error("fields", "of a webhook template are one secret named \"signing_secret\"");
      }
      return;
    case TemplateKind::kNone:
      return;
  }
}

// What a kind has no use for is refused: it would be taken for something that works.
void refuse_strange_keys(const JsonObject& from, const AuthTemplate& form) {
  const std::string kind = "\"" + std::string(domain::kTemplateKindNames[form.kind]) + "\"";
  const auto refuse = [&](std::string_view key) {
    if (from.has(key)) throw from.error(key, "must be left out when the kind is " + kind);
  };
  if (form.kind == TemplateKind::kNone) refuse("fields");
  if (form.kind == TemplateKind::kNone || form.kind == TemplateKind::kWebhook) refuse("placement");
  if (form.kind == TemplateKind::kWebhook) refuse("live_test");
  if (form.kind != TemplateKind::kOAuth2) refuse("oauth");
  if (form.kind != TemplateKind::kWebhook) refuse("webhook");
}

void read_fields(const JsonObject& from, AuthTemplate& form) {
  if (form.kind == TemplateKind::kWebhook && !from.has("fields")) form.fields.push_back(usual_signing_secret());
  const bool optional = form.kind == TemplateKind::kOAuth2 || form.kind == TemplateKind::kWebhook;
  if (optional && !from.has("fields")) return;
  for (const JsonObject& field : from.objects("fields", kFieldKeys)) form.fields.push_back(read_field(field));
  check_fields(from, form);
}

void read_credential(const JsonObject& from, Targets targets, AuthTemplate& form) {
  refuse_strange_keys(from, form);
  if (form.kind == TemplateKind::kNone) return;
  read_fields(from, form);
  if (form.kind == TemplateKind::kWebhook) {
    form.webhook = read_webhook(from);
  } else if (form.kind == TemplateKind::kOAuth2) {
    form.oauth = read_oauth(from, targets, form);
    for (Field& field : form.fields) narrow_to_host_label(field);
    form.placement = read_placement(from, with_obtained_fields(form));
  } else {
    form.placement = read_placement(from, form);
  }
}

// Sent as it stands behind the base URL, so it must not be able to leave it.
bool is_live_path(std::string_view path) {
  constexpr std::string_view kAlso = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~/!$&'()*+,;=:@?%";
  const std::string_view before_query = path.substr(0, path.find('?'));
  return path.starts_with('/') && is_lower(path, kAlso) && path.find("//") == std::string_view::npos &&
         path.find("..") == std::string_view::npos && before_query.find("/.") == std::string_view::npos &&
         before_query.find('%') == std::string_view::npos;
}

LiveTest read_live_test(const JsonObject& from) {
  LiveTest test;
  test.path = from.text("path", kUrlLimit);
  if (!is_live_path(test.path)) {
    throw from.error("path", "must begin with one \"/\" and have no \"..\", \"//\", fragment or field in it");
  }
  test.account = read_pointers(from, "account");
  return test;
}

}  // namespace

AuthTemplate read_template(const JsonObject& from, Targets targets) {
  AuthTemplate form;
  form.slug = read_slug(from, "slug");
  form.kind = one_of(from, "kind", domain::kTemplateKindNames, from.text("kind", kSlugLimit));
  form.label = from.text("label", kNameLimit);
  form.help_url = read_optional_page_url(from, "help_url");
  read_credential(from, targets, form);
  if (const auto test = from.optional_object("live_test", kLiveTestKeys)) form.live_test = read_live_test(*test);
  return form;
}

}  // namespace countersign::catalog
