#include "web/openapi_refusals.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <span>

#include "web/auth_session_api.h"

namespace countersign::web {
namespace {

using Refusals = std::span<const Refusal>;

// The guard's and the doors', whatever is asked for.
constexpr Refusal kAnywhere[] = {
    {"invalid_arguments", 400, "not what the operation takes; `pointer` names the first place"},
    {"bad_percent_encoding", 400, "a % in the query that two hexadecimal digits do not follow"},
    {"invalid_utf8", 400, "the query is not UTF-8 once decoded"},
    {"nul_character", 400, "the query holds the character NUL"},
    {"duplicate_name", 400, "a name stands twice in the query"},
    {"empty_name", 400, "a query parameter without a name"},
    {"name_too_long", 400, "a query parameter's name is too long"},
    {"too_many_fields", 400, "too many query parameters"},
    {"internal", 500, "a defect of the server; report it with the `request_id`"},
    {"overloaded", 503, "no room in a queue; nothing was changed"},
    {"storage_busy", 503, "the database is busy; nothing was changed"},
    {"storage_unavailable", 503, "the disk refused; nothing was changed"},
};
constexpr Refusal kOfAgents[] = {
    {"bad_idempotency_key", 400, "an Idempotency-Key that is empty, too long, sent twice, or no printable ASCII"},
    {"no_token", 401, "no bearer token"},
    {"bad_token", 401, "a token that is unknown, wrong, expired or revoked: never told apart"},
    {"agent_paused", 401, "the right token of an agent that its owner has paused"},
    {"owner_disabled", 401, "the right token of an agent whose owner's account is disabled"},
    {"insufficient_scope", 403, "the grant lacks the scope that the operation needs; ask for one that has it"},
};
constexpr Refusal kOfAnybody[] = {
    {"bad_origin", 403, "a web page sent it: the header Origin is there and is not ours"},
    {"too_many_misses", 429, "too many unknown sessions and wrong codes from this address"},
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

constexpr Refusal kOfRepeating[] = {{"request_key_reused", 409, "the Idempotency-Key was used for another request"}};
constexpr Refusal kOfMinting[] = {
    {"unknown_integration", 404, "no integration of this name"},
    {"unknown_template", 404, "the integration has no template of this name"},
    {"subject_required", 409, "the agent acts for nobody in particular; ask for owner org"},
};
// Where the template says that a person consents at the provider.
constexpr Refusal kOfConsents[] = {
    {"bad_name", 400, "a name that cannot be shown"},
    {"label_too_long", 400, "a label or identityLabel that is too long"},
    {"bad_redirect_uri", 400, "another redirect URI than the client's own"},
    {"bad_scope", 400, "a scope that the integration does not know"},
    {"org_only", 403, "the client acts for the org itself; ask for owner org"},
    {"unknown_client", 404, "no OAuth client of this name for this agent"},
    {"name_taken", 409, "the owner has a connection of this name that was made in another way"},
    {"client_elsewhere", 409, "the client is registered at another server than the template's"},
    {"oauth_client_missing", 409, "no OAuth client is set up, and the provider lets nobody register by itself"},
    {"registration_refused", 502, "the provider refused to register us"},
};
constexpr Refusal kOfClients[] = {
    {"bad_slug", 400, "a name that is not lower-case letters, digits and hyphens"},
    {"bad_endpoint", 400, "an endpoint that is not https"},
    {"no_endpoints", 400, "neither the catalogue nor the request says where"},
    {"label_too_long", 400, "a label that is too long"},
    {"unknown_client", 404, "no OAuth client of this name for this agent"},
};
// What http::Client and the server on the other side can do to us.
constexpr Refusal kOfServers[] = {
    {"bad_upstream_url", 400, "a URL that may not be called"},
    {"bad_issuer", 400, "no issuer's URL"},
    {"bad_resource", 400, "no resource's URL"},
    {"no_metadata", 502, "it says nothing about itself where it should"},
    {"bad_metadata", 502, "what it says about itself is not as it may be"},
    {"issuer_mismatch", 502, "its metadata is another issuer's"},
    {"resource_mismatch", 502, "its metadata is another resource's"},
    {"upstream_address_refused", 502, "its name leads to an address that is not public; nothing was sent"},
    {"upstream_unreachable", 502, "nobody answers there"},
    {"upstream_tls", 502, "its certificate is not trusted"},
    {"upstream_timeout", 502, "no answer in time"},
    {"upstream_lost", 502, "it broke the connection off"},
    {"upstream_malformed", 502, "no answer of HTTP"},
    {"upstream_too_large", 502, "an answer over our limits"},
    {"outbound_busy", 503, "too many requests to providers are on their way; nothing was sent"},
};
constexpr Refusal kOfUnknown[] = {{"unknown_integration", 404, "no integration of this name"}};
constexpr Refusal kOfConnectors[] = {
    {"several_connections", 409, "say which one by connectionId"},
};
constexpr Refusal kOfReferences[] = {
    {"bad_name", 400, "a name that cannot be shown"},
    {"label_too_long", 400, "an identityLabel that is too long"},
    {"bad_reference", 400, "the references do not fit the template's fields; no secret is taken here"},
    {"name_taken", 409, "a connection of this name was made by OAuth; it is removed, never replaced"},
    {"unknown_provider_item", 404, "does not exist, or is not bound for this integration and owner"},
};
constexpr Refusal kOfProviders[] = {{"unknown_provider", 404, "does not exist, or has no item for this agent"}};
constexpr Refusal kOfHandoffs[] = {{"unknown_handoff", 404, "does not exist, or is another agent's"}};
constexpr Refusal kOfConnections[] = {{"unknown_connection", 404, "does not exist, or is not for this agent"}};
constexpr Refusal kOfNaming[] = {
    {"which_connection", 400, "say either connectionId, or owner, integration and name"},
};
constexpr Refusal kOfLists[] = {{"bad_cursor", 400, "a cursor that did not come from the page before"}};
// pending, opened and cancelled can be met only in a race with another call or the person.
constexpr Refusal kOfAuthSessions[] = {
    {"unknown_auth_session", 404, "does not exist"},
    {"slow_down", 429, "polled before the interval was over, which grows by five seconds"},
};
constexpr Refusal kOfNewSessions[] = {
    {"bad_name", 400, "an agent_identifier that cannot be shown"},
    {"bad_scope", 400, "an unknown word in scope"},
    {"bad_code_challenge", 400, "no S256 code_challenge (RFC 7636)"},
    {"login_cap", 429, "too many sessions from this address, or in all"},
};
constexpr Refusal kOfGrants[] = {
    {"wrong_verifier", 403, "the verifier is not the one of this session"},
    {"wrong_return_code", 403, "the return code is wrong; five of them lock the session"},
    {"owner_disabled", 403, "the person who allowed it has been disabled since"},
    {"grant_released", 409, "too late: the token was given out and has been used, or its time is over"},
};
constexpr Refusal kOfConnecting[] = {
    {"owner_disabled", 403, "the person who allowed it has been disabled since"},
    {"unknown_code", 404, "unknown, used or expired: never told apart"},
    {"code_cap", 429, "too many wrong codes from this address, or in all"},
};
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
    {kCancelSession, kOfAuthSessions},
    {kCancelSession, kOfCancelling},
    {kConnectSession, kOfConnecting},
    {kCreateSession, kOfNewSessions},
    {kGetSession, kOfAuthSessions},
    {kRedeemSession, kOfAuthSessions},
    {kRedeemSession, kOfGrants},
    {"connect_connector", kOfMinting},
    {"connect_connector", kOfConsents},
    {"connect_connector", kOfServers},
    {"connections.create", kOfMinting},
    {"connections.create", kOfReferences},
    {"connections.createHandoff", kOfMinting},
    {"connections.createHandoff", kOfConsents},
    {"connections.createHandoff", kOfServers},
    {"connections.get", kOfConnections},
    {"connections.get", kOfNaming},
    {"connections.list", kOfLists},
    {"connections.refresh", kOfConnections},
    {"connections.refresh", kOfNaming},
    {"connections.remove", kOfConnections},
    {"connections.remove", kOfNaming},
    {"disconnect_connector", kOfConnections},
    {"disconnect_connector", kOfConnectors},
    {"disconnect_connector", kOfUnknown},
    {"handoffs.cancel", kOfHandoffs},
    {"handoffs.cancel", kOfCancelling},
    {"handoffs.wait", kOfHandoffs},
    {"oauth.cancel", kOfHandoffs},
    {"oauth.cancel", kOfCancelling},
    {"oauth.clients.create", kOfMinting},
    {"oauth.clients.create", kOfClients},
    {"oauth.clients.createHandoff", kOfMinting},
    {"oauth.clients.createHandoff", kOfClients},
    {"oauth.clients.registerDynamic", kOfMinting},
    {"oauth.clients.registerDynamic", kOfClients},
    {"oauth.clients.remove", kOfMinting},
    {"oauth.clients.remove", kOfClients},
    {"oauth.probe", kOfServers},
    {"oauth.start", kOfMinting},
    {"oauth.start", kOfConsents},
    {"oauth.start", kOfServers},
    {"providers.items", kOfProviders},
};

void add(std::vector<Refusal>& all, Refusals more) { all.insert(all.end(), more.begin(), more.end()); }

}  // namespace

std::vector<Refusal> every_refusal() {
  std::vector<Refusal> all;
  for (const Refusals some : std::initializer_list<Refusals>{
           kAnywhere,      kOfAgents,    kOfAnybody,    kOfBodies,      kWithoutBody, kOfPaths,   kOfCaps,
           kOfRepeating,   kOfMinting,   kOfReferences, kOfConsents,    kOfClients,   kOfServers, kOfUnknown,
           kOfConnectors,  kOfProviders, kOfHandoffs,   kOfConnections, kOfNaming,    kOfLists,   kOfAuthSessions,
           kOfNewSessions, kOfGrants,    kOfConnecting, kOfCancelling}) {
    add(all, some);
  }
  return all;
}

std::vector<Refusal> refusals_of(const AgentOperation& operation, const AgentTool* tool) {
  std::vector<Refusal> found;
  add(found, kAnywhere);
  add(found, tool == nullptr ? Refusals(kOfAnybody) : Refusals(kOfAgents));
  add(found, operation.body == http::BodyKind::kNone ? Refusals(kWithoutBody) : Refusals(kOfBodies));
  if (operation.pattern.find('{') != std::string_view::npos) add(found, kOfPaths);
  if (tool != nullptr && tool->cap != Cap::kNone) add(found, kOfCaps);
  if (operation.repeat == AgentOperation::Repeat::kSameAnswer) add(found, kOfRepeating);
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
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  return codes;
}

}  // namespace countersign::web
