// An admin's word that a secret kept elsewhere may be used: this item, for this integration, by this owner.
// Without one a provider item is invisible to agents (DESIGN 8.12). Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/owner.h"

namespace countersign::domain {

struct ProviderBinding {
  BindingId id;
  WorkspaceId workspace;
  std::string provider;     // "env", "file", "vault"
  std::string item;         // as the provider names it
  std::string integration;  // slug
  Owner owner;
  PersonId created_by;
  Instant created_at;
};

}  // namespace countersign::domain
