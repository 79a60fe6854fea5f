// The store's ports: what services may ask of durable state. No SQL above this line, no rule below it.
//
// Three promises, kept by every engine (tests/contract runs the same suite on each):
//  1. No change without its audit event: each changing method takes one and appends it, chained, in the
//     same transaction. The few that take none write counters and last-seen times, which are not changes.
//  2. transact() returns after the commit is durable, or throws and nothing happened. kUnavailable: disk
//     full, I/O error, busy; state unchanged.
//  3. A Snapshot is read-only by constness and sees one consistent state.
//
// Thread-safe. The closure given to transact() may run on another thread, may run more than once and must
// not do I/O. References handed to a closure die with it.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <type_traits>

#include "store/commit_feed.h"
#include "store/oauth_ports.h"
#include "store/ports.h"

namespace countersign::store {

class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual const Handoffs& handoffs() const = 0;
  virtual const Logins& logins() const = 0;
  virtual const Connections& connections() const = 0;
  virtual const People& people() const = 0;
  virtual const Sessions& sessions() const = 0;
  virtual const Agents& agents() const = 0;
  virtual const Bindings& bindings() const = 0;
  virtual const OAuthClients& oauth_clients() const = 0;
  virtual const OAuthFlows& oauth_flows() const = 0;
  virtual const OAuthAccounts& oauth_accounts() const = 0;
  virtual const Revocations& revocations() const = 0;
  virtual const Deliveries& deliveries() const = 0;
  virtual const Keys& keys() const = 0;
  virtual const AuditLog& audit() const = 0;
};

class Transaction {
 public:
  virtual ~Transaction() = default;
  virtual Handoffs& handoffs() = 0;
  virtual Logins& logins() = 0;
  virtual Connections& connections() = 0;
  virtual People& people() = 0;
  virtual Sessions& sessions() = 0;
  virtual Agents& agents() = 0;
  virtual Bindings& bindings() = 0;
  virtual OAuthClients& oauth_clients() = 0;
  virtual OAuthFlows& oauth_flows() = 0;
  virtual OAuthAccounts& oauth_accounts() = 0;
  virtual Revocations& revocations() = 0;
  virtual Deliveries& deliveries() = 0;
  virtual Keys& keys() = 0;
  virtual AuditLog& audit() = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  virtual void run_write(const std::function<void(Transaction&)>& change) = 0;
  virtual void run_read(const std::function<void(const Snapshot&)>& look) const = 0;

  // Who is told after a commit. Subscribe before the first transaction.
  virtual CommitFeed& commits() = 0;

  // The closure's value comes back.
  template <class Change>
  auto transact(Change&& change) {
    using Result = std::invoke_result_t<Change, Transaction&>;
    if constexpr (std::is_void_v<Result>) {
      run_write(change);
    } else {
      std::optional<Result> result;
      run_write([&](Transaction& tx) { result = change(tx); });
      return std::move(*result);
    }
  }

  template <class Look>
  auto read(Look&& look) const {
    std::optional<std::invoke_result_t<Look, const Snapshot&>> result;
    run_read([&](const Snapshot& snapshot) { result = look(snapshot); });
    return std::move(*result);
  }
};

}  // namespace countersign::store
