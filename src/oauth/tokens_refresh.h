// One refresh: claim ▸ ask ▸ settle. The claim is a fenced lease, recorded as the opening of the tokens it is for;
// what the provider answers is settled with that fence alone. No network inside a transaction. Used by tokens.cc
// alone. Thread-safe; blocks on the network.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "oauth/tokens.h"
#include "oauth/tokens_breaker.h"
#include "oauth/tokens_rules.h"

namespace countersign::oauth {

class Refreshes {
 public:
  Refreshes(const Parts& parts, const Clients& clients, const ServerCalls& calls,
            std::function<void(std::chrono::milliseconds)> pause);

  // Nothing: the connection has changed since it was looked at, or while the provider was asked; look again.
  std::optional<RefreshResult> attempt(const Standing& standing);
  Tokens::Counts counts() const;

 private:
  struct Claim;
  using Outcome = RefreshResult::Outcome;

  std::optional<Claim> claim(const Standing& standing) const;
  TokenResult ask(const Claim& claim, vault::Fields& opened);
  TokenResult call(const Target& target, const Claim& claim, const vault::Fields& opened);
  void note(const std::string& host, const TokenRefusal* refusal);
  std::optional<RefreshResult> keep(const Claim& claim, vault::Fields opened, TokenAnswer answer, Instant asked_at);
  bool store_kept(const std::function<bool(store::Transaction&)>& rotate) const;
  void discard(const Claim& claim, const vault::Fields& tokens) const;
  std::optional<RefreshResult> refused(const Claim& claim, const TokenRefusal& refusal);
  std::optional<RefreshResult> put_off(const Claim& claim, const TokenRefusal& refusal);
  std::optional<RefreshResult> reject(const Claim& claim, std::string_view problem, std::string_view words);

  const Parts parts_;
  const Clients& clients_;
  const ServerCalls& calls_;
  const std::function<void(std::chrono::milliseconds)> pause_;
  Breaker breaker_;
  std::atomic<std::uint64_t> refreshed_{0};
  std::atomic<std::uint64_t> put_off_{0};
  std::atomic<std::uint64_t> rejected_{0};
};

}  // namespace countersign::oauth
