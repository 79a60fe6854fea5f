#include "web/tools/connecting.h"

#include <nlohmann/json.hpp>

#include "mcp/schema.h"
#include "web/agent_views.h"
#include "web/connection_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {

Answer ask_to_connect(const ToolCall& call, const Wish& wish) {
  const auto integration = call.services.catalog.get(wish.integration);
  const domain::AuthTemplate* form = integration->find_template(wish.auth_template);
  if (form && form->kind == domain::TemplateKind::kOAuth2) {
    oauth::ConnectRequest request;
    request.integration = wish.integration;
    request.auth_template = form->slug;
    request.owner = wish.owner;
    request.name = wish.label;
    request.label = wish.label;
    request.request_key = call.request_key;
    return started_answer(call.services, call.services.oauth_connect.start(call.asker, request));
  }
  handoff::SecretFormRequest request;
  request.integration = wish.integration;
  request.owner = wish.owner;
  request.auth_template = wish.auth_template;
  request.label = wish.label;
  request.request_key = call.request_key;
  return minted_answer(call.services, call.services.handoffs.mint_secret_form(call.asker, request));
}

Answer started_answer(const Services& services, const oauth::Started& started) {
  if (const auto* connection = std::get_if<domain::Connection>(&started)) {
    return {"Connected already: the connection id is " + connection->id.text() + ". The user has nothing to do.",
            mcp::share(
                Json{{"status", "connected"}, {"connection", connection_view(services, *connection, Detail::kFull)}})};
  }
  Answer answer = minted_answer(services, std::get<handoff::Minted>(started));
  Json body = *answer.body;
  body["handoffStatus"] = body["status"];
  body["status"] = "redirect";
  body["authorizationUrl"] = body["url"];
  body["state"] = body["handoffId"];
  answer.body = mcp::share(std::move(body));
  return answer;
}

mcp::JsonPtr started_schema() {
  namespace schema = mcp::schema;
  return schema::Object()
      .required("status",
                schema::text("connected: nothing to do. redirect: show authorizationUrl to the user. Else the "
                             "state of the handoff",
                             {.max = 32}))
      .optional("connection", connection_schema())
      .optional("authorizationUrl", schema::text("Show it to the user verbatim; do not open it", {.max = 2048}))
      .optional("state", schema::text("For oauth.cancel", {.max = 64}))
      .optional("handoffStatus", schema::text("State of the handoff", {.max = 32}))
      .optional("url", schema::text("The same as authorizationUrl", {.max = 2048}))
      .optional("instructions", schema::text("What to do now", {.max = 2048}))
      .optional("handoffId", schema::text("For handoffs.wait", {.max = 64}))
      .optional("userCode", schema::text("The same code stands on the page; the user compares", {.max = 32}))
      .optional("pollUrl", schema::text("The same over REST", {.max = 2048}))
      .optional("expiresIn", schema::integer("Seconds left", {.min = 0, .max = 86'400}))
      .optional("expiresAt", schema::text("RFC 3339", {.max = 32}))
      .optional("interval", schema::integer("Seconds between polls without a wait", {.min = 1, .max = 60}))
      .open()
      .json();
}

domain::OAuthServer proposed_server(const Json& arguments) {
  domain::OAuthServer server;
  server.authorization_endpoint = text_argument(arguments, "authorizationUrl");
  server.token_endpoint = text_argument(arguments, "tokenUrl");
  server.registration_endpoint = text_argument(arguments, "registrationEndpoint");
  server.auth_methods = text_list(arguments, "tokenEndpointAuthMethodsSupported");
  return server;
}

std::vector<std::string> text_list(const Json& arguments, std::string_view name) {
  const auto found = arguments.find(name);
  if (found == arguments.end() || found->is_null()) return {};
  return found->get<std::vector<std::string>>();
}

domain::OAuthGrant grant_argument(const Json& arguments) {
  return domain::kOAuthGrantNames.parse(text_argument(arguments, "grant"))
      .value_or(domain::OAuthGrant::kAuthorizationCode);
}

}  // namespace countersign::web
