#include "web/integration_words.h"

#include <algorithm>

namespace countersign::web {
namespace {

using domain::TextPart;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

// Text with fields in it, as a person reads it; `form` null: names stand for themselves.
std::string with_labels(const domain::AuthTemplate* form, std::string_view text) {
  const auto parts = domain::split_text(text);
  if (!parts) return std::string(text);
  std::string words;
  for (const TextPart& part : *parts) {
    if (part.kind == TextPart::Kind::kLiteral) {
      words += part.text;
      continue;
    }
    const domain::Field* field = form ? form->find_field(part.text) : nullptr;
    words += "‹" + (field ? field->label : std::string(part.text)) + "›";
  }
  return words;
}

std::string joined(const std::vector<std::string>& words, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? last : std::string_view(", ");
    text += words[i];
  }
  return text;
}

}  // namespace

std::vector<std::string> placement_words(const domain::AuthTemplate& form) {
  if (form.webhook) return {"Nowhere: it stays here, and tells which deliveries are genuine."};
  std::vector<std::string> words;
  for (const domain::PlacedHeader& header : form.placement.headers) {
    words.push_back("In the header " + with_labels(&form, header.name) + ", as “" + with_labels(&form, header.value) +
                    "”.");
  }
  if (const auto& basic = form.placement.basic) {
    const std::string user =
        basic->user.empty() ? "no user name" : "“" + with_labels(&form, basic->user) + "” as the user name";
    const std::string password =
        basic->password.empty() ? "no password" : "“" + with_labels(&form, basic->password) + "” as the password";
    words.push_back("In the header Authorization, as user name and password (Basic): " + user + ", " + password + ".");
  }
  if (words.empty()) words.push_back("Nowhere: this way needs no credential.");
  return words;
}

std::string shape_words(const domain::Field& field) {
  std::vector<std::string> words;
  if (!field.prefixes.empty()) words.push_back("begins with " + joined(field.prefixes, " or "));
  if (field.min_length > 1) words.push_back("at least " + std::to_string(field.min_length) + " characters");
  return joined(words, ", ");
}

std::string target_words(const domain::Integration& integration, std::string_view base_url) {
  return with_labels(integration.find_template({}), base_url);
}

std::string request_words(const domain::Integration& integration) {
  return "Connect " + integration.name +
         " through Countersign: call connections.createHandoff with the integration \"" + integration.slug +
         "\", show me the link and the code it answers with, then wait for it with handoffs.wait.";
}

bool matches(const domain::Integration& integration, std::string_view search) {
  std::string text = lower(integration.slug) + "\n" + lower(integration.name);
  for (const std::string& category : integration.categories) text += "\n" + lower(category);
  const std::string wanted = lower(search);
  for (std::size_t start = 0; start < wanted.size();) {
    const std::size_t end = std::min(wanted.find(' ', start), wanted.size());
    if (text.find(wanted.substr(start, end - start)) == std::string::npos) return false;
    start = end + 1;
  }
  return true;
}

}  // namespace countersign::web
