#include <nlohmann/json.hpp>

#include "web/connection_views.h"
#include "web/tools/which_connection.h"

namespace countersign::web {

AgentTool connections_get() {
  AgentTool tool;
  tool.description.name = "connections.get";
  tool.description.title = "Look at a connection";
  tool.description.description =
      "One connection: whose it is, at which integration, whether it can be used. No secret.";
  tool.description.input_schema = which_connection().json();
  tool.description.output_schema = mcp::schema::Object().required("connection", connection_schema()).open().json();
  tool.description.annotations = {.read_only = true, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kRead};
  tool.run = [](const ToolCall& call) -> ToolOutcome {
    const domain::Connection connection = connection_argument(call);
    return Answer{connection.integration + " connection \"" + connection.name + "\" is " +
                      std::string(domain::kConnectionStateNames[connection.state]) + ".",
                  mcp::share(Json{{"connection", connection_view(call.services, connection, Detail::kFull)}})};
  };
  return tool;
}

}  // namespace countersign::web
