// What every try to prove who one is goes through, whatever the factor: slows guessers down without keeping
// the owner out, and samples the failures that go into the audit record. Thread-safe; in memory, per program.
//
// Counted per login and address together, so that nobody else's failures keep the owner out, and per
// address, so that one cannot try one password on every login.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "crypto/key_ring.h"
#include "identity/slow_down.h"

namespace countersign::identity {

// A person who mistypes five times waits a second; a guesser is soon down to about one try in five minutes.
inline constexpr Patience kPerLogin{5, std::chrono::seconds(1), std::chrono::minutes(15), std::chrono::minutes(5)};

// What somebody who is signed in already is told.
Error wrong_password();
// Throws kRateLimited `sign_in_throttled`.
[[noreturn]] void refuse_for_now(std::chrono::milliseconds wait);

class Throttle {
 public:
  struct Keys {
    SlowDown::KeyDigest pair;
    SlowDown::KeyDigest address;
  };

  explicit Throttle(const crypto::KeyRing& keys);

  Keys keys_of(WorkspaceId workspace, std::string_view login, std::string_view address) const;
  // The try is counted before its outcome is known. Throws kRateLimited with the wait.
  void begin(const Keys& keys, SteadyInstant now);
  // A full queue or a store that is away: it was no guess.
  void never_looked_at(const Keys& keys);
  void succeeded(const Keys& keys);

  // For the record of a failure: digests, because what was typed as a login may be a password that went into
  // the wrong field.
  std::string login_digest(WorkspaceId workspace, std::string_view login) const;
  std::string address_digest(std::string_view address) const;
  // How many were not recorded before this one, or nothing: do not record this one either.
  std::optional<std::uint64_t> let_failure_through(SteadyInstant now) { return failures_.let_through(now); }

 private:
  const crypto::Key digest_key_;
  SlowDown pairs_;
  SlowDown addresses_;
  Sampler failures_;
};

}  // namespace countersign::identity
