#include "base/error.h"

#include <gtest/gtest.h>

namespace countersign {
namespace {

TEST(Error, KeepsWhatTheCallerMaySeeApartFromTheDetail) {
  const Error error(ErrorCode::kConflict, "taken", "The name is taken.", "row 7");
  EXPECT_EQ(error.code(), ErrorCode::kConflict);
  EXPECT_EQ(error.reason(), "taken");
  EXPECT_EQ(error.message(), "The name is taken.");
  EXPECT_EQ(error.detail(), "row 7");
  EXPECT_STREQ(error.what(), "taken: The name is taken. [row 7]");
}

TEST(Error, SaysNothingInBracketsWithoutADetail) {
  EXPECT_STREQ(Error(ErrorCode::kNotFound, "gone", "It is gone.").what(), "gone: It is gone.");
}

TEST(Error, ChainsItsHintsInAThrowExpression) {
  try {
    throw Error(ErrorCode::kRateLimited, "slow", "Slow down.")
        .retry_after(std::chrono::seconds(7))
        .recovery("wait")
        .at("/items/0");
  } catch (const Error& error) {
    EXPECT_EQ(error.retry_after(), std::chrono::seconds(7));
    EXPECT_EQ(error.recovery(), "wait");
    EXPECT_EQ(error.pointer(), "/items/0");
  }
}

TEST(Error, IsRetryableOnlyWhereTheSameRequestMaySucceedLater) {
  const auto retryable = [](ErrorCode code) { return Error(code, "reason", "message").retryable(); };
  EXPECT_TRUE(retryable(ErrorCode::kRateLimited));
  EXPECT_TRUE(retryable(ErrorCode::kUpstream));
  EXPECT_TRUE(retryable(ErrorCode::kUnavailable));
  EXPECT_FALSE(retryable(ErrorCode::kInvalidArgument));
  EXPECT_FALSE(retryable(ErrorCode::kUnauthenticated));
  EXPECT_FALSE(retryable(ErrorCode::kPermissionDenied));
  EXPECT_FALSE(retryable(ErrorCode::kNotFound));
  EXPECT_FALSE(retryable(ErrorCode::kConflict));
  EXPECT_FALSE(retryable(ErrorCode::kInternal));
}

}  // namespace
}  // namespace countersign
