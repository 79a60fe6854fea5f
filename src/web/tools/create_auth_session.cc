#include "mcp/schema.h"
#include "web/auth_session_views.h"

namespace countersign::web {
namespace {

ToolOutcome run(const ToolCall& call) {
  const auto request = login_request(call.arguments, call.address);
  return minted_login_answer(call.services, call.services.logins.mint(request));
}

}  // namespace

AgentTool create_auth_session() {
  AgentTool tool;
  tool.description.name = "create_auth_session";
  tool.description.title = "Ask the user to log you in";
  tool.description.description =
      "The first step without a token, or when a scope is missing. Makes a one-time link where the user logs in and "
      "decides what you may do. Returns at once: show loginUrl and userCode to the user verbatim, do not open it, then "
      "call get_auth_session.";
  tool.description.input_schema = login_input().json();
  tool.description.output_schema = minted_login_output().json();
  tool.description.annotations = {.read_only = false, .destructive = false, .idempotent = false, .open_world = false};
  tool.scopes = {};
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
