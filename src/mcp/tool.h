// What a tool is to the protocol, what it answers, and how both look on the wire. The tools themselves
// live in web/tools; here is only their outside. Plain values; thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/jsonrpc.h"

namespace countersign::mcp {

// Hints to a client that decides what to ask its user. The defaults are the protocol's own for a tool
// that says nothing: the riskiest reading.
struct Annotations {
  bool read_only = false;
  bool destructive = true;  // meaningless for a read-only tool, and then shown as false
  bool idempotent = false;  // meaningless for a read-only tool, and then shown as true
  bool open_world = true;
};

struct Tool {
  std::string name;  // dotted: "handoffs.wait"; at most 64 of [A-Za-z0-9_.-]
  std::string title;
  std::string description;
  JsonPtr input_schema;   // an object that accepts no further properties (schema::Object)
  JsonPtr output_schema;  // may be null. If set, every success must carry structured content that fits it
  Annotations annotations;
  std::string misuse = {};  // added when arguments are refused: the likely mistake, and what to do instead
};

struct ToolResult {
  std::string text;    // words for the model: what happened, what to do next
  JsonPtr structured;  // an object, or null. Many hosts show the model this part alone: say it here, too
  bool is_error = false;
};

// Some clients refuse dots in tool names. Whatever is listed, both forms are understood in a call.
enum class ToolNames { kDotted, kUnderscored };
std::string listed_name(std::string_view name, ToolNames names);

// The result of `tools/list`, in the order given.
Json list_result(std::span<const Tool> tools, ToolNames names);

// The result of `tools/call`. The structured part follows as a JSON text block, for clients that know
// only text. An error of a tool with an output schema keeps its structure in `_meta` instead: clients
// check structured content against the schema even when `isError` is set.
Json call_result(const Tool& tool, const ToolResult& result);
inline constexpr std::string_view kErrorMeta = "countersign/error";

}  // namespace countersign::mcp
