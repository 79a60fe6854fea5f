#include "web/auth_session_views.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "web/agent_views.h"
#include "web/tools/arguments.h"

namespace countersign::web {
namespace {

using namespace std::chrono_literals;
namespace schema = mcp::schema;
using handoff::LoginStatus;

constexpr std::string_view kMintedText =
    "Show loginUrl and userCode to the user verbatim. Do not open it yourself. Then call get_auth_session with "
    "sessionRequestId and wait 45; while the status is pending, call it again. expired means nobody decided in time "
    "and is not a denial.";
constexpr std::string_view kClientConnect =
    "Ask the user to run `countersign client connect CODE` on the machine where you run, with the code that the page "
    "shows them. That gives your program its token; none will appear here.";
constexpr std::string_view kProgramFetches =
    "The program that began this session now fetches its token with POST pollUrl and its code_verifier; none will "
    "appear here.";
constexpr std::string_view kBringReturnCode =
    "The user allowed it from another machine than the one that asked, and the page shows them a return code. Ask "
    "them for it, then call get_auth_session with returnCode (over REST: POST pollUrl with return_code).";
constexpr std::string_view kDenied = "The user said no. Do not ask again unless the user wants you to.";
constexpr std::string_view kExpired =
    "Nobody decided in time. This is not a denial: ask the user whether to try again, then call create_auth_session.";
constexpr std::string_view kLocked =
    "It is locked after too many wrong codes. Ask the user whether to try again, then call create_auth_session.";

std::string pending_text(const handoff::LoginState& state) {
  if (!state.return_code_awaited) {
    return "Not decided yet. Call get_auth_session again with the same sessionRequestId and wait 45.";
  }
  if (state.login.verifier_held) return std::string(kBringReturnCode);
  return "The user allowed it. " + std::string(kClientConnect);
}

// What the agent should do now, in words a model can follow.
std::string next_step(const handoff::LoginState& state) {
  switch (state.status) {
    case LoginStatus::kPending:
      return pending_text(state);
    case LoginStatus::kActive:
      return std::string(state.login.verifier_held ? kProgramFetches : kClientConnect);
    case LoginStatus::kDenied:
      return std::string(kDenied);
    case LoginStatus::kExpired:
      return std::string(kExpired);
    case LoginStatus::kCancelled:
      if (state.handoff.state == domain::kLocked) return std::string(kLocked);
      return "It was cancelled. Nothing was granted.";
  }
  return "";
}

std::string words_for(const handoff::LoginState& state) {
  std::string text = "The auth session is " + std::string(handoff::kLoginStatusNames[state.status]);
  if (state.approved_by) text += ", allowed by " + state.approved_by->display_name;
  return text + ". " + next_step(state);
}

}  // namespace

handoff::LoginRequest login_request(const Json& arguments, std::string_view address) {
  handoff::LoginRequest request;
  request.agent_identifier = text_argument(arguments, "agent_identifier");
  request.scope = text_argument(arguments, "scope");
  request.code_challenge = text_argument(arguments, "code_challenge");
  request.address = address;
  return request;
}

Answer minted_login_answer(const Services& services, const handoff::MintedLogin& minted) {
  const std::string& base = services.settings.public_url;
  const std::string url = base + "/h/" + minted.link_token;
  Json body = {{"sessionRequestId", minted.session_request_id},
               {"loginUrl", url},
               {"pollUrl", base + "/v1/auth-sessions/" + minted.session_request_id},
               {"expiresIn", seconds_until(minted.handoff.expires_at, services.clock.now())},
               {"userCode", minted.handoff.user_code},
               {"interval", services.logins.interval_of(minted.handoff.id).count()},
               {"instructions", kMintedText}};
  return {"URL for the user: " + url + "\nCode: " + minted.handoff.user_code +
              "\nsessionRequestId: " + minted.session_request_id + "\n" + std::string(kMintedText),
          mcp::share(std::move(body))};
}

Json scope_list(domain::ScopeSet scopes) {
  Json list = Json::array();
  for (const domain::Scope scope :
       {domain::Scope::kRead, domain::Scope::kConnect, domain::Scope::kChange, domain::Scope::kUse}) {
    if (scopes.has(scope)) list.push_back(domain::kScopeNames[scope]);
  }
  return list;
}

Answer login_answer(const Services& services, const handoff::LoginState& state) {
  const bool pending = state.status == LoginStatus::kPending;
  const long long left = pending ? seconds_until(state.handoff.expires_at, services.clock.now()) : 0;
  Json body = {{"status", handoff::kLoginStatusNames[state.status]},
               {"interval", services.logins.interval_of(state.handoff.id).count()},
               {"expiresIn", left},
               {"next", next_step(state)}};
  if (state.return_code_awaited) body["returnCodeAwaited"] = true;
  if (state.status == LoginStatus::kActive) body["scopes"] = scope_list(state.login.granted);
  if (state.approved_by) body["approvedBy"] = state.approved_by->display_name;
  if (state.handoff.state == domain::kLocked) body["reason"] = "locked";
  return {words_for(state), mcp::share(std::move(body))};
}

bool is_worth_waiting(const handoff::LoginState& state) {
  return state.status == LoginStatus::kPending && !state.return_code_awaited;
}

std::chrono::milliseconds longest_hold(const Services& services, const handoff::LoginState& state,
                                       std::chrono::seconds wait) {
  const auto until_deadline = std::max(0ms, state.handoff.expires_at - services.clock.now()) + 1ms;
  return std::min<std::chrono::milliseconds>(wait, until_deadline);
}

ToolOutcome wait_for_login(const Services& services, const std::string& session_request_id, std::chrono::seconds wait) {
  const handoff::LoginState state = services.logins.get(session_request_id);
  if (wait == 0s || !is_worth_waiting(state)) {
    services.logins.keep_pace(state);
    return login_answer(services, state);
  }
  return HeldAnswer{state.handoff.id.value(), longest_hold(services, state, wait),
                    [&services, session_request_id](http::Hold::Round round) -> std::optional<Answer> {
                      const handoff::LoginState current = services.logins.get(session_request_id);
                      if (is_worth_waiting(current) && round == http::Hold::Round::kAgain) return std::nullopt;
                      return login_answer(services, current);
                    }};
}

schema::Object login_input() {
  return schema::Object()
      .optional("agent_identifier", schema::text("Your name, shown to the user as your own words", {.max = 120}))
      .optional("scope", schema::text("Some of: read connect change use; default: read connect use", {.max = 120}))
      .optional("code_challenge",
                schema::text("S256 of a secret that your program keeps (RFC 7636), if it will fetch the token itself",
                             {.min = 43, .max = 43}));
}

schema::Object minted_login_output() {
  return schema::Object()
      .required("sessionRequestId", schema::text("For get_auth_session", {.max = 128}))
      .required("loginUrl", schema::text("Show it to the user verbatim; do not open it", {.max = 2048}))
      .required("pollUrl", schema::text("Where a program asks for the outcome", {.max = 2048}))
      .required("expiresIn", schema::integer("Seconds left", {.min = 0, .max = 86'400}))
      .required("userCode", schema::text("The user compares it with the page, or types it there", {.max = 32}))
      .required("interval", schema::integer("Seconds between polls without a wait", {.min = 1, .max = 3'600}))
      .required("instructions", schema::text("What to do now", {.max = 2048}))
      .open();
}

schema::Object login_output() {
  return schema::Object()
      .required("status",
                schema::one_of("Only pending is not final", {"pending", "active", "denied", "expired", "cancelled"}))
      .required("interval", schema::integer("Seconds between polls without a wait", {.min = 1, .max = 3'600}))
      .required("expiresIn", schema::integer("Seconds left", {.min = 0, .max = 86'400}))
      .required("next", schema::text("What to do now", {.max = 1024}))
      .optional("approvedBy", schema::text("The person who allowed it", {.max = 512}))
      .optional("scopes", schema::list_of(schema::text("A scope", {.max = 32}), "What was granted", 16))
      .optional("reason", schema::text("Why it was cancelled: locked, after too many wrong codes", {.max = 32}))
      .optional("returnCodeAwaited", schema::boolean("Allowed; the user has a return code to give back"))
      .open();
}

}  // namespace countersign::web
