#include "handoff/new_connection.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace countersign::handoff {
namespace {

constexpr std::size_t kLabelLimit = 120;  // code points

}  // namespace

domain::Owner owner_for(const Asker& asker, std::optional<domain::OwnerKind> wanted, std::string_view tool) {
  const auto kind = wanted.value_or(asker.owner.valid() ? domain::OwnerKind::kUser : domain::OwnerKind::kOrg);
  if (kind == domain::OwnerKind::kOrg) return domain::Owner::org();
  if (asker.owner.valid()) return domain::Owner::user(asker.owner);
  throw Error(ErrorCode::kConflict, "subject_required",
              "This grant belongs to the workspace, so nobody is expected to open a personal handoff. "
              "Ask for owner \"org\" instead.")
      .recovery(tool);
}

const domain::AuthTemplate& template_for(const domain::Integration& integration, std::string_view slug) {
  if (const domain::AuthTemplate* found = integration.find_template(slug)) return *found;
  std::string known;
  for (const domain::AuthTemplate& one : integration.templates) known += (known.empty() ? "" : ", ") + one.slug;
  throw Error(ErrorCode::kNotFound, "unknown_template",
              integration.slug + " has no template of that name; it has: " + known + ".")
      .recovery("integrations.list");
}

void check_label(std::string_view label, std::string_view pointer) {
  if (code_points(label) <= kLabelLimit) return;
  throw Error(ErrorCode::kInvalidArgument, "label_too_long",
              "A label has at most " + std::to_string(kLabelLimit) + " characters.")
      .at(pointer);
}

bool names_host(const domain::Integration& integration, std::string_view field) {
  return std::any_of(integration.base_urls.begin(), integration.base_urls.end(), [&](const std::string& url) {
    const auto parts = domain::split_text(url);
    return parts && std::any_of(parts->begin(), parts->end(), [&](const domain::TextPart& part) {
             return part.kind == domain::TextPart::Kind::kField && part.text == field;
           });
  });
}

domain::Connection connection_for(const domain::Handoff& handoff, ConnectionId id, Instant now) {
  domain::Connection connection;
  connection.id = id;
  connection.workspace = handoff.workspace;
  connection.owner = handoff.owner;
  connection.integration = handoff.integration;
  connection.auth_template = handoff.auth_template;
  connection.created_by = handoff.id;
  connection.created_at = now;
  connection.updated_at = now;
  return connection;
}

std::string free_name(const store::Connections& connections, const domain::Connection& wanted) {
  std::string name = wanted.name;
  for (int n = 2; connections.find_by_name(wanted.workspace, wanted.owner, wanted.integration, name); ++n) {
    name = wanted.name + " " + std::to_string(n);
  }
  return name;
}

domain::AuditEvent connection_event(const domain::Connection& connection, const Opener& opener,
                                    std::string_view action) {
  domain::AuditEvent event;
  event.workspace = connection.workspace;
  event.at = connection.updated_at;
  event.actor = domain::Actor::person(opener.person);
  event.action = action;
  event.object = connection.id.text();
  event.facts.emplace_back("integration", connection.integration);
  event.facts.emplace_back("handoff", connection.created_by.text());
  event.note = connection.name;
  return event;
}

}  // namespace countersign::handoff
