#include "web/page_frame.h"

#include <array>
#include <utility>

#include "web/assets.h"
#include "web/template_engine.h"
#include "web/waiting.h"

namespace countersign::web {
namespace {

// Our own script and no other, nothing inline, nothing from elsewhere, never inside a frame (DESIGN 8.10).
// Referrer-Policy is not no-referrer: that would turn the Origin of our own forms into `null`.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kHeaders{{
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
     "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
    {"Referrer-Policy", "same-origin"},
    {"X-Content-Type-Options", "nosniff"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
}};

struct NavigationItem {
  Section section;
  std::string_view path;
  std::string_view text;
  domain::Role role;  // who sees it
};
constexpr std::array<NavigationItem, 7> kNavigation{{
    {Section::kHome, "/", "Home", domain::Role::kMember},
    {Section::kConnections, "/connections", "Connections", domain::Role::kMember},
    {Section::kAgents, "/agents", "Agents", domain::Role::kMember},
    {Section::kIntegrations, "/integrations", "Integrations", domain::Role::kMember},
    {Section::kPeople, "/people", "People", domain::Role::kAdmin},
    {Section::kAudit, "/audit", "Audit", domain::Role::kMember},
    {Section::kSettings, "/settings", "Settings", domain::Role::kMember},
}};

void show_navigation(const domain::Acting& acting, Section section, std::size_t waiting, Values& values) {
  for (const NavigationItem& item : kNavigation) {
    if (acting.role < item.role) continue;
    Values& link = values.add("NAV_ITEM").set("NAV_PATH", item.path).set("NAV_TEXT", item.text);
    link.show_either(item.section == section, "CURRENT");
    if (item.section != Section::kHome) continue;
    link.add("WAITING_COUNT").set("COUNT", std::to_string(waiting)).show_either(waiting == 0, "COUNT_HIDDEN");
  }
}

}  // namespace

http::Response with_page_headers(http::Response response, const Settings& settings) {
  for (const auto& [name, value] : kHeaders) response.headers.push_back({std::string(name), std::string(value)});
  if (settings.public_url.starts_with("https://")) {
    response.headers.push_back({"Strict-Transport-Security", "max-age=31536000"});
  }
  return response;
}

Page::Page(const Services& services, const http::Request& request) : services_(services) {
  values_.set("CSS", services.assets.path("site.css")).set("SCRIPT", services.assets.path("site.js"));
  values_.set("ICON", services.assets.path("icon.svg"));
  values_.set_if_any("REQUEST_ID", request.id);
  values_.show_either(services.settings.dev, "DEV");
}

Page::Page(const Services& services, const http::Call& call, Section section)
    : Page(services, call.request, call.caller, section) {}

Page::Page(const Services& services, const http::Request& request, const http::Caller& caller, Section section)
    : Page(services, request) {
  values_.set("CSRF", caller.csrf);
  if (caller.kind != http::Caller::Kind::kPerson) return;
  const auto person = services.people.get(WorkspaceId(caller.workspace), PersonId(caller.id));
  Values& bar = values_.add("SIGNED_IN").set("PERSON", person.display_name, 80);
  // Who has to choose a password first has nowhere else to go.
  if (services.settings.dev || !person.password_hash.empty()) {
    const domain::Acting acting = acting_of(caller);
    const Waiting waiting = waiting_for(services.handoffs, acting);
    Values& navigation = bar.add("NAVIGATION").set("WAITING_DIGEST", waiting.digest);
    show_navigation(acting, section, waiting.count, navigation);
  }
}

Values& Page::content(std::string_view template_name, std::string_view title) {
  title_ = title;
  content_ = &values_.include("CONTENT", template_name);
  return *content_;
}

void Page::add_problem(std::string_view field, std::string_view message) {
  if (!problems_) problems_ = &content_->add("PROBLEMS").include("PROBLEM_SUMMARY", "problems.html");
  problems_->add("PROBLEM").set("FIELD", field).set("MESSAGE", message);
}

http::Response Page::answer(int status) {
  values_.set("TITLE", (problems_ ? "Error: " : "") + title_);
  http::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", "text/html; charset=utf-8"});
  response.body = services_.templates.render("layout.html", values_);
  return response;
}

void add_page(http::Router& router, const Services& services, PageRoute page) {
  http::Route route;
  route.method = page.method;
  route.pattern = page.pattern;
  route.access = page.access;
  route.surface = http::Surface::kPage;
  route.body = page.method == http::Method::kPost ? http::BodyKind::kForm : http::BodyKind::kNone;
  route.secret_fields = std::move(page.secret_fields);
  route.handler = [services, handler = page.handler](http::Call& call) -> http::Outcome {
    return with_page_headers(handler(services, call), services.settings);
  };
  router.add(std::move(route));
}

domain::Acting acting_of(const http::Caller& caller) {
  return {WorkspaceId(caller.workspace), PersonId(caller.id), static_cast<domain::Role>(caller.role),
          Instant(std::chrono::milliseconds(caller.verified_at))};
}

}  // namespace countersign::web
