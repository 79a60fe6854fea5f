#include "mcp/error_map.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace countersign::mcp {
namespace {

enum class Reader { kModel, kClient };

struct Place {
  RpcCode code;
  Reader reader;
};

Place place_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kNotFound:
    case ErrorCode::kConflict:
    case ErrorCode::kRateLimited:
      return {RpcCode::kInvalidRequest, Reader::kModel};
    case ErrorCode::kUpstream:
    case ErrorCode::kUnavailable:
      return {RpcCode::kInternalError, Reader::kModel};
    case ErrorCode::kUnauthenticated:  // no words of the model's help: its host must bring a token
      return {RpcCode::kInvalidRequest, Reader::kClient};
    case ErrorCode::kInternal:
      return {RpcCode::kInternalError, Reader::kClient};
  }
  return {RpcCode::kInternalError, Reader::kClient};
}

Json details(const Error& error) {
  Json json = {{"code", error.reason()}, {"message", error.message()}, {"retryable", error.retryable()}};
  if (!error.recovery().empty()) json["recovery"] = error.recovery();
  if (!error.pointer().empty()) json["pointer"] = error.pointer();
  if (const auto wait = error.retry_after()) json["retryAfterSeconds"] = wait->count();
  return json;
}

std::string words(const Error& error) {
  std::string text = error.message();
  if (const auto wait = error.retry_after()) text += " Try again in " + std::to_string(wait->count()) + " s.";
  if (!error.recovery().empty()) text += " Next, call `" + error.recovery() + "`.";
  return text;
}

}  // namespace

Fault fault_of(const Error& error) {
  // The JSON gate knows no protocol; its reason is the one that has a code of its own here.
  const RpcCode code = error.reason() == "invalid_json" ? RpcCode::kParseError : place_of(error.code()).code;
  return {code, error.message(), share(details(error))};
}

std::variant<ToolResult, Fault> tool_failure(const Error& error) {
  if (place_of(error.code()).reader == Reader::kClient) return fault_of(error);
  return ToolResult{words(error), share(details(error)), true};
}

ToolResult invalid_arguments(std::span<const Problem> problems, std::string_view misuse) {
  std::string message = "The arguments do not fit the tool's input schema.";
  if (!misuse.empty()) message.append(" ").append(misuse);
  std::string text = message;
  Json list = Json::array();
  for (const Problem& problem : problems) {
    const std::string& where = problem.pointer.empty() ? "the arguments" : problem.pointer;
    text += "\n- " + where + ": " + problem.message;
    list.push_back({{"pointer", problem.pointer}, {"message", problem.message}});
  }
  Json json = {
      {"code", "invalid_arguments"}, {"message", message}, {"retryable", false}, {"problems", std::move(list)}};
  return {std::move(text), share(std::move(json)), true};
}

}  // namespace countersign::mcp
