#include "handoff/references.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "handoff/new_connection.h"

namespace countersign::handoff {
namespace {

std::vector<std::string_view> secret_fields(const domain::AuthTemplate& form) {
  std::vector<std::string_view> names;
  for (const domain::Field& field : form.fields) {
    if (field.sensitivity == domain::Sensitivity::kSecret) names.push_back(field.name);
  }
  return names;
}

std::size_t place_of(const domain::AuthTemplate& form, std::string_view name) {
  const auto found =
      std::find_if(form.fields.begin(), form.fields.end(), [&](const auto& field) { return field.name == name; });
  return static_cast<std::size_t>(found - form.fields.begin());
}

bool needs_a_person(const domain::Integration& integration, const domain::AuthTemplate& form) {
  return integration.base_url_rule == domain::BaseUrlRule::kPersonEnters ||
         std::any_of(form.fields.begin(), form.fields.end(), [&](const domain::Field& field) {
           return field.sensitivity == domain::Sensitivity::kPlain &&
                  (field.min_length > 0 || names_host(integration, field.name));
         });
}

// Empty when nothing is wrong.
std::string problem_with(const domain::Integration& integration, const domain::AuthTemplate& form,
                         const References& references) {
  if (form.webhook) return "A signing secret of a webhook is entered on our page, or made there.";
  if (form.oauth) return "An account is connected by its owner's consent: ask with oauth.start.";
  if (needs_a_person(integration, form)) {
    return "This template also needs something that a person has to enter.";
  }
  const auto secrets = secret_fields(form);
  const bool complete =
      std::equal(references.begin(), references.end(), secrets.begin(), secrets.end(),
                 [](const auto& reference, std::string_view name) { return reference.field == name; });
  if (complete) return {};
  if (secrets.empty()) return "This template has no secret, so it takes no provider item.";
  std::string names;
  for (const std::string_view name : secrets) (names += names.empty() ? "" : ", ") += name;
  return "This template takes exactly one provider item for each of its secrets: " + names + ".";
}

}  // namespace

References complete_references(const domain::AuthTemplate& form, References references) {
  const auto secrets = secret_fields(form);
  if (references.size() == 1 && secrets.size() == 1 && references.front().field.empty()) {
    references.front().field = secrets.front();
  }
  std::stable_sort(references.begin(), references.end(),
                   [&](const auto& a, const auto& b) { return place_of(form, a.field) < place_of(form, b.field); });
  return references;
}

void check_references(const domain::Integration& integration, const domain::AuthTemplate& form,
                      const References& references) {
  const std::string problem = problem_with(integration, form, references);
  if (problem.empty()) return;
  throw Error(ErrorCode::kInvalidArgument, "bad_reference",
              problem + " With connections.createHandoff a person enters everything.")
      .recovery("connections.createHandoff");
}

bool fits(const domain::Integration& integration, const domain::AuthTemplate& form, const References& references) {
  return problem_with(integration, form, references).empty();
}

std::vector<std::pair<std::string, std::string>> empty_plain_fields(const domain::AuthTemplate& form) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const domain::Field& field : form.fields) {
    if (field.sensitivity == domain::Sensitivity::kPlain) fields.emplace_back(field.name, "");
  }
  return fields;
}

}  // namespace countersign::handoff
