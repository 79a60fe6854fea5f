#include "mcp/tool.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace countersign::mcp {
namespace {

Json annotations_json(const Annotations& hints) {
  return {{"readOnlyHint", hints.read_only},
          {"destructiveHint", hints.destructive && !hints.read_only},
          {"idempotentHint", hints.idempotent || hints.read_only},
          {"openWorldHint", hints.open_world}};
}

Json tool_json(const Tool& tool, ToolNames names) {
  Json json = {{"name", listed_name(tool.name, names)},
               {"description", tool.description},
               {"inputSchema", *tool.input_schema},
               {"annotations", annotations_json(tool.annotations)}};
  if (!tool.title.empty()) json["title"] = tool.title;
  if (tool.output_schema) json["outputSchema"] = *tool.output_schema;
  return json;
}

Json text_block(std::string text) { return {{"type", "text"}, {"text", std::move(text)}}; }

}  // namespace

std::string listed_name(std::string_view name, ToolNames names) {
  std::string listed(name);
  if (names == ToolNames::kUnderscored) std::replace(listed.begin(), listed.end(), '.', '_');
  return listed;
}

Json list_result(std::span<const Tool> tools, ToolNames names) {
  Json list = Json::array();
  for (const Tool& tool : tools) list.push_back(tool_json(tool, names));
  return {{"tools", std::move(list)}};
}

Json call_result(const Tool& tool, const ToolResult& result) {
  Json json = {{"content", Json::array()}, {"isError", result.is_error}};
  if (!result.text.empty()) json["content"].push_back(text_block(result.text));
  if (!result.structured) return json;
  json["content"].push_back(text_block(dump_json(*result.structured)));
  if (result.is_error && tool.output_schema) {
    json["_meta"] = {{std::string(kErrorMeta), *result.structured}};
  } else {
    json["structuredContent"] = *result.structured;
  }
  return json;
}

}  // namespace countersign::mcp
