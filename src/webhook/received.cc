#include "webhook/received.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/encoding.h"
#include "crypto/mac.h"

namespace countersign::webhook {
namespace {

using domain::WebhookScheme;
using domain::WebhookSpec;

constexpr std::size_t kLongestId = 200;
constexpr std::size_t kLongestTime = 12;  // digits
constexpr std::size_t kLongestSignature = 4096;

bool is_visible(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// The parts are joined by dots before they are signed: one inside an id could be taken for the end of it.
bool is_signed_id(std::string_view id) {
  return id.size() <= kLongestId && is_visible(id) && id.find('.') == std::string_view::npos;
}

std::optional<Instant> parse_time(std::string_view text) {
  if (text.empty() || text.size() > kLongestTime) return std::nullopt;
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return Instant(std::chrono::seconds(seconds));
}

std::optional<Received> read_standard(const http::Request& request) {
  const auto id = request.header("webhook-id");
  const auto timestamp = request.header("webhook-timestamp");
  const auto signature = request.header("webhook-signature");
  if (!id || !timestamp || !signature || !is_signed_id(*id) || signature->size() > kLongestSignature) {
    return std::nullopt;
  }
  const auto sent_at = parse_time(*timestamp);
  if (!sent_at) return std::nullopt;
  return Received{{*id, *timestamp, *signature, view(request.body)}, *sent_at};
}

std::optional<Received> read_body_hmac(const WebhookSpec& spec, const http::Request& request) {
  const auto signature = request.header(spec.signature_header);
  if (!signature || signature->empty() || signature->size() > kLongestSignature) return std::nullopt;
  Received received{{{}, {}, *signature, view(request.body)}, {}};
  if (spec.id_header.empty()) return received;
  const auto id = request.header(spec.id_header);
  if (!id || id->size() > kLongestId || !is_visible(*id)) return std::nullopt;
  received.signed_parts.id = *id;
  return received;
}

}  // namespace

std::optional<Received> read_delivery(const WebhookSpec& spec, const http::Request& request) {
  return spec.scheme == WebhookScheme::kStandard ? read_standard(request) : read_body_hmac(spec, request);
}

bool is_in_time(const WebhookSpec& spec, const Received& received, Instant now) {
  if (spec.scheme != WebhookScheme::kStandard) return true;
  return received.sent_at >= now - domain::kDeliveryWithin && received.sent_at <= now + domain::kDeliveryWithin;
}

// By what is signed alone: an id that is not could be changed by whoever has caught a delivery.
std::string delivery_key(const WebhookSpec& spec, const Received& received) {
  if (spec.scheme == WebhookScheme::kStandard) return "id " + std::string(received.signed_parts.id);
  return "body " + hex(crypto::sha256(received.signed_parts.body));
}

}  // namespace countersign::webhook
