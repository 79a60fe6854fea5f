// Who acts: people, their browser sessions and one-use links, and agents with their grants. Pure records.
// Token hashes are keyed and useless without the key ring; the tokens themselves are never stored.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/scope.h"
#include "domain/state_machine.h"

namespace countersign::domain {

// A role includes those before it.
enum class Role { kMember, kApprover, kAdmin };
inline constexpr Names<Role, 3> kRoleNames{{"member", "approver", "admin"}};

struct Person {
  PersonId id;
  WorkspaceId workspace;
  std::string login;  // lower case, unique per workspace
  std::string display_name;
  Role role = Role::kMember;
  std::string password_hash;  // argon2id; empty: cannot sign in by password
  bool disabled = false;
  Instant created_at;
};

struct BrowserSession {
  SessionId id;
  WorkspaceId workspace;
  PersonId person;
  std::string token_hash;
  Instant created_at;
  Instant last_seen_at;
  Instant expires_at;   // the absolute limit; the idle limit is counted from last_seen_at
  Instant ended_at;     // epoch: still alive
  Instant verified_at;  // when the person last proved who they are in this session
  std::string address;  // where it began, for its owner to recognise
  std::string browser;  // what the browser called itself, cut; hostile text
};

enum class LinkPurpose { kSignIn, kInvitation, kRecovery };
inline constexpr Names<LinkPurpose, 3> kLinkPurposeNames{{"sign_in", "invitation", "recovery"}};

// Lets one person in once, without a password: the first admin, an invitation, a recovery.
struct SignInLink {
  SignInLinkId id;
  WorkspaceId workspace;
  PersonId person;
  std::string token_hash;
  Instant created_at;
  Instant expires_at;
  Instant used_at;  // epoch: unused; also set when it is made void
  LinkPurpose purpose = LinkPurpose::kSignIn;
};

struct Agent {
  AgentId id;
  WorkspaceId workspace;
  PersonId owner;  // none: owned by the workspace, may then mint only org handoffs
  std::string name;
  std::string token_hash;
  ScopeSet scopes;
  Instant created_at;
  Instant expires_at;  // epoch: never
  Instant revoked_at;  // epoch: not
  Instant last_used_at;
  Instant paused_at;           // epoch: not; by its owner or an admin, can be taken back
  Instant orphaned_at;         // epoch: not; its owner was disabled, it is refused until they are back
  std::string old_token_hash;  // while a rotated token still overlaps
  Instant old_token_until;
  int writes_per_minute = 0;  // its own cap; 0: the server's
};

}  // namespace countersign::domain
