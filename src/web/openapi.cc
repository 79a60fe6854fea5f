#include "web/openapi.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http/status.h"
#include "web/agent_views.h"
#include "web/auth_session_api.h"
#include "web/auth_session_views.h"
#include "web/connection_views.h"
#include "web/openapi_refusals.h"
#include "web/tools/connecting.h"

namespace countersign::web {
namespace {

constexpr std::string_view kAbout =
    "Credentials that people hand to agents without the agent ever seeing them. An agent asks for a handoff, shows "
    "its link to the user, and waits until the user has finished; what it gets is a connection id.\n\n"
    "An agent without a token begins with an auth session: the user logs in, decides what it may do, and the token "
    "goes to the program that asked. The other operations are also MCP tools of the same name (POST /mcp), as are "
    "create_auth_session and get_auth_session, which give no token there.\n\n"
    "Every refusal is an RFC 9457 problem; decide by its `code`, never by its words. Faults of HTTP itself (a body "
    "too large, a malformed head) are problems without a `code`.";

constexpr std::string_view kWithoutWait =
    " Without `wait` it answers at once: over MCP that is handoffs.get. HEAD is answered as GET without a body.";

Json to_schema(std::string_view name) { return {{"$ref", "#/components/schemas/" + std::string(name)}}; }
Json to_response(const std::string& name) { return {{"$ref", "#/components/responses/" + name}}; }

// The shapes that more than one answer holds.
std::map<std::string, Json> shared_shapes() {
  return {{"AuthSession", *login_output().json()},
          {"HandoffLink", *minted_schema()},
          {"Started", *started_schema()},
          {"Handoff", *handoff_schema()},
          {"Connection", *connection_schema().json()}};
}

// A schema with every shared shape in it, itself included, replaced by a reference.
class Shapes {
 public:
  Shapes() : shapes_(shared_shapes()) {}

  Json refer(const Json& schema) const {
    for (const auto& [name, shape] : shapes_) {
      if (schema == shape) return to_schema(name);
    }
    return refer_inside(schema);
  }

  Json components() const {
    Json components = Json::object();
    for (const auto& [name, shape] : shapes_) components[name] = refer_inside(shape);
    return components;
  }

 private:
  Json refer_inside(Json schema) const {
    if (schema.contains("items")) schema["items"] = refer(schema["items"]);
    if (schema.contains("properties")) {
      for (auto& [name, property] : schema["properties"].items()) property = refer(property);
    }
    return schema;
  }

