// One authorised account at an integration. Pure. The record never holds a secret: sealed bytes live in
// their own table and pass through the vault alone; what may be shown of them is here.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/owner.h"
#include "domain/state_machine.h"

namespace countersign::domain {

//   active ◀──settle/keep── refreshing ──reject──▶ needs_reauth ──reconnect──▶ active   (keeps the id)
//     └────refresh────────────▲
//   active │ refreshing │ needs_reauth ──revoke──▶ revoked
enum class ConnectionState { kActive, kRefreshing, kNeedsReauth, kRevoked };
inline constexpr Names<ConnectionState, 4> kConnectionStateNames{{"active", "refreshing", "needs_reauth", "revoked"}};

enum class ConnectionEvent { kRefresh, kSettle, kReject, kReconnect, kRevoke };

inline constexpr std::array<Edge<ConnectionState, ConnectionEvent>, 7> kConnectionEdges{{
    {ConnectionState::kActive, ConnectionEvent::kRefresh, ConnectionState::kRefreshing},
    {ConnectionState::kActive, ConnectionEvent::kRevoke, ConnectionState::kRevoked},
    {ConnectionState::kRefreshing, ConnectionEvent::kSettle, ConnectionState::kActive},
    {ConnectionState::kRefreshing, ConnectionEvent::kReject, ConnectionState::kNeedsReauth},
    {ConnectionState::kRefreshing, ConnectionEvent::kRevoke, ConnectionState::kRevoked},
    {ConnectionState::kNeedsReauth, ConnectionEvent::kReconnect, ConnectionState::kActive},
    {ConnectionState::kNeedsReauth, ConnectionEvent::kRevoke, ConnectionState::kRevoked},
}};
static_assert(is_final(kConnectionEdges, ConnectionState::kRevoked));

// What may be shown of one sealed field.
struct SecretTrace {
  std::string field;
  int version = 1;
  std::string fingerprint;  // keyed, so that it cannot be searched for outside
  std::string last4;        // only of secrets of twenty characters or more
};

// A secret that lives elsewhere: which of the template's fields it fills, and where it is found.
struct ProviderReference {
  std::string field;
  std::string provider;  // "env"
  std::string item;      // opaque to everybody but the provider
  friend bool operator==(const ProviderReference&, const ProviderReference&) = default;
};

struct Connection {
  ConnectionId id;
  WorkspaceId workspace;
  Owner owner;
  std::string integration;  // slug
  std::string name;         // unique per workspace, owner and integration among those not revoked
  std::string auth_template;
  ConnectionState state = ConnectionState::kActive;
  std::string identity_label;  // which account, in the person's or the provider's words
  std::string base_url;        // only where the integration leaves it to the person; bound into the seal
  std::vector<std::pair<std::string, std::string>> plain_fields;  // not secret, e.g. a user name
  std::vector<SecretTrace> secrets;
  std::vector<ProviderReference> references;  // resolved at call time, never stored; then `secrets` is empty
  HandoffId created_by;
  Instant created_at;
  Instant updated_at;
};

// A secret as the store keeps it: opaque bytes under the vault's seal.
struct SealedField {
  std::string field;
  int version = 1;
  std::string sealed;
};

}  // namespace countersign::domain
