// Connections as their people see them: which there are, what each may be used for and by whom, and the way to
// remove one.
#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/error.h"
#include "web/agent_facts.h"
#include "web/connection_facts.h"
#include "web/connection_health.h"
#include "web/page_frame.h"
#include "web/page_input.h"
#include "web/routes.h"
#include "web/times.h"
#include "web/webhook_pages.h"

namespace countersign::web {
namespace {

constexpr std::size_t kPerPage = 50;
constexpr std::size_t kAgentsShown = 20;
constexpr std::size_t kSlugLimit = 64;

ConnectionId parse_id(std::string_view text) {
  const auto id = ConnectionId::parse(text);
  if (!id) throw Error(ErrorCode::kNotFound, "unknown_connection", "There is no such connection.");
  return *id;
}

bool may_remove(const domain::Connection& connection, const domain::Acting& acting) {
  return connection.owner.kind == domain::OwnerKind::kUser || acting.role == domain::Role::kAdmin;
}

Error bad_filter(std::string message) { return {ErrorCode::kInvalidArgument, "bad_filter", std::move(message)}; }

// What the address asks for; `owner` and `integration` as they came, for the form and the links.
struct Wanted {
  std::string owner;
  handoff::ConnectionQuery query;

  std::string path(ConnectionId before) const {
    std::string path = "/connections?";
    if (!owner.empty()) path += "owner=" + owner + "&";
    if (!query.integration.empty()) path += "integration=" + percent_encode(query.integration) + "&";
    return path + "before=" + before.text();
  }
};

bool is_slug(std::string_view text) {
  return text.size() <= kSlugLimit && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

Wanted wanted_of(const http::Call& call) {
  Wanted wanted;
  wanted.owner = query_text(call, "owner");
  if (wanted.owner == "me") wanted.query.owner = domain::OwnerKind::kUser;
  if (wanted.owner == "workspace") wanted.query.owner = domain::OwnerKind::kOrg;
  if (!wanted.owner.empty() && !wanted.query.owner) throw bad_filter("The owner is “me” or “workspace”.");
  wanted.query.integration = query_text(call, "integration");
  if (!is_slug(wanted.query.integration)) throw bad_filter("That is no name of an integration.");
  wanted.query.limit = kPerPage;
  if (const std::string_view before = query_text(call, "before"); !before.empty()) {
    const auto id = ConnectionId::parse(before);
    if (!id) throw Error(ErrorCode::kInvalidArgument, "bad_cursor", "The place in the list is the id of a connection.");
    wanted.query.before = *id;
  }
  return wanted;
}

void show_filters(const Services& services, const Wanted& wanted, Values& values) {
  bool found = wanted.query.integration.empty();
  const auto option = [&](const std::string& slug, const std::string& name) {
    const bool chosen = slug == wanted.query.integration;
    found = found || chosen;
    values.add("INTEGRATION").set("VALUE", slug).set("TEXT", name, 100).show_either(chosen, "CHOSEN");
  };
  for (const auto& integration : services.catalog.list()) option(integration->slug, integration->name);
  if (!found) option(wanted.query.integration, wanted.query.integration);  // its file is gone
  if (wanted.owner == "me") values.show("MINE_CHOSEN");
  if (wanted.owner == "workspace") values.show("WORKSPACE_CHOSEN");
}

void show_row(const Services& services, const domain::Connection& connection, Values& row) {
  const auto integration = services.catalog.find(connection.integration);
  const bool org = connection.owner.kind == domain::OwnerKind::kOrg;
  row.set("ID", connection.id.text()).set("NAME", connection.name, 200);
  row.set("SERVICE", service_name(integration.get(), connection.integration));
  row.set("WHOSE", org ? "the whole workspace" : "you").set("WHERE", where_it_lives(connection));
  row.set_if_any("IDENTITY_LABEL", connection.identity_label);
  row.show_either(connection.identity_label.empty(), "NO_LABEL");
  row.set("SAVED", ago(connection.created_at, services.clock.now()));
  const auto account = services.tokens.account(connection.workspace, connection.id);
  show_badge(health_of(connection, account, services.clock.now()), row);
}

http::Response list(const Services& services, http::Call& call) {
  const Wanted wanted = wanted_of(call);
  const auto connections = services.connections.list(acting_of(call.caller), wanted.query);
  Page page(services, call, Section::kConnections);
  Values& values = page.content("connections.html", "Connections");
  values.show_either(call.query_params.contains("removed"), "REMOVED");
  show_unconfirmed(services, acting_of(call.caller), values);
  for (const domain::Connection& connection : connections) show_row(services, connection, values.add("CONNECTION"));
  if (connections.size() == kPerPage) values.add("MORE").set("OLDER_PATH", wanted.path(connections.back().id));
  const bool all = wanted.owner.empty() && wanted.query.integration.empty() && !wanted.query.before.valid();
  if (!connections.empty() || !all) show_filters(services, wanted, values.add("FILTERS"));
  if (connections.empty()) values.show(all ? "NONE" : "NONE_FIT");
  values.show_either(!connections.empty(), "SOME");
  return page.answer();
}

// Who loses it when it goes: of the agents that this person may see, those that may use it.
std::vector<domain::Agent> users_of(const Services& services, const domain::Acting& acting,
                                    const domain::Connection& connection) {
  auto agents = services.grants.list(acting);
  const Instant now = services.clock.now();
  const bool org = connection.owner.kind == domain::OwnerKind::kOrg;
  std::erase_if(agents, [&](const domain::Agent& agent) {
    if (!identity::is_good(agent, now) || !agent.scopes.has(domain::Scope::kUse)) return true;
    return !org && agent.owner != connection.owner.person;
  });
  return agents;
}

void show_blast_radius(const Services& services, const domain::Acting& acting, const domain::Connection& connection,
                       Values& values) {
  values.set("STAYS", what_stays(services.catalog.find(connection.integration).get(), connection));
  const auto agents = users_of(services, acting, connection);
  values.show_either(agents.empty(), "NO_AGENTS", "AGENTS");
  const Instant now = services.clock.now();
  for (std::size_t i = 0; i < agents.size() && i < kAgentsShown; ++i) {
    Values& row = values.add("AGENT").set("AGENT_ID", agents[i].id.text()).set("AGENT_NAME", agents[i].name, 100);
    row.set("LAST_USED", last_use_words(agents[i], now));
  }
  if (agents.size() > kAgentsShown) values.add("MORE_AGENTS").set("MORE", std::to_string(agents.size() - kAgentsShown));
}

// Its name is the agent's own word; its page is its owner's and the admins'.
void show_asker(const Services& services, const domain::Acting& acting, const domain::Connection& connection,
                Values& values) {
  const AgentId asker = services.connections.asked_by(connection);
  const auto agents = services.grants.list(acting.workspace);
  const auto found = std::find_if(agents.begin(), agents.end(), [&](const auto& agent) { return agent.id == asker; });
  if (found == agents.end()) return;
  Values& row = values.add("ASKED_BY").set("ASKER_ID", asker.text()).set("ASKER_NAME", found->name, 100);
  const bool visible = acting.role == domain::Role::kAdmin || found->owner == acting.person;
  row.show_either(visible, "AGENT_PAGE", "AGENT_TEXT");
}

constexpr std::array<DoneNote, 2> kNotes{{{"renewed", "The token was renewed: the connection works."},
                                          {"fresh", "The token was renewed a moment ago; it still works."}}};

void show_note(const http::Call& call, Values& values) {
  for (const DoneNote& note : kNotes) {
    if (query_text(call, "done") == note.word) values.add("NOTE").set("NOTE_TEXT", note.sentence);
  }
}

http::Response show(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  const auto connection = services.connections.get(acting, parse_id(call.path_params.at("id")));
  Page page(services, call, Section::kConnections);
  Values& values = page.content("connection.html", connection.name);
  show_connection(connection, services.catalog.find(connection.integration).get(), values);
  values.set("SAVED", date_and_time(connection.created_at)).set("SLUG", connection.integration);
  show_note(call, values);
  show_health(services, connection, values);
  show_webhook(services, call, connection, values);
  show_asker(services, acting, connection, values);
  if (connection.updated_at != connection.created_at) {
    values.add("CHANGED").set("CHANGED_AT", date_and_time(connection.updated_at));
  }
  if (acting.role == domain::Role::kAdmin) values.show("FOR_ADMIN");
  if (connection.state == domain::ConnectionState::kRevoked) return page.answer();
  if (!may_remove(connection, acting)) {
    values.show("ADMINS_ONLY");
    return page.answer();
  }
  show_blast_radius(services, acting, connection, values.add("REMOVABLE"));
  return page.answer();
}

http::Response remove(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  const ConnectionId id = parse_id(call.path_params.at("id"));
  services.connections.remove(acting, id);
  services.revoker.attempt(acting.workspace, id);
  return http::see_other("/connections?removed=1");
}

http::Response reconnect(const Services& services, http::Call& call) {
  const ConnectionId id = parse_id(call.path_params.at("id"));
  const handoff::Minted own = services.oauth_connect.reconnect(acting_of(call.caller), id);
  return http::see_other("/h/" + percent_encode(own.link_token));
}

std::string_view word_of(oauth::RefreshResult::Outcome outcome) {
  switch (outcome) {
    case oauth::RefreshResult::Outcome::kFresh:
      return "fresh";
    case oauth::RefreshResult::Outcome::kRefreshed:
      return "renewed";
    case oauth::RefreshResult::Outcome::kPutOff:
      return "put-off";
    case oauth::RefreshResult::Outcome::kNeedsReauth:
      return "ended";
  }
  return "fresh";
}

http::Response renew(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  const auto connection = services.connections.get(acting, parse_id(call.path_params.at("id")));
  const auto result = services.tokens.refresh(acting.workspace, connection.id, oauth::Force::kNow);
  return http::see_other("/connections/" + connection.id.text() + "?done=" + std::string(word_of(result.outcome)));
}

}  // namespace

void add_connection_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kGet, "/connections", Access::kBrowser, list});
  add_page(router, services, {Method::kGet, "/connections/{id}", Access::kBrowser, show});
  add_page(router, services, {Method::kPost, "/connections/{id}/remove", Access::kBrowserForm, remove});
  add_page(router, services, {Method::kPost, "/connections/{id}/reconnect", Access::kBrowserForm, reconnect});
  add_page(router, services, {Method::kPost, "/connections/{id}/renew", Access::kBrowserForm, renew});
}

}  // namespace countersign::web
