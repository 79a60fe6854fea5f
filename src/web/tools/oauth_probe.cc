#include <nlohmann/json.hpp>

#include "mcp/schema.h"
#include "oauth/discovery.h"
#include "web/agent_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

ToolOutcome run(const ToolCall& call) {
  const oauth::Probed found = call.services.discovery.probe(text_argument(call.arguments, "url"));
  const domain::OAuthServer& server = found.server;
  return Answer{"It speaks OAuth 2. Next: oauth.clients.createHandoff or oauth.clients.registerDynamic.",
                mcp::share(Json{{"issuer", text_or_null(server.issuer)},
                                {"authorizationUrl", server.authorization_endpoint},
                                {"tokenUrl", server.token_endpoint},
                                {"resource", text_or_null(found.resource)},
                                {"scopesSupported", server.scopes},
                                {"registrationEndpoint", text_or_null(server.registration_endpoint)},
                                {"tokenEndpointAuthMethodsSupported", server.auth_methods},
                                {"clientIdMetadataDocumentSupported", server.client_id_metadata},
                                {"s256Supported", server.s256}})};
}

}  // namespace

AgentTool oauth_probe() {
  namespace schema = mcp::schema;
  const auto words = [](std::string_view about) {
    return schema::list_of(schema::text("One of them", {.max = 512}), about, 200);
  };
  AgentTool tool;
  tool.description.name = "oauth.probe";
  tool.description.title = "See how a server does OAuth";
  tool.description.description =
      "Reads the public OAuth metadata of an MCP server, an API or an issuer. Sends no credential and changes nothing.";
  tool.description.input_schema =
      schema::Object().required("url", schema::text("https URL of the server or issuer", {.max = 2048})).json();
  tool.description.output_schema =
      schema::Object()
          .required("authorizationUrl", schema::any_text("Where a user consents"))
          .required("tokenUrl", schema::any_text("Where tokens come from"))
          .optional("issuer", schema::nullable(schema::any_text("Its name for itself")))
          .optional("resource", schema::nullable(schema::any_text("RFC 8707")))
          .optional("scopesSupported", words("Scopes"))
          .optional("registrationEndpoint", schema::nullable(schema::any_text("RFC 7591")))
          .optional("tokenEndpointAuthMethodsSupported", words("Ways to authenticate a client"))
          .optional("clientIdMetadataDocumentSupported", schema::boolean("Client ID Metadata Documents"))
          .optional("s256Supported", schema::boolean("PKCE with S256"))
          .open()
          .json();
  tool.description.annotations = {.read_only = true, .destructive = false, .idempotent = true, .open_world = true};
  tool.scopes = {domain::Scope::kConnect};
  tool.cap = Cap::kExecute;
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
