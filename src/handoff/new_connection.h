// What the kinds that make a connection share: whose it becomes, by which template, its record and its event.
// Used by this folder and by oauth. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/audit.h"
#include "domain/integration.h"
#include "handoff/handoffs.h"
#include "store/store.h"

namespace countersign::handoff {

// Throws kConflict `subject_required`; `tool` is the one to call again.
domain::Owner owner_for(const Asker& asker, std::optional<domain::OwnerKind> wanted, std::string_view tool);
// Throws kNotFound `unknown_template`; an empty slug is the default.
const domain::AuthTemplate& template_for(const domain::Integration& integration, std::string_view slug);
// Throws kInvalidArgument `label_too_long`.
void check_label(std::string_view label, std::string_view pointer);

// True when the field is a label of the integration's host, as `subdomain` in "https://{subdomain}.example.com".
bool names_host(const domain::Integration& integration, std::string_view field);

// Of the handoff's owner, integration and template; name, fields and secrets are the caller's to fill.
domain::Connection connection_for(const domain::Handoff& handoff, ConnectionId id, Instant now);
// "Stripe", "Stripe 2", …: a second connection never replaces the first.
std::string free_name(const store::Connections& connections, const domain::Connection& wanted);
// `action` is "connection.created" or "connection.replaced".
domain::AuditEvent connection_event(const domain::Connection& connection, const Opener& opener,
                                    std::string_view action);

}  // namespace countersign::handoff
