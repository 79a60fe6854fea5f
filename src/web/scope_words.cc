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

std::string lifetime_words(std::chrono::seconds lifetime) {
  const auto counted = [](long long number, std::string_view unit) {
    return std::to_string(number) + " " + std::string(unit) + (number == 1 ? "" : "s");
  };
  if (lifetime >= std::chrono::hours(24)) return counted(lifetime / std::chrono::hours(24), "day");
  if (lifetime >= std::chrono::hours(1)) return counted(lifetime / std::chrono::hours(1), "hour");
  return counted(lifetime / std::chrono::minutes(1), "minute");
}

}  // namespace countersign::web
