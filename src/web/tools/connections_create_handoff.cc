#include <nlohmann/json.hpp>

#include "mcp/schema.h"
#include "web/agent_views.h"
#include "web/tools/arguments.h"
#include "web/tools/connecting.h"

namespace countersign::web {
namespace {

ToolOutcome run(const ToolCall& call) {
  return ask_to_connect(call, {text_argument(call.arguments, "integration"), text_argument(call.arguments, "template"),
                               domain::kOwnerNames.parse(text_argument(call.arguments, "owner")),
                               text_argument(call.arguments, "label")});
}

}  // namespace

AgentTool connections_create_handoff() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "connections.createHandoff";
  tool.description.title = "Ask the user for a credential";
  tool.description.description =
      "Makes a one-time link where the user enters an API key or password for an integration, or consents at the "
      "provider. You never see the secret; you get a connection id. Returns at once: show the url and userCode to the "
      "user verbatim, do not open "
      "the url, then call handoffs.wait.";
  tool.description.input_schema =
      schema::Object()
          .required("integration", schema::text("Slug from integrations.list, for example github", {.max = 64}))
          .optional("owner", schema::one_of("user (default): the person you act for. org: shared; an admin enters it",
                                            {"user", "org"}))
          .optional("template", schema::text("Template slug; default: the integration's first", {.max = 64}))
          .optional("label", schema::text("Short name for the connection, shown as your words", {.max = 120}))
          .json();
  tool.description.output_schema = started_schema();
  tool.description.annotations = {.read_only = false, .destructive = false, .idempotent = false, .open_world = false};
  tool.scopes = {domain::Scope::kConnect};
  tool.cap = Cap::kWrite;
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
