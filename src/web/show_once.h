// The only place of this folder that looks into a Secret: where one is shown, once, to whom it belongs.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/secret.h"
#include "http/message.h"
#include "web/services.h"

namespace countersign::web {

// A session cookie without an end of its own: the browser forgets it when it closes, the server before that.
http::Header set_cookie(const Settings& settings, const Secret& session_token);
// What a browser has to bring back from the provider (cookies.h).
http::Header flow_cookie(const Settings& settings, HandoffId handoff, const Secret& proof);

// A JSON answer with one more member, which goes straight into the wiping body. `json` is an object with members.
// For what we make ourselves, tokens and verifiers: a text that JSON would have to escape is a defect, kInternal.
http::Response with_secret(int status, const Json& json, std::string_view name, const Secret& secret);

// Where a template wants a secret. No value of a page can hold this text: visible() shows its brackets as chips.
inline constexpr std::string_view kSecretPlace = "⟦secret⟧";
// The page with the secret in each of these places; kInternal when it has none, or for a text that HTML would have
// to escape. The answer to the one POST that made it: nobody can fetch it again.
http::Response with_secret_shown(http::Response page, const Secret& secret);

}  // namespace countersign::web
