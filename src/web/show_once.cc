#include "web/show_once.h"

#include "web/cookies.h"

namespace countersign::web {

http::Header set_cookie(const Settings& settings, const Secret& session_token) {
  http::Header header{"Set-Cookie", session_cookie_name(settings) + "="};
  header.value.reserve(header.value.size() + session_token.size() + kCookieAttributes.size());
  header.value += session_token.reveal();
  header.value += kCookieAttributes;
  return header;
}

}  // namespace countersign::web
