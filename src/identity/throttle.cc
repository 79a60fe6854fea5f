#include "identity/throttle.h"

#include <cstring>
#include <span>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/mac.h"
#include "identity/login_name.h"

namespace countersign::identity {
namespace {

// An office behind one address makes many honest mistakes.
constexpr Patience kPerAddress{30, std::chrono::seconds(1), std::chrono::minutes(5), std::chrono::seconds(20)};
// Failures that are told one by one: sixty, then one a second.
constexpr int kFailureBurst = 60;
constexpr std::chrono::seconds kFailureRefill{1};

crypto::Mac mac_of_login(const crypto::Key& key, WorkspaceId workspace, std::string_view login) {
  return crypto::mac(key, {"login", workspace.text(), login});
}

crypto::Mac mac_of_address(const crypto::Key& key, std::string_view address) {
  return crypto::mac(key, {"address", address_scope(address)});
}

SlowDown::KeyDigest first_bytes(const crypto::Mac& mac) {
  SlowDown::KeyDigest digest = 0;
  std::memcpy(&digest, mac.data(), sizeof digest);
  return digest;
}

std::string short_hex(const crypto::Mac& mac) { return hex(std::span(mac).first(8)); }

}  // namespace

Error wrong_password() { return {ErrorCode::kPermissionDenied, "wrong_password", "The password is wrong."}; }

void refuse_for_now(std::chrono::milliseconds wait) {
  throw Error(ErrorCode::kRateLimited, "sign_in_throttled", "Too many failed tries. Wait a moment and try again.")
      .retry_after(std::chrono::ceil<std::chrono::seconds>(wait));
}

Throttle::Throttle(const crypto::KeyRing& keys)
    : digest_key_(keys.key(crypto::KeyPurpose::kFingerprint).derive("identity", "failed sign-in")),
      pairs_(kPerLogin),
      addresses_(kPerAddress),
      failures_(kFailureBurst, kFailureRefill) {}

Throttle::Keys Throttle::keys_of(WorkspaceId workspace, std::string_view login, std::string_view address) const {
  const crypto::Mac of_address = mac_of_address(digest_key_, address);
  const crypto::Mac both =
      crypto::mac(digest_key_, {"pair", as_text(mac_of_login(digest_key_, workspace, login)), as_text(of_address)});
  return {first_bytes(both), first_bytes(of_address)};
}

void Throttle::begin(const Keys& keys, SteadyInstant now) {
  auto wait = pairs_.try_begin(keys.pair, now);
  if (wait <= wait.zero()) {
    wait = addresses_.try_begin(keys.address, now);
    if (wait <= wait.zero()) return;
    pairs_.take_back(keys.pair);
  }
  failures_.held_back();
  refuse_for_now(wait);
}

void Throttle::never_looked_at(const Keys& keys) {
  pairs_.take_back(keys.pair);
  addresses_.take_back(keys.address);
}

void Throttle::succeeded(const Keys& keys) {
  pairs_.forget(keys.pair);
  addresses_.take_back(keys.address);
}

std::string Throttle::login_digest(WorkspaceId workspace, std::string_view login) const {
  return short_hex(mac_of_login(digest_key_, workspace, login));
}

std::string Throttle::address_digest(std::string_view address) const {
  return short_hex(mac_of_address(digest_key_, address));
}

}  // namespace countersign::identity
