#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "http/guard.h"
#include "http/recorded_answer.h"

namespace countersign::http {
namespace {

Json body_of(const Response& response) { return parse_json(view(response.body)); }

TEST(HttpStatus, EveryCodeHasItsOwn) {
  const std::map<ErrorCode, int> expected = {
      {ErrorCode::kInvalidArgument, 400}, {ErrorCode::kUnauthenticated, 401}, {ErrorCode::kPermissionDenied, 403},
      {ErrorCode::kNotFound, 404},        {ErrorCode::kConflict, 409},        {ErrorCode::kRateLimited, 429},
      {ErrorCode::kUpstream, 502},        {ErrorCode::kUnavailable, 503},     {ErrorCode::kInternal, 500}};
  std::set<int> seen;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    const Error error(static_cast<ErrorCode>(code), "r", "m");
    EXPECT_EQ(http_status(error), expected.at(error.code()));
    seen.insert(http_status(error));
  }
  EXPECT_EQ(seen.size(), expected.size());
}

TEST(Problem, HasTheMembersOfRfc9457AndOurs) {
  const Error error = Error(ErrorCode::kNotFound, "unknown_integration", "No such integration.", "canary: for the log")
                          .recovery("integrations.list")
                          .at("/integration");
  const Response response = problem(error, 404, "req-1");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json");
  EXPECT_EQ(body_of(response), (Json{{"type", "urn:countersign:error:unknown_integration"},
                                     {"title", "Not Found"},
                                     {"status", 404},
                                     {"detail", "No such integration."},
                                     {"code", "unknown_integration"},
                                     {"retryable", false},
                                     {"recovery", "integrations.list"},
                                     {"pointer", "/integration"},
                                     {"request_id", "req-1"}}));
}

TEST(Problem, LeavesOutWhatIsNotThereAndSaysWhetherToRetry) {
  const Json body = body_of(problem(Error(ErrorCode::kUnavailable, "busy", "Later."), 503, "r"));
  EXPECT_FALSE(body.contains("recovery"));
  EXPECT_FALSE(body.contains("pointer"));
  EXPECT_EQ(body.at("retryable"), true);
}

TEST(Problem, ForeignTextStaysInsideItsString) {
  const Json body = body_of(problem(Error(ErrorCode::kConflict, "r", "a\"b\n\xff"), 409, "r"));
  EXPECT_EQ(body.at("detail"), "a\"b\n\xEF\xBF\xBD");
}

}  // namespace
}  // namespace countersign::http
