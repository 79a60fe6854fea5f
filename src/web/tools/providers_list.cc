#include <nlohmann/json.hpp>
#include <set>

#include "mcp/schema.h"
#include "web/agent_tools.h"

namespace countersign::web {
namespace {

ToolOutcome run(const ToolCall& call) {
  std::set<std::string> names;
  for (const auto& binding : call.services.bindings.visible_to(call.asker.workspace, call.asker.owner)) {
    names.insert(binding.provider);
  }
  const std::string text = names.empty() ? "No provider items are bound for you. An admin binds them; a user can enter "
                                           "a secret with connections.createHandoff."
                                         : std::to_string(names.size()) + " providers; see providers.items.";
  return Answer{text, mcp::share(Json{{"providers", names}})};
}

}  // namespace

AgentTool providers_list() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "providers.list";
  tool.description.title = "List secret providers";
  tool.description.description =
      "The places where secrets live that you may refer to in connections.create. Only those with something bound for "
      "you.";
  tool.description.input_schema = schema::Object().json();
  tool.description.output_schema =
      schema::Object()
          .required("providers", schema::list_of(schema::text("For providers.items", {.max = 64}), "By name", 64))
          .open()
          .json();
  tool.description.annotations = {.read_only = true, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kRead};
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
