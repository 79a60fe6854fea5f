// The cookies of a browser, and their attributes. All are `__Host-`: bound to this very host, sent over
// a secure connection only, and out of reach of a neighbouring subdomain (abuse case 70). Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"
#include "web/services.h"

namespace countersign::web {

// Proves a session; its value is a Secret that show_once.cc alone writes.
std::string session_cookie_name(const Settings& settings);
// Before sign-in: binds the sign-in form to this browser; worth nothing by itself.
std::string visitor_cookie_name(const Settings& settings);

// Secure even in `dev` on plain http: browsers take a loopback address for secure, and those that do not
// get the page that says so.
inline constexpr std::string_view kCookieAttributes = "; Path=/; Secure; HttpOnly; SameSite=Lax";

// What this browser was on its way to when it was sent to sign in: a word of next_page.h. Whoever then opens an
// invitation in it comes back to the request that reached them. Ten minutes.
std::string next_cookie_name(const Settings& settings);
http::Header next_cookie(const Settings& settings, std::string_view word);
http::Header forget_next_cookie(const Settings& settings);

// Binds the way to a provider and back to this browser (abuse cases 1 and 26): one per handoff, so that several can
// be on their way. Its value is a Secret that show_once.cc alone writes. Ten minutes.
std::string flow_cookie_name(const Settings& settings, HandoffId handoff);
http::Header forget_flow_cookie(const Settings& settings, HandoffId handoff);

http::Header visitor_cookie(const Settings& settings, std::string_view visitor);
http::Header forget_session_cookie(const Settings& settings);

}  // namespace countersign::web
