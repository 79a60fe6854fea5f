// What keeps open pages fresh: one event stream for a browser, and the same by asking. Neither carries more
// than a number and a digest; the page itself is loaded again by the person.
#include <algorithm>
#include <memory>

#include "base/error.h"
#include "http/events.h"
#include "web/page_frame.h"
#include "web/routes.h"
#include "web/waiting.h"

namespace countersign::web {
namespace {

using namespace std::chrono_literals;

// The browser comes back by itself after that, with whatever cookie it has then.
constexpr auto kStreamLife = 10min;
constexpr std::string_view kComeBackAfter = "retry: 3000\n\n";

// A stream outlives the request that was let in: whether the session still lives, and what the person's role is
// by now, is looked at on every turn (abuse case 98).
bool session_lives(const Services& services, const domain::Acting& acting, SessionId session) {
  const auto alive = services.sessions.list(acting, acting.person);
  return std::any_of(alive.begin(), alive.end(), [&](const auto& one) { return one.id == session; });
}

domain::Acting with_present_role(const Services& services, domain::Acting acting) {
  acting.role = services.people.get(acting.workspace, acting.person).role;
  return acting;
}

http::Outcome stream(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  const SessionId session(call.caller.session);
  http::Stream stream;
  stream.head = with_page_headers({200, "text/event-stream", kComeBackAfter}, services.settings);
  stream.head.headers.push_back({"X-Accel-Buffering", "no"});  // nginx would keep events back
  stream.topics = {acting.person.value(), acting.workspace.value(), session.value()};
  stream.owner = acting.person.value();
  stream.deadline = services.clock.steady_now() + kStreamLife;
  stream.look = [services, acting, session, told = std::make_shared<std::string>()]() -> std::optional<std::string> {
    if (!session_lives(services, acting, session)) return std::nullopt;
    const Waiting waiting = waiting_for(services.handoffs, with_present_role(services, acting));
    if (waiting.digest == *told) return std::string();
    *told = waiting.digest;
    return http::event_text(waiting.digest, "waiting", json_of(waiting));
  };
  return stream;
}

http::Response now(const Services& services, http::Call& call) {
  const Waiting waiting = waiting_for(services.handoffs, acting_of(call.caller));
  const std::string tag = "\"" + waiting.digest + "\"";
  if (call.request.header("if-none-match") == std::optional<std::string_view>(tag)) {
    http::Response same;
    same.status = 304;
    return std::move(same).with("ETag", tag);
  }
  return http::Response(200, "application/json", json_of(waiting)).with("ETag", tag);
}

}  // namespace

void add_live_pages(http::Router& router, const Services& services) {
  add_page(router, services, {http::Method::kGet, "/events/now", http::Access::kBrowser, now});
  http::Route route;
  route.pattern = "/events";
  route.access = http::Access::kBrowser;
  route.surface = http::Surface::kPage;
  route.handler = [services](http::Call& call) { return stream(services, call); };
  router.add(std::move(route));
}

}  // namespace countersign::web
