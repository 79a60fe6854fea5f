// What the files of Connect share: a flow with everything it rests on, and the words of its errors. Used by this
// folder only.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "crypto/key_ring.h"
#include "domain/integration.h"
#include "oauth/connect.h"

namespace countersign::oauth {

// Longer than everything that is asked of a provider between the claim and its end.
inline constexpr std::chrono::seconds kClaimLease{120};

inline constexpr std::size_t kLongestWords = 300;  // characters of a provider's words that are kept
inline constexpr std::size_t kLongestLabel = 120;  // characters of an account's name

struct Connect::Step {
  domain::Handoff handoff;
  domain::OAuthFlow flow;
  domain::OAuthClient client;
  catalog::IntegrationPtr integration;
  const domain::AuthTemplate* form = nullptr;  // of `integration`
  domain::OAuthSpec spec;
};

struct Connect::Typed {
  domain::Parameters plain_fields;  // with those of the client, and with the base URL
  std::vector<handoff::FieldProblem> problems;
};

// Tokens that came, and what belongs to them.
struct Connect::Grant {
  const TokenAnswer& tokens;
  const Secret& nonce;              // empty: none was sent
  domain::Parameters plain_fields;  // of the client, typed, and kept from the callback
};

struct Connect::Arrival {
  domain::Handoff handoff;
  domain::OAuthFlow flow;
};

// Bounded; forgets everything when full.
class Connect::Strangers {
 public:
  // True for the first time.
  bool note(HandoffId handoff) {
    const std::lock_guard lock(mutex_);
    if (noted_.size() >= kMost) noted_.clear();
    return noted_.insert(handoff).second;
  }

 private:
  static constexpr std::size_t kMost = 10'000;
  std::mutex mutex_;
  std::set<HandoffId> noted_;
};

// The fields that are asked for when somebody connects: those that the client does not say.
std::vector<const domain::Field*> fields_to_ask(const domain::Integration& integration,
                                                const domain::AuthTemplate& form, const domain::OAuthClient& client);
// What is sent as `resource`, and repeated with every refresh; empty: nothing.
std::string resource_of(const domain::OAuthClient& client, const domain::OAuthSpec& spec);
// The pair of endpoints has no name of its own where there is no issuer.
const std::string& issuer_of(const domain::OAuthServer& server);

// `state` on the wire: "01jd8w3m5k2va.", and base64url of 128 random bits (facts A3) and a MAC of half its usual size
// over both. A made-up one is told from one that was used, without a look at the store.
std::string new_state(const crypto::KeyRing& keys, HandoffId handoff, Random& random);
// Nothing for a text that new_state() has not written.
std::optional<HandoffId> verify_state(const crypto::KeyRing& keys, std::string_view state);
// What later calls need of the callback's query; nothing that is not one word of visible characters.
domain::Parameters kept_of(const std::vector<domain::KeptValue>& wanted,
                           const std::map<std::string, std::string, std::less<>>& query);

// Keyed hashes as they are stored, hex.
std::string state_hash(const crypto::KeyRing& keys, std::string_view state);
std::string browser_hash(const crypto::KeyRing& keys, const Secret& proof);

// 32 random bytes, base64url.
Secret random_words(Random& random);

// Of a flow: PKCE verifier and nonce in one sealed text, bound to the handoff.
struct FlowSecrets {
  Secret verifier;
  Secret nonce;  // empty: none was sent
};
std::string sealed(const vault::ObjectSeal& seals, const domain::OAuthFlow& flow, const FlowSecrets& secrets);
FlowSecrets unsealed(const vault::ObjectSeal& seals, const domain::OAuthFlow& flow);

}  // namespace countersign::oauth
