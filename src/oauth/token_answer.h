// Reads the answer of a token endpoint (RFC 6749 sections 5.1 and 5.2) with the differences its provider is known
// for. Pure; the answer is hostile: whatever is not exactly as it may be is refused, and nothing of it is kept.
//
// Tokens go from the body into a Secret; what the parser held of them is wiped (base/secret_json.h).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
#include "domain/oauth.h"
#include "domain/oauth_account.h"
#include "http/client.h"

namespace countersign::oauth {

struct TokenAnswer {
  Secret access_token;
  Secret refresh_token;  // empty: none came
  Secret id_token;       // empty: none came
  std::optional<std::chrono::seconds> lifetime;
  std::optional<std::vector<std::string>> scopes;  // nothing: as asked
  domain::Parameters kept;                         // OAuthSpec::keep
  std::string base_url;                            // OAuthSpec::base_url, checked against its hosts
  std::string account_id;                          // of an AccountSource kTokenAnswer
  std::string account_label;
};

struct TokenRefusal {
  enum class Kind {
    kGrant,          // invalid_grant: this code or refresh token will never work
    kConfiguration,  // invalid_client, unauthorized_client, invalid_target, …: for the admin to mend
    kPassing,        // 5xx, 429, temporarily_unavailable, no connection, time-out: later
    kMalformed,      // it answered, but not with what RFC 6749 says
  };
  Kind kind = Kind::kMalformed;
  std::string
      error;  // its code, if it is one ([A-Za-z0-9._-], 64 at most); else ours: "upstream_timeout", "bad_answer"
  std::string words;  // error_description: at most 300 characters, as they came: hostile text
  int status = 0;     // 0: no answer
  std::optional<std::chrono::seconds> retry_after;
  bool may_have_arrived = false;  // a rotation may have happened at the other side
};
using TokenResult = std::variant<TokenAnswer, TokenRefusal>;

// The scopes that `account` has after an answer that named these; none named: those it had. A refresh token is the
// proof of `offline_access` (OpenID Connect Core section 11), which many servers leave out of what they name.
std::vector<std::string> granted_by(const std::optional<std::vector<std::string>>& named,
                                    const domain::OAuthAccount& account);
// How many of `asked` were not granted.
std::size_t shortfall(const std::vector<std::string>& asked, const std::vector<std::string>& granted);

// What a body of at most 64 KiB says. Content type JSON in any of its spellings, or none said; a form-encoded answer
// is not read. Numbers: a whole `expires_in` of 1 second to ten years, or a text of one where the spec allows it.
TokenResult read_token_answer(const http::ClientResponse& response, const domain::OAuthSpec& spec);
// The same for an answer that is no success whatever it says: of PAR, revocation and registration, too.
TokenRefusal read_refusal(const http::ClientResponse& response);
// What http::Client threw, as a refusal; rethrows what is no matter of the network.
TokenRefusal refusal_of(const Error& error);

}  // namespace countersign::oauth
