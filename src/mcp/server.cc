#include "mcp/server.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/error_map.h"
#include "mcp/protocol.h"
#include "mcp/schema_check.h"
#include "mcp/wording.h"

namespace countersign::mcp {
namespace {

constexpr std::size_t kLongestToolName = 64;  // the protocol allows 128, clients and their models less

Reply fault_reply(const Request& request, RpcCode code, std::string message) {
  return refuse(200, request.id, {code, std::move(message), nullptr});
}

Reply result_reply(const RequestId& id, const Json& result) { return {200, encode_result(id, dump_json(result))}; }

bool is_tool_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  };
  return !name.empty() && name.size() <= kLongestToolName && std::all_of(name.begin(), name.end(), allowed);
}

[[noreturn]] void bad_tool(const std::string& name, const std::string& why) {
  throw Error(ErrorCode::kInternal, "bad_tool", "a tool is declared wrongly", name + ": " + why);
}

void require_well_declared(const Tool& tool) {
  if (!is_tool_name(tool.name)) bad_tool(tool.name, "name");
  if (!tool.input_schema) bad_tool(tool.name, "no input schema");
  require_enforceable(*tool.input_schema);
  const Json* type = member(*tool.input_schema, "type");
  const Json* more = member(*tool.input_schema, "additionalProperties");
  if (!type || *type != "object" || !more || *more != false) bad_tool(tool.name, "input schema is not a closed object");
  if (!tool.output_schema) return;
  require_enforceable(*tool.output_schema);
  const Json* output = member(*tool.output_schema, "type");
  if (!output || *output != "object") bad_tool(tool.name, "output schema is not an object");
}

const std::string* text_member(const Json& object, std::string_view name) {
  const Json* value = member(object, name);
  return value && value->is_string() ? &value->get_ref<const std::string&>() : nullptr;
}

// What `initialize` must bring (schema: InitializeRequestParams); empty when it does.
std::optional<std::string> initialize_problem(const Json* params) {
  if (!params) return R"(initialize needs "params")";
  if (!text_member(*params, "protocolVersion")) return R"("params.protocolVersion" must be a string)";
  const Json* capabilities = member(*params, "capabilities");
  if (!capabilities || !capabilities->is_object()) return R"("params.capabilities" must be an object)";
  const Json* client = member(*params, "clientInfo");
  if (!client || !client->is_object() || !text_member(*client, "name") || !text_member(*client, "version")) {
    return R"("params.clientInfo" must be an object with the strings "name" and "version")";
  }
  return std::nullopt;
}

constexpr std::string_view kInitialize = "initialize";
constexpr std::string_view kPing = "ping";
constexpr std::string_view kListTools = "tools/list";
constexpr std::string_view kCallTool = "tools/call";
constexpr std::array kMethods = {kInitialize, kPing, kListTools, kCallTool};

// A notification that is none of ours is accepted and ignored (JSON-RPC 2.0 section 4.1). One that has a
// request's method is a request that lost its id: its sender waits for an answer that would never come.
Outcome accept(const Notification& notification) {
  if (std::find(kMethods.begin(), kMethods.end(), notification.method) == kMethods.end()) return Accepted{};
  return refuse(400, std::nullopt, {RpcCode::kInvalidRequest, notification.method + R"( needs an "id")", nullptr});
}

}  // namespace

Reply refuse(int http_status, const std::optional<RequestId>& id, const Fault& fault) {
  return {http_status, encode_error(id, fault)};
}

std::string instructions(ToolNames names) {
  const auto tool = [names](std::string_view name) { return '`' + listed_name(name, names) + '`'; };
  std::string text = "Countersign lets a person hand you accounts and keys without you ever seeing them. Begin with ";
  text += tool("integrations.list") + " and " + tool("connections.list");
  text += ": what is connected already needs nobody. When something is missing, call ";
  text += tool("connections.createHandoff");
  text += ". It answers with a `url` and a `userCode`: show both to the user verbatim, as plain text. Do not open, ";
  text += "fetch or shorten the URL: it is for the person alone. Then call " + tool("handoffs.wait");
  text += " with the `handoffId`; while the state is `pending`, `opened` or `completing`, call it again. ";
  text += "`completed` names the connection to use. `declined` means the person said no: respect it. ";
  text += "`expired` is not a denial: nobody answered in time, so ask the user and make a new handoff if it is ";
  text += "still wanted. Never ask the user to paste a password, key or token into the chat. ";
  text += "When a call is refused with `no_token` or `insufficient_scope`, call " + tool("create_auth_session");
  text += ": show its `loginUrl` and `userCode` in the same way, then let " + tool("get_auth_session");
  text += " tell you what became of it.";
  return text;
}

