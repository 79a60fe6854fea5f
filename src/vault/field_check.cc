#include "vault/field_check.h"

#include <algorithm>
#include <string_view>

#include "base/encoding.h"

namespace countersign::vault {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

std::string listed(const std::vector<std::string>& prefixes) {
  std::string text;
  for (const std::string& prefix : prefixes) {
    if (!text.empty()) text += " or ";
    text += "“" + prefix + "”";
  }
  return text;
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

Trimmed trim(Secret& value) {
  const std::string_view text = value.reveal();
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    if (text.empty()) return Trimmed::kNo;
    value = Secret();
    return Trimmed::kYes;
  }
  const auto last = text.find_last_not_of(kSpace);
  if (first == 0 && last + 1 == text.size()) return Trimmed::kNo;
  value = Secret::copy_of(text.substr(first, last + 1 - first));
  return Trimmed::kYes;
}

std::string problem_with(const domain::Field& field, const Secret& value) {
  return problem_with(field, value.reveal());
}

std::string problem_with(const domain::Field& field, std::string_view value) {
  if (value.empty()) return field.min_length == 0 ? "" : "Enter the " + field.label;
  if (!is_utf8(value)) return "The " + field.label + " is not valid text";
  // A line break inside would end up in a header of the request that bears the credential.
  if (has_control_characters(value)) return "The " + field.label + " must be one line without control characters";
  const std::size_t length = code_points(value);
  if (length < field.min_length) {
    return "The " + field.label + " is too short: it has at least " + std::to_string(field.min_length) + " characters";
  }
  if (length > field.max_length) {
    return "The " + field.label + " is too long: it has at most " + std::to_string(field.max_length) + " characters";
  }
  const bool right_start =
      field.prefixes.empty() || std::any_of(field.prefixes.begin(), field.prefixes.end(),
                                            [&](const std::string& prefix) { return value.starts_with(prefix); });
  if (!right_start) return "The " + field.label + " begins with " + listed(field.prefixes) + "; this one does not";
  if (!domain::made_of(field.characters, value)) {
    return "The " + field.label + " has a character that does not belong there: it is made of " + field.characters;
  }
  return "";
}

}  // namespace countersign::vault
