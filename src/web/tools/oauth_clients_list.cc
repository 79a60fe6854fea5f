#include <nlohmann/json.hpp>

#include "mcp/schema.h"
#include "oauth/clients.h"
#include "web/agent_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {
namespace {

Json client_view(const domain::OAuthClient& client, const oauth::Clients& clients) {
  Json origin = {{"kind", domain::kClientOriginNames[client.origin]}};
  if (!client.integration.empty()) origin["integration"] = client.integration;
  return {{"owner", domain::kOwnerNames[client.owner.kind]},
          {"slug", client.slug},
          {"grant", domain::kOAuthGrantNames[client.grant]},
          {"issuer", client.server.issuer.empty() ? Json(nullptr) : Json(client.server.issuer)},
          {"authorizationUrl", client.server.authorization_endpoint},
          {"tokenUrl", client.server.token_endpoint},
          {"resource", client.resource.empty() ? Json(nullptr) : Json(client.resource)},
          {"clientId", client.client_id},
          {"redirectUri", clients.redirect_uri(client.id)},
          {"origin", std::move(origin)}};
}

ToolOutcome run(const ToolCall& call) {
  const auto found = call.services.oauth_clients.list(call.asker, text_argument(call.arguments, "integration"));
  Json list = Json::array();
  for (const domain::OAuthClient& client : found) list.push_back(client_view(client, call.services.oauth_clients));
  return Answer{std::to_string(found.size()) + " OAuth clients.", mcp::share(Json{{"clients", std::move(list)}})};
}

}  // namespace

AgentTool oauth_clients_list() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "oauth.clients.list";
  tool.description.title = "List OAuth clients";
  tool.description.description = "The registrations at providers that accounts are connected with. Never a secret.";
  tool.description.input_schema =
      schema::Object().optional("integration", schema::text("Only of this integration", {.max = 64})).json();
  const auto client =
      schema::Object("A registration")
          .required("owner", schema::one_of("Whose it is", {"user", "org"}))
          .required("slug", schema::text("For oauth.start", {.max = 64}))
          .required("grant", schema::one_of("What it may ask for", {"authorization_code", "client_credentials"}))
          .required("authorizationUrl", schema::any_text("Where a user consents"))
          .required("tokenUrl", schema::any_text("Where tokens come from"))
          .required("clientId", schema::any_text("Its public id"))
          .optional("redirectUri", schema::any_text("What is registered for it"))
          .optional("issuer", schema::nullable(schema::any_text("The server it is for")))
          .optional("resource", schema::nullable(schema::any_text("RFC 8707")))
          .open();
  tool.description.output_schema =
      schema::Object().required("clients", schema::list_of(client, "Newest first", 1000)).open().json();
  tool.description.annotations = {.read_only = true, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kRead};
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
