#include "vault/webhook_signature.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/encoding.h"
#include "base/error.h"
#include "base/secret_text.h"
#include "base/wipe.h"
#include "crypto/mac.h"

namespace countersign::vault {
namespace {

using domain::WebhookScheme;
using domain::WebhookSpec;

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::string_view kVersionPrefix = "v1,";
constexpr std::size_t kShortestKey = 24;  // bytes, by the specification
// Of a secret of ours: what is random in it, and the mark by which it is known again.
constexpr std::size_t kRandomPart = 24;
constexpr std::size_t kMark = 9;
using Made = std::array<std::byte, kRandomPart + kMark>;

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// RFC 4648 section 4, the padding left out or complete.
std::optional<WipingBuffer> parse_base64(std::string_view text) {
  if (text.size() % 4 == 0 && text.ends_with('=')) text.remove_suffix(text.ends_with("==") ? 2 : 1);
  if (text.size() % 4 == 1) return std::nullopt;
  WipingBuffer bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if ((held += 6) < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>(bits >> held & 0xff));
  }
  return bytes;
}

// Nothing when the secret is none of Standard Webhooks.
std::optional<WipingBuffer> standard_key(const Secret& secret) {
  std::string_view text = secret.reveal();
  if (text.starts_with(kSecretPrefix)) text.remove_prefix(kSecretPrefix.size());
  auto key = parse_base64(text);
  if (key && key->size() < kShortestKey) return std::nullopt;
  return key;
}

// The one right signature without its prefix; nothing for a secret of another kind.
std::optional<std::string> bare_signature(const WebhookSpec& spec, const Secret& secret, const Signed& delivery) {
  if (spec.scheme == WebhookScheme::kBodyHmac) {
    if (secret.empty()) return std::nullopt;
    return hex(crypto::hmac_sha256(secret.reveal(), {delivery.body}));
  }
  const auto key = standard_key(secret);
  if (!key) return std::nullopt;
  const auto mac = crypto::hmac_sha256(view(*key), {delivery.id, ".", delivery.timestamp, ".", delivery.body});
  return std::string(base64(as_text(mac)).reveal());
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

// `one` is right when it is the prefix and the signature; hex may be in either case.
bool is_right(const WebhookSpec& spec, std::string_view right, std::string_view one) {
  const bool standard = spec.scheme == WebhookScheme::kStandard;
  const std::string_view prefix = standard ? kVersionPrefix : std::string_view(spec.signature_prefix);
  if (!one.starts_with(prefix)) return false;
  const std::string rest = standard ? std::string(one.substr(prefix.size())) : lower(one.substr(prefix.size()));
  return crypto::equal(as_bytes(rest), as_bytes(right));
}

crypto::Mac mark_of(const crypto::Key& key, std::span<const std::byte> random_part) {
  return crypto::mac(key, {"signing secret 1", as_text(random_part)});
}

Secret new_standard_secret(const Made& bytes) {
  const Secret digits = base64(as_text(bytes));
  WipingBuffer whole;
  whole.reserve(kSecretPrefix.size() + digits.size());
  append(whole, kSecretPrefix);
  append(whole, digits.reveal());
  return Secret::copy_of(view(whole));
}

// '+' and '/' are drawn again, so that a secret can be shown, copied and selected as one word. That costs two of its
// 192 bits, and four draws.
bool is_one_word(const Secret& secret) { return secret.reveal().find_first_of("+/") == std::string_view::npos; }

std::optional<WipingBuffer> parse_hex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (text.size() % 2 != 0 || text.find_first_not_of(kDigits) != std::string_view::npos) return std::nullopt;
  WipingBuffer bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes.push_back(static_cast<char>(kDigits.find(text[i]) << 4 | kDigits.find(text[i + 1])));
  }
  return bytes;
}

}  // namespace

bool signature_holds(const WebhookSpec& spec, const Secret& secret, const Signed& delivery) {
  const auto right = bare_signature(spec, secret, delivery);
  if (!right) return false;
  // Several while a secret is being exchanged, or in several versions of a scheme.
  const char between = spec.scheme == WebhookScheme::kStandard ? ' ' : ',';
  bool holds = false;
  for (std::string_view rest = delivery.signature; !rest.empty();) {
    const std::size_t end = std::min(rest.find(between), rest.size());
    holds |= is_right(spec, *right, rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return holds;
}

std::string signature_of(const WebhookSpec& spec, const Secret& secret, const Signed& delivery) {
  const auto right = bare_signature(spec, secret, delivery);
  if (!right) {
    throw Error(ErrorCode::kInvalidArgument, "bad_signing_secret", "The signing secret is none of this kind.");
  }
  return (spec.scheme == WebhookScheme::kStandard ? std::string(kVersionPrefix) : spec.signature_prefix) + *right;
}

Secret new_signing_secret(const WebhookSpec& spec, const crypto::Key& key, Random& random) {
  for (;;) {
    Made bytes{};
    const auto random_part = std::span(bytes).first<kRandomPart>();
    random.fill(random_part);
    const crypto::Mac mark = mark_of(key, random_part);
    std::copy_n(mark.begin(), kMark, bytes.begin() + kRandomPart);
    Secret secret = spec.scheme == WebhookScheme::kStandard ? new_standard_secret(bytes) : Secret(hex(bytes));
    base::wipe(bytes.data(), bytes.size());
    if (is_one_word(secret)) return secret;
  }
}

bool is_made_here(const WebhookSpec& spec, const crypto::Key& key, const Secret& secret) {
  const auto bytes = spec.scheme == WebhookScheme::kStandard ? standard_key(secret) : parse_hex(secret.reveal());
  if (!bytes || bytes->size() != kRandomPart + kMark || !is_one_word(secret)) return false;
  const auto all = as_bytes(view(*bytes));
  const crypto::Mac mark = mark_of(key, all.first(kRandomPart));
  return crypto::equal(all.subspan(kRandomPart), std::span(mark).first(kMark));
}

std::string problem_with_signing_secret(const WebhookSpec& spec, const Secret& secret) {
  if (spec.scheme == WebhookScheme::kBodyHmac || standard_key(secret)) return {};
  return "That is no signing secret of Standard Webhooks: whsec_ and then at least 24 bytes in base64";
}

}  // namespace countersign::vault
