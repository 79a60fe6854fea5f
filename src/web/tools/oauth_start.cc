#include <nlohmann/json.hpp>

#include "mcp/schema.h"
#include "web/tools/arguments.h"
#include "web/tools/connecting.h"

namespace countersign::web {
namespace {

ToolOutcome run(const ToolCall& call) {
  oauth::ConnectRequest request;
  request.client = text_argument(call.arguments, "client");
  request.client_owner = domain::kOwnerNames.parse(text_argument(call.arguments, "clientOwner"));
  request.owner = domain::kOwnerNames.parse(text_argument(call.arguments, "owner"));
  request.name = text_argument(call.arguments, "name");
  request.integration = text_argument(call.arguments, "integration");
  request.auth_template = text_argument(call.arguments, "template");
  request.identity_label = text_argument(call.arguments, "identityLabel");
  request.redirect_uri = text_argument(call.arguments, "redirectUri");
  request.scopes = text_list(call.arguments, "scopes");
  request.request_key = call.request_key;
  return started_answer(call.services, call.services.oauth_connect.start(call.asker, request));
}

}  // namespace

AgentTool oauth_start() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "oauth.start";
  tool.description.title = "Ask the user to connect an account";
  tool.description.description =
      "Makes a one-time link that leads the user through consent at the provider (OAuth 2.1). You never see a token; "
      "you get a connection id. Returns at once: show authorizationUrl and userCode to the user verbatim, do not open "
      "the URL, then call handoffs.wait. status connected means that it is connected already.";
  tool.description.input_schema =
      schema::Object()
          .required("integration", schema::text("Slug from integrations.list", {.max = 64}))
          .optional("client", schema::text("Slug from oauth.clients.list; default: the one there is", {.max = 64}))
          .optional("clientOwner", schema::one_of("Whose client that is", {"user", "org"}))
          .optional("owner", schema::one_of("user (default): the person you act for. org: shared; an admin consents",
                                            {"user", "org"}))
          .optional("name", schema::text("Name of the connection; default: the service's", {.max = 120}))
          .optional("template", schema::text("Template slug of kind oauth2; default: the first", {.max = 64}))
          .optional("scopes", schema::list_of(schema::text("One the integration knows", {.max = 256}),
                                              "Default: what the integration asks for", 50))
          .optional("identityLabel", schema::nullable(schema::text("Which account, in your words", {.max = 120})))
          .optional("redirectUri",
                    schema::nullable(schema::text("Must be the client's own redirect URI", {.max = 2048})))
          .json();
  tool.description.output_schema = started_schema();
  tool.description.annotations = {.read_only = false, .destructive = false, .idempotent = false, .open_world = true};
  tool.scopes = {domain::Scope::kConnect};
  tool.cap = Cap::kExecute;
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
