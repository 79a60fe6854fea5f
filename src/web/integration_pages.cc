// What can be connected: a search, and one service with all that one should know before giving it a credential.
#include <map>

#include "base/encoding.h"
#include "base/error.h"
#include "web/integration_words.h"
#include "web/page_frame.h"
#include "web/page_input.h"
#include "web/routes.h"

namespace countersign::web {
namespace {

constexpr std::size_t kSearchLimit = 100;
constexpr std::size_t kConnectionsLookedAt = 1'000;
constexpr std::size_t kCounted = 100;

// By slug, of what this person sees; beyond a thousand connections the rest is left out.
std::map<std::string, int, std::less<>> connected(const Services& services, const domain::Acting& acting) {
  std::map<std::string, int, std::less<>> count;
  handoff::ConnectionQuery query;
  query.limit = kConnectionsLookedAt;
  for (const domain::Connection& connection : services.connections.list(acting, query)) ++count[connection.integration];
  return count;
}

void show_categories(const domain::Integration& integration, Values& values) {
  for (const std::string& category : integration.categories) values.add("CATEGORY").set("CATEGORY_NAME", category, 60);
}

http::Response list(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  const std::string_view search = trimmed(query_text(call, "q")).substr(0, kSearchLimit);
  auto count = connected(services, acting);
  Page page(services, call, Section::kIntegrations);
  Values& values = page.content("integrations.html", "Integrations");
  values.set("SEARCH", search);
  bool any = false;
  for (const auto& integration : services.catalog.list()) {
    if (!matches(*integration, search)) continue;
    any = true;
    Values& row = values.add("ROW").set("SLUG", integration->slug).set("NAME", integration->name, 100);
    row.set("DESCRIPTION", integration->description, 300);
    show_categories(*integration, row);
    if (const int here = count[integration->slug]; here > 0) row.add("CONNECTED").set("COUNT", std::to_string(here));
  }
  if (!any) values.show("NONE_FIT");
  values.show_either(acting.role == domain::Role::kAdmin, "FOR_ADMIN");
  return page.answer();
}

void show_field(const domain::Field& field, Values& values) {
  values.set("FIELD_LABEL", field.label, 100).set_if_any("HINT", field.hint);
  values.set_if_any("SHAPE", shape_words(field));
  values.show_either(field.sensitivity == domain::Sensitivity::kSecret, "SECRET", "PLAIN");
}

void show_scopes(const domain::OAuthSpec& spec, Values& values) {
  bool any = false;
  for (const domain::OAuthScope& scope : spec.scopes) {
    if (!scope.asked) continue;
    any = true;
    values.add("SCOPE").set("SCOPE_WORDS", scope.words, 200).set("SCOPE_NAME", scope.name, 200);
  }
  values.show_either(!any, "NO_SCOPE");
}

void show_oauth(const Services& services, const domain::Acting& acting, const domain::Integration& integration,
                const domain::AuthTemplate& form, Values& outer) {
  Values& values = outer.add("OAUTH");
  show_scopes(*form.oauth, values);
  values.set_if_any("WAIVER", form.oauth->pkce_reason);
  for (const std::string& place : placement_words(form)) values.add("PLACE").set("PLACE_WORDS", place);
  bool any = false;
  for (const domain::OAuthClient& client : services.oauth_clients.list(acting, integration.slug)) {
    if (client.auth_template != form.slug) continue;
    any = true;
    const bool org = client.owner.kind == domain::OwnerKind::kOrg;
    values.add("CLIENT")
        .set("CLIENT_ID", client.id.text())
        .set("CLIENT_SLUG", client.slug, 100)
        .set("CLIENT_WHOSE", org ? "for the workspace" : "for you");
  }
  values.show_either(!any, "NO_CLIENT");
}

void show_template(const Services& services, const domain::Acting& acting, const domain::Integration& integration,
                   const domain::AuthTemplate& form, Values& outer) {
  outer.set("TEMPLATE", form.slug).set("LABEL", form.label, 100).set_if_any("HELP_URL", form.help_url);
  if (form.oauth) return show_oauth(services, acting, integration, form, outer);
  Values& values = outer.add("TYPED");
  for (const domain::Field& field : form.fields) show_field(field, values.add("FIELD"));
  for (const std::string& place : placement_words(form)) values.add("PLACE").set("PLACE_WORDS", place);
  if (form.webhook) values.show("FIRST_DELIVERY");
  if (!form.webhook) values.show_either(form.live_test.has_value(), "LIVE_TEST", "NO_LIVE_TEST");
  if (form.live_test) values.set("TEST_PATH", form.live_test->path);
}

std::string counted(const Services& services, const domain::Acting& acting, std::string_view slug,
                    domain::OwnerKind owner) {
  handoff::ConnectionQuery query;
  query.integration = slug;
  query.owner = owner;
  query.limit = kCounted;
  const std::size_t count = services.connections.list(acting, query).size();
  return std::to_string(count) + (count == kCounted ? " or more" : "");
}

http::Response show_with(const Services& services, const http::Call& call, std::string_view problem) {
  const domain::Acting acting = acting_of(call.caller);
  const auto found = services.catalog.get(call.path_params.at("slug"));
  const domain::Integration& integration = *found;
  Page page(services, call, Section::kIntegrations);
  Values& values = page.content("integration.html", integration.name);
  values.set("NAME", integration.name, 100).set("SLUG", integration.slug).set("DESCRIPTION", integration.description);
  values.set_if_any("DOCUMENTATION_URL", integration.documentation_url);
  show_categories(integration, values);
  for (const std::string& url : integration.base_urls) values.add("TARGET").set("URL", target_words(integration, url));
  values.show_either(integration.base_url_rule == domain::BaseUrlRule::kPersonEnters, "PERSON_ENTERS");
  for (const domain::AuthTemplate& form : integration.templates) {
    show_template(services, acting, integration, form, values.add("WAY"));
  }
  values.set("REQUEST", request_words(integration));
  values.set("OWN_COUNT", counted(services, acting, integration.slug, domain::OwnerKind::kUser));
  values.set("ORG_COUNT", counted(services, acting, integration.slug, domain::OwnerKind::kOrg));
  if (!problem.empty()) page.add_problem(call.form->field("template"), problem);
  return page.answer(problem.empty() ? 200 : 409);
}

http::Response show(const Services& services, http::Call& call) { return show_with(services, call, ""); }

// A person's own wish: the same request that an agent would make, opened already.
http::Response connect(const Services& services, http::Call& call) {
  oauth::ConnectRequest request;
  request.integration = call.path_params.at("slug");
  request.auth_template = call.form->field("template");
  request.owner = domain::OwnerKind::kUser;
  try {
    const handoff::Minted own = services.oauth_connect.start_own(acting_of(call.caller), request);
    return http::see_other("/h/" + percent_encode(own.link_token));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kConflict && error.code() != ErrorCode::kUpstream) throw;
    return show_with(services, call, error.message());
  }
}

}  // namespace

void add_integration_pages(http::Router& router, const Services& services) {
  add_page(router, services, {http::Method::kGet, "/integrations", http::Access::kBrowser, list});
  add_page(router, services, {http::Method::kGet, "/integrations/{slug}", http::Access::kBrowser, show});
  add_page(router, services,
           {http::Method::kPost, "/integrations/{slug}/connect", http::Access::kBrowserForm, connect});
}

}  // namespace countersign::web
