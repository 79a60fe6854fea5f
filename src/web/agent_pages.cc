// Agents as their owners see them: the list, and one agent with what it may do. Making and changing them is in
// agent_new_pages.cc and agent_act_pages.cc.
#include <algorithm>
#include <array>
#include <tuple>

#include "base/error.h"
#include "web/agent_facts.h"
#include "web/agent_page_parts.h"
#include "web/page_input.h"
#include "web/routes.h"
#include "web/scope_words.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::size_t kMostShown = 500;

constexpr std::array kDone{
    DoneNote{"paused", "Paused. Whatever it asks for is refused from now on."}, DoneNote{"resumed", "It may go on."},
    DoneNote{"revoked", "Revoked. Its token does not work any more, and its open requests are cancelled."}};

// What the address asks to see. `owner`: empty for all, "me", "workspace" or a person's id.
struct Wanted {
  std::optional<AgentState> state;
  std::string owner;
  PersonId person;
};

Error bad_filter(std::string_view what) {
  return {ErrorCode::kInvalidArgument, "bad_filter",
          "The address asks for " + std::string(what) + " that this list does not know."};
}

Wanted wanted_of(const http::Call& call) {
  Wanted wanted;
  const std::string_view state = query_text(call, "state");
  wanted.state = kAgentStateNames.parse(state);
  if (!state.empty() && !wanted.state) throw bad_filter("a state");
  wanted.owner = query_text(call, "owner");
  if (wanted.owner == "me") wanted.person = acting_of(call.caller).person;
  if (wanted.owner.empty() || wanted.owner == "me" || wanted.owner == "workspace") return wanted;
  const auto person = PersonId::parse(wanted.owner);
  if (!person) throw bad_filter("an owner");
  wanted.person = *person;
  return wanted;
}

bool fits(const domain::Agent& agent, const Wanted& wanted, Instant now) {
  const AgentState state = state_of(agent, now);
  if (state != wanted.state.value_or(state)) return false;
  if (!wanted.state && state == AgentState::kRevoked) return false;
  return wanted.owner.empty() || agent.owner == wanted.person;
}

// Whose come first: one's own, the workspace's, then other people's by name. It moves only when a name changes.
struct ListOrder {
  PersonId me;
  const PeopleNames& names;

  std::tuple<int, std::string_view> rank(PersonId owner) const {
    if (owner == me) return {0, {}};
    if (!owner.valid()) return {1, {}};
    const auto name = names.find(owner);
    return {2, name == names.end() ? std::string_view() : std::string_view(name->second)};
  }
  bool operator()(const domain::Agent& a, const domain::Agent& b) const {
    return std::tuple(rank(a.owner), a.owner, std::string_view(a.name), a.id) <
           std::tuple(rank(b.owner), b.owner, std::string_view(b.name), b.id);
  }
};

std::string group_title(PersonId owner, const domain::Acting& acting, const PeopleNames& names) {
  if (owner == acting.person) return "Yours";
  if (!owner.valid()) return "The workspace’s";
  const auto name = names.find(owner);
  return name == names.end() ? owner.text() : name->second;
}

std::string owner_words(PersonId owner, const domain::Acting& acting, const PeopleNames& names) {
  if (owner == acting.person) return "You";
  return owner.valid() ? group_title(owner, acting, names) : "The workspace";
}

void show_row(const domain::Agent& agent, Instant now, Values& row) {
  row.set("ID", agent.id.text()).set("NAME", agent.name, 100);
  row.set("LAST_USED", last_use_words(agent, now)).set("EXPIRES", expiry_words(agent.expires_at, now));
  row.set("RATE", rate_words(agent));
  show_badge(badge_of(state_of(agent, now)), row);
  show_scopes(agent.scopes, row);
}

void show_groups(const std::vector<domain::Agent>& agents, const domain::Acting& acting, const PeopleNames& names,
                 Instant now, Values& values) {
  Values* group = nullptr;
  PersonId owner;
  std::size_t shown = 0;
  for (const domain::Agent& agent : agents) {
    if (++shown > kMostShown) break;
    if (group == nullptr || agent.owner != owner) {
      owner = agent.owner;
      group = &values.add("GROUP").set("OWNER", group_title(owner, acting, names), 200);
      group->set("GROUP_ID", owner.valid() ? owner.text() : "workspace");
    }
    show_row(agent, now, group->add("ROW"));
  }
}

