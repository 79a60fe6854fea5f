// Whose a connection is: one person's, or the workspace's ("org"). Pure.
#pragma once

#include <compare>

#include "base/ids.h"
#include "domain/state_machine.h"

namespace countersign::domain {

enum class OwnerKind { kUser, kOrg };
inline constexpr Names<OwnerKind, 2> kOwnerNames{{"user", "org"}};

struct Owner {
  OwnerKind kind = OwnerKind::kUser;
  PersonId person;  // none for kOrg

  static Owner user(PersonId person) { return {OwnerKind::kUser, person}; }
  static Owner org() { return {OwnerKind::kOrg, {}}; }
  friend auto operator<=>(const Owner&, const Owner&) = default;
};

}  // namespace countersign::domain
