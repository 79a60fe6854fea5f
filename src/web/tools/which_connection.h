// How a tool's arguments name one connection: by its id, or as Executor does by owner, integration and name. Used by
// this folder only.
#pragma once

#include "mcp/schema.h"
#include "web/agent_tools.h"

namespace countersign::web {

mcp::schema::Object which_connection();
// kInvalidArgument `which_connection` for neither or both; kNotFound `unknown_connection`.
domain::Connection connection_argument(const ToolCall& call);

}  // namespace countersign::web
