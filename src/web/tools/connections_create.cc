#include <nlohmann/json.hpp>

#include "base/error.h"
#include "mcp/schema.h"
#include "web/agent_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {
namespace {

constexpr std::string_view kNoSecrets =
    "No secret is ever taken here: what an agent can write, it has read. Name a provider item (providers.items), or "
    "let "
    "the user enter the secret with connections.createHandoff.";

domain::ProviderReference reference_of(std::string_view field, const Json& from) {
  return {std::string(field), text_argument(from, "provider"), text_argument(from, "id")};
}

// Exactly one of the two; for a template without fields neither, which is the service's to judge.
std::vector<domain::ProviderReference> references_of(const Json& arguments) {
  const auto from = arguments.find("from");
  const auto inputs = arguments.find("inputs");
  if (from != arguments.end() && inputs != arguments.end()) {
    throw Error(ErrorCode::kInvalidArgument, "invalid_arguments", "Give either from or inputs, not both.")
        .at("/inputs");
  }
  std::vector<domain::ProviderReference> references;
  if (from != arguments.end()) references.push_back(reference_of("", *from));
  if (inputs == arguments.end()) return references;
  if (inputs->empty()) {
    throw Error(ErrorCode::kInvalidArgument, "invalid_arguments", "inputs names no field.").at("/inputs");
  }
  for (const auto& [field, input] : inputs->items()) references.push_back(reference_of(field, input["from"]));
  return references;
}

ToolOutcome run(const ToolCall& call) {
  handoff::ReferenceRequest request;
  request.integration = text_argument(call.arguments, "integration");
  request.owner = *domain::kOwnerNames.parse(text_argument(call.arguments, "owner"));
  request.name = text_argument(call.arguments, "name");
  request.auth_template = text_argument(call.arguments, "template");
  request.identity_label = text_argument(call.arguments, "identityLabel");
  request.references = references_of(call.arguments);
  request.request_key = call.request_key;
  return minted_answer(call.services, call.services.handoffs.mint_connection(call.asker, request));
}

}  // namespace

AgentTool connections_create() {
  namespace schema = mcp::schema;
  const auto from = schema::Object("A secret that lives elsewhere; never its value")
                        .required("provider", schema::text("From providers.list", {.max = 64}))
                        .required("id", schema::text("From providers.items", {.max = 512}));
  const auto input = schema::Object("Where one field's secret lives").required("from", from);
  AgentTool tool;
  tool.description.name = "connections.create";
  tool.description.title = "Ask the user to connect by a provider item";
  tool.description.description =
      "Asks a person to confirm a connection whose secret lives elsewhere, in a provider item. Takes no secret value: "
      "for those use connections.createHandoff. Replaces the owner's connection of the same name, if there is one. "
      "Returns a link at once: show the url and userCode to the user verbatim, then call handoffs.wait.";
  tool.description.input_schema =
      schema::Object()
          .required("owner",
                    schema::one_of("user: the person you act for. org: shared; an admin confirms it", {"user", "org"}))
          .required("name", schema::text("Name of the connection", {.max = 120}))
          .required("integration", schema::text("Slug from integrations.list", {.max = 64}))
          .required("template", schema::text("Template slug of the integration", {.max = 64}))
          .optional("identityLabel", schema::nullable(schema::text("Which account, in your words", {.max = 120})))
          .optional("from", from)
          .optional("inputs", schema::map_of(input, "By field, for a template with several; instead of from"))
          .json();
  tool.description.output_schema = minted_schema();
  tool.description.annotations = {.read_only = false, .destructive = true, .idempotent = false, .open_world = false};
  tool.description.misuse = kNoSecrets;
  tool.scopes = {domain::Scope::kChange};
  tool.cap = Cap::kWrite;
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
