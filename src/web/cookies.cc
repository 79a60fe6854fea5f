#include "web/cookies.h"

namespace countersign::web {

std::string session_cookie_name(const Settings& settings) { return "__Host-cs_session" + settings.cookie_suffix; }
std::string visitor_cookie_name(const Settings& settings) { return "__Host-cs_visitor" + settings.cookie_suffix; }

std::string next_cookie_name(const Settings& settings) { return "__Host-cs_next" + settings.cookie_suffix; }

http::Header next_cookie(const Settings& settings, std::string_view word) {
  return {"Set-Cookie",
          next_cookie_name(settings) + "=" + std::string(word) + std::string(kCookieAttributes) + "; Max-Age=600"};
}

http::Header forget_next_cookie(const Settings& settings) {
  return {"Set-Cookie", next_cookie_name(settings) + "=" + std::string(kCookieAttributes) + "; Max-Age=0"};
}

std::string flow_cookie_name(const Settings& settings, HandoffId handoff) {
  return "__Host-cs_flow_" + handoff.text() + settings.cookie_suffix;
}

http::Header forget_flow_cookie(const Settings& settings, HandoffId handoff) {
  return {"Set-Cookie", flow_cookie_name(settings, handoff) + "=" + std::string(kCookieAttributes) + "; Max-Age=0"};
}

http::Header visitor_cookie(const Settings& settings, std::string_view visitor) {
  return {"Set-Cookie", visitor_cookie_name(settings) + "=" + std::string(visitor) + std::string(kCookieAttributes)};
}

http::Header forget_session_cookie(const Settings& settings) {
  return {"Set-Cookie", session_cookie_name(settings) + "=" + std::string(kCookieAttributes) + "; Max-Age=0"};
}

}  // namespace countersign::web
