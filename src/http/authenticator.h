// The port through which the guard learns who calls; web implements it with identity. Thread-safe.
#pragma once

#include "http/caller.h"
#include "http/router.h"

namespace countersign::http {

class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // Who this is, by what the access level demands; throws kUnauthenticated or kPermissionDenied. Runs
  // before the body is parsed: strangers cost little.
  virtual Caller authenticate(const Request& request, Access access) = 0;
  // For the two form levels, after parsing: Origin or Sec-Fetch-Site, and the CSRF token of this very
  // session (abuse cases 57, 58). Throws kPermissionDenied, reason `csrf`.
  virtual void check_form(const Request& request, const Caller& caller, Access access, const Form& form) = 0;
};

}  // namespace countersign::http
