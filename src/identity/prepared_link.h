// A one-use link that is made but not stored yet: what a transaction of People writes. Only for this folder.
#pragma once

#include "base/secret.h"
#include "domain/audit.h"
#include "identity/people.h"

namespace countersign::identity {

struct People::PreparedLink {
  domain::SignInLink link;
  domain::AuditEvent event;
  Secret token;
};

}  // namespace countersign::identity
