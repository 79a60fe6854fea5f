// An ID token as OpenID Connect Core section 3.1.3.7 wants it checked: signature by the provider's own key, `iss`,
// `aud`, `azp`, `exp`, `iat`, `nonce`. Keys are remembered for an hour and asked for again at most once a minute,
// however many unknown `kid` come. Thread-safe; blocks on the network.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"
#include "domain/oauth.h"
#include "http/client.h"
#include "oauth/key_sets.h"
#include "oauth/server_calls.h"

namespace countersign::oauth {

struct IdTokenExpectation {
  std::string_view issuer;
  std::string_view client_id;
  std::string_view nonce;  // empty: none was sent
};

class IdTokens {
 public:
  IdTokens(http::Client& client, const Clock& clock) : keys_(client, clock), clock_(clock) {}

  // `sub`, and the label by `source.label` (pointers into the claims). Throws kUpstream `bad_id_token`; which rule it
  // broke is in the detail. http::Client's errors for the keys pass through.
  Account check(const Secret& id_token, const domain::OAuthServer& server, const domain::AccountSource& source,
                const IdTokenExpectation& expected) const;

 private:
  std::string verified_claims(const Secret& id_token, const std::string& jwks_uri) const;

  const KeySets keys_;
  const Clock& clock_;
};

}  // namespace countersign::oauth