void show_filters(const Wanted& wanted, const domain::Acting& acting, const PeopleNames& names, Values& values) {
  for (std::size_t i = 0; i < kAgentStateNames.names.size(); ++i) {
    const auto state = static_cast<AgentState>(i);
    values.add("STATE_OPTION")
        .set("VALUE", kAgentStateNames[state])
        .set("TEXT", badge_of(state).word)
        .show_either(wanted.state == state, "CHOSEN");
  }
  if (acting.role != domain::Role::kAdmin) return;
  Values& field = values.add("OWNER_FILTER");
  const auto option = [&](std::string_view value, std::string_view text) {
    field.add("OWNER_OPTION").set("VALUE", value).set("TEXT", text, 200).show_either(wanted.owner == value, "CHOSEN");
  };
  option("me", "You");
  option("workspace", "The workspace");
  for (const auto& [id, name] : names) {
    if (id != acting.person) option(id.text(), name);
  }
}

http::Response list(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  const Wanted wanted = wanted_of(call);
  const Instant now = services.clock.now();
  const PeopleNames names = names_of_people(services, acting.workspace);
  auto agents = services.grants.list(acting);
  const bool any = !agents.empty();
  const auto revoked =
      std::count_if(agents.begin(), agents.end(), [](const auto& a) { return a.revoked_at != Instant{}; });
  std::erase_if(agents, [&](const domain::Agent& agent) { return !fits(agent, wanted, now); });
  std::sort(agents.begin(), agents.end(), ListOrder{acting.person, names});

  Page page(services, call, Section::kAgents);
  Values& values = page.content("agents.html", "Agents");
  show_done(call, kDone, values);
  show_filters(wanted, acting, names, values);
  show_groups(agents, acting, names, now, values);
  if (agents.size() > kMostShown) values.add("MORE").set("MORE_COUNT", std::to_string(agents.size() - kMostShown));
  const bool filtered = wanted.state || !wanted.owner.empty();
  if (agents.empty()) values.show(any && filtered ? "NONE_FIT" : "NONE");
  if (revoked > 0 && !filtered) values.add("REVOKED").set("REVOKED_COUNT", std::to_string(revoked));
  return page.answer();
}

void show_facts(const Services& services, const domain::Agent& agent, Values& values) {
  const Instant now = services.clock.now();
  values.set("ID", agent.id.text()).set("NAME", agent.name, 100).set("PREFIX", token_prefix(agent.id));
  values.set("CREATED", date_and_time(agent.created_at)).set("EXPIRES", expiry_words(agent.expires_at, now));
  values.set("LAST_USED", last_use_words(agent, now)).set("RATE", rate_words(agent));
  if (now < agent.old_token_until) values.add("OVERLAP").set("OLD_UNTIL", expiry_words(agent.old_token_until, now));
  values.set("ACTOR", domain::Actor::agent(agent.id).text());
  show_scopes(agent.scopes, values);
}

http::Response show(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  const domain::Agent agent = agent_of(services, call);
  const AgentState state = state_of(agent, services.clock.now());
  Page page(services, call, Section::kAgents);
  Values& values = page.content("agent.html", agent.name);
  show_done(call, kDone, values);
  show_facts(services, agent, values);
  show_badge(badge_of(state), values);
  values.set_if_any("ADVICE", advice_on(state));
  values.set("OWNER", owner_words(agent.owner, acting, names_of_people(services, acting.workspace)), 200);
  if (acting.role == domain::Role::kAdmin) values.show("FOR_ADMIN");
  if (state == AgentState::kRevoked) return page.answer();
  Values& alive = values.add("ALIVE");
  alive.show_either(agent.paused_at != Instant{}, "PAUSED", "RUNNING");
  if (!identity::may_hold_token(acting, agent)) return page.answer();
  alive.show_either(state == AgentState::kExpired, "EXPIRED", "ROTATABLE");
  if (state != AgentState::kExpired) show_setup(services, SetupToken::kPlaceholder, alive);
  return page.answer();
}

}  // namespace

void add_agent_pages(http::Router& router, const Services& services) {
  add_page(router, services, {http::Method::kGet, "/agents", http::Access::kBrowser, list});
  add_page(router, services, {http::Method::kGet, "/agents/{id}", http::Access::kBrowser, show});
}

}  // namespace countersign::web
