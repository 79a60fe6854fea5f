#include "handoff/form_check.h"

#include <algorithm>

#include "handoff/base_url.h"
#include "handoff/new_connection.h"
#include "vault/field_check.h"
#include "vault/placement.h"
#include "vault/webhook_signature.h"

namespace countersign::handoff {
namespace {

std::string trimmed_text(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) + 1 - first));
}

std::string typed_text(const Submission& typed, std::string_view field) {
  const auto found = typed.plain.find(field);
  return found == typed.plain.end() ? "" : trimmed_text(found->second);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

void check_secret(const domain::AuthTemplate& form, const domain::Field& field, vault::Fields& secrets,
                  CheckedForm& checked) {
  Secret& value = secrets[field.name];
  if (vault::trim(value) == vault::Trimmed::kYes) checked.trimmed.push_back(field.label);
  if (form.webhook && value.empty()) return;  // then we make one
  std::string problem = vault::problem_with(field, value);
  if (problem.empty() && form.webhook) problem = vault::problem_with_signing_secret(*form.webhook, value);
  if (!problem.empty()) checked.problems.push_back({field.name, std::move(problem)});
}

void check_plain(const domain::Field& field, const Submission& typed, CheckedForm& checked) {
  std::string value = typed_text(typed, field.name);
  std::string problem = vault::problem_with(field, value);
  if (!problem.empty()) checked.problems.push_back({field.name, std::move(problem)});
  checked.plain.emplace_back(field.name, std::move(value));
}

// It becomes part of the host the credential is sent to: one label, so that it can lead nowhere else.
void check_host_label(const domain::Field& field, const Submission& typed, CheckedForm& checked) {
  std::string value = lower(typed_text(typed, field.name));  // host names are the same in any case
  std::string problem;
  if (value.empty() || domain::is_host_label(value)) {
    problem = vault::problem_with(field, value);
  } else {
    problem = "The " + field.label +
              " is one part of a host name: letters, digits and hyphens, no dots, no hyphen at either end";
  }
  if (!problem.empty()) checked.problems.push_back({field.name, std::move(problem)});
  checked.plain.emplace_back(field.name, std::move(value));
}

void check_base_url(const domain::AuthTemplate& form, const Submission& typed, CheckedForm& checked) {
  if (form.webhook && typed_text(typed, kBaseUrlField).empty()) return;  // then nothing is sent, it only takes
  auto url = parse_base_url(typed_text(typed, kBaseUrlField));
  if (auto* problem = std::get_if<BaseUrlProblem>(&url)) {
    checked.problems.push_back({std::string(kBaseUrlField), problem->message});
  } else {
    checked.base_url = std::get<std::string>(url);
  }
}

void check_field(const domain::Integration& integration, const domain::AuthTemplate& form, const domain::Field& field,
                 Submission& typed, CheckedForm& checked) {
  if (field.sensitivity == domain::Sensitivity::kSecret) {
    check_secret(form, field, typed.secrets, checked);
  } else if (names_host(integration, field.name)) {
    check_host_label(field, typed, checked);
  } else {
    check_plain(field, typed, checked);
  }
}

void drop_undeclared(const domain::AuthTemplate& form, vault::Fields& secrets) {
  std::erase_if(secrets, [&](const auto& entry) {
    const domain::Field* field = form.find_field(entry.first);
    return field == nullptr || field->sensitivity != domain::Sensitivity::kSecret;
  });
}

}  // namespace

CheckedForm check_form(const domain::Integration& integration, const domain::AuthTemplate& form, Submission& typed) {
  CheckedForm checked;
  if (integration.base_url_rule == domain::BaseUrlRule::kPersonEnters) check_base_url(form, typed, checked);
  for (const domain::Field& field : form.fields) check_field(integration, form, field, typed, checked);
  drop_undeclared(form, typed.secrets);
  const bool host_named = std::any_of(form.fields.begin(), form.fields.end(),
                                      [&](const auto& field) { return names_host(integration, field.name); });
  if (host_named && checked.problems.empty()) checked.base_url = vault::base_url_for(integration, form, checked.plain);
  return checked;
}

}  // namespace countersign::handoff
