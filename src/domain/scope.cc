#include "domain/scope.h"

#include <algorithm>

namespace countersign::domain {

std::string text_of(ScopeSet scopes) {
  std::string text;
  for (std::size_t i = 0; i < kScopeNames.names.size(); ++i) {
    if (!scopes.has(static_cast<Scope>(i))) continue;
    if (!text.empty()) text += ' ';
    text += kScopeNames.names[i];
  }
  return text;
}

std::optional<ScopeSet> parse_scopes(std::string_view text, std::string* unknown) {
  ScopeSet scopes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const auto scope = kScopeNames.parse(word);
    if (!scope) {
      if (unknown != nullptr) *unknown = word;
      return std::nullopt;
    }
    scopes.add(*scope);
  }
  return scopes;
}

}  // namespace countersign::domain
