// The only place of this folder that looks into a Secret: a fresh session token leaves in one Set-Cookie.
#pragma once

#include "base/secret.h"
#include "http/message.h"
#include "web/services.h"

namespace countersign::web {

// A session cookie without an end of its own: the browser forgets it when it closes, the server before that.
http::Header set_cookie(const Settings& settings, const Secret& session_token);

}  // namespace countersign::web
