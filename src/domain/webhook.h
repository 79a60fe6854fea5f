// Deliveries that a provider sends to a webhook connection's inbound address. Pure. Bodies are hostile text.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/state_machine.h"

namespace countersign::domain {

// How a delivery is signed.
enum class WebhookScheme {
  kStandard,  // Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature over "id.timestamp.body"
  kBodyHmac,  // hex HMAC-SHA256 of the body alone in one header, as X-Hub-Signature-256; nothing says when
};
inline constexpr Names<WebhookScheme, 2> kWebhookSchemeNames{{"standard_webhooks", "body_hmac"}};

struct WebhookSpec {
  WebhookScheme scheme = WebhookScheme::kStandard;
  std::string signature_header;  // kBodyHmac: "x-hub-signature-256"
  std::string signature_prefix;  // kBodyHmac: "sha256="
  std::string id_header;         // kBodyHmac: each delivery has it ("x-github-delivery"); not signed: it proves nothing
  std::string help_url;          // where the address is entered
  friend bool operator==(const WebhookSpec&, const WebhookSpec&) = default;
};

enum class DeliveryVerdict { kAccepted, kRepeated, kBadSignature, kStale, kMalformed };
inline constexpr Names<DeliveryVerdict, 5> kDeliveryVerdictNames{
    {"accepted", "repeated", "bad_signature", "stale", "malformed"}};

struct WebhookDelivery {
  DeliveryId id;
  WorkspaceId workspace;
  ConnectionId connection;
  std::string delivery_key;  // what makes a repeat one; empty for what was refused
  DeliveryVerdict verdict = DeliveryVerdict::kAccepted;
  std::string content_type;
  std::string body;      // the first kDeliveryKept bytes
  std::size_t size = 0;  // of the whole
  Instant received_at;
};

// The one field of a webhook's template.
inline constexpr std::string_view kSigningSecret = "signing_secret";

inline constexpr std::size_t kDeliveriesKept = 50;         // per connection
inline constexpr std::size_t kDeliveryKept = 4 * 1024;     // bytes of a body
inline constexpr std::chrono::minutes kDeliveryWithin{5};  // Standard Webhooks: older or newer is refused

}  // namespace countersign::domain
