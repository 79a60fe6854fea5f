// Who acts: people, their browser sessions and one-use links, and agents with their grants. Pure records.
// Token hashes are keyed and useless without the key ring; the tokens themselves are never stored.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
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
  Instant expires_at;  // the absolute limit; the idle limit is counted from last_seen_at
  Instant ended_at;    // epoch: still alive
};

// Lets one person in once, without a password: the first admin, an invitation, a recovery.
struct SignInLink {
  SignInLinkId id;
  WorkspaceId workspace;
  PersonId person;
  std::string token_hash;
  Instant created_at;
  Instant expires_at;
  Instant used_at;  // epoch: unused
};

struct Agent {
  AgentId id;
  WorkspaceId workspace;
  PersonId owner;  // none: owned by the workspace, may then mint only org handoffs
  std::string name;
  std::string token_hash;
  std::vector<std::string> scopes;
  Instant created_at;
  Instant expires_at;  // epoch: never
  Instant revoked_at;  // epoch: not
  Instant last_used_at;
};

}  // namespace countersign::domain
