// Why connecting or renewing did not work: everything that can be stored as a reason has words of its own.
#include "web/connect_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace countersign::web {
namespace {

// Those words would put our own reason into the provider's mouth.
TEST(ProblemWordsOf, OurOwnReasonsAreNeverCalledAnErrorOfTheProviders) {
  for (const char* problem :
       {// of the callback and of settling
        "no_code", "issuer_mismatch", "wrong_account", "account_unknown", "other_server", "left_behind",
        "client_removed", "integration_changed", "connection_revoked", "bad_id_token", "account_mismatch",
        "unknown_error", "storage_unavailable", "name_taken", "seal_broken",
        // of an answer that is none
        "bad_answer", "redirect_refused", "bad_token", "missing_token_type", "unknown_token_type", "bad_expires_in",
        "bad_scope", "bad_kept_value", "bad_base_url",
        // of the way there
        "upstream_timeout", "upstream_lost", "upstream_malformed", "upstream_too_large", "upstream_unreachable",
        "upstream_tls", "upstream_address_refused", "outbound_busy", "rate_limited", "server_error",
        // of renewing
        "provider_paused", "no_refresh_token"}) {
    const ProblemWords words = problem_words(problem, "Acme");
    EXPECT_THAT(words.what_happened, ::testing::StartsWith("Acme")) << problem;
    EXPECT_THAT(words.what_happened, ::testing::EndsWith(".")) << problem;
    EXPECT_THAT(words.what_happened, ::testing::Not(::testing::HasSubstr("answered with the error"))) << problem;
    EXPECT_THAT(words.what_happened, ::testing::Not(::testing::HasSubstr("_"))) << problem;
    EXPECT_FALSE(words.what_to_do.empty()) << problem;
  }
}

TEST(ProblemWordsOf, AnErrorThatNobodyHereKnowsIsNamedAsItCame) {
  EXPECT_EQ(problem_words("E-4711", "Acme").what_happened, "Acme answered with the error “E-4711”.");
}

}  // namespace
}  // namespace countersign::web
