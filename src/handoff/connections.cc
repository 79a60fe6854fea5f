#include "handoff/connections.h"

#include "handoff/removal.h"
#include "store/store.h"

namespace countersign::handoff {
namespace {

domain::Connection find_visible(const store::Store& store, WorkspaceId workspace, ConnectionId id, PersonId who) {
  auto found = store.read([&](const store::Snapshot& now) { return now.connections().find(workspace, id); });
  if (!found || !may_see(found->owner, who)) throw no_such_connection();
  return std::move(*found);
}

std::vector<domain::Connection> list_visible(const store::Store& store, WorkspaceId workspace, PersonId who,
                                             const ConnectionQuery& query) {
  store::ConnectionFilter filter;
  filter.integration = query.integration;
  filter.visible_to = who;
  filter.page = {query.before.value(), query.limit};
  if (query.owner) {
    filter.owner = *query.owner == domain::OwnerKind::kOrg ? domain::Owner::org() : domain::Owner::user(who);
  }
  return store.read([&](const store::Snapshot& now) { return now.connections().list(workspace, filter); });
}

}  // namespace

Connections::Connections(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

std::vector<domain::Connection> Connections::list(const Asker& asker, const ConnectionQuery& query) const {
  return list_visible(store_, asker.workspace, asker.owner, query);
}

std::vector<domain::Connection> Connections::list(const Opener& opener, const ConnectionQuery& query) const {
  return list_visible(store_, opener.workspace, opener.person, query);
}

domain::Connection Connections::get(const Asker& asker, ConnectionId id) const {
  return find_visible(store_, asker.workspace, id, asker.owner);
}

domain::Connection Connections::get(const Opener& opener, ConnectionId id) const {
  return find_visible(store_, opener.workspace, id, opener.person);
}

domain::Connection Connections::find(const Asker& asker, domain::OwnerKind owner, std::string_view integration,
                                     std::string_view name) const {
  if (owner == domain::OwnerKind::kUser && !asker.owner.valid()) throw no_such_connection();
  const auto whose = owner == domain::OwnerKind::kOrg ? domain::Owner::org() : domain::Owner::user(asker.owner);
  auto found = store_.read([&](const store::Snapshot& now) {
    return now.connections().find_by_name(asker.workspace, whose, integration, name);
  });
  if (!found) throw no_such_connection();
  return std::move(*found);
}

AgentId Connections::asked_by(const domain::Connection& connection) const {
  const auto request = store_.read(
      [&](const store::Snapshot& now) { return now.handoffs().find(connection.workspace, connection.created_by); });
  return request ? request->agent : AgentId();
}

void Connections::remove(const Opener& opener, ConnectionId id) const {
  const domain::Connection connection = get(opener, id);
  if (connection.owner.kind == domain::OwnerKind::kOrg && opener.role != domain::Role::kAdmin) {
    throw Error(ErrorCode::kPermissionDenied, "admin_needed", "Only an admin can remove a connection of the org.");
  }
  const Instant now = clock_.now();
  const bool removed = store_.transact(
      [&](store::Transaction& tx) { return remove_connection(tx, opener.workspace, id, opener.person, now); });
  if (!removed) throw Error(ErrorCode::kConflict, "connection_revoked", "This connection was removed already.");
}

}  // namespace countersign::handoff
