#include "web/scope_words.h"

namespace countersign::web {

ScopeWords words_of(domain::Scope scope) {
  switch (scope) {
    case domain::Scope::kRead:
      return {"See which services are connected", "Names and accounts, never a key or a password."};
    case domain::Scope::kConnect:
      return {"Ask you to connect a service", "You get a link and decide each time; what you type stays here."};
    case domain::Scope::kChange:
      return {"Ask you to change or remove a connection", "Nothing changes before you have said yes."};
    case domain::Scope::kUse:
      return {"Use connections", "It works with the service as the policy allows, without seeing the credential."};
  }
  return {};
}

void show_scope_choice(const ScopeChoice& choice, Values& form) {
  Values& boxes = form.include("SCOPES", "scopes.html");
  boxes.set_if_any("SCOPES_PROBLEM", choice.problem);
  for (std::size_t i = 0; i < domain::kScopeNames.names.size(); ++i) {
    const auto scope = static_cast<domain::Scope>(i);
    if (!choice.offered.has(scope)) continue;
    const ScopeWords words = words_of(scope);
    Values& box = boxes.add("SCOPE").set("SCOPE_NAME", domain::kScopeNames[scope]);
    box.set("SCOPE_TITLE", words.title).set("SCOPE_DETAIL", words.detail);
    box.show_either(choice.ticked.has(scope), "CHECKED");
  }
}

std::string lifetime_words(std::chrono::seconds lifetime) {
  const auto counted = [](long long number, std::string_view unit) {
    return std::to_string(number) + " " + std::string(unit) + (number == 1 ? "" : "s");
  };
  if (lifetime >= std::chrono::hours(24)) return counted(lifetime / std::chrono::hours(24), "day");
  if (lifetime >= std::chrono::hours(1)) return counted(lifetime / std::chrono::hours(1), "hour");
  return counted(lifetime / std::chrono::minutes(1), "minute");
}

}  // namespace countersign::web
