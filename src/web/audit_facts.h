// How the audit record reads on pages: whether the chain holds, who acted, what on. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "domain/audit.h"
#include "web/badge.h"
#include "web/services.h"

namespace countersign::web {

struct ChainWords {
  Badge badge;
  std::string text;
};
ChainWords words_of(const AuditState& state, Instant now);

// "2026-11-21T10:14:22.123Z" (RFC 3339): what machines read, in the page and in exported files.
std::string iso_time(Instant at);

// Names of people and agents by the text of their ids, for the actors and objects of a page of events.
using KnownNames = std::map<std::string, std::string, std::less<>>;
// "Ada (ada)" for "person:pe_…"; the kind for who has no name: "command line", "nobody signed in".
std::string actor_words(std::string_view actor, const KnownNames& names);
// The page of an object: "/agents/ag_…"; empty when it has none.
std::string object_path(std::string_view object);

}  // namespace countersign::web
