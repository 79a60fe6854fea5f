// The pages of a handoff of kind login: an agent asks to act for whoever says yes. Called by handoff_pages.cc
// once the kind is known.
#pragma once

#include "http/router.h"
#include "web/services.h"

namespace countersign::web {

// Where it stands: the code to type, the question, the way back, or how it ended.
http::Response show_login_request(const Services& services, http::Call& call, int status = 200);
http::Response type_login_code(const Services& services, http::Call& call);
http::Response allow_login(const Services& services, http::Call& call);

}  // namespace countersign::web
