#include "mcp/schema.h"
#include "web/agent_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {

AgentTool handoffs_get() {
  AgentTool tool;
  tool.description.name = "handoffs.get";
  tool.description.title = "Look at a handoff";
  tool.description.description = "The state of a handoff you made, and the connection once it is completed.";
  tool.description.input_schema =
      mcp::schema::Object().required("handoffId", mcp::schema::text("From the call that made it", {.max = 64})).json();
  tool.description.output_schema = handoff_schema();
  tool.description.annotations = {.read_only = true, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kConnect, domain::Scope::kChange};
  tool.run = [](const ToolCall& call) {
    return wait_for(call, handoff_id_argument(call.arguments), std::chrono::seconds(0));
  };
  return tool;
}

}  // namespace countersign::web
