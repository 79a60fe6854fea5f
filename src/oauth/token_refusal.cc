// What a refusal of an authorization server means for us (RFC 6749 section 5.2), and what silence means.
#include <algorithm>
#include <array>
#include <string_view>

#include "base/one_line.h"
#include "oauth/answer_body.h"
#include "oauth/retry_after.h"
#include "oauth/token_answer.h"

namespace countersign::oauth {
namespace {

using Kind = TokenRefusal::Kind;

constexpr std::size_t kLongestCode = 64;
constexpr std::size_t kLongestWords = 300;  // code points

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

// invalid_grant, and what GitHub and Slack call it in their documentation. Nothing else ends a connection.
constexpr std::array<std::string_view, 6> kGrantErrors{"invalid_grant",     "bad_verification_code",
                                                       "bad_refresh_token", "invalid_code",
                                                       "code_already_used", "invalid_refresh_token"};
// RFC 6749 section 4.1.2.1 has them for the redirect; token endpoints use them, too.
constexpr std::array<std::string_view, 5> kPassingErrors{"temporarily_unavailable", "server_error", "slow_down",
                                                         "ratelimited", "rate_limited"};

bool is_code(std::string_view text) {
  constexpr std::string_view kAlso = "._-";
  return !text.empty() && text.size() <= kLongestCode && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kAlso.find(c) != std::string_view::npos;
  });
}

Kind kind_of_error(std::string_view error) {
  if (is_one_of(error, kGrantErrors)) return Kind::kGrant;
  return is_one_of(error, kPassingErrors) ? Kind::kPassing : Kind::kConfiguration;
}

bool is_passing(int status) { return status >= 500 || status == 429 || status == 408; }

void read_words(const SecretJson& answer, TokenRefusal& refusal) {
  if (const auto error = answer.text("/error"); error && is_code(*error)) refusal.error = *error;
  if (const auto words = answer.text("/error_description")) refusal.words = cut(*words, kLongestWords);
}

}  // namespace

TokenRefusal read_refusal(const http::ClientResponse& response) {
  TokenRefusal refusal;
  refusal.status = response.status;
  refusal.retry_after = retry_after(response);
  const bool redirect = response.status >= 300 && response.status < 400;
  const auto answer = redirect ? std::nullopt : json_of(response);
  if (answer) read_words(*answer, refusal);
  if (is_passing(response.status)) {
    refusal.kind = Kind::kPassing;
    // It may have failed after it had done its work; 408 and 429 say that it did not begin.
    refusal.may_have_arrived = response.status >= 500;
    if (refusal.error.empty()) refusal.error = response.status == 429 ? "rate_limited" : "server_error";
  } else if (!refusal.error.empty()) {
    refusal.kind = kind_of_error(refusal.error);
  } else {
    refusal.kind = Kind::kMalformed;
    refusal.error = redirect ? "redirect_refused" : "bad_answer";
    refusal.may_have_arrived = response.status < 300;
  }
  return refusal;
}

TokenRefusal refusal_of(const Error& error) {
  if (error.code() != ErrorCode::kUpstream && error.code() != ErrorCode::kUnavailable) throw error;
  constexpr std::array<std::string_view, 4> kAfterSending{"upstream_timeout", "upstream_lost", "upstream_malformed",
                                                          "upstream_too_large"};
  TokenRefusal refusal;
  refusal.error = error.reason();
  refusal.retry_after = error.retry_after();
  refusal.may_have_arrived = is_one_of(error.reason(), kAfterSending);
  if (error.reason() == "upstream_malformed" || error.reason() == "upstream_too_large") {
    refusal.kind = Kind::kMalformed;
  } else if (error.reason() == "upstream_address_refused") {
    refusal.kind = Kind::kConfiguration;  // it lies in a private network: an admin can allow that
  } else {
    refusal.kind = Kind::kPassing;
  }
  return refusal;
}

}  // namespace countersign::oauth
