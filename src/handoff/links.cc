#include "handoff/links.h"

#include "base/encoding.h"
#include "crypto/mac.h"

namespace countersign::handoff {
namespace {

constexpr std::string_view kLinkUse = "handoff link 1";
constexpr std::string_view kSessionUse = "auth session 1";
constexpr std::string_view kSessionPrefix = "as_";
constexpr std::size_t kIdDigits = 13;

crypto::Mac mac_of(const crypto::KeyRing& keys, std::string_view use, std::string_view digits) {
  return crypto::mac(keys.key(crypto::KeyPurpose::kLink), {use, digits});
}

std::string signed_digits(const crypto::KeyRing& keys, std::string_view use, HandoffId id) {
  const std::string digits = digits_of(id);
  return digits + "." + base64url(mac_of(keys, use, digits));
}

std::optional<HandoffId> verify(const crypto::KeyRing& keys, std::string_view use, std::string_view text) {
  const std::string_view digits = text.substr(0, kIdDigits);
  const auto id = HandoffId::parse(std::string(HandoffTag::kPrefix) + "_" + std::string(digits));
  if (!id || text.size() <= kIdDigits || text[kIdDigits] != '.') return std::nullopt;
  const auto mac = parse_base64url(text.substr(kIdDigits + 1));
  if (!mac || !crypto::equal(*mac, mac_of(keys, use, digits))) return std::nullopt;
  return id;
}

}  // namespace

std::string digits_of(HandoffId id) { return id.text().substr(HandoffTag::kPrefix.size() + 1); }

std::string link_token(const crypto::KeyRing& keys, HandoffId id) { return signed_digits(keys, kLinkUse, id); }

std::optional<HandoffId> verify_link_token(const crypto::KeyRing& keys, std::string_view text) {
  return verify(keys, kLinkUse, text);
}

std::string session_request_id(const crypto::KeyRing& keys, HandoffId id) {
  return std::string(kSessionPrefix) + signed_digits(keys, kSessionUse, id);
}

std::optional<HandoffId> verify_session_request_id(const crypto::KeyRing& keys, std::string_view text) {
  if (!text.starts_with(kSessionPrefix)) return std::nullopt;
  return verify(keys, kSessionUse, text.substr(kSessionPrefix.size()));
}

}  // namespace countersign::handoff
