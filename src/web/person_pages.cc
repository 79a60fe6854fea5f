// One account, for admins: its role, whether it may sign in, its sessions and its way back in. Each act is a page
// of its own (act_page.h).
#include <algorithm>
#include <array>

#include "base/error.h"
#include "web/act_page.h"
#include "web/agent_facts.h"
#include "web/page_input.h"
#include "web/people_words.h"
#include "web/routes.h"
#include "web/session_list.h"
#include "web/show_once.h"
#include "web/step_up.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::size_t kAgentsShown = 20;

constexpr std::array kDone{
    DoneNote{"role", "The role is changed. It counts from the next click on."},
    DoneNote{"disabled", "The account is disabled: signed out everywhere, and its agents are refused."},
    DoneNote{"enabled", "The account is enabled. Its agents work again."},
    DoneNote{"sessions", "Signed out everywhere."}};

// An admin looks, at somebody who exists.
domain::Person person_of(const Services& services, const http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  domain::require_role(acting, domain::Role::kAdmin);
  const auto id = PersonId::parse(call.path_params.at("id"));
  if (!id) throw Error(ErrorCode::kNotFound, "unknown_person", "There is no such person.");
  return services.people.get(acting.workspace, *id);
}

std::string path_of(const domain::Person& person, std::string_view rest = {}) {
  return "/people/" + person.id.text() + std::string(rest);
}

void show_agents(const Services& services, const domain::Acting& acting, PersonId owner, Values& values) {
  auto agents = services.grants.list(acting);
  const Instant now = services.clock.now();
  std::erase_if(agents,
                [&](const domain::Agent& agent) { return agent.owner != owner || agent.revoked_at != Instant{}; });
  values.show_either(agents.empty(), "NO_AGENTS", "AGENTS");
  for (std::size_t i = 0; i < agents.size() && i < kAgentsShown; ++i) {
    Values& row = values.add("AGENT").set("AGENT_ID", agents[i].id.text()).set("AGENT_NAME", agents[i].name, 100);
    show_badge(badge_of(state_of(agents[i], now)), row);
  }
  if (agents.size() > kAgentsShown) values.add("MORE_AGENTS").set("MORE", std::to_string(agents.size() - kAgentsShown));
}

http::Response show(const Services& services, http::Call& call) {
  const domain::Person person = person_of(services, call);
  const domain::Acting acting = acting_of(call.caller);
  Page page(services, call, Section::kPeople);
  Values& values = page.content("person.html", person.display_name);
  show_done(call, kDone, values);
  values.set("NAME", person.display_name, 100).set("LOGIN", person.login, 100).set("ID", person.id.text());
  values.set("ROLE", domain::kRoleNames[person.role]).set("ROLE_WORDS", words_of(person.role));
  values.set("SINCE", date_and_time(person.created_at)).set("ACTOR", domain::Actor::person(person.id).text());
  show_badge(badge_of(person), values);
  values.show_either(person.id == acting.person, "SELF", "SOMEBODY_ELSE");
  values.show_either(person.disabled, "DISABLED", "ENABLED");
  const auto sessions = services.sessions.list(acting, person.id);
  show_sessions(sessions, {}, services.clock.now(), values);
  values.show_either(!sessions.empty(), "SIGNED_IN_SOMEWHERE");
  show_agents(services, acting, person.id, values);
  return page.answer();
}

Act act_on(const domain::Person& person, std::string verb, std::string_view what) {
  Act act;
  act.section = Section::kPeople;
  act.verb = std::move(verb);
  act.object = person.display_name;
  act.path = path_of(person, "/" + std::string(what));
  act.back_path = path_of(person);
  act.back_text = "Back to the account";
  return act;
}

Act role_act(const domain::Person& person) {
  Act act = act_on(person, "Change the role of", "role");
  act.lead = "A role includes those before it.";
  Choice choice{"role", "Role", {}, std::string(domain::kRoleNames[person.role])};
  for (std::size_t i = 0; i < domain::kRoleNames.names.size(); ++i) {
    const auto role = static_cast<domain::Role>(i);
    choice.options.push_back({std::string(domain::kRoleNames[role]), std::string(domain::kRoleNames[role])});
    act.effects.push_back(std::string(domain::kRoleNames[role]) + ": " + std::string(words_of(role)));
  }
  act.choice = std::move(choice);
  return act;
}

Act disable_act(const domain::Person& person) {
  Act act = act_on(person, "Disable", "disable");
  act.weight = Act::Weight::kDangerous;
  act.lead = "This takes effect at once, and you can take it back.";
  act.effects = {"Signed out everywhere; unused sign-in links are void.",
                 "Agents of this account are refused until it is enabled again.",
                 "Connections stay as they are. What waits for this person keeps waiting, and expires."};
  return act;
}

