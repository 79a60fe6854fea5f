#include "web/page_frame.h"

#include <array>
#include <utility>

#include "web/assets.h"
#include "web/template_engine.h"

namespace countersign::web {
namespace {

// No script anywhere, nothing from elsewhere, never inside a frame (DESIGN 8.10). Referrer-Policy is not
// no-referrer: that would turn the Origin of our own forms into `null`.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kHeaders{{
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
     "frame-ancestors 'none'; base-uri 'none'"},
    {"Referrer-Policy", "same-origin"},
    {"X-Content-Type-Options", "nosniff"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
}};

}  // namespace

http::Response with_page_headers(http::Response response, const Settings& settings) {
  for (const auto& [name, value] : kHeaders) response.headers.push_back({std::string(name), std::string(value)});
  if (settings.public_url.starts_with("https://")) {
    response.headers.push_back({"Strict-Transport-Security", "max-age=31536000"});
  }
  return response;
}

Page::Page(const Services& services, const http::Request& request) : services_(services) {
  values_.set("CSS", services.assets.path("site.css"));
  values_.set("ICON", services.assets.path("icon.svg"));
  values_.set_if_any("REQUEST_ID", request.id);
  values_.show_either(services.settings.dev, "DEV");
}

Page::Page(const Services& services, const http::Call& call) : Page(services, call.request) {
  values_.set("CSRF", call.caller.csrf);
  if (call.caller.kind != http::Caller::Kind::kPerson) return;
  const auto person = services.people.get(WorkspaceId(call.caller.workspace), PersonId(call.caller.id));
  values_.set("PERSON", person.display_name, 80).show("SIGNED_IN");
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

handoff::Opener opener_of(const http::Caller& caller) {
  return {WorkspaceId(caller.workspace), PersonId(caller.id), static_cast<domain::Role>(caller.role)};
}

}  // namespace countersign::web
