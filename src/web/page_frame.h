// What all pages share: the frame around the content, the headers, and how a page's route is made. A page's
// handler takes what it needs from Services, calls one of them, and fills a Page. Used by one request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "handoff/handoffs.h"
#include "http/router.h"
#include "web/services.h"
#include "web/values.h"

namespace countersign::web {

// Where the main navigation says one is.
enum class Section { kNone, kHome, kConnections, kIntegrations, kAgents, kPeople, kAudit, kSettings };

// Sets the headers that every page carries, whatever else it is: a form, a redirect, an error.
http::Response with_page_headers(http::Response response, const Settings& settings);

class Page {
 public:
  // For anybody.
  Page(const Services& services, const http::Request& request);
  // For whoever calls: shows a signed-in person's name, the way around and the way out.
  Page(const Services& services, const http::Call& call, Section section = Section::kNone);
  Page(const Services& services, const http::Request& request, const http::Caller& caller,
       Section section = Section::kNone);

  // The template's own values. `title` names the page in the tab; call once.
  Values& content(std::string_view template_name, std::string_view title);
  // A problem in a form: listed on top, linked to its field, announced in the title.
  void add_problem(std::string_view field, std::string_view message);
  http::Response answer(int status = 200);

 private:
  const Services& services_;
  Values values_;
  Values* content_ = nullptr;
  Values* problems_ = nullptr;
  std::string title_;
};

using PageHandler = http::Response (*)(const Services&, http::Call&);

struct PageRoute {
  http::Method method = http::Method::kGet;
  std::string_view pattern;
  http::Access access = http::Access::kBrowser;
  PageHandler handler = nullptr;
  std::vector<std::string> secret_fields{};
};
void add_page(http::Router& router, const Services& services, PageRoute page);

// Who acts, for the services.
domain::Acting acting_of(const http::Caller& caller);

}  // namespace countersign::web
