#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "mcp/schema.h"
#include "web/agent_tools.h"
#include "web/tools/arguments.h"

namespace countersign::web {
namespace {

// One item may be bound more than once: for several integrations, or for the workspace and a person.
std::map<std::string, Json> items_of(const ToolCall& call, const std::string& provider) {
  std::map<std::string, Json> items;
  for (const auto& binding : call.services.bindings.visible_to(call.asker.workspace, call.asker.owner)) {
    if (binding.provider != provider) continue;
    Json& item = items.try_emplace(binding.item, Json{{"id", binding.item}, {"name", binding.item}}).first->second;
    item["uses"].push_back({{"integration", binding.integration}, {"owner", domain::kOwnerNames[binding.owner.kind]}});
  }
  return items;
}

ToolOutcome run(const ToolCall& call) {
  const auto items = items_of(call, text_argument(call.arguments, "provider"));
  if (items.empty()) {
    throw Error(ErrorCode::kNotFound, "unknown_provider", "There is no such provider with an item for you.")
        .recovery("providers.list");
  }
  Json list = Json::array();
  for (const auto& [id, item] : items) list.push_back(item);
  const std::string text = std::to_string(list.size()) + " items. Refer to one as from in connections.create.";
  return Answer{text, mcp::share(Json{{"items", std::move(list)}})};
}

}  // namespace

AgentTool providers_items() {
  namespace schema = mcp::schema;
  const auto use = schema::Object("What it is bound for")
                       .required("integration", schema::text("Its slug", {.max = 64}))
                       .required("owner", schema::one_of("Whose connection it may be", {"user", "org"}))
                       .open();
  const auto item = schema::Object("A secret by its name; never its value")
                        .required("id", schema::text("For connections.create", {.max = 512}))
                        .required("name", schema::text("In words", {.max = 512}))
                        .required("uses", schema::list_of(use, "Nothing else is accepted", 10'000))
                        .open();
  AgentTool tool;
  tool.description.name = "providers.items";
  tool.description.title = "List a provider's items";
  tool.description.description =
      "The names of a provider's secrets that an admin has bound for you, and what for. Never a value.";
  tool.description.input_schema =
      schema::Object().required("provider", schema::text("From providers.list", {.max = 64})).json();
  tool.description.output_schema =
      schema::Object().required("items", schema::list_of(item, "By id", 10'000)).open().json();
  tool.description.annotations = {.read_only = true, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kRead};
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