Server::Server(ServerInfo info, std::vector<Tool> tools, ToolNames names)
    : info_(std::move(info)), names_(names), tools_(std::move(tools)) {
  std::sort(tools_.begin(), tools_.end(), [](const Tool& a, const Tool& b) { return a.name < b.name; });
  for (const Tool& tool : tools_) {
    require_well_declared(tool);
    add_name(tool.name, tool);
    const std::string underscored = listed_name(tool.name, ToolNames::kUnderscored);
    if (underscored != tool.name) add_name(underscored, tool);
  }
  list_json_ = dump_json(list_result(tools_, names_));
}

void Server::add_name(std::string name, const Tool& tool) {
  const auto [place, added] = by_name_.emplace(std::move(name), &tool);
  if (!added) bad_tool(tool.name, "its name is taken by " + place->second->name);
}

const Tool* Server::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

Outcome Server::handle(const Message& message, std::optional<std::string_view> version_header) const {
  if (const auto* bad = std::get_if<Malformed>(&message)) return refuse(400, bad->id, bad->fault);
  const auto* request = std::get_if<Request>(&message);
  // `initialize` chooses the revision in its body; the header counts from the next message on.
  if (!request || request->method != kInitialize) {
    const auto revision = revision_of_header(version_header);
    if (const auto* fault = std::get_if<Fault>(&revision)) {
      return refuse(400, request ? std::optional(request->id) : std::nullopt, *fault);
    }
  }
  if (request) return answer(*request);
  if (const auto* notification = std::get_if<Notification>(&message)) return accept(*notification);
  return Accepted{};  // a response: we asked for nothing, there is nothing to do with it
}

Outcome Server::answer(const Request& request) const {
  if (request.method == kInitialize) return initialize(request);
  if (request.method == kPing) return Reply{200, encode_result(request.id, "{}")};
  if (request.method == kListTools) return list_tools(request);
  if (request.method == kCallTool) return call_tool(request);
  return fault_reply(request, RpcCode::kMethodNotFound, unknown("method", request.method, kMethods));
}

Reply Server::initialize(const Request& request) const {
  if (auto problem = initialize_problem(request.params.get())) {
    return fault_reply(request, RpcCode::kInvalidParams, std::move(*problem));
  }
  const Revision revision = negotiate(*text_member(*request.params, "protocolVersion"));
  return result_reply(request.id,
                      {{"protocolVersion", name(revision)},
                       {"capabilities", {{"tools", Json::object()}}},
                       {"serverInfo", {{"name", info_.name}, {"title", info_.title}, {"version", info_.version}}},
                       {"instructions", instructions(names_)}});
}

Reply Server::list_tools(const Request& request) const {
  // All tools are on the first page, so no cursor was ever given out.
  if (request.params && member(*request.params, "cursor")) {
    return fault_reply(request, RpcCode::kInvalidParams, R"("params.cursor" is not one of ours)");
  }
  return {200, encode_result(request.id, list_json_)};
}

Reply Server::unknown_tool(const Request& request, const std::string& name) const {
  std::vector<std::string> listed;
  for (const Tool& tool : tools_) listed.push_back(listed_name(tool.name, names_));
  const std::vector<std::string_view> known(listed.begin(), listed.end());
  return fault_reply(request, RpcCode::kInvalidParams, unknown("tool", name, known));
}

Outcome Server::call_tool(const Request& request) const {
  const std::string* name = request.params ? text_member(*request.params, "name") : nullptr;
  if (!name) return fault_reply(request, RpcCode::kInvalidParams, R"("params.name" must be a string)");
  const Tool* tool = find(*name);
  if (!tool) return unknown_tool(request, *name);

  const Json* given = member(*request.params, "arguments");
  if (given && !given->is_object()) {
    return fault_reply(request, RpcCode::kInvalidParams, R"("params.arguments" must be an object)");
  }
  JsonPtr arguments = given ? JsonPtr(request.params, given) : share(Json::object());
  CallTool call{request.id, tool->name, std::move(arguments), request.progress_token};
  const std::vector<Problem> problems = check_schema(*tool->input_schema, *call.arguments);
  if (!problems.empty()) return finish(call, invalid_arguments(problems, tool->misuse));
  return call;
}

Reply Server::finish(const CallTool& call, const ToolResult& result) const {
  const Tool* tool = find(call.name);
  const bool fits = tool && (!result.structured || result.structured->is_object()) &&
                    (result.structured || result.is_error || !tool->output_schema);
  if (!fits) {  // a defect of ours that a client would answer with a crash of its own
    return refuse(200, call.id, {RpcCode::kInternalError, "the tool answered in a wrong form", nullptr});
  }
  return result_reply(call.id, call_result(*tool, result));
}

Reply Server::fail(const CallTool& call, const Error& error) const {
  // `recovery` names a tool: in the form this client knows.
  Error shown = error;
  if (find(error.recovery())) shown = Error(error).recovery(listed_name(error.recovery(), names_));
  const auto failure = tool_failure(shown);
  if (const auto* fault = std::get_if<Fault>(&failure)) return refuse(200, call.id, *fault);
  return finish(call, std::get<ToolResult>(failure));
}

}  // namespace countersign::mcp
