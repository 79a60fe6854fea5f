#include "web/auth_session_api.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "web/agent_views.h"
#include "web/auth_session_views.h"
#include "web/rest_input.h"
#include "web/show_once.h"
#include "web/tools/arguments.h"

namespace countersign::web {
namespace {

using namespace std::chrono_literals;

http::Response respond(const Answer& answer, int status = 200) {
  return http::Response(status, "application/json", dump_json(*answer.body));
}

std::string session_of(const Json& input) { return text_argument(input, "sessionRequestId"); }

http::Outcome create(const Services& services, const http::Call& call, const Json& input) {
  handoff::LoginRequest request = login_request(input, call.request.client_address);
  request.for_program = true;
  const handoff::MintedLogin minted = services.logins.mint(request);
  const Answer answer = minted_login_answer(services, minted);
  if (!minted.verifier) return respond(answer, 201);
  return with_secret(201, *answer.body, "codeVerifier", *minted.verifier);
}

http::Outcome get(const AgentDoor& door, const Json& input) {
  const std::chrono::seconds wait(integer_argument(input, "wait", 0));
  ToolOutcome outcome = wait_for_login(door.services(), session_of(input), wait);
  if (const Answer* answer = std::get_if<Answer>(&outcome)) return respond(*answer);
  auto& held = std::get<HeldAnswer>(outcome);
  return http::Hold{held.topic, door.deadline_of(held),
                    [look = std::move(held.look)](http::Hold::Round round) -> std::optional<http::Response> {
                      const auto answer = look(round);
                      if (!answer) return std::nullopt;
                      return respond(*answer);
                    }};
}

Json expiry_of(const domain::Agent& agent) {
  return agent.expires_at == Instant() ? Json(nullptr) : Json(rfc3339(agent.expires_at));
}

// One try of a program to get its grant. Lives as long as its request is held.
struct Redemption {
  const Services& services;
  std::string session;
  handoff::LoginProof proof;

  std::optional<http::Response> grant() const {
    const auto released = services.logins.release(session, proof);
    if (!released) return std::nullopt;
    Json body = *login_answer(services, services.logins.get(session)).body;
    body["agentId"] = released->agent.id.text();
    body["expiresAt"] = expiry_of(released->agent);
    body["next"] = "Send the token as `Authorization: Bearer` from now on. It is not shown again.";
    return with_secret(200, body, "token", released->token);
  }

  // The grant, or how it stands. Allowed between the two looks: `active` without a token would be no answer.
  http::Response look() const {
    if (auto response = grant()) return std::move(*response);
    const handoff::LoginState state = services.logins.get(session);
    if (state.status == handoff::LoginStatus::kActive) {
      if (auto response = grant()) return std::move(*response);
    }
    return respond(login_answer(services, state));
  }

  std::optional<http::Response> look_again(http::Hold::Round round) const {
    if (round == http::Hold::Round::kAgain && is_worth_waiting(services.logins.get(session))) return std::nullopt;
    return look();
  }
};

// The parsed body still holds the verifier until the guard drops it, a moment later: a one-use proof, no key.
handoff::LoginProof proof_of(const Json& input) {
  return {Secret::copy_of(input["code_verifier"].get_ref<const std::string&>()), text_argument(input, "return_code")};
}

http::Outcome redeem(const AgentDoor& door, const Json& input) {
  const Services& services = door.services();
  auto redemption = std::make_shared<const Redemption>(Redemption{services, session_of(input), proof_of(input)});
  const std::chrono::seconds wait(integer_argument(input, "wait", 0));
  if (auto response = redemption->grant()) return std::move(*response);
  const handoff::LoginState state = services.logins.get(redemption->session);
  if (wait == 0s || !is_worth_waiting(state)) {
    services.logins.keep_pace(state);
    return redemption->look();
  }
  return http::Hold{state.handoff.id.value(), services.clock.steady_now() + longest_hold(services, state, wait),
                    [redemption](http::Hold::Round round) { return redemption->look_again(round); }};
}

http::Outcome cancel(const Services& services, const Json& input) {
  return respond(login_answer(services, services.logins.cancel(session_of(input))));
}

http::Outcome connect(const Services& services, const http::Call& call, const Json& input) {
  const auto& code = input["code"].get_ref<const std::string&>();
  const handoff::ReleasedGrant grant = services.logins.connect(code, call.request.client_address);
  const Json body = {{"agentId", grant.agent.id.text()},
                     {"name", grant.agent.name},
                     {"scopes", scope_list(grant.agent.scopes)},
                     {"expiresAt", expiry_of(grant.agent)},
                     {"mcpUrl", services.settings.public_url + "/mcp"}};
  return with_secret(200, body, "token", grant.token);
}

http::Outcome answer(const AgentDoor& door, std::string_view operation, const http::Call& call, const Json& input) {
  if (operation == kCreateSession) return create(door.services(), call, input);
  if (operation == kGetSession) return get(door, input);
  if (operation == kRedeemSession) return redeem(door, input);
  if (operation == kCancelSession) return cancel(door.services(), input);
  return connect(door.services(), call, input);
}

}  // namespace

void add_auth_session_routes(http::Router& router, AgentDoor& door) {
  for (const AgentOperation& operation : auth_session_operations()) {
    const mcp::Tool& description = auth_session_words(operation.tool);
    router.add({.method = operation.method,
                .pattern = std::string(operation.pattern),
                .access = http::Access::kPublic,
                .surface = http::Surface::kApi,
                .body = operation.body,
                .runs = operation.runs,
                .body_limit = kAgentBodyLimit,
                .secret_fields = {},
                .handler = [&door, &description, name = operation.tool](http::Call& call) -> http::Outcome {
                  refuse_web_pages(call.request, door.services().settings);
                  const Json input = rest_input(call, description);
                  return door.for_anybody(call.request, [&] { return answer(door, name, call, input); });
                }});
  }
}

}  // namespace countersign::web