Act enable_act(const domain::Person& person) {
  Act act = act_on(person, "Enable", "enable");
  act.lead = "The person can sign in again, and their agents work again.";
  return act;
}

Act link_act(const domain::Person& person) {
  Act act = act_on(person, "Make a new sign-in link for", "link");
  act.lead =
      "For somebody who cannot sign in, or whose account may be in the wrong hands. You get the link and pass it on.";
  act.effects = {"The present password stops working; the link leads to choosing a new one.",
                 "Signed out everywhere; earlier links are void.", "Their agents and connections stay as they are."};
  return act;
}

Act sessions_act(const domain::Person& person) {
  Act act = act_on(person, "End all sessions of", "sessions");
  act.weight = Act::Weight::kDangerous;
  act.lead =
      "Signed out everywhere, at once. The password still works: disable the account, or make a new sign-in link, if "
      "somebody else may know it.";
  return act;
}

// How an act on somebody is asked for and done; `Make` gives it, `Done` names the note that follows.
template <Act (*Make)(const domain::Person&)>
http::Response ask_for(const Services& services, http::Call& call) {
  return ask(services, call, Make(person_of(services, call)));
}

http::Response done(const domain::Person& person, std::string_view word) {
  return http::see_other(path_of(person, "?done=" + std::string(word)));
}

http::Response change_role(const Services& services, http::Call& call) {
  const domain::Person person = person_of(services, call);
  auto trouble = carry_out(services, call, role_act(person), [&](const domain::Acting& acting) {
    const auto role = domain::kRoleNames.parse(call.form->field("role"));
    if (!role) throw Error(ErrorCode::kInvalidArgument, "bad_role", "Choose one of the roles.");
    services.accounts.change_role(acting, person.id, *role);
  });
  return trouble ? *std::move(trouble) : done(person, "role");
}

http::Response disable(const Services& services, http::Call& call) {
  const domain::Person person = person_of(services, call);
  auto trouble = carry_out(services, call, disable_act(person),
                           [&](const domain::Acting& acting) { services.accounts.disable(acting, person.id); });
  return trouble ? *std::move(trouble) : done(person, "disabled");
}

http::Response enable(const Services& services, http::Call& call) {
  const domain::Person person = person_of(services, call);
  auto trouble = carry_out(services, call, enable_act(person),
                           [&](const domain::Acting& acting) { services.accounts.enable(acting, person.id); });
  return trouble ? *std::move(trouble) : done(person, "enabled");
}

http::Response end_sessions(const Services& services, http::Call& call) {
  const domain::Person person = person_of(services, call);
  auto trouble = carry_out(services, call, sessions_act(person),
                           [&](const domain::Acting& acting) { services.sessions.end_all(acting, person.id, {}); });
  return trouble ? *std::move(trouble) : done(person, "sessions");
}

http::Response link_page(const Services& services, const http::Call& call, const domain::Person& person,
                         const Secret& link) {
  Page page(services, call, Section::kPeople);
  Values& values = page.content("invited.html", "A new sign-in link");
  values.show("RENEWED").set("NAME", person.display_name, 100).set("ID", person.id.text());
  values.set("PUBLIC_URL", services.settings.public_url).set("LIFETIME", "one day");
  return with_secret_shown(page.answer(), link);
}

http::Response renew_link(const Services& services, http::Call& call) {
  const domain::Person person = person_of(services, call);
  Secret link;
  auto trouble = carry_out(services, call, link_act(person), [&](const domain::Acting& acting) {
    link = services.accounts.renew_link(acting, person.id);
  });
  return trouble ? *std::move(trouble) : link_page(services, call, person, link);
}

struct ActRoutes {
  std::string_view pattern;
  PageHandler ask;
  PageHandler act;
};
constexpr std::array kActs{ActRoutes{"/people/{id}/role", ask_for<role_act>, change_role},
                           ActRoutes{"/people/{id}/disable", ask_for<disable_act>, disable},
                           ActRoutes{"/people/{id}/enable", ask_for<enable_act>, enable},
                           ActRoutes{"/people/{id}/link", ask_for<link_act>, renew_link},
                           ActRoutes{"/people/{id}/sessions", ask_for<sessions_act>, end_sessions}};

}  // namespace

void add_person_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kGet, "/people/{id}", Access::kBrowser, show});
  for (const ActRoutes& act : kActs) {
    add_page(router, services, {Method::kGet, act.pattern, Access::kBrowser, act.ask});
    add_page(router, services,
             {Method::kPost, act.pattern, Access::kBrowserForm, act.act, {std::string(kStepUpField)}});
  }
}

}  // namespace countersign::web
