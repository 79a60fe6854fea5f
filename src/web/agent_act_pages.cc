// What an agent's owner or an admin does with it: a new token, a pause, the end. Taking away is never made hard;
// what gives asks for the password again.
#include <algorithm>
#include <array>

#include "base/error.h"
#include "web/act_page.h"
#include "web/agent_page_parts.h"
#include "web/page_input.h"
#include "web/routes.h"
#include "web/scope_words.h"
#include "web/step_up.h"

namespace countersign::web {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::array kOverlaps{seconds(0), seconds(hours(1)), seconds(hours(24)), seconds(hours(24 * 7))};

std::string path_of(const domain::Agent& agent, std::string_view rest = {}) {
  return "/agents/" + agent.id.text() + std::string(rest);
}

Act act_on(const domain::Agent& agent, std::string verb, std::string_view what) {
  Act act;
  act.section = Section::kAgents;
  act.verb = std::move(verb);
  act.object = agent.name;
  act.path = path_of(agent, "/" + std::string(what));
  act.back_path = path_of(agent);
  act.back_text = "Back to the agent";
  return act;
}

// Changes with every new token: a form that was sent twice is known by it.
std::string turn_of(const domain::Agent& agent) {
  return std::to_string(agent.old_token_until.time_since_epoch().count());
}

Act rotate_act(const domain::Agent& agent) {
  Act act = act_on(agent, "Make a new token for", "rotate");
  act.lead = "You see the new token once, on the next page, and put it where the agent runs.";
  act.effects = {
      "The old token works on for as long as you choose here. Choose “not at all” if somebody else may have it.",
      "What the agent may do, and when it ends, stay as they are."};
  Choice choice{"overlap", "How long the old token still works", {}, std::to_string(kOverlaps[1].count())};
  for (const seconds overlap : kOverlaps) {
    choice.options.push_back(
        {std::to_string(overlap.count()), overlap.count() == 0 ? "not at all: it stops now" : lifetime_words(overlap)});
  }
  act.choice = std::move(choice);
  act.hidden = {{"turn", turn_of(agent)}};
  return act;
}

Act resume_act(const domain::Agent& agent) {
  Act act = act_on(agent, "Let it go on:", "resume");
  act.lead = "It is paused. Its token works again after this, with all it could do before.";
  return act;
}

// What the agent asked this person for and waits on.
std::size_t waiting_of(const Services& services, const domain::Acting& acting, AgentId agent) {
  const auto waiting = services.handoffs.waiting_for(acting);
  return static_cast<std::size_t>(
      std::count_if(waiting.begin(), waiting.end(), [&](const auto& one) { return one.handoff.agent == agent; }));
}

Act revoke_act(const domain::Agent& agent, std::size_t waiting) {
  Act act = act_on(agent, "Revoke", "revoke");
  act.weight = Act::Weight::kDangerous;
  act.proof = Act::Proof::kNotNeeded;
  act.lead = "For good: it cannot be taken back. To stop it for a while, pause it.";
  act.effects = {"Its token stops at once, an older one that still worked, too.",
                 waiting == 0 ? "Whatever it has asked for and nobody has answered yet is cancelled."
                 : waiting == 1
                     ? "One request of it waits for you now. It is cancelled, as is all else it has asked for."
                     : std::to_string(waiting) +
                           " requests of it wait for you now. They are cancelled, as is all else it has asked for.",
                 "Connections that it asked for stay, for other agents. Remove them under Connections."};
  return act;
}

Error not_alive() {
  return {ErrorCode::kNotFound, "unknown_agent", "There is no such agent, or it is revoked already."};
}

domain::Agent live_agent_of(const Services& services, const http::Call& call) {
  domain::Agent agent = agent_of(services, call);
  if (agent.revoked_at != Instant{}) throw not_alive();
  return agent;
}

Act revoke_act_of(const Services& services, const http::Call& call, const domain::Agent& agent) {
  return revoke_act(agent, waiting_of(services, acting_of(call.caller), agent.id));
}

// Before a password is asked for: who may not have the token is told so at once.
domain::Agent own_agent_of(const Services& services, const http::Call& call) {
  domain::Agent agent = live_agent_of(services, call);
  if (identity::may_hold_token(acting_of(call.caller), agent)) return agent;
  throw Error(ErrorCode::kPermissionDenied, "not_your_agent",
              "Only its owner can make a new token for this agent. You can pause or revoke it.");
}

http::Response ask_rotate(const Services& services, http::Call& call) {
  return ask(services, call, rotate_act(own_agent_of(services, call)));
}
http::Response ask_resume(const Services& services, http::Call& call) {
  return ask(services, call, resume_act(live_agent_of(services, call)));
}
http::Response ask_revoke(const Services& services, http::Call& call) {
  return ask(services, call, revoke_act_of(services, call, live_agent_of(services, call)));
}

seconds overlap_of(const http::Form& form) {
  const auto number = parse_number(form.field("overlap"));
  const auto* known = std::find(kOverlaps.begin(), kOverlaps.end(), seconds(number.value_or(-1)));
  if (number && known != kOverlaps.end()) return *known;
  throw Error(ErrorCode::kInvalidArgument, "bad_overlap", "Choose how long the old token still works.");
}

// Sent again by a reload, it would end the overlap of the token that is in use now.
void require_first(const domain::Agent& agent, const http::Form& form) {
  if (form.field("turn") == turn_of(agent)) return;
  throw Error(ErrorCode::kConflict, "rotated_already",
              "A new token was made in the meantime, and this form was not used again. If you did not keep that token, "
              "make another one here.");
}

http::Response rotate(const Services& services, http::Call& call) {
  const domain::Agent agent = own_agent_of(services, call);
  std::optional<identity::IssuedGrant> issued;
  auto trouble = carry_out(services, call, rotate_act(agent), [&](const domain::Acting& acting) {
    require_first(agent, *call.form);
    issued = services.grants.rotate(acting, agent.id, overlap_of(*call.form));
  });
  return trouble ? *std::move(trouble) : token_page(services, call, *issued, TokenOccasion::kRotated);
}

http::Response pause(const Services& services, http::Call& call) {
  const domain::Agent agent = live_agent_of(services, call);
  services.grants.pause(acting_of(call.caller), agent.id);
  return http::see_other(path_of(agent, "?done=paused"));
}

http::Response resume(const Services& services, http::Call& call) {
  const domain::Agent agent = live_agent_of(services, call);
  auto trouble = carry_out(services, call, resume_act(agent),
                           [&](const domain::Acting& acting) { services.grants.resume(acting, agent.id); });
  return trouble ? *std::move(trouble) : http::see_other(path_of(agent, "?done=resumed"));
}

http::Response revoke(const Services& services, http::Call& call) {
  const domain::Agent agent = agent_of(services, call);
  // Pressed twice: it is as it was asked for.
  if (agent.revoked_at == Instant{}) services.grants.revoke(acting_of(call.caller), agent.id);
  return http::see_other("/agents?done=revoked");
}

}  // namespace

void add_agent_act_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  const std::vector<std::string> secret{std::string(kStepUpField)};
  add_page(router, services, {Method::kGet, "/agents/{id}/rotate", Access::kBrowser, ask_rotate});
  add_page(router, services, {Method::kPost, "/agents/{id}/rotate", Access::kBrowserForm, rotate, secret});
  add_page(router, services, {Method::kPost, "/agents/{id}/pause", Access::kBrowserForm, pause});
  add_page(router, services, {Method::kGet, "/agents/{id}/resume", Access::kBrowser, ask_resume});
  add_page(router, services, {Method::kPost, "/agents/{id}/resume", Access::kBrowserForm, resume, secret});
  add_page(router, services, {Method::kGet, "/agents/{id}/revoke", Access::kBrowser, ask_revoke});
  add_page(router, services, {Method::kPost, "/agents/{id}/revoke", Access::kBrowserForm, revoke});
}

}  // namespace countersign::web
