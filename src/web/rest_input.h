// A REST request's input as the tools take it: path, query and body in one object, judged by one schema. Pure.
#pragma once

#include "base/json.h"
#include "http/router.h"
#include "mcp/tool.h"

namespace countersign::web {

// Throws kInvalidArgument `invalid_arguments` with all that is wrong at once, or `said_twice`. Never repeats a
// value: it may be a secret in the wrong place.
Json rest_input(const http::Call& call, const mcp::Tool& tool);

}  // namespace countersign::web
