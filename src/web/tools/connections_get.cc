#include <nlohmann/json.hpp>

#include "mcp/schema.h"
#include "web/agent_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {

AgentTool connections_get() {
  AgentTool tool;
  tool.description.name = "connections.get";
  tool.description.title = "Look at a connection";
  tool.description.description =
      "One connection: whose it is, at which integration, whether it can be used. No secret.";
  tool.description.input_schema =
      mcp::schema::Object().required("connectionId", mcp::schema::text("From connections.list", {.max = 64})).json();
  tool.description.output_schema = mcp::schema::Object().required("connection", connection_schema()).open().json();
  tool.description.annotations = {.read_only = true, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kRead};
  tool.run = [](const ToolCall& call) -> ToolOutcome {
    const auto connection = call.services.connections.get(call.asker, connection_id_argument(call.arguments));
    return Answer{connection.integration + " connection \"" + connection.name + "\" is " +
                      std::string(domain::kConnectionStateNames[connection.state]) + ".",
                  mcp::share(Json{{"connection", connection_view(connection)}})};
  };
  return tool;
}

}  // namespace countersign::web
