#include <nlohmann/json.hpp>

#include "base/error.h"
#include "mcp/schema.h"
#include "web/auth_session_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {
namespace {

// Clients that know Agentview's tools write it with underscores.
std::string session_request_id(const Json& arguments) {
  const std::string id = text_argument(arguments, "sessionRequestId");
  const std::string other = text_argument(arguments, "session_request_id");
  if (id.empty() == other.empty()) {
    const std::string_view what = id.empty() ? "sessionRequestId is required." : "Give sessionRequestId once.";
    throw Error(ErrorCode::kInvalidArgument, "invalid_arguments", std::string(what)).at("/sessionRequestId");
  }
  return id.empty() ? other : id;
}

ToolOutcome run(const ToolCall& call) {
  const std::string id = session_request_id(call.arguments);
  const std::string code = text_argument(call.arguments, "returnCode");
  if (!code.empty()) {
    const handoff::LoginState state = call.services.logins.return_code(id, code);
    if (state.status != handoff::LoginStatus::kPending) return login_answer(call.services, state);
  }
  return wait_for_login(call.services, id, std::chrono::seconds(integer_argument(call.arguments, "wait", 0)));
}

}  // namespace

AgentTool get_auth_session() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "get_auth_session";
  tool.description.title = "See whether the user has logged you in";
  tool.description.description =
      "The state of an auth session; with `wait` it is answered as soon as the user has decided. While the status is "
      "pending, call it again. expired means nobody decided in time and is not a denial. Never a token: `next` says "
      "how your program gets it.";
  tool.description.input_schema =
      schema::Object()
          .optional("sessionRequestId", schema::text("From create_auth_session; required", {.max = 128}))
          .optional("session_request_id", schema::text("The same, for clients that write it so", {.max = 128}))
          .optional("wait", schema::integer("Seconds to wait; default 0", {.min = 0, .max = kLongestWait.count()}))
          .optional("returnCode", schema::text("What the page showed the user after Allow", {.max = 64}))
          .json();
  tool.description.output_schema = login_output().json();
  tool.description.annotations = {.read_only = false, .destructive = false, .idempotent = true, .open_world = false};
  tool.scopes = {};
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
