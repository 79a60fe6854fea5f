// The first page after sign-in: what waits for this person, and how to try it out.
#include <algorithm>
#include <map>

#include "web/connection_facts.h"
#include "web/page_frame.h"
#include "web/routes.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::size_t kCounted = 100;

std::string question_of(domain::ConfirmAction action) {
  switch (action) {
    case domain::ConfirmAction::kCreateConnection:
      return "Make a connection to ";
    case domain::ConfirmAction::kReplaceConnection:
      return "Give a connection another credential at ";
    case domain::ConfirmAction::kRemoveConnection:
    case domain::ConfirmAction::kNone:
      return "Remove a connection at ";
  }
  return {};
}

std::string what_it_asks(const Services& services, const domain::Handoff& handoff) {
  const auto integration = services.catalog.find(handoff.integration);
  const std::string service = service_name(integration.get(), handoff.integration);
  if (handoff.kind == domain::HandoffKind::kLogin) return "Let an agent act for you?";
  if (handoff.kind == domain::HandoffKind::kConfirm) return question_of(handoff.action) + service + "?";
  if (handoff.kind == domain::HandoffKind::kOAuth) return "Connect your " + service + " account?";
  if (handoff.kind == domain::HandoffKind::kOAuthClient) {
    return "Set up or change the OAuth client" + (handoff.integration.empty() ? "?" : " for " + service + "?");
  }
  const auto* form = integration ? integration->find_template(handoff.auth_template) : nullptr;
  if (form && form->webhook) return "Take deliveries from " + service + "?";
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
    const bool login = handoff.kind == domain::HandoffKind::kLogin;
    const std::string asker = handoff.agent.valid() ? agent_names[handoff.agent] : "you, on these pages";
    row.set("AGENT", login ? handoff.label : asker, 100);
    row.set("ASKED", ago(handoff.created_at, now)).set("CLOSES", until(handoff.expires_at, now));
    row.show_either(handoff.owner.kind == domain::OwnerKind::kOrg, "FOR_ORG");
    row.show_either(services.handoffs.stranger_came(handoff.id), "STRANGER_CAME");
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

std::string count_agents(const Services& services, const domain::Acting& acting) {
  const auto agents = services.grants.list(acting);
  const auto live = std::count_if(agents.begin(), agents.end(), [&](const domain::Agent& agent) {
    return agent.owner == acting.person && agent.revoked_at == Instant();
  });
  if (live == 0) return "No agent acts for you yet.";
  if (live == 1) return "One agent may act for you.";
  return std::to_string(live) + " agents may act for you.";
}

http::Response home(const Services& services, http::Call& call) {
  const handoff::Opener opener = acting_of(call.caller);
  const auto person = services.people.get(opener.workspace, opener.person);
  Page page(services, call, Section::kHome);
  Values& values = page.content("home.html", "Home");
  values.set("GREETING", "Hello, " + person.display_name, 100);
  values.show_either(person.password_hash.empty(), "PASSWORD_HINT");
  show_waiting(services, opener, values);
  values.set("CONNECTIONS", count_connections(services, opener));
  values.set("AGENTS", count_agents(services, opener));
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
