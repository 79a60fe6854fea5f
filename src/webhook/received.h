// A delivery as it came in: what of its head the scheme needs. Used by this folder only. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "domain/webhook.h"
#include "http/message.h"
#include "vault/webhook_signature.h"

namespace countersign::webhook {

// Views into the request.
struct Received {
  vault::Signed signed_parts;
  Instant sent_at;  // kStandard
};
// Nothing when a header is missing, stands there twice, or is not what it has to be. Says nothing about the signature.
std::optional<Received> read_delivery(const domain::WebhookSpec& spec, const http::Request& request);

// Whether its time is near enough to ours; of a scheme without a time, always.
bool is_in_time(const domain::WebhookSpec& spec, const Received& received, Instant now);
// What makes another one a repetition of it: its id where that is signed, else the body (not how the signature was
// written: that has more than one way).
std::string delivery_key(const domain::WebhookSpec& spec, const Received& received);

}  // namespace countersign::webhook
