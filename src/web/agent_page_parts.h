// What the pages about an agent share: which one it is, the set-up of its program, and the page that shows a new
// token, once.
#pragma once

#include "identity/grants.h"
#include "web/page_frame.h"

namespace countersign::web {

// The one of the path, if it is this person's to see; kNotFound otherwise, whatever the reason.
domain::Agent agent_of(const Services& services, const http::Call& call);

// Whether the set-up has the token in it, where a page shows one, or words in its place.
enum class SetupToken { kLive, kPlaceholder };
void show_setup(const Services& services, SetupToken token, Values& values);

// Why the page shows a token: the words above it.
enum class TokenOccasion { kCreated, kRotated };
http::Response token_page(const Services& services, const http::Call& call, const identity::IssuedGrant& issued,
                          TokenOccasion occasion);

}  // namespace countersign::web
