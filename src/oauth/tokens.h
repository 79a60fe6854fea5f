// Tokens that stay fresh: the way to every connection's credential.
//
// One refresh at a time for a connection, across threads (they wait for the one that asks) and processes (a fenced
// lease in the store): claim ▸ ask ▸ settle. The new tokens are stored before anybody gets them and before the old
// ones go. A refresh whose process died is tried once more when its lease is over; then the account works or is
// `needs_reauth` with the cause. What fails for a while keeps what still works. Thread-safe; blocks on the network.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "domain/oauth_account.h"
#include "oauth/clients.h"
#include "vault/vault.h"

namespace countersign::oauth {

class Flights;
class Refreshes;
struct Standing;
enum class Urgency;

enum class Force { kWhenDue, kNow };

struct RefreshResult {
  enum class Outcome { kFresh, kRefreshed, kPutOff, kNeedsReauth };
  Outcome outcome = Outcome::kFresh;
  std::string problem;  // for the last two
};

class Tokens {
 public:
  // `pause` waits for another process's refresh; tests give one that moves the fake clock.
  Tokens(const Parts& parts, const Clients& clients, const ServerCalls& calls,
         std::function<void(std::chrono::milliseconds)> pause);
  ~Tokens();

  // The credential's fields, fresh enough to be sent; of any connection: one without OAuth is opened as it is.
  // Recorded before a byte is decrypted (vault.h). Throws also kConflict `reauth_required` (recovery `oauth.start`),
  // kUnavailable `refresh_failed` with the wait: expired, and the provider cannot be asked right now.
  vault::Fields fresh(const domain::Actor& actor, WorkspaceId workspace, ConnectionId connection,
                      std::string_view purpose) const;
  // kNow: as after a 401 of the API, or when a person asks for it; not more often than every 30 s, and not before the
  // wait after a failure is over. What cannot be renewed and still works is kFresh. Throws as Vault::open does for a
  // connection that is unknown or removed.
  RefreshResult refresh(WorkspaceId workspace, ConnectionId connection, Force force) const;

  // What OAuth knows of a connection; nothing for one that did not come by it.
  std::optional<domain::OAuthAccount> account(WorkspaceId workspace, ConnectionId connection) const;

  // For jobs: tokens that end soon are renewed before anybody waits for them, spread by jitter; what a dead process
  // left in `refreshing` is taken up. One bad account does not keep the others waiting: what it throws comes last.
  void refresh_due(WorkspaceId workspace) const;

  // Refreshes asked of providers since the start, by outcome: for metrics.
  struct Counts {
    std::uint64_t refreshed = 0;
    std::uint64_t put_off = 0;
    std::uint64_t rejected = 0;
  };
  Counts counts() const;

 private:
  // False: it is not one of OAuth.
  bool make_fresh(WorkspaceId workspace, ConnectionId connection) const;
  RefreshResult run(WorkspaceId workspace, ConnectionId connection, Urgency urgency) const;
  RefreshResult lead(WorkspaceId workspace, ConnectionId connection, Urgency urgency) const;
  Standing look(WorkspaceId workspace, ConnectionId connection) const;
  // False: it is still at it.
  bool wait_for_another(const Standing& seen) const;
  Instant due_horizon() const;

  const Parts parts_;
  const std::function<void(std::chrono::milliseconds)> pause_;
  const std::unique_ptr<Flights> flights_;
  const std::unique_ptr<Refreshes> refreshes_;
};

// Why a person has to connect again, in words for them: the end of a sentence.
std::string reauth_cause(std::string_view problem);

inline constexpr std::chrono::seconds kRefreshLease{60};  // longer than any refresh can take

}  // namespace countersign::oauth
