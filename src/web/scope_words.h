// What a scope means to a person who is asked to grant it, and the boxes in which they say so. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "domain/scope.h"
#include "web/values.h"

namespace countersign::web {

struct ScopeWords {
  std::string_view title;   // "See your connections"
  std::string_view detail;  // what it does and what it does not
};
ScopeWords words_of(domain::Scope scope);

// Puts the boxes where {{>SCOPES}} stands; page_input.h has ticked_scopes(). `problem`: what is wrong with the choice.
struct ScopeChoice {
  domain::ScopeSet offered;
  domain::ScopeSet ticked;
  std::string_view problem{};
};
void show_scope_choice(const ScopeChoice& choice, Values& form);

// "30 days"
std::string lifetime_words(std::chrono::seconds lifetime);

}  // namespace countersign::web
