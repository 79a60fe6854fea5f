// The names SendIt's users know: a connector is an integration.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "mcp/schema.h"
#include "web/agent_views.h"
#include "web/connection_views.h"
#include "web/tools/arguments.h"
#include "web/tools/connecting.h"

namespace countersign::web {
namespace {

constexpr std::string_view kNoSecrets =
    "An API key is never taken as an argument: what an agent can write, it has read, and so has everything it talks "
    "to. "
    "Call connect_connector without it; the user enters the key in the link you get.";

// What connects a service, in the three words of this tool.
std::string_view family_of(domain::TemplateKind kind) {
  switch (kind) {
    case domain::TemplateKind::kOAuth2:
      return "oauth2";
    case domain::TemplateKind::kWebhook:
      return "webhook";
    case domain::TemplateKind::kApiKey:
    case domain::TemplateKind::kBearer:
    case domain::TemplateKind::kBasic:
    case domain::TemplateKind::kCustom:
    case domain::TemplateKind::kNone:
      return "api_key";
  }
  return "api_key";
}

std::string template_for(const domain::Integration& integration, const Json& arguments) {
  if (std::string slug = text_argument(arguments, "template"); !slug.empty()) return slug;
  const std::string kind = text_argument(arguments, "kind");
  if (kind.empty()) return {};
  for (const domain::AuthTemplate& form : integration.templates) {
    if (family_of(form.kind) == kind) return form.slug;
  }
  throw Error(ErrorCode::kNotFound, "unknown_template", integration.name + " cannot be connected by " + kind + ".")
      .recovery("list_connectors")
      .at("/kind");
}

ToolOutcome connect(const ToolCall& call) {
  Wish wish;
  wish.integration = text_argument(call.arguments, "connector");
  wish.auth_template = template_for(*call.services.catalog.get(wish.integration), call.arguments);
  wish.owner = domain::kOwnerNames.parse(text_argument(call.arguments, "owner"));
  wish.label = text_argument(call.arguments, "label");
  return ask_to_connect(call, wish);
}

std::vector<domain::Connection> connections_of(const ToolCall& call, std::string integration) {
  handoff::ConnectionQuery query;
  query.integration = std::move(integration);
  query.limit = 1000;
  return call.services.connections.list(call.asker, query);
}

Json connector_view(const Services& services, const domain::Integration& integration,
                    const std::vector<domain::Connection>& connections) {
  Json kinds = Json::array();
  for (const domain::AuthTemplate& form : integration.templates) {
    if (std::find(kinds.begin(), kinds.end(), family_of(form.kind)) == kinds.end()) {
      kinds.push_back(family_of(form.kind));
    }
  }
  Json connected = Json::array();
  for (const domain::Connection& one : connections) {
    if (one.integration == integration.slug) connected.push_back(connection_view(services, one, Detail::kBrief));
  }
  return {{"connector", integration.slug}, {"name", integration.name},        {"description", integration.description},
          {"kinds", std::move(kinds)},     {"connected", !connected.empty()}, {"connections", std::move(connected)}};
}

ToolOutcome list(const ToolCall& call) {
  const auto connections = connections_of(call, {});
  Json connectors = Json::array();
  for (const auto& integration : call.services.catalog.list()) {
    connectors.push_back(connector_view(call.services, *integration, connections));
  }
  const std::string count = std::to_string(connectors.size());
  return Answer{count + " connectors.", mcp::share(Json{{"connectors", std::move(connectors)}})};
}

// The one connection that is meant, or an error that says how to name it.
ConnectionId meant(const ToolCall& call) {
  if (!text_argument(call.arguments, "connectionId").empty()) return connection_id_argument(call.arguments);
  const std::string connector = text_argument(call.arguments, "connector");
  const auto found = connections_of(call, call.services.catalog.get(connector)->slug);
  if (found.size() == 1) return found.front().id;
  const bool none = found.empty();
  throw Error(none ? ErrorCode::kNotFound : ErrorCode::kConflict, none ? "unknown_connection" : "several_connections",
              none ? "There is no connection to " + connector + "."
                   : "There are several connections to " + connector + ": say which by connectionId.")
      .recovery("list_connectors");
}

ToolOutcome disconnect(const ToolCall& call) {
  return minted_answer(call.services, call.services.handoffs.mint_removal(call.asker, meant(call), call.request_key));
}

mcp::schema::Schema connector_argument() { return mcp::schema::text("Slug from list_connectors", {.max = 64}); }

}  // namespace

AgentTool connect_connector() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "connect_connector";
  tool.description.title = "Ask the user to connect a service";
  tool.description.description =
      "Starts to connect a service, whatever it takes: consent at the provider (oauth2), an API key that the user "
      "enters on our page, or a webhook address of ours. Show the url and userCode to the user verbatim, do not open "
      "the url, then call handoffs.wait. You never see a secret.";
  tool.description.input_schema =
      schema::Object()
          .required("connector", connector_argument())
          .optional("kind", schema::one_of("Default: the connector's first", {"oauth2", "api_key", "webhook"}))
          .optional("template", schema::text("Template slug, instead of kind", {.max = 64}))
          .optional("owner", schema::one_of("user (default): the person you act for. org: shared; an admin acts",
                                            {"user", "org"}))
          .optional("label", schema::text("Short name for the connection, shown as your words", {.max = 120}))
          .json();
  tool.description.output_schema = started_schema();
  tool.description.annotations = {.read_only = false, .destructive = false, .idempotent = false, .open_world = true};
  tool.description.misuse = kNoSecrets;
  tool.scopes = {domain::Scope::kConnect};
  tool.cap = Cap::kWrite;
  tool.run = connect;
  return tool;
}

AgentTool list_connectors() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "list_connectors";
  tool.description.title = "List connectors";
  tool.description.description = "The services that can be connected, how, and what is connected already.";
  tool.description.input_schema = schema::Object().json();
  const auto connector =
      schema::Object("A service")
          .required("connector", schema::text("Its slug", {.max = 64}))
          .required("name", schema::text("In words", {.max = 256}))
          .required("description", schema::text("What it is", {.max = 1024}))
          .required("kinds", schema::list_of(schema::text("oauth2, api_key or webhook", {.max = 32}), "Ways", 8))
          .required("connected", schema::boolean("There is a connection you may use"))
          .required("connections", schema::list_of(connection_schema(), "Those you may use", 1000))
          .open();
  tool.description.output_schema =
      schema::Object().required("connectors", schema::list_of(connector, "By slug", 10'000)).open().json();
  tool.description.annotations = {.read_only = true, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kRead};
  tool.run = list;
  return tool;
}

AgentTool disconnect_connector() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "disconnect_connector";
  tool.description.title = "Ask the user to disconnect a service";
  tool.description.description =
      "Asks a person to confirm that a connection is removed here and revoked at the provider. Nothing is removed "
      "until they do. Show the url and userCode to the user verbatim, then call handoffs.wait.";
  tool.description.input_schema =
      schema::Object()
          .required("connector", connector_argument())
          .optional("connectionId", schema::text("Which one, if there are several", {.max = 64}))
          .json();
  tool.description.output_schema = minted_schema();
  tool.description.annotations = {.read_only = false, .destructive = true, .idempotent = false, .open_world = false};
  tool.scopes = {domain::Scope::kChange};
  tool.cap = Cap::kWrite;
  tool.run = disconnect;
  return tool;
}

}  // namespace countersign::web
