// Connections as agents and people see them: list, find, remove. Never a secret. Stateless, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/connection.h"
#include "handoff/handoffs.h"

namespace countersign::handoff {

struct ConnectionQuery {
  std::optional<domain::OwnerKind> owner;  // user: the caller's own
  std::string integration;                 // empty: any
  ConnectionId before;                     // the last one of the page before; none: from the newest
  std::size_t limit = 50;
};

class Connections {
 public:
  Connections(store::Store& store, const Clock& clock);

  // The org's, and the owner's own.
  std::vector<domain::Connection> list(const Asker& asker, const ConnectionQuery& query) const;
  std::vector<domain::Connection> list(const Opener& opener, const ConnectionQuery& query) const;
  // kNotFound when it does not exist or is not the caller's to see.
  domain::Connection get(const Asker& asker, ConnectionId id) const;
  domain::Connection get(const Opener& opener, ConnectionId id) const;
  // By the name its owner gave it; `kUser` is the one the agent acts for. kNotFound as get().
  domain::Connection find(const Asker& asker, domain::OwnerKind owner, std::string_view integration,
                          std::string_view name) const;
  // The agent whose request made it, for somebody who may see the connection. None: not by a request.
  AgentId asked_by(const domain::Connection& connection) const;
  // A person removes at once: their own, or as admin the org's.
  void remove(const Opener& opener, ConnectionId id) const;

 private:
  store::Store& store_;
  const Clock& clock_;
};

}  // namespace countersign::handoff
