#include "mcp/error_map.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace countersign::mcp {
namespace {

struct Row {
  ErrorCode code;
  RpcCode rpc;
  bool model_reads;
};

TEST(ErrorMap, EveryCodeHasItsPlace) {
  using enum ErrorCode;
  const std::vector<Row> table = {
      {kInvalidArgument, RpcCode::kInvalidRequest, true},  {kUnauthenticated, RpcCode::kInvalidRequest, false},
      {kPermissionDenied, RpcCode::kInvalidRequest, true}, {kNotFound, RpcCode::kInvalidRequest, true},
      {kConflict, RpcCode::kInvalidRequest, true},         {kRateLimited, RpcCode::kInvalidRequest, true},
      {kUpstream, RpcCode::kInternalError, true},          {kUnavailable, RpcCode::kInternalError, true},
      {kInternal, RpcCode::kInternalError, false},
  };
  for (const Row& row : table) {
    const Error error(row.code, "a_reason", "A sentence.", "a detail");
    SCOPED_TRACE(static_cast<int>(row.code));
    EXPECT_EQ(fault_of(error).code, row.rpc);
    EXPECT_EQ(fault_of(error).message, "A sentence.");
    EXPECT_EQ(std::holds_alternative<ToolResult>(tool_failure(error)), row.model_reads);
  }
}

TEST(ErrorMap, UnreadableJsonIsAParseError) {
  EXPECT_EQ(fault_of(Error(ErrorCode::kInvalidArgument, "invalid_json", "at byte 3")).code, RpcCode::kParseError);
}

TEST(ErrorMap, ToolFailureTellsTheModelWhatToDo) {
  const Error error = Error(ErrorCode::kRateLimited, "too_many_writes", "Too many calls.")
                          .retry_after(std::chrono::seconds(12))
                          .recovery("handoffs.wait")
                          .at("/integration");
  const auto failure = tool_failure(error);
  const ToolResult& result = std::get<ToolResult>(failure);
  EXPECT_TRUE(result.is_error);
  EXPECT_EQ(result.text, "Too many calls. Try again in 12 s. Next, call `handoffs.wait`.");
  EXPECT_EQ(*result.structured, (Json{{"code", "too_many_writes"},
                                      {"message", "Too many calls."},
                                      {"retryable", true},
                                      {"recovery", "handoffs.wait"},
                                      {"pointer", "/integration"},
                                      {"retryAfterSeconds", 12}}));
}

TEST(ErrorMap, DetailNeverLeaves) {
  for (const ErrorCode code : {ErrorCode::kInternal, ErrorCode::kConflict}) {
    const Error error(code, "a_reason", "A sentence.", "canary");
    EXPECT_EQ(encode_error(std::nullopt, fault_of(error)).find("canary"), std::string::npos);
    const auto failure = tool_failure(error);
    if (const auto* result = std::get_if<ToolResult>(&failure)) {
      EXPECT_EQ((result->text + dump_json(*result->structured)).find("canary"), std::string::npos);
    }
  }
}

TEST(ErrorMap, BadArgumentsListEveryProblem) {
  const std::vector<Problem> problems = {{"/integration", "is required"}, {"", "must be an object, not an array"}};
  const ToolResult result = invalid_arguments(problems);
  EXPECT_TRUE(result.is_error);
  EXPECT_EQ(result.text,
            "The arguments do not fit the tool's input schema.\n"
            "- /integration: is required\n- the arguments: must be an object, not an array");
  EXPECT_EQ(result.structured->at("code"), "invalid_arguments");
  EXPECT_EQ(result.structured->at("retryable"), false);
  EXPECT_EQ(result.structured->at("problems").at(0), (Json{{"pointer", "/integration"}, {"message", "is required"}}));
}

}  // namespace
}  // namespace countersign::mcp
