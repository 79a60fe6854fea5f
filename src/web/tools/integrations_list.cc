#include <nlohmann/json.hpp>

#include "mcp/schema.h"
#include "web/agent_views.h"

namespace countersign::web {
namespace {

ToolOutcome run(const ToolCall& call) {
  Json list = Json::array();
  for (const auto& integration : call.services.catalog.list()) {
    list.push_back(integration_view(*integration));
  }
  const std::string count = std::to_string(list.size());
  return Answer{count + " integrations.", mcp::share(Json{{"integrations", std::move(list)}})};
}

}  // namespace

AgentTool integrations_list() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "integrations.list";
  tool.description.title = "List integrations";
  tool.description.description = "The services a credential can be asked for, with the templates of each.";
  tool.description.input_schema = schema::Object().json();
  const auto auth_template =
      schema::Object("How a credential is obtained and placed")
          .required("slug", schema::text("For connections.createHandoff", {.max = 64}))
          .required("kind", schema::text("api_key, bearer, basic, custom, oauth2, webhook or none", {.max = 32}))
          .required("label", schema::text("In words", {.max = 256}))
          .required("secrets",
                    schema::list_of(schema::text("A field", {.max = 64}), "Names for inputs of connections.create", 32))
          .open();
  const auto integration = schema::Object("A service")
                               .required("slug", schema::text("For connections.createHandoff", {.max = 64}))
                               .required("name", schema::text("In words", {.max = 256}))
                               .required("description", schema::text("What it is", {.max = 1024}))
                               .required("templates", schema::list_of(auth_template, "The first is the default", 32))
                               .open();
  tool.description.output_schema =
      schema::Object().required("integrations", schema::list_of(integration, "By slug", 10'000)).open().json();
  tool.description.annotations = {.read_only = true, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kRead};
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
