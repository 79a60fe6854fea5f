#include "mcp/schema.h"
#include "web/agent_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {

AgentTool handoffs_wait() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "handoffs.wait";
  tool.description.title = "Wait for a handoff";
  tool.description.description =
      "Waits until the user has finished with a handoff, at most `wait` seconds, then answers its state. While the "
      "status is pending, opened or completing, call it again. expired means nobody answered and is not a denial.";
  tool.description.input_schema =
      schema::Object()
          .required("handoffId", schema::text("From the call that made it", {.max = 64}))
          .optional("wait", schema::integer("Seconds to wait; default 45", {.min = 0, .max = kLongestWait.count()}))
          .json();
  tool.description.output_schema = handoff_schema();
  tool.description.annotations = {.read_only = true, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kConnect, domain::Scope::kChange};
  tool.run = [](const ToolCall& call) {
    constexpr long long kDefaultWait = 45;  // answers before the 60 s after which clients give up
    const std::chrono::seconds wait(integer_argument(call.arguments, "wait", kDefaultWait));
    return wait_for(call, handoff_id_argument(call.arguments), wait);
  };
  return tool;
}

}  // namespace countersign::web
