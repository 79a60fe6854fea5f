// Where a base Error goes in MCP. One exhaustive switch decides both the JSON-RPC code and whether the
// model gets to read it: a failure that the agent can act on is a tool result with `isError`, the rest
// is a protocol error. `detail` never leaves. Pure; thread-safe.
#pragma once

#include <span>
#include <variant>

#include "base/error.h"
#include "mcp/jsonrpc.h"
#include "mcp/schema_check.h"
#include "mcp/tool.h"

namespace countersign::mcp {

// For an error outside a tool call (the guard's): the HTTP status is sent beside it. `data` is
// {code, message, retryable, recovery?, pointer?, retryAfterSeconds?} with the stable reason as `code`.
Fault fault_of(const Error& error);

// For an error thrown by a tool.
std::variant<ToolResult, Fault> tool_failure(const Error& error);

// For arguments that do not fit the tool's schema: the same members, `code` is "invalid_arguments",
// and `problems` lists {pointer, message}. `misuse` is the tool's own word on it (Tool::misuse).
ToolResult invalid_arguments(std::span<const Problem> problems, std::string_view misuse = {});

}  // namespace countersign::mcp
