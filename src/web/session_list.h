// Where somebody is signed in, as a list on a page: sessions.html. Shared by a person's own page and the admin's.
#pragma once

#include <vector>

#include "domain/people.h"
#include "web/values.h"

namespace countersign::web {

// With a button on each, but the one in `here` (none: no button at all).
void show_sessions(const std::vector<domain::BrowserSession>& sessions, SessionId here, Instant now, Values& values);

}  // namespace countersign::web
