// A step given to a human by a one-time link. Pure: records and rules, no clock, no I/O.
//
// The stored state never says "expired" by itself: state_at() derives it from the deadline, so no job has
// to run for it to be true. `completing` is the claim of "claim, call, settle": a handoff in it is out of
// reach of cancel and expiry until it settles.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/connection.h"
#include "domain/owner.h"
#include "domain/state_machine.h"

namespace countersign::domain {

//   pending ──open──▶ opened ──claim──▶ completing ──complete──▶ completed
//      │                │  ▲                │ └────────fail────▶ failed
//      │                │  └─────retry──────┘
//      └──decline │ cancel │ expire │ lock──▶ declined │ cancelled │ expired │ locked   (also from opened)
enum class HandoffState {
  kPending,     // minted; nobody has acted on the link
  kOpened,      // the right person has pressed Continue
  kCompleting,  // claimed; settles soon
  kCompleted,
  kFailed,
  kDeclined,   // the person said no
  kCancelled,  // the agent withdrew it, or its grant was revoked
  kExpired,    // nobody answered in time: not a denial
  kLocked,     // too many wrong codes
};
inline constexpr Names<HandoffState, 9> kHandoffStateNames{
    {"pending", "opened", "completing", "completed", "failed", "declined", "cancelled", "expired", "locked"}};

enum class HandoffEvent { kOpen, kClaim, kComplete, kFail, kRetry, kDecline, kCancel, kExpire, kLock };

using enum HandoffState;
using enum HandoffEvent;
inline constexpr std::array<Edge<HandoffState, HandoffEvent>, 13> kHandoffEdges{{
    {kPending, kOpen, kOpened},
    {kPending, kDecline, kDeclined},
    {kPending, kCancel, kCancelled},
    {kPending, kExpire, kExpired},
    {kPending, kLock, kLocked},
    {kOpened, kClaim, kCompleting},
    {kOpened, kDecline, kDeclined},
    {kOpened, kCancel, kCancelled},
    {kOpened, kExpire, kExpired},
    {kOpened, kLock, kLocked},
    {kCompleting, kComplete, kCompleted},
    {kCompleting, kFail, kFailed},
    {kCompleting, kRetry, kOpened},
}};
static_assert(is_final(kHandoffEdges, kCompleted) && is_final(kHandoffEdges, kFailed));
static_assert(is_final(kHandoffEdges, kDeclined) && is_final(kHandoffEdges, kCancelled));
static_assert(is_final(kHandoffEdges, kExpired) && is_final(kHandoffEdges, kLocked));

enum class HandoffKind {
  kLogin,        // log an agent in: ends with a grant (domain/login.h)
  kSecretForm,   // type a credential into our form; ends with a connection
  kConfirm,      // say yes to one change an agent asked for
  kOAuth,        // consent at the provider; ends with a connection (domain/oauth_flow.h)
  kOAuthClient,  // set up, register or remove our registration at a provider (domain/oauth_client.h)
};
inline constexpr Names<HandoffKind, 5> kHandoffKindNames{{"login", "secret_form", "confirm", "oauth", "oauth_client"}};

// What a kConfirm handoff does when the person says yes.
enum class ConfirmAction { kNone, kRemoveConnection, kCreateConnection, kReplaceConnection };
inline constexpr Names<ConfirmAction, 4> kConfirmActionNames{
    {"", "connections.remove", "connections.create", "connections.replace"}};

// The connection that a kCreateConnection or kReplaceConnection would make. References alone, no secret.
struct Proposal {
  std::string name;
  std::string identity_label;  // the agent's words
  std::vector<ProviderReference> references;
};

struct Handoff {
  HandoffId id;
  WorkspaceId workspace;
  HandoffKind kind = HandoffKind::kSecretForm;
  HandoffState state = HandoffState::kPending;
  AgentId agent;              // who asked; none for a kLogin (nobody is known yet) and for a person's own wish
  Owner owner;                // whose the connection is or becomes
  PersonId subject;           // who may open it; none: any admin (kLogin: anybody), until one claims it
  std::string integration;    // slug
  std::string auth_template;  // slug of the template; empty for kConfirm
  std::string label;          // the agent's words, unverified
  std::string user_code;      // stands on both sides to compare; no secret
  ConfirmAction action = ConfirmAction::kNone;
  ConnectionId connection;  // kConfirm: the object; kSecretForm and kOAuth: the result
  std::string request_key;  // Idempotency-Key, unique per agent; empty: none
  std::string request_digest;
  Instant created_at;
  Instant expires_at;
  Instant settled_at;  // epoch: not yet
  Proposal proposal;
};

HandoffState state_at(const Handoff& handoff, Instant now);
inline bool is_open(HandoffState state) { return state == kPending || state == kOpened; }
inline bool is_settled(HandoffState state) { return is_final(kHandoffEdges, state); }

inline constexpr std::chrono::seconds kHandoffLifetime{600};

}  // namespace countersign::domain
