// The four tools that ask a person for a change of OAuth clients: none of them changes anything by itself.
#include <nlohmann/json.hpp>

#include "mcp/schema.h"
#include "oauth/clients.h"
#include "web/agent_views.h"
#include "web/tools/arguments.h"
#include "web/tools/connecting.h"

namespace countersign::web {
namespace {

namespace schema = mcp::schema;

constexpr std::string_view kNoSecrets =
    "No client secret is ever taken here: the user enters it in the link of oauth.clients.createHandoff.";

oauth::ClientRequest request_of(const ToolCall& call, domain::ClientChange change) {
  oauth::ClientRequest request;
  request.change = change;
  request.integration = text_argument(call.arguments, "integration");
  if (request.integration.empty()) request.integration = text_argument(call.arguments, "originIntegration");
  request.auth_template = text_argument(call.arguments, "template");
  request.owner = domain::kOwnerNames.parse(text_argument(call.arguments, "owner"));
  request.slug = text_argument(call.arguments, "slug");
  request.grant = grant_argument(call.arguments);
  request.client_id = text_argument(call.arguments, "clientId");
  request.server = proposed_server(call.arguments);
  request.resource = text_argument(call.arguments, "resource");
  request.scopes = text_list(call.arguments, "scopes");
  request.label = text_argument(call.arguments, "label");
  request.request_key = call.request_key;
  return request;
}

schema::Schema owner_schema() {
  return schema::one_of("user: the person you act for. org: shared; an admin confirms it", {"user", "org"});
}
schema::Schema url_schema(std::string_view about) { return schema::text(about, {.max = 2048}); }
schema::Schema grant_schema() {
  return schema::one_of("Default: authorization_code", {"authorization_code", "client_credentials"});
}

AgentTool asking(std::string_view name, std::string_view title, std::string_view description,
                 domain::ClientChange change) {
  AgentTool tool;
  tool.description.name = name;
  tool.description.title = title;
  tool.description.description = description;
  tool.description.output_schema = minted_schema();
  tool.description.annotations = {.read_only = false, .destructive = false, .idempotent = false, .open_world = true};
  tool.description.misuse = kNoSecrets;
  tool.scopes = {domain::Scope::kChange};
  tool.cap = Cap::kWrite;
  tool.run = [change](const ToolCall& call) -> ToolOutcome {
    return minted_answer(call.services, call.services.oauth_clients.mint(call.asker, request_of(call, change)));
  };
  return tool;
}

}  // namespace

AgentTool oauth_clients_create_handoff() {
  AgentTool tool = asking("oauth.clients.createHandoff", "Ask the user to set up an OAuth client",
                          "Makes a one-time link where a person registers this broker at a provider and enters the "
                          "client id and secret. You never see the secret. Show the url and userCode to the user "
                          "verbatim, then call handoffs.wait, then oauth.start.",
                          domain::ClientChange::kEnter);
  tool.description.input_schema =
      schema::Object()
          .required("integration", schema::text("Slug from integrations.list", {.max = 64}))
          .optional("owner", owner_schema())
          .optional("template", schema::text("Template slug of kind oauth2; default: the first", {.max = 64}))
          .optional("slug", schema::text("Name of the client; default: the integration's", {.max = 64}))
          .optional("grant", grant_schema())
          .optional("clientId", schema::text("If you know it", {.max = 512}))
          .optional("authorizationUrl", url_schema("Only where the catalogue has none; an admin confirms its host"))
          .optional("tokenUrl", url_schema("Only where the catalogue has none; an admin confirms its host"))
          .optional("resource", schema::nullable(url_schema("RFC 8707")))
          .optional("label", schema::text("Shown as your words", {.max = 120}))
          .json();
  return tool;
}

AgentTool oauth_clients_create() {
  AgentTool tool = asking("oauth.clients.create", "Ask an admin to accept an OAuth client",
                          "Proposes a public client (PKCE, no secret) at endpoints of your choice. Nothing is used "
                          "until an admin has confirmed the hosts. Show the url and userCode to the user verbatim, "
                          "then call handoffs.wait.",
                          domain::ClientChange::kEnter);
  tool.description.input_schema = schema::Object()
                                      .required("owner", owner_schema())
                                      .required("slug", schema::text("Name of the client", {.max = 64}))
                                      .required("authorizationUrl", url_schema("Where a user consents"))
                                      .required("tokenUrl", url_schema("Where tokens come from"))
                                      .required("grant", grant_schema())
                                      .required("clientId", schema::text("As registered", {.max = 512}))
                                      .optional("resource", schema::nullable(url_schema("RFC 8707")))
                                      .json();
  return tool;
}

AgentTool oauth_clients_register_dynamic() {
  AgentTool tool =
      asking("oauth.clients.registerDynamic", "Ask an admin to register at a server",
             "Proposes a dynamic registration (RFC 7591) at a server that oauth.probe found. Nothing is sent there "
             "until an admin has confirmed the hosts. Show the url and userCode to the user verbatim, then call "
             "handoffs.wait.",
             domain::ClientChange::kRegister);
  const auto words = [](std::string_view about) {
    return schema::list_of(schema::text("One of them", {.max = 256}), about, 100);
  };
  tool.description.input_schema =
      schema::Object()
          .required("owner", owner_schema())
          .required("slug", schema::text("Name of the client", {.max = 64}))
          .required("registrationEndpoint", url_schema("From oauth.probe"))
          .required("authorizationUrl", url_schema("From oauth.probe"))
          .required("tokenUrl", url_schema("From oauth.probe"))
          .required("scopes", words("To register for; may be empty"))
          .optional("resource", schema::nullable(url_schema("RFC 8707")))
          .optional("tokenEndpointAuthMethodsSupported", words("From oauth.probe"))
          .optional("clientName", schema::text("Ignored: a provider is always told our own name", {.max = 120}))
          .optional("redirectUri", schema::nullable(url_schema("Ignored: it is always our own")))
          .optional("originIntegration", schema::nullable(schema::text("Slug it is for", {.max = 64})))
          .json();
  return tool;
}

AgentTool oauth_clients_remove() {
  AgentTool tool = asking("oauth.clients.remove", "Ask the user to remove an OAuth client",
                          "Asks a person to confirm that a client is forgotten here and its secret destroyed. "
                          "Connections made with it stay, but cannot be renewed. Show the url and userCode to the user "
                          "verbatim, then call handoffs.wait.",
                          domain::ClientChange::kRemove);
  tool.description.input_schema = schema::Object()
                                      .required("owner", owner_schema())
                                      .required("slug", schema::text("From oauth.clients.list", {.max = 64}))
                                      .json();
  tool.description.annotations.destructive = true;
  return tool;
}

}  // namespace countersign::web
