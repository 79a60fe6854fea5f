#include "web/openapi_refusals.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <span>

namespace countersign::web {
namespace {

using Refusals = std::span<const Refusal>;

// The guard's and the doors', whatever is asked for.
constexpr Refusal kAnywhere[] = {
    {"invalid_arguments", 400, "not what the operation takes; `pointer` names the first place"},
    {"bad_idempotency_key", 400, "an Idempotency-Key that is empty, too long, sent twice, or no printable ASCII"},
    {"bad_percent_encoding", 400, "a % in the query that two hexadecimal digits do not follow"},
    {"invalid_utf8", 400, "the query is not UTF-8 once decoded"},
    {"nul_character", 400, "the query holds the character NUL"},
    {"duplicate_name", 400, "a name stands twice in the query"},
    {"empty_name", 400, "a query parameter without a name"},
    {"name_too_long", 400, "a query parameter's name is too long"},
    {"too_many_fields", 400, "too many query parameters"},
    {"no_token", 401, "no bearer token, or one that is unknown, wrong, expired or revoked: never told apart"},
    {"internal", 500, "a defect of the server; report it with the `request_id`"},
    {"overloaded", 503, "no room in a queue; nothing was changed"},
    {"storage_busy", 503, "the database is busy; nothing was changed"},
    {"storage_unavailable", 503, "the disk refused; nothing was changed"},
};
constexpr Refusal kOfBodies[] = {
    {"invalid_json", 400, "not JSON as the strict gate has it: size, depth, duplicate keys, numbers, UTF-8"},
    {"unsupported_media_type", 415, "a body that is not application/json"},
};
constexpr Refusal kWithoutBody[] = {{"unexpected_body", 400, "a body where none belongs"}};
constexpr Refusal kOfPaths[] = {
    {"said_twice", 400, "the same thing stands in the path and in the query"},
    {"not_found", 404, "what stands for the id cannot be part of an address, such as a bad percent-encoding"},
};
constexpr Refusal kOfCaps[] = {{"grant_cap", 429, "the agent has made too many calls of this kind this minute"}};

constexpr Refusal kOfMinting[] = {
    {"unknown_integration", 404, "no integration of this name"},
    {"unknown_template", 404, "the integration has no template of this name"},
    {"subject_required", 409, "the agent acts for nobody in particular; ask for owner org"},
    {"request_key_reused", 409, "the Idempotency-Key was used for another request"},
};
constexpr Refusal kOfHandoffs[] = {{"unknown_handoff", 404, "does not exist, or is another agent's"}};
constexpr Refusal kOfConnections[] = {{"unknown_connection", 404, "does not exist, or is not for this agent"}};
constexpr Refusal kOfLists[] = {{"bad_cursor", 400, "a cursor that did not come from the page before"}};
// pending, opened and cancelled can be met only in a race with another call or the person.
constexpr Refusal kOfCancelling[] = {
    {"handoff_pending", 409, "it changed just now; look at it again"},
    {"handoff_opened", 409, "it changed just now; look at it again"},
    {"handoff_completing", 409, "the person is finishing it right now"},
    {"handoff_completed", 409, "too late: it is completed"},
    {"handoff_failed", 409, "too late: it has failed"},
    {"handoff_declined", 409, "too late: the person declined"},
    {"handoff_cancelled", 409, "it was cancelled just now"},
    {"handoff_expired", 409, "too late: nobody answered in time"},
    {"handoff_locked", 409, "too late: it is locked"},
};

struct OfTool {
  std::string_view tool;
  Refusals refusals;
};
constexpr OfTool kOfTools[] = {
    {"connections.createHandoff", kOfMinting},
    {"connections.get", kOfConnections},
    {"connections.list", kOfLists},
    {"connections.remove", kOfConnections},
    {"handoffs.cancel", kOfHandoffs},
    {"handoffs.cancel", kOfCancelling},
    {"handoffs.wait", kOfHandoffs},
};

void add(std::vector<Refusal>& all, Refusals more) { all.insert(all.end(), more.begin(), more.end()); }

}  // namespace

std::vector<Refusal> every_refusal() {
  std::vector<Refusal> all;
  for (const Refusals some :
       std::initializer_list<Refusals>{kAnywhere, kOfBodies, kWithoutBody, kOfPaths, kOfCaps, kOfMinting, kOfHandoffs,
                                       kOfConnections, kOfLists, kOfCancelling}) {
    add(all, some);
  }
  return all;
}

std::vector<Refusal> refusals_of(const AgentOperation& operation, const AgentTool& tool) {
  std::vector<Refusal> found;
  add(found, kAnywhere);
  add(found, operation.body == http::BodyKind::kNone ? Refusals(kWithoutBody) : Refusals(kOfBodies));
  if (operation.pattern.find('{') != std::string_view::npos) add(found, kOfPaths);
  if (tool.cap != Cap::kNone) add(found, kOfCaps);
  for (const auto& [name, refusals] : kOfTools) {
    if (name == operation.tool) add(found, refusals);
  }
  return found;
}

std::map<int, std::vector<Refusal>> by_status(const std::vector<Refusal>& refusals) {
  std::map<int, std::vector<Refusal>> sorted;
  for (const Refusal& refusal : refusals) sorted[refusal.status].push_back(refusal);
  return sorted;
}

Json refusal_codes() {
  Json codes = Json::array();
  for (const Refusal& refusal : every_refusal()) codes.push_back(refusal.code);
  std::sort(codes.begin(), codes.end());
  return codes;
}

}  // namespace countersign::web
