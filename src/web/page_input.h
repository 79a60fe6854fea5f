// What pages read out of their address and their forms, and the sentence they show after a step. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "domain/scope.h"
#include "http/router.h"
#include "web/services.h"
#include "web/values.h"

namespace countersign::web {

// Empty when absent.
std::string_view query_text(const http::Call& call, std::string_view name);
// Digits alone, within 63 bits. Nothing for anything else.
std::optional<std::int64_t> parse_number(std::string_view text);
// Without the white space around it.
std::string_view trimmed(std::string_view text);
// The ticked ones of the fields `scope.<name>`.
domain::ScopeSet ticked_scopes(const http::Form& form);

// A step ends with a redirect to `?done=<word>`: only sentences of ours can be shown that way.
struct DoneNote {
  std::string_view word;
  std::string_view sentence;
};
void show_done(const http::Call& call, std::span<const DoneNote> notes, Values& values);

// "Ada (ada)" by id; whoever is missing was never there.
using PeopleNames = std::map<PersonId, std::string>;
PeopleNames names_of_people(const Services& services, WorkspaceId workspace);

}  // namespace countersign::web
