#include "web/connection_facts.h"

namespace countersign::web {
namespace {

// A field's label as its template writes it; its name when the template is gone.
std::string label_of(const domain::Integration* integration, const domain::Connection& connection,
                     const std::string& field_name) {
  if (field_name == "access_token") return "access token";
  if (field_name == "refresh_token") return "refresh token";
  const auto* form = integration ? integration->find_template(connection.auth_template) : nullptr;
  if (!form) return field_name;
  for (const domain::Field& field : form->fields) {
    if (field.name == field_name) return field.label;
  }
  return field_name;
}

}  // namespace

std::string service_name(const domain::Integration* integration, std::string_view slug) {
  return integration ? integration->name : std::string(slug);
}

std::string who_can_use(const domain::Owner& owner) {
  return owner.kind == domain::OwnerKind::kOrg ? "All agents of this workspace" : "Only agents that act for you";
}

Badge badge_of(domain::ConnectionState state) {
  switch (state) {
    case domain::ConnectionState::kActive:
      return {"ok", "Ready"};
    case domain::ConnectionState::kRefreshing:
      return {"warn", "Being renewed"};
    case domain::ConnectionState::kNeedsReauth:
      return {"bad", "Needs to be connected again"};
    case domain::ConnectionState::kRevoked:
      return {"off", "Removed"};
  }
  return {};
}

std::string what_stays(const domain::Integration* integration, const domain::Connection& connection) {
  const std::string service = service_name(integration, connection.integration);
  if (!connection.references.empty()) {
    return "The secret itself stays where it is (" + connection.references.front().provider + ").";
  }
  const auto* form = integration ? integration->find_template(connection.auth_template) : nullptr;
  if (form && form->kind == domain::TemplateKind::kWebhook) {
    return "What " + service + " sends after that is refused. Delete the webhook there, too.";
  }
  if (form && form->kind == domain::TemplateKind::kOAuth2) {
    return service + " is told to withdraw the access. Under Connections you see it until that is confirmed.";
  }
  return "The credential itself stays valid at " + service + ". If it must stop working, revoke it there.";
}

std::string where_it_lives(const domain::Connection& connection) {
  if (connection.state == domain::ConnectionState::kRevoked) return "nowhere any more";
  if (connection.references.empty()) return "here, encrypted";
  return "elsewhere (" + connection.references.front().provider + "), fetched for each call";
}

void show_connection(const domain::Connection& connection, const domain::Integration* integration, Values& values) {
  values.set("CONNECTION", connection.name, 200);
  values.set("CONNECTION_ID", connection.id.text());
  values.set("SERVICE", service_name(integration, connection.integration));
  values.set("WHO_CAN_USE", who_can_use(connection.owner));
  values.set("WHERE", where_it_lives(connection));
  show_badge(badge_of(connection.state), values);
  values.set_if_any("BASE_URL", connection.base_url);
  values.set_if_any("IDENTITY_LABEL", connection.identity_label);
  for (const auto& [name, value] : connection.plain_fields) {
    values.add("PLAIN_FIELD").set("FIELD_LABEL", label_of(integration, connection, name)).set("VALUE", value, 300);
  }
  for (const domain::SecretTrace& trace : connection.secrets) {
    values.add("TRACE")
        .set("FIELD_LABEL", label_of(integration, connection, trace.field))
        .set("FINGERPRINT", trace.fingerprint)
        .set_if_any("LAST4", trace.last4);
  }
  for (const domain::ProviderReference& reference : connection.references) {
    values.add("REFERENCE")
        .set("FIELD_LABEL", label_of(integration, connection, reference.field))
        .set("PROVIDER", reference.provider)
        .set("ITEM", reference.item, 300);
  }
}

}  // namespace countersign::web
