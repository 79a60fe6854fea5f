// The first page after sign-in: what waits for this person, and how to try it out.
#include <map>

#include "web/connection_facts.h"
#include "web/page_frame.h"
#include "web/routes.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::size_t kCounted = 100;

std::string what_it_asks(const Services& services, const domain::Handoff& handoff) {
  const domain::Integration* integration = services.catalog.find(handoff.integration);
  const std::string service = service_name(integration, handoff.integration);
  if (handoff.kind == domain::HandoffKind::kConfirm) return "Remove a connection at " + service + "?";
  const auto* form = integration ? integration->find_template(handoff.auth_template) : nullptr;
  return "Give your " + service + " " + (form ? form->label : "credential");
}

void show_waiting(const Services& services, const handoff::Opener& opener, Values& values) {
  const auto waiting = services.handoffs.waiting_for(opener);
  if (waiting.empty()) {
    values.show("NOTHING");
    return;
  }
  std::map<AgentId, std::string> agent_names;
  for (const domain::Agent& agent : services.grants.list(opener.workspace)) agent_names[agent.id] = agent.name;
  const Instant now = services.clock.now();
  Values& list = values.add("WAITING");
  for (const auto& [handoff, link_token] : waiting) {
    Values& row = list.add("HANDOFF");
    row.set("TOKEN", link_token).set("WHAT", what_it_asks(services, handoff));
    row.set("AGENT", agent_names[handoff.agent], 100);
    row.set("ASKED", ago(handoff.created_at, now)).set("CLOSES", until(handoff.expires_at, now));
    row.show_either(handoff.owner.kind == domain::OwnerKind::kOrg, "FOR_ORG");
  }
}

std::string count_connections(const Services& services, const handoff::Opener& opener) {
  handoff::ConnectionQuery all;
  all.limit = kCounted;
  const std::size_t count = services.connections.list(opener, all).size();
  if (count == 0) return "None yet.";
  if (count == 1) return "You have one.";
  return "You have " + std::to_string(count) + (count == kCounted ? " or more." : ".");
}

http::Response home(const Services& services, http::Call& call) {
  const handoff::Opener opener = opener_of(call.caller);
  const auto person = services.people.get(opener.workspace, opener.person);
  Page page(services, call);
  Values& values = page.content("home.html", "Home");
  values.set("GREETING", "Hello, " + person.display_name, 100);
  values.show_either(person.password_hash.empty(), "PASSWORD_HINT");
  show_waiting(services, opener, values);
  values.set("CONNECTIONS", count_connections(services, opener));
  if (opener.person == services.settings.first_call_owner) {
    values.set_if_any("FIRST_CALL", services.settings.first_call);
  }
  return page.answer();
}

}  // namespace

void add_home_page(http::Router& router, const Services& services) {
  add_page(router, services, {http::Method::kGet, "/", http::Access::kBrowser, home});
}

}  // namespace countersign::web
