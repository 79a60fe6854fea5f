#include "web/step_up.h"

#include "base/error.h"
#include "web/authenticate.h"

namespace countersign::web {

void ask_again(const Services& services, const http::Call& call, Values& form, std::string_view problem) {
  if (problem.empty() && domain::is_fresh(acting_of(call.caller), services.clock.now())) return;
  form.add("STEP_UP_NEEDED").include("STEP_UP", "step_up.html").set_if_any("STEP_UP_PROBLEM", problem);
}

Verified verified(const Services& services, http::Call& call) {
  domain::Acting acting = acting_of(call.caller);
  if (domain::is_fresh(acting, services.clock.now())) return {acting, {}};
  Secret password = call.form->take_secret(kStepUpField);
  if (password.empty()) return {acting, "Enter your password to do this."};
  const auto presence = present(services.sign_in, services.settings, call.request);
  if (!presence) throw Error(ErrorCode::kUnauthenticated, kSignInNeeded, "Sign in first.");
  try {
    services.sign_in.verify_again(*presence, std::move(password), call.request.client_address);
  } catch (const Error& error) {
    if (error.reason() != "wrong_password") throw;  // that one is mended in the form itself
    return {acting, error.message()};
  }
  acting.verified_at = services.clock.now();
  return {acting, {}};
}

}  // namespace countersign::web
