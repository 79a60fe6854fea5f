#include <nlohmann/json.hpp>

#include "domain/state_machine.h"
#include "web/connection_views.h"
#include "web/tools/which_connection.h"

namespace countersign::web {
namespace {

using Outcome = oauth::RefreshResult::Outcome;

constexpr domain::Names<Outcome, 4> kOutcomeNames{{"fresh", "renewed", "put_off", "needs_reauth"}};

// What the agent should do now, in words a model can follow.
std::string next_step(const oauth::RefreshResult& result) {
  switch (result.outcome) {
    case Outcome::kFresh:
      return "There was nothing to renew.";
    case Outcome::kRefreshed:
      return "Its token was renewed: the connection works.";
    case Outcome::kPutOff:
      return "It could not be renewed right now (" + result.problem + "). Try again in a minute.";
    case Outcome::kNeedsReauth:
      return "The provider does not accept it any more (" + result.problem +
             "). Call oauth.start with the same owner, integration and name: the user connects it again, and it keeps "
             "its id.";
  }
  return "";
}

ToolOutcome run(const ToolCall& call) {
  const Services& services = call.services;
  const domain::Connection before = connection_argument(call);
  const auto result = services.tokens.refresh(before.workspace, before.id, oauth::Force::kNow);
  const domain::Connection after = services.connections.get(call.asker, before.id);
  const std::string next = next_step(result);
  return Answer{next, mcp::share(Json{{"outcome", kOutcomeNames[result.outcome]},
                                      {"next", next},
                                      {"connection", connection_view(services, after, Detail::kFull)}})};
}

}  // namespace

AgentTool connections_refresh() {
  namespace schema = mcp::schema;
  AgentTool tool;
  tool.description.name = "connections.refresh";
  tool.description.title = "Renew a connection's token";
  tool.description.description =
      "Renews the token of a connection made by OAuth, as after a 401 of its API, and says whether it works. Tokens "
      "are "
      "renewed before they end by themselves. No token is shown.";
  tool.description.input_schema = which_connection().json();
  tool.description.output_schema =
      schema::Object()
          .required("outcome", schema::one_of("What was done", {"fresh", "renewed", "put_off", "needs_reauth"}))
          .required("next", schema::any_text("What to do now"))
          .required("connection", connection_schema())
          .open()
          .json();
  tool.description.annotations = {.read_only = false, .destructive = false, .idempotent = true, .open_world = true};
  tool.scopes = {domain::Scope::kConnect};
  tool.cap = Cap::kExecute;
  tool.run = run;
  return tool;
}

}  // namespace countersign::web
