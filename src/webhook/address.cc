#include "webhook/address.h"

#include "base/encoding.h"
#include "crypto/mac.h"

namespace countersign::webhook {
namespace {

constexpr std::string_view kUse = "webhook address 1";
constexpr std::size_t kIdDigits = 13;

crypto::Mac mac_of(const crypto::KeyRing& keys, std::string_view digits) {
  return crypto::mac(keys.key(crypto::KeyPurpose::kLink), {kUse, digits});
}

}  // namespace

std::string address_token(const crypto::KeyRing& keys, ConnectionId id) {
  const std::string digits = id.text().substr(ConnectionTag::kPrefix.size() + 1);
  return digits + "." + base64url(mac_of(keys, digits));
}

std::optional<ConnectionId> verify_address_token(const crypto::KeyRing& keys, std::string_view text) {
  const std::string_view digits = text.substr(0, kIdDigits);
  const auto id = ConnectionId::parse(std::string(ConnectionTag::kPrefix) + "_" + std::string(digits));
  if (!id || text.size() <= kIdDigits || text[kIdDigits] != '.') return std::nullopt;
  const auto mac = parse_base64url(text.substr(kIdDigits + 1));
  if (!mac || !crypto::equal(*mac, mac_of(keys, digits))) return std::nullopt;
  return id;
}

}  // namespace countersign::webhook
