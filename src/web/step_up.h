// The password again, inside the form of the sensitive act itself: what it authorises is what stands above
// the button, and nothing typed is lost on the way. A page shows ask_again() in the form, its POST calls
// verified() first. The demand itself stands in the services (domain::require_fresh).
#pragma once

#include <string>
#include <string_view>

#include "domain/acting.h"
#include "web/page_frame.h"

namespace countersign::web {

// The form field; every route with such a form declares it secret.
inline constexpr std::string_view kStepUpField = "step_up_password";

// Puts the password field where {{>STEP_UP}} stands, when the last proof of identity is too old for the act.
void ask_again(const Services& services, const http::Call& call, Values& form, std::string_view problem = {});

struct Verified {
  domain::Acting acting;  // with the fresh proof
  std::string problem;    // what is wrong with what was typed; the form is shown again with it. Empty: go on
};
// Takes the password that came with the form, if the proof is stale. Throws kRateLimited with the wait.
Verified verified(const Services& services, http::Call& call);

}  // namespace countersign::web
