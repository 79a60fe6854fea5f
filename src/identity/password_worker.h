// Argon2id on its own thread behind a short queue: one hash takes tens of milliseconds and 64 MiB, so a
// flood of sign-ins must not take the workers with it (abuse case 107). Thread-safe; calls block, and none
// may be under way when this is destroyed.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "crypto/password.h"

namespace countersign::identity {

class PasswordWorker {
 public:
  PasswordWorker(crypto::PasswordCost cost, std::size_t queue_limit = 16);
  ~PasswordWorker();

  // Both throw kRateLimited, reason `sign_in_busy`, when the queue is full.
  std::string hash(const Secret& password);
  // False for a wrong password. An empty hash costs the same time as a real one and is always wrong.
  bool verify(std::string_view hash, const Secret& password);
  // Made with other parameters than today's: hash again while the password is at hand. Cheap.
  bool outdated(const std::string& hash) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace countersign::identity
