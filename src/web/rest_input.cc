#include "web/rest_input.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "mcp/schema_check.h"

namespace countersign::web {
namespace {

// What does not fit its type stays text: the schema then says what is wrong with it.
Json typed(const std::string& text, const std::string& type) {
  if (type == "boolean" && (text == "true" || text == "false")) return text == "true";
  if (type != "integer") return text;
  long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? Json(number) : Json(text);
}

// Path and query parameters and the body in one object, so that the tool's own schema judges all of them.
Json merge_input(const http::Call& call, const mcp::Tool& tool) {
  Json input = call.json == nullptr ? Json::object() : *call.json;
  if (!input.is_object()) {
    throw Error(ErrorCode::kInvalidArgument, "invalid_arguments", "The body must be a JSON object.");
  }
  // What stands in an address is written into logs on the way: one place for each argument, and not that one.
  if (call.json != nullptr && !call.query_params.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "invalid_arguments", "This endpoint takes no query; use the body.");
  }
  const Json& properties = (*tool.input_schema)["properties"];
  const auto add = [&](const std::string& name, const std::string& value) {
    if (input.contains(name)) {
      throw Error(ErrorCode::kInvalidArgument, "said_twice", name + " stands in two places of the request.")
          .at("/" + name);
    }
    input[name] = typed(value, properties.contains(name) ? properties[name].value("type", "") : "");
  };
  for (const auto& [name, value] : call.path_params) add(name, value);
  for (const auto& [name, value] : call.query_params) add(name, value);
  return input;
}

// All that is wrong at once, so that the next try is the last; `pointer` names the first.
void check_input(const mcp::Tool& tool, const Json& input) {
  const auto problems = mcp::check_schema(*tool.input_schema, input);
  if (problems.empty()) return;
  std::string message;
  for (const auto& [pointer, what] : problems) {
    if (!message.empty()) message += "; ";
    if (!pointer.empty()) message.append(pointer).append(": ");
    message += what;
  }
  if (!tool.misuse.empty()) message.append(". ").append(tool.misuse);
  throw Error(ErrorCode::kInvalidArgument, "invalid_arguments", std::move(message)).at(problems.front().pointer);
}

}  // namespace

Json rest_input(const http::Call& call, const mcp::Tool& tool) {
  Json input = merge_input(call, tool);
  check_input(tool, input);
  return input;
}

}  // namespace countersign::web
