#include <nlohmann/json.hpp>

#include "base/error.h"
#include "mcp/schema.h"
#include "web/agent_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {
namespace {

// What is over already is as good as cancelled: asking twice gives the same answer.
ToolOutcome run(const ToolCall& call) {
  const auto id = HandoffId::parse(text_argument(call.arguments, "state"));
  if (!id) throw Error(ErrorCode::kNotFound, "unknown_handoff", "There is no such handoff.").at("/state");
  const domain::Handoff handoff = call.services.handoffs.get(call.asker, *id);
  if (!is_settled(state_at(handoff, call.services.clock.now()))) call.services.handoffs.cancel(call.asker, *id);
  return Answer{"Cancelled.", mcp::share(Json{{"cancelled", true}})};
}

}  // namespace

AgentTool oauth_cancel() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "oauth.cancel";
  tool.description.title = "Withdraw a request to connect";
  tool.description.description = "Withdraws what oauth.start asked for. A connection that was made already stays.";
  tool.description.input_schema =
      schema::Object().required("state", schema::text("From oauth.start", {.max = 64})).json();
  tool.description.output_schema = schema::Object().required("cancelled", schema::boolean("It is over")).open().json();
  tool.description.annotations = {.read_only = false, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kConnect};
  tool.cap = Cap::kWrite;
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
