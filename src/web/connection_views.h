// A connection as agents see it, in the field names of the tools people already use (facts: Executor's connections.*).
// Never a secret. Reads the store, so never inside a transaction.
#pragma once

#include "base/json.h"
#include "domain/connection.h"
#include "mcp/schema.h"
#include "web/services.h"

namespace countersign::web {

enum class Detail { kBrief, kFull };  // kFull: with the granted scopes themselves

Json connection_view(const Services& services, const domain::Connection& connection, Detail detail);
mcp::schema::Schema connection_schema();

}  // namespace countersign::web
