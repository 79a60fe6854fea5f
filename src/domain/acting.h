// A signed-in person who does something, and the two demands that services make on them. Pure.
//
// Every service method that acts for a person takes one: the rule stands with the act, not with the page.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "domain/people.h"

namespace countersign::domain {

struct Acting {
  WorkspaceId workspace;
  PersonId person;
  Role role = Role::kMember;
  Instant verified_at;  // when they last proved who they are; for who has nothing to prove it with: now
};

// How long a proof of identity is good for a sensitive act.
inline constexpr std::chrono::minutes kFreshFor{5};

// Throws kPermissionDenied `role_needed`.
void require_role(const Acting& acting, Role role);
// Throws kPermissionDenied `step_up_needed`: the page asks for the password and tries again.
void require_fresh(const Acting& acting, Instant now);
bool is_fresh(const Acting& acting, Instant now);

}  // namespace countersign::domain
