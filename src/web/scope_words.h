// What a scope means to a person who is asked to grant it. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "domain/scope.h"

namespace countersign::web {

struct ScopeWords {
  std::string_view title;   // "See your connections"
  std::string_view detail;  // what it does and what it does not
};
ScopeWords words_of(domain::Scope scope);

// "30 days"
std::string lifetime_words(std::chrono::seconds lifetime);

}  // namespace countersign::web
