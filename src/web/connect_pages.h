// The pages of the handoff kinds `oauth` and `oauth_client`, which the person's door (handoff_pages.cc) leads to:
// what is asked, the way to the provider, and what came of it. The opener was checked before any of these is called.
#pragma once

#include <string_view>
#include <vector>

#include "handoff/handoffs.h"
#include "http/router.h"
#include "web/services.h"

namespace countersign::web {

using FieldProblems = std::vector<handoff::FieldProblem>;

// kOAuth, open: who asks, for which service and scopes, and the button that leads on.
http::Response show_connect(const Services& services, const http::Call& call, const handoff::Card& card,
                            const FieldProblems& problems = {});
// kOAuth, completed: which account, what was granted against what was asked, and the way to undo it.
http::Response show_connected(const Services& services, const http::Call& call, const handoff::Card& card);
// kOAuth, failed: why, in words for people.
http::Response show_connect_failed(const Services& services, const http::Call& call, const handoff::Card& card);

// kOAuthClient: the form to fill in, the registration to allow, or the removal to confirm.
http::Response show_client_request(const Services& services, const http::Call& call, const handoff::Card& card,
                                   const FieldProblems& problems = {});
http::Response show_client_done(const Services& services, const http::Call& call, const handoff::Card& card);

inline constexpr std::string_view kClientSecretInput = "secret.client_secret";

}  // namespace countersign::web
