// What several acts on an account have in common. Each is a step inside the caller's transaction, writes its
// own events, and takes effect with the commit. Only for this folder.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "domain/people.h"
#include "store/store.h"

namespace countersign::identity {

// Whose account, and who does it why: the `reason` of every event.
struct AccountAct {
  WorkspaceId workspace;
  PersonId person;
  domain::Actor by;
  Instant at;
  std::string_view reason;
};

Error unknown_person();
domain::Person require_person(store::Transaction& tx, WorkspaceId workspace, PersonId person);

// An event on the account itself, with the reason as its fact.
domain::AuditEvent event_of(const AccountAct& act, std::string_view action);

// All of the person's but `except` (none: all); how many.
std::size_t end_sessions(store::Transaction& tx, const AccountAct& act, SessionId except = {});
void void_links(store::Transaction& tx, const AccountAct& act);
// Both do nothing when it is so already.
void disable_account(store::Transaction& tx, const AccountAct& act);
void enable_account(store::Transaction& tx, const AccountAct& act);
// The way back for who cannot prove it any more: the password goes, and with it everything that it opened.
void start_anew(store::Transaction& tx, const AccountAct& act);

}  // namespace countersign::identity
