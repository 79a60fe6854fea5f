#include "web/tools/which_connection.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "web/tools/arguments.h"

namespace countersign::web {
namespace {

Error not_one_way() {
  return Error(ErrorCode::kInvalidArgument, "which_connection",
               "Say which connection: either its connectionId, or its owner, integration and name.")
      .recovery("connections.list");
}

}  // namespace

mcp::schema::Object which_connection() {
  namespace schema = mcp::schema;
  return schema::Object()
      .optional("connectionId", schema::text("From connections.list", {.max = 64}))
      .optional("owner", schema::one_of("Instead of connectionId, with integration and name", {"user", "org"}))
      .optional("integration", schema::text("Its slug", {.max = 64}))
      .optional("name", schema::text("The connection's", {.max = 512}));
}

domain::Connection connection_argument(const ToolCall& call) {
  const Json& arguments = call.arguments;
  const auto owner = domain::kOwnerNames.parse(text_argument(arguments, "owner"));
  const std::string integration = text_argument(arguments, "integration");
  const std::string name = text_argument(arguments, "name");
  const bool by_id = !text_argument(arguments, "connectionId").empty();
  const bool by_name = owner && !integration.empty() && !name.empty();
  const bool anything_else = owner || !integration.empty() || !name.empty();
  if (by_id && anything_else) throw not_one_way();
  if (by_id) return call.services.connections.get(call.asker, connection_id_argument(arguments));
  if (!by_name) throw not_one_way();
  return call.services.connections.find(call.asker, *owner, integration, name);
}

}  // namespace countersign::web
