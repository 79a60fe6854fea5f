#include "web/page_input.h"

#include <algorithm>
#include <charconv>

namespace countersign::web {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

std::string_view query_text(const http::Call& call, std::string_view name) {
  const auto found = call.query_params.find(name);
  return found == call.query_params.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  if (text.empty() || text.front() == '-') return std::nullopt;
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

domain::ScopeSet ticked_scopes(const http::Form& form) {
  domain::ScopeSet scopes;
  for (std::size_t i = 0; i < domain::kScopeNames.names.size(); ++i) {
    const auto scope = static_cast<domain::Scope>(i);
    if (form.field("scope." + std::string(domain::kScopeNames[scope])) == "yes") scopes.add(scope);
  }
  return scopes;
}

void show_done(const http::Call& call, std::span<const DoneNote> notes, Values& values) {
  const std::string_view word = query_text(call, "done");
  const auto note = std::find_if(notes.begin(), notes.end(), [&](const DoneNote& one) { return one.word == word; });
  if (note != notes.end()) values.add("DONE").set("DONE_NOTE", note->sentence);
}

PeopleNames names_of_people(const Services& services, WorkspaceId workspace) {
  PeopleNames names;
  for (const domain::Person& person : services.people.list(workspace)) {
    names[person.id] =
        person.display_name == person.login ? person.login : person.display_name + " (" + person.login + ")";
  }
  return names;
}

}  // namespace countersign::web
