#include "mcp/jsonrpc.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "mcp/error_map.h"
#include "mcp/wording.h"

namespace countersign::mcp {
namespace {

constexpr std::array<std::string_view, 6> kMembers = {"jsonrpc", "id", "method", "params", "result", "error"};

std::optional<RequestId> readable_id(const Json& message) {
  const Json* id = member(message, "id");
  return id ? RequestId::from(*id) : std::nullopt;
}

Malformed malformed(const Json& message, RpcCode code, std::string text) {
  return {{code, std::move(text), nullptr}, readable_id(message)};
}

// What every kind of message must fulfil; empty when it does.
std::optional<std::string> envelope_problem(const Json& message) {
  const Json* version = member(message, "jsonrpc");
  if (!version || *version != "2.0") return R"(the member "jsonrpc" must be "2.0")";
  for (const auto& [name, value] : message.items()) {
    if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end()) return unknown("member", name, kMembers);
  }
  if (member(message, "id") && !readable_id(message)) {
    return R"(the member "id" must be a string or an integer of at most )" + std::to_string(RequestId::kMaxBytes) +
           " bytes";
  }
  return std::nullopt;
}

std::optional<std::string> params_problem(const Json* params) {
  if (!params) return std::nullopt;
  if (!params->is_object()) return R"(the member "params" must be an object)";
  const Json* meta = member(*params, "_meta");
  if (!meta) return std::nullopt;
  if (!meta->is_object()) return R"("params._meta" must be an object)";
  const Json* token = member(*meta, "progressToken");
  if (token && !RequestId::from(*token)) return R"("params._meta.progressToken" must be a string or an integer)";
  return std::nullopt;
}

std::optional<RequestId> progress_token(const Json* params) {
  const Json* meta = params ? member(*params, "_meta") : nullptr;
  const Json* token = meta ? member(*meta, "progressToken") : nullptr;
  return token ? RequestId::from(*token) : std::nullopt;
}

Message read_call(const JsonPtr& document) {
  const Json& message = *document;
  const Json& method = *member(message, "method");
  if (!method.is_string() || method.get_ref<const std::string&>().empty()) {
    return malformed(message, RpcCode::kInvalidRequest, R"(the member "method" must be a non-empty string)");
  }
  if (member(message, "result") || member(message, "error")) {
    return malformed(message, RpcCode::kInvalidRequest, R"(a message with "method" carries no "result" or "error")");
  }
  const Json* params = member(message, "params");
  if (auto problem = params_problem(params)) {
    return malformed(message, RpcCode::kInvalidParams, std::move(*problem));
  }
  JsonPtr shared_params = params ? JsonPtr(document, params) : nullptr;  // shares the whole document's life
  if (auto id = readable_id(message)) {
    return Request{std::move(*id), method.get<std::string>(), std::move(shared_params), progress_token(params)};
  }
  return Notification{method.get<std::string>(), std::move(shared_params)};
}

Message read_response(const Json& message) {
  const auto refuse = [&](const char* text) { return malformed(message, RpcCode::kInvalidRequest, text); };
  const Json* result = member(message, "result");
  const Json* error = member(message, "error");
  if (!result && !error) return refuse(R"(a message needs the member "method", "result" or "error")");
  if (result && error) return refuse(R"(a response carries "result" or "error", not both)");
  if (member(message, "params")) return refuse(R"(a response carries no "params")");
  if (result && !member(message, "id")) return refuse(R"(a response with "result" needs the member "id")");
  if (result && !result->is_object()) return refuse(R"(the member "result" must be an object)");
  if (error) {
    const Json* code = error->is_object() ? member(*error, "code") : nullptr;
    const Json* text = error->is_object() ? member(*error, "message") : nullptr;
    if (!code || !code->is_number_integer() || !text || !text->is_string()) {
      return refuse(R"(the member "error" must be an object with an integer "code" and a string "message")");
    }
  }
  return Response{};
}

}  // namespace

const Json* member(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

JsonPtr share(Json&& value) { return std::make_shared<const Json>(std::move(value)); }

std::optional<RequestId> RequestId::from(const Json& value) {
  if (!value.is_string() && !value.is_number_integer()) return std::nullopt;
  std::string json = dump_json(value);
  if (json.size() > kMaxBytes) return std::nullopt;
  return RequestId(std::move(json));
}

Message parse_message(std::string_view text, const JsonLimits& limits) {
  try {
    return read_message(share(parse_json(text, limits)));
  } catch (const Error& error) {  // bad JSON is an outcome here: it has an answer of its own
    return Malformed{fault_of(error), std::nullopt};
  }
}

Message read_message(const JsonPtr& document) {
  const Json& message = *document;
  if (message.is_array()) {
    return Malformed{{RpcCode::kInvalidRequest, "batches are not supported: send one message per request", nullptr},
                     std::nullopt};
  }
  if (!message.is_object()) {
    return Malformed{{RpcCode::kInvalidRequest, "a message must be a JSON object", nullptr}, std::nullopt};
  }
  if (auto problem = envelope_problem(message)) {
    return malformed(message, RpcCode::kInvalidRequest, std::move(*problem));
  }
  return member(message, "method") ? read_call(document) : read_response(message);
}

std::string encode_result(const RequestId& id, std::string_view result_json) {
  std::string text = R"({"jsonrpc":"2.0","id":)" + id.json() + R"(,"result":)";
  text += result_json;
  return text += '}';
}

std::string encode_error(const std::optional<RequestId>& id, const Fault& fault) {
  std::string text = R"({"jsonrpc":"2.0",)";
  if (id) text += R"("id":)" + id->json() + ',';
  text += R"("error":{"code":)" + std::to_string(static_cast<int>(fault.code));
  text += R"(,"message":)" + json_quote(fault.message);
  if (fault.data) text += R"(,"data":)" + dump_json(*fault.data);
  return text += "}}";
}

}  // namespace countersign::mcp
