#include "web/tools/arguments.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace countersign::web {

std::string text_argument(const Json& arguments, std::string_view name) {
  const auto found = arguments.find(name);
  return found == arguments.end() || found->is_null() ? "" : found->get<std::string>();
}

long long integer_argument(const Json& arguments, std::string_view name, long long otherwise) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? otherwise : found->get<long long>();
}

HandoffId handoff_id_argument(const Json& arguments) {
  if (const auto id = HandoffId::parse(text_argument(arguments, "handoffId"))) return *id;
  throw Error(ErrorCode::kNotFound, "unknown_handoff", "There is no such handoff.");
}

ConnectionId connection_id_argument(const Json& arguments) {
  if (const auto id = ConnectionId::parse(text_argument(arguments, "connectionId"))) return *id;
  throw Error(ErrorCode::kNotFound, "unknown_connection", "There is no such connection.").recovery("connections.list");
}

}  // namespace countersign::web
