// The kind `confirm`: a person says yes to one change that an agent may not make by itself (DESIGN 8.12).
#include <algorithm>

#include "base/encoding.h"
#include "crypto/mac.h"
#include "handoff/new_connection.h"
#include "handoff/references.h"
#include "handoff/removal.h"
#include "handoff/rules.h"
#include "identity/names.h"

namespace countersign::handoff {
namespace {

constexpr std::string_view kTool = "connections.create";

std::string name_of(const ReferenceRequest& request) {
  try {
    return identity::checked_name(request.name);
  } catch (Error& error) {
    throw std::move(error).at("/name");
  }
}

std::string removal_digest(const crypto::KeyRing& keys, ConnectionId id) {
  return hex(crypto::mac(keys.key(crypto::KeyPurpose::kLink), {"handoff removal 1", id.text()}));
}

std::string connection_digest(const crypto::KeyRing& keys, const domain::Handoff& handoff) {
  const domain::Proposal& wanted = handoff.proposal;
  std::vector<std::string_view> parts{handoff.integration, handoff.auth_template,
                                      domain::kOwnerNames[handoff.owner.kind], wanted.name, wanted.identity_label};
  for (const domain::ProviderReference& reference : wanted.references) {
    parts.insert(parts.end(), {reference.field, reference.provider, reference.item});
  }
  return hex(crypto::mac(keys.key(crypto::KeyPurpose::kLink), "handoff connection 1", parts));
}

domain::Handoff confirmation(domain::ConfirmAction action, const domain::Owner& owner, std::string integration) {
  domain::Handoff handoff;
  handoff.kind = domain::HandoffKind::kConfirm;
  handoff.action = action;
  handoff.owner = owner;
  handoff.subject = owner.person;
  handoff.integration = std::move(integration);
  return handoff;
}

}  // namespace

Minted Handoffs::mint_removal(const Asker& asker, ConnectionId id, std::string_view request_key) const {
  return mint_once(asker, request_key, removal_digest(keys_, id), [&] {
    const auto connection =
        store_.read([&](const store::Snapshot& now) { return now.connections().find(asker.workspace, id); });
    if (!connection || connection->state == domain::ConnectionState::kRevoked ||
        !may_see(connection->owner, asker.owner)) {
      throw no_such_connection();
    }
    auto handoff = confirmation(domain::ConfirmAction::kRemoveConnection, connection->owner, connection->integration);
    handoff.connection = connection->id;
    return handoff;
  });
}

Minted Handoffs::mint_connection(const Asker& asker, const ReferenceRequest& request) const {
  const auto integration = catalog_.get(request.integration);
  const domain::AuthTemplate& form = template_for(*integration, request.auth_template);
  check_label(request.identity_label, "/identityLabel");
  auto wanted =
      confirmation(domain::ConfirmAction::kCreateConnection, owner_for(asker, request.owner, kTool), integration->slug);
  wanted.auth_template = form.slug;
  wanted.proposal = {name_of(request), request.identity_label, complete_references(form, request.references)};
  return mint_once(asker, request.request_key, connection_digest(keys_, wanted), [&] {
    check_references(*integration, form, wanted.proposal.references);
    const auto same_name = replaceable(asker.workspace, wanted);
    for (const domain::ProviderReference& reference : wanted.proposal.references) {
      bindings_.check(asker.workspace, wanted.owner, wanted.integration, reference);
    }
    if (same_name) {
      wanted.action = domain::ConfirmAction::kReplaceConnection;
      wanted.connection = *same_name;
    }
    return wanted;
  });
}

// What consent made is removed, and so revoked at the provider, never silently replaced.
std::optional<ConnectionId> Handoffs::replaceable(WorkspaceId workspace, const domain::Handoff& wanted) const {
  return store_.read([&](const store::Snapshot& now) -> std::optional<ConnectionId> {
    const auto found =
        now.connections().find_by_name(workspace, wanted.owner, wanted.integration, wanted.proposal.name);
    if (!found) return std::nullopt;
    if (!now.oauth_accounts().find(workspace, found->id)) return found->id;
    throw Error(ErrorCode::kConflict, "name_taken",
                "There is a connection of this name that was made by OAuth. Choose another name, or let it be removed "
                "first.")
        .at("/name")
        .recovery("connections.remove");
  });
}

void Handoffs::confirm(const Opener& opener, std::string_view link_token) const {
  const domain::Handoff handoff = find_mine(opener, link_token);
  const Instant now = clock_.now();
  if (const auto state = state_at(handoff, now); !domain::is_open(state)) throw state_conflict(state);
  if (handoff.kind != domain::HandoffKind::kConfirm) throw no_such_handoff();
  if (handoff.action != domain::ConfirmAction::kRemoveConnection) return make_connection(handoff, opener, now);
  store_.transact([&](store::Transaction& tx) {
    claim(tx, handoff, opener, now);
    // Gone already is what was asked for: the handoff completes all the same.
    remove_connection(tx, handoff.workspace, handoff.connection, opener.person, now);
    settle(tx, handoff, opener, handoff.connection, now);
  });
}

// Looked at once more, since everything it rests on may have changed while the person was away.
domain::Connection Handoffs::proposed(const domain::Handoff& handoff, Instant now) const {
  const auto integration = catalog_.find(handoff.integration);
  const domain::AuthTemplate* form = integration ? integration->find_template(handoff.auth_template) : nullptr;
  const domain::Proposal& wanted = handoff.proposal;
  if (!form || !fits(*integration, *form, wanted.references)) {
    throw Error(ErrorCode::kConflict, "integration_changed",
                "The way to connect " + handoff.integration +
                    " has changed since the agent asked. Decline, and let the agent ask again.");
  }
  for (const domain::ProviderReference& reference : wanted.references) {
    try {
      bindings_.check(handoff.workspace, handoff.owner, handoff.integration, reference);
    } catch (const Error& error) {
      if (error.reason() != "unknown_provider_item") throw;
      throw Error(ErrorCode::kConflict, "binding_removed",
                  "An admin has taken back the permission to use this secret here. Ask an admin to bind it again, or "
                  "decline.");
    }
  }
  const bool replaces = handoff.action == domain::ConfirmAction::kReplaceConnection;
  auto connection = connection_for(handoff, replaces ? handoff.connection : ids_.next<ConnectionId>(), now);
  connection.name = wanted.name;
  connection.identity_label = wanted.identity_label;
  connection.references = wanted.references;
  connection.plain_fields = empty_plain_fields(*form);
  return connection;
}

void Handoffs::make_connection(const domain::Handoff& handoff, const Opener& opener, Instant now) const {
  const domain::Connection connection = proposed(handoff, now);
  const bool replaces = handoff.action == domain::ConfirmAction::kReplaceConnection;
  const auto event = connection_event(connection, opener, replaces ? "connection.replaced" : "connection.created");
  store_.transact([&](store::Transaction& tx) {
    claim(tx, handoff, opener, now);
    if (!replaces) {
      tx.connections().insert(connection, {}, event);
    } else if (!tx.connections().replace_source(connection, event)) {
      throw Error(
          ErrorCode::kConflict, "connection_revoked",
          "The connection that this would replace was removed meanwhile. Decline, and let the agent ask again.");
    }
    settle(tx, handoff, opener, connection.id, now);
  });
}

}  // namespace countersign::handoff