  const std::map<std::string, Json> shapes_;
};

Json problem_schema() {
  return Json{{"type", "object"},
              {"description", "RFC 9457. More members may come."},
              {"required", Json::array({"type", "title", "status", "detail"})},
              {"additionalProperties", true},
              {"properties",
               {{"type", {{"type", "string"}, {"description", "urn:countersign:error: and the code"}}},
                {"title", {{"type", "string"}, {"description", "The status in words"}}},
                {"status", {{"type", "integer"}, {"minimum", 400}, {"maximum", 599}}},
                {"detail", {{"type", "string"}, {"description", "What is wrong, for people and models"}}},
                {"code",
                 {{"type", "string"},
                  {"description", "The stable word to decide by; new ones may come"},
                  {"x-extensible-enum", refusal_codes()}}},
                {"retryable", {{"type", "boolean"}, {"description", "The same request may succeed later, unchanged"}}},
                {"recovery", {{"type", "string"}, {"description", "The operation to call next"}}},
                {"pointer", {{"type", "string"}, {"description", "RFC 6901: which part of the input"}}},
                {"request_id", {{"type", "string"}, {"description", "What the server's log has it under"}}}}}};
}

Json refusal_response(int status, const std::vector<Refusal>& refusals) {
  std::string words;
  for (const Refusal& one : refusals) {
    words += (words.empty() ? "- `" : "\n- `") + std::string(one.code) + "`: " + std::string(one.meaning) + '.';
  }
  Json response = {{"description", std::move(words)},
                   {"content", {{"application/problem+json", {{"schema", to_schema("Problem")}}}}}};
  if (status == 429 || status == 503) {
    response["headers"]["Retry-After"] = {{"description", "Seconds to wait"},
                                          {"schema", {{"type", "integer"}, {"minimum", 0}}}};
  }
  if (status == 401) {
    response["headers"]["WWW-Authenticate"] = {{"description", "RFC 6750"}, {"schema", {{"type", "string"}}}};
  }
  return response;
}

// The statuses that say the same wherever they come from, by the name of their component.
bool is_shared(int status) { return status == 401 || status == 429 || status == 500 || status == 503; }

std::string component_name(int status) {
  std::string name(http::reason_phrase(status));
  std::erase(name, ' ');
  return name;
}

Json shared_responses() {
  Json responses = Json::object();
  for (const auto& [status, refusals] : by_status(every_refusal())) {
    if (is_shared(status)) responses[component_name(status)] = refusal_response(status, refusals);
  }
  return responses;
}

// One row, its words, and the tool behind it; without a tool it needs no token.
struct Operation {
  const AgentOperation& row;
  const mcp::Tool& words;
  const AgentTool* tool;
};

std::vector<Operation> all_operations(const AgentDoor& door) {
  std::vector<Operation> all;
  for (const AgentOperation& row : agent_operations()) {
    const AgentTool& tool = tool_named(door.tools(), row.tool);
    all.push_back({row, tool.description, &tool});
  }
  for (const AgentOperation& row : auth_session_operations()) {
    all.push_back({row, auth_session_words(row.tool), nullptr});
  }
  return all;
}

std::string_view words_for(int success) {
  if (success == 201) return "It was made.";
  if (success == 202) return "Nothing has changed yet: a person has to confirm it first.";
  return "As asked.";
}

Json responses_of(const Operation& described, const Shapes& shapes) {
  const AgentOperation& operation = described.row;
  Json responses = Json::object();
  responses[std::to_string(operation.success)] = {
      {"description", words_for(operation.success)},
      {"content", {{"application/json", {{"schema", shapes.refer(*described.words.output_schema)}}}}}};
  for (const auto& [status, refusals] : by_status(refusals_of(operation, described.tool))) {
    responses[std::to_string(status)] =
        is_shared(status) ? to_response(component_name(status)) : refusal_response(status, refusals);
  }
  return responses;
}

Json parameter(const std::string& name, std::string_view place, Json schema, bool required) {
  Json made = {{"name", name}, {"in", place}, {"required", required}, {"description", schema["description"]}};
  schema.erase("description");
  made["schema"] = std::move(schema);
  return made;
}

Json request_key_parameter() {
  return parameter("Idempotency-Key", "header",
                   {{"type", "string"},
                    {"description",
                     "Yours to choose. The same key with the same body makes one handoff however often it is sent; "
                     "with another body it is refused. Printable ASCII."},
                    {"minLength", 1},
                    {"maxLength", kRequestKeyLimit},
                    {"pattern", "^[ -~]+$"}},
                   false);
}

bool is_in_path(const AgentOperation& operation, const std::string& name) {
  return operation.pattern.find("{" + name + "}") != std::string_view::npos;
}

// What the operation takes: as path parameters where the pattern names them, and as the query where it has no body.
Json parameters_of(const Operation& described) {
  const Json& input = *described.words.input_schema;
  const Json required = input.value("required", Json::array());
  Json parameters = Json::array();
  for (const auto& [name, schema] : input["properties"].items()) {
    const bool in_path = is_in_path(described.row, name);
    if (!in_path && described.row.body == http::BodyKind::kJson) continue;
    const bool needed = in_path || std::find(required.begin(), required.end(), name) != required.end();
    parameters.push_back(parameter(name, in_path ? "path" : "query", schema, needed));
    // REST looks at once unless it is told to wait; the tool's default is for models, who forget to.
    if (name == "wait") parameters.back()["description"] = "Seconds to wait; without it the answer comes at once";
  }
  if (described.row.repeat == AgentOperation::Repeat::kSameAnswer) parameters.push_back(request_key_parameter());
  return parameters;
}

// The input without what stands in the path.
Json body_schema(const Operation& described) {
  Json schema = *described.words.input_schema;
  Json properties = Json::object();
  for (const auto& [name, property] : schema["properties"].items()) {
    if (!is_in_path(described.row, name)) properties[name] = property;
  }
  schema["properties"] = std::move(properties);
  if (!schema.contains("required")) return schema;
  Json required = Json::array();
  for (const Json& name : schema["required"]) {
    if (!is_in_path(described.row, name.get<std::string>())) required.push_back(name);
  }
  schema["required"] = std::move(required);
  return schema;
}

std::string tag_of(const mcp::Tool& words) {
  const auto dot = words.name.find('.');
  return dot == std::string::npos ? "auth sessions" : words.name.substr(0, dot);
}

Json describe(const Operation& operation, const Shapes& shapes) {
  const mcp::Tool& words = operation.words;
  Json described = {{"operationId", words.name},
                    {"summary", words.title},
                    {"description", words.description},
                    {"tags", Json::array({tag_of(words)})},
                    {"responses", responses_of(operation, shapes)}};
  if (words.name == "handoffs.wait") described["description"] = words.description + std::string(kWithoutWait);
  if (operation.tool == nullptr) described["security"] = Json::array();
  if (operation.row.body == http::BodyKind::kJson) {
    described["requestBody"] = {{"required", true},
                                {"content", {{"application/json", {{"schema", body_schema(operation)}}}}}};
  }
  if (Json parameters = parameters_of(operation); !parameters.empty()) described["parameters"] = std::move(parameters);
  return described;
}

std::string lower_case(std::string_view method) {
  std::string lower(method);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  return lower;
}

Json components(const Shapes& shapes) {
  Json schemas = shapes.components();
  schemas["Problem"] = problem_schema();
  return {
      {"schemas", std::move(schemas)},
      {"responses", shared_responses()},
      {"securitySchemes",
       {{"agentToken", {{"type", "http"}, {"scheme", "bearer"}, {"description", "An agent's token: cs_agent_…"}}}}}};
}

}  // namespace

std::string openapi_document(const AgentDoor& door, const Settings& settings) {
  const Shapes shapes;
  Json paths = Json::object();
  for (const Operation& operation : all_operations(door)) {
    paths[std::string(operation.row.pattern)][lower_case(http::name(operation.row.method))] =
        describe(operation, shapes);
  }
  return dump_json(Json{{"openapi", "3.1.0"},
                        {"info",
                         {{"title", "Countersign"},
                          {"version", COUNTERSIGN_VERSION},
                          {"description", kAbout},
                          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
                        {"servers", Json::array({{{"url", settings.public_url}}})},
                        {"security", Json::array({{{"agentToken", Json::array()}}})},
                        {"paths", std::move(paths)},
                        {"components", components(shapes)}});
}

void add_openapi_route(http::Router& router, const AgentDoor& door, const Settings& settings) {
  struct Document {
    std::once_flag once;
    std::string text;
  };
  http::Route route;
  route.pattern = "/openapi.json";
  route.handler = [&door, &settings, document = std::make_shared<Document>()](http::Call&) -> http::Outcome {
    std::call_once(document->once, [&] { document->text = openapi_document(door, settings); });
    return http::Response(200, "application/json", document->text);
  };
  router.add(std::move(route));
}

}  // namespace countersign::web
