// How a delivery is signed, inbound and outbound: Standard Webhooks (id.timestamp.body, base64), or an HMAC of the body
// alone in hex. Here, because it looks into the signing secret. Pure; thread-safe; comparisons take constant time.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "domain/webhook.h"

namespace countersign::vault {

struct Signed {
  std::string_view id;         // kStandard: of webhook-id
  std::string_view timestamp;  // kStandard: seconds since 1970, as they were sent
  std::string_view signature;  // the header's value; may hold several
  std::string_view body;
};
// True when one of the signatures is right. A secret that is none of the scheme's signs nothing.
bool signature_holds(const domain::WebhookSpec& spec, const Secret& secret, const Signed& delivery);
// The header's value for a delivery of ours, `signature` is not looked at. Throws kInvalidArgument
// `bad_signing_secret`.
std::string signature_of(const domain::WebhookSpec& spec, const Secret& secret, const Signed& delivery);

// Random and as the scheme writes them, of letters, digits and '_' alone: "whsec_…" in base64, or hex. Its last bytes
// are a MAC of the others, so that it is known again: what a person typed is never shown, what we made is.
Secret new_signing_secret(const domain::WebhookSpec& spec, const crypto::Key& key, Random& random);
bool is_made_here(const domain::WebhookSpec& spec, const crypto::Key& key, const Secret& secret);
// What is wrong with one that a person typed, in words that never repeat it; empty when nothing is.
std::string problem_with_signing_secret(const domain::WebhookSpec& spec, const Secret& secret);

}  // namespace countersign::vault
