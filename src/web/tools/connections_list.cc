#include <nlohmann/json.hpp>

#include "base/error.h"
#include "mcp/schema.h"
#include "web/agent_tools.h"
#include "web/connection_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {
namespace {

constexpr std::size_t kPageLimit = 100;

handoff::ConnectionQuery query_of(const ToolCall& call) {
  handoff::ConnectionQuery query;
  query.integration = text_argument(call.arguments, "integration");
  query.owner = domain::kOwnerNames.parse(text_argument(call.arguments, "owner"));
  query.limit = static_cast<std::size_t>(integer_argument(call.arguments, "limit", 50));
  const std::string cursor = text_argument(call.arguments, "cursor");
  if (!cursor.empty()) {
    // A cursor is the id of the last one shown: it positions, it gives no right to anything.
    const auto id = ConnectionId::parse(cursor);
    if (!id) throw Error(ErrorCode::kInvalidArgument, "bad_cursor", "This cursor did not come from us.").at("/cursor");
    query.before = *id;
  }
  return query;
}

ToolOutcome run(const ToolCall& call) {
  const handoff::ConnectionQuery query = query_of(call);
  const auto connections = call.services.connections.list(call.asker, query);
  Json list = Json::array();
  const Detail detail = call.arguments.value("verbose", false) ? Detail::kFull : Detail::kBrief;
  for (const domain::Connection& connection : connections) {
    list.push_back(connection_view(call.services, connection, detail));
  }
  Json body = {{"connections", std::move(list)}};
  const bool more = connections.size() == query.limit;
  if (more) body["nextCursor"] = connections.back().id.text();
  return Answer{std::to_string(connections.size()) + (more ? " connections; there are more." : " connections."),
                mcp::share(std::move(body))};
}

}  // namespace

AgentTool connections_list() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "connections.list";
  tool.description.title = "List connections";
  tool.description.description =
      "The connections you may use: those of the person you act for and the shared ones. Never a secret.";
  tool.description.input_schema =
      schema::Object()
          .optional("integration", schema::text("Only of this integration", {.max = 64}))
          .optional("owner", schema::one_of("Only of this owner", {"user", "org"}))
          .optional("verbose", schema::boolean("With the granted scopes of each"))
          .optional("limit", schema::integer("At most this many; default 50", {.min = 1, .max = kPageLimit}))
          .optional("cursor", schema::text("nextCursor of the page before", {.max = 64}))
          .json();
  tool.description.output_schema =
      schema::Object()
          .required("connections", schema::list_of(connection_schema(), "Newest first", kPageLimit))
          .optional("nextCursor", schema::text("There is a next page", {.max = 64}))
          .open()
          .json();
  tool.description.annotations = {.read_only = true, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {domain::Scope::kRead};
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
