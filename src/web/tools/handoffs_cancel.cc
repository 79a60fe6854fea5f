#include "mcp/schema.h"
#include "web/agent_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {

AgentTool handoffs_cancel() {
  AgentTool tool;
  tool.description.name = "handoffs.cancel";
  tool.description.title = "Withdraw a handoff";
  tool.description.description = "Withdraws a handoff you made, as long as the user has not finished it.";
  tool.description.input_schema =
      mcp::schema::Object().required("handoffId", mcp::schema::text("From the call that made it", {.max = 64})).json();
  tool.description.output_schema = handoff_schema();
  tool.description.annotations = {.read_only = false, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kConnect, domain::Scope::kChange};
  tool.cap = Cap::kWrite;
  tool.run = [](const ToolCall& call) -> ToolOutcome {
    return handoff_answer(call.services,
                          call.services.handoffs.cancel(call.asker, handoff_id_argument(call.arguments)));
  };
  return tool;
}

}  // namespace countersign::web
