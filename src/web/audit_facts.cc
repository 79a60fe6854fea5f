#include "web/audit_facts.h"

#include <array>
#include <cstdio>
#include <utility>

#include "web/times.h"

namespace countersign::web {
namespace {

using NamePair = std::pair<std::string_view, std::string_view>;

constexpr std::array kNameless{NamePair{"system", "the server itself"}, NamePair{"anonymous", "nobody signed in"},
                               NamePair{"operator", "the command line"}};
constexpr std::array kPages{NamePair{"ag_", "/agents/"}, NamePair{"co_", "/connections/"}, NamePair{"pe_", "/people/"}};

std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

}  // namespace

ChainWords words_of(const AuditState& state, Instant now) {
  if (!state.problem.empty()) {
    return {{"bad", "Does not verify"},
            "The record is not as it was written: " + state.problem +
                ". Keep a copy of the data directory as it is, and run “countersign audit "
                "verify”."};
  }
  if (state.verified_up_to == 0)
    return {{"off", "Not checked yet"}, "It is checked from the beginning after every start."};
  return {{"ok", "Verified"}, "Up to #" + with_commas(state.verified_up_to) + ", " + ago(state.at, now) + "."};
}

std::string iso_time(Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return text.data();
}

std::string actor_words(std::string_view actor, const KnownNames& names) {
  for (const auto& [kind, words] : kNameless) {
    if (actor == kind) return std::string(words);
  }
  const auto colon = actor.find(':');
  if (colon == std::string_view::npos) return std::string(actor);
  const auto name = names.find(actor.substr(colon + 1));
  return name == names.end() ? std::string(actor) : name->second;
}

std::string object_path(std::string_view object) {
  for (const auto& [prefix, path] : kPages) {
    if (object.starts_with(prefix)) return std::string(path) + std::string(object);
  }
  return {};
}

}  // namespace countersign::web
