// Connections as their people see them, and the way to remove one.
#include "base/error.h"
#include "web/connection_facts.h"
#include "web/page_frame.h"
#include "web/routes.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::size_t kPerPage = 50;

ConnectionId parse_id(std::string_view text) {
  const auto id = ConnectionId::parse(text);
  if (!id) throw Error(ErrorCode::kNotFound, "unknown_connection", "There is no such connection.");
  return *id;
}

bool may_remove(const domain::Connection& connection, const handoff::Opener& opener) {
  return connection.owner.kind == domain::OwnerKind::kUser || opener.role == domain::Role::kAdmin;
}

http::Response list(const Services& services, http::Call& call) {
  handoff::ConnectionQuery query;
  query.limit = kPerPage;
  const auto before = call.query_params.find("before");
  if (before != call.query_params.end()) query.before = parse_id(before->second);
  const auto connections = services.connections.list(opener_of(call.caller), query);

  Page page(services, call);
  Values& values = page.content("connections.html", "Connections");
  values.show_either(call.query_params.contains("removed"), "REMOVED");
  values.show_either(!connections.empty(), "SOME", "NONE");
  const Instant now = services.clock.now();
  for (const domain::Connection& connection : connections) {
    const auto* integration = services.catalog.find(connection.integration);
    const bool org = connection.owner.kind == domain::OwnerKind::kOrg;
    values.add("CONNECTION")
        .set("ID", connection.id.text())
        .set("NAME", connection.name, 200)
        .set("SERVICE", service_name(integration, connection.integration))
        .set("WHOSE", org ? "for the whole workspace" : "yours")
        .set("STATE", state_words(connection.state))
        .set("SAVED", ago(connection.created_at, now));
  }
  if (connections.size() == kPerPage) values.add("MORE").set("BEFORE", connections.back().id.text());
  return page.answer();
}

http::Response show(const Services& services, http::Call& call) {
  const handoff::Opener opener = opener_of(call.caller);
  const auto connection = services.connections.get(opener, parse_id(call.path_params.at("id")));
  Page page(services, call);
  Values& values = page.content("connection.html", connection.name);
  show_connection(connection, services.catalog.find(connection.integration), values);
  values.set("SAVED", date_and_time(connection.created_at));
  if (connection.state != domain::ConnectionState::kRevoked) {
    values.show_either(may_remove(connection, opener), "REMOVABLE", "ADMINS_ONLY");
  }
  return page.answer();
}

http::Response remove(const Services& services, http::Call& call) {
  services.connections.remove(opener_of(call.caller), parse_id(call.path_params.at("id")));
  return http::see_other("/connections?removed=1");
}

}  // namespace

void add_connection_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kGet, "/connections", Access::kBrowser, list});
  add_page(router, services, {Method::kGet, "/connections/{id}", Access::kBrowser, show});
  add_page(router, services, {Method::kPost, "/connections/{id}/remove", Access::kBrowserForm, remove});
}

}  // namespace countersign::web
