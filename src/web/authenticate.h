// Who calls, for the guard: the http::Authenticator of this program. Thread-safe.
//
// Two worlds that never mix (DESIGN 8.1): an agent's route looks at the Authorization header alone, a
// page's route at the session cookie alone. What belongs to the other world is not refused, it is not seen.
#pragma once

#include <optional>
#include <string_view>

#include "http/authenticator.h"
#include "identity/grants.h"
#include "identity/sign_in.h"
#include "web/services.h"

namespace countersign::web {

// `sign_in_needed`: the error view leads the person to the sign-in page and back.
inline constexpr std::string_view kSignInNeeded = "sign_in_needed";
// In `serve` a person without a password chooses one before anything else.
inline constexpr std::string_view kPasswordNeeded = "password_needed";
// The browser sent no cookie back that it was given a moment ago.
inline constexpr std::string_view kCookiesDropped = "cookies_dropped";

// Whether a form came from a page of ours. `Origin` decides when there is one; a browser that sends none
// must vouch by Sec-Fetch-Site. `null`, a second Origin and silence are refused (abuse case 57).
enum class FormSource { kOurs, kOtherOrigin, kUnknown };
FormSource form_source(const http::Request& request, std::string_view public_url);

class Doorkeeper final : public http::Authenticator {
 public:
  Doorkeeper(identity::SignIn& sign_in, const identity::Grants& grants, const Settings& settings);

  http::Caller authenticate(const http::Request& request, http::Access access) override;
  void check_form(const http::Request& request, const http::Caller& caller, http::Access access,
                  const http::Form& form) override;

 private:
  http::Caller agent(const http::Request& request) const;
  http::Caller person(const http::Request& request);
  http::Caller visitor(const http::Request& request) const;
  void require_our_form(const http::Request& request) const;

  identity::SignIn& sign_in_;
  const identity::Grants& grants_;
  const Settings& settings_;
};

// The live session behind a request's cookie, or nothing.
std::optional<identity::Presence> present(identity::SignIn& sign_in, const Settings& settings,
                                          const http::Request& request);
http::Caller caller_of(const identity::Presence& presence);

}  // namespace countersign::web
