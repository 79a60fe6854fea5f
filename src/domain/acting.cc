#include "domain/acting.h"

#include "base/error.h"

namespace countersign::domain {

void require_role(const Acting& acting, Role role) {
  if (acting.role >= role) return;
  throw Error(ErrorCode::kPermissionDenied, "role_needed",
              role == Role::kAdmin ? "Only an admin may do this." : "Only an approver or an admin may do this.");
}

void require_fresh(const Acting& acting, Instant now) {
  if (is_fresh(acting, now)) return;
  throw Error(ErrorCode::kPermissionDenied, "step_up_needed", "Enter your password again to do this.");
}

bool is_fresh(const Acting& acting, Instant now) { return now < acting.verified_at + kFreshFor; }

}  // namespace countersign::domain
