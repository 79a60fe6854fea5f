#include "web/agent_views.h"
#include "web/tools/which_connection.h"

namespace countersign::web {

AgentTool connections_remove() {
  AgentTool tool;
  tool.description.name = "connections.remove";
  tool.description.title = "Ask the user to remove a connection";
  tool.description.description =
      "Asks a person to confirm that a connection is removed and its secret destroyed. Nothing is removed until they "
      "do. Returns a link at once: show the url and userCode to the user verbatim, then call handoffs.wait.";
  tool.description.input_schema = which_connection().json();
  tool.description.output_schema = minted_schema();
  tool.description.annotations = {.read_only = false, .destructive = true, .idempotent = false, .open_world = false};
  tool.scopes = {domain::Scope::kChange};
  tool.cap = Cap::kWrite;
  tool.run = [](const ToolCall& call) -> ToolOutcome {
    const ConnectionId connection = connection_argument(call).id;
    return minted_answer(call.services, call.services.handoffs.mint_removal(call.asker, connection, call.request_key));
  };
  return tool;
}

}  // namespace countersign::web
