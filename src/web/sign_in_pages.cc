// Signing in and out: by password, by a one-use link, and the first password after one.
//
// A sign-in ends with a redirect to /signed-in, which finds out whether the browser kept the cookie: some
// drop a protected cookie on plain http, and their owners would else be asked to sign in for ever.
#include <optional>

#include "base/encoding.h"
#include "base/error.h"
#include "web/authenticate.h"
#include "web/cookies.h"
#include "web/next_page.h"
#include "web/page_frame.h"
#include "web/routes.h"
#include "web/show_once.h"

namespace countersign::web {
namespace {

// What ties a form before sign-in to this browser: the cookie it has, or a fresh one to be set.
struct Visitor {
  std::string csrf;
  std::optional<http::Header> fresh_cookie;
};

Visitor visitor_of(const Services& services, const http::Request& request) {
  if (const auto known = request.cookie(visitor_cookie_name(services.settings))) {
    return {services.sign_in.visitor_csrf(*known), std::nullopt};
  }
  const std::string fresh = services.sign_in.new_visitor();
  return {services.sign_in.visitor_csrf(fresh), visitor_cookie(services.settings, fresh)};
}

http::Response with_visitor(http::Response response, Visitor visitor) {
  if (visitor.fresh_cookie) response.headers.push_back(std::move(*visitor.fresh_cookie));
  return response;
}

std::string query_param(const http::Call& call, std::string_view name) {
  const auto found = call.query_params.find(name);
  return found == call.query_params.end() ? std::string() : found->second;
}

struct LoginForm {
  std::string_view csrf;
  std::string_view next;
  std::string_view login{};
};

Values& fill_login(const Services& services, Page& page, const LoginForm& form) {
  Values& values = page.content("login.html", "Sign in");
  values.set("CSRF", form.csrf).set("NEXT", form.next).set("LOGIN", form.login, 300);
  values.show_either(is_handoff(form.next), "FOR_HANDOFF");
  values.show_either(services.settings.dev, "DEV_HELP", "SERVE_HELP");
  return values;
}

identity::Origin origin_of(const http::Request& request) {
  return {request.client_address, std::string(request.header("user-agent").value_or(""))};
}

// Where this browser was going before it had to sign in; what is no word of ours is nothing.
std::string remembered_next(const Services& services, const http::Request& request) {
  const auto word = request.cookie(next_cookie_name(services.settings));
  if (!word) return {};
  try {
    next_path(services, *word);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) throw;
    return {};
  }
  return std::string(*word);
}

http::Response show_login(const Services& services, http::Call& call) {
  const std::string next = query_param(call, "next");
  const std::string path = next_path(services, next);
  if (present(services.sign_in, services.settings, call.request)) return http::see_other(path);
  Visitor visitor = visitor_of(services, call.request);
  Page page(services, call.request);
  Values& values = fill_login(services, page, {visitor.csrf, next});
  values.show_either(call.query_params.contains("lost"), "LOST");
  values.show_either(call.query_params.contains("bad_link"), "BAD_LINK");
  http::Response response = with_visitor(page.answer(), std::move(visitor));
  if (is_handoff(next)) response.headers.push_back(next_cookie(services.settings, next));
  return response;
}

// A new session replaces the one this browser had: a token never lives on behind a sign-in (abuse case 98).
http::Response signed_in(const Services& services, const http::Call& call, const identity::SignedIn& session,
                         std::string_view next) {
  if (const auto earlier = present(services.sign_in, services.settings, call.request)) {
    services.sign_in.sign_out(*earlier);
  }
  http::Response response = http::see_other("/signed-in" + next_query(next));
  response.headers.push_back(set_cookie(services.settings, session.cookie));
  return response;
}

http::Response log_in(const Services& services, http::Call& call) {
  const std::string_view next = call.form->field("next");
  const std::string_view login = call.form->field("login");
  next_path(services, next);  // refuses what is none of ours before a password is looked at
  try {
    const auto session = services.sign_in.with_password(services.settings.workspace, login,
                                                        call.form->take_secret("password"), origin_of(call.request));
    return signed_in(services, call, session, next);
  } catch (const Error& error) {
    // The two outcomes a person mends in the form itself; identity throws them for the command line's sake.
    const bool limited = error.code() == ErrorCode::kRateLimited;
    if (!limited && error.reason() != "wrong_login") throw;
    Page page(services, call.request);
    fill_login(services, page, {call.caller.csrf, next, login});
    std::string message = error.message();
    if (error.retry_after()) message += " (" + std::to_string(error.retry_after()->count()) + " seconds)";
    page.add_problem(limited ? "login" : "password", message);
    return page.answer(limited ? 429 : 403);
  }
}

http::Response show_link(const Services& services, http::Call& call) {
  const std::string& token = call.path_params.at("token");
  const auto owner = services.sign_in.owner_of_link(token);
  if (!owner) throw Error(ErrorCode::kNotFound, "bad_link", "This sign-in link does not work any more.");
  Visitor visitor = visitor_of(services, call.request);
  Page page(services, call.request);
  const bool invited = owner->purpose == domain::LinkPurpose::kInvitation;
  Values& values = page.content("sign_in_link.html", invited ? "You are invited" : "Sign in");
  values.set("TOKEN", token).set("CSRF", visitor.csrf);
  values.set("PERSON", owner->person.display_name, 100).set("LOGIN", owner->person.login, 100);
  values.show_either(invited, "INVITED", "SIGN_IN");
  const std::string next = query_param(call, "next");
  const std::string word = next.empty() ? remembered_next(services, call.request) : next;
  next_path(services, word);
  values.set("NEXT", word).show_either(is_handoff(word), "FOR_HANDOFF");
  return with_visitor(page.answer(), std::move(visitor));
}

http::Response use_link(const Services& services, http::Call& call) {
  const std::string_view next = call.form->field("next");
  next_path(services, next);  // refuses what is none of ours before the link is used up
  const auto session = services.sign_in.with_link(call.path_params.at("token"), origin_of(call.request));
  // Who has no password is led to choose one first (web/authenticate.h), and comes back to where they were going.
  http::Response response = signed_in(services, call, session, next);
  response.headers.push_back(forget_next_cookie(services.settings));
  return response;
}

// The one-use link pasted into the sign-in page, whole or only its end: on a phone that is where it reaches
// somebody who came by a request and has no password yet.
http::Response paste_link(const Services& services, http::Call& call) {
  const std::string_view next = call.form->field("next");
  next_path(services, next);
  std::string_view link = call.form->field("link");
  constexpr std::string_view kPath = "/sign-in/";
  if (const auto at = link.rfind(kPath); at != std::string_view::npos) link.remove_prefix(at + kPath.size());
  while (!link.empty() && (link.back() == ' ' || link.back() == '\n' || link.back() == '\r')) link.remove_suffix(1);
  while (link.starts_with(' ')) link.remove_prefix(1);
  if (!services.sign_in.owner_of_link(link)) {
    return http::see_other("/login" + next_query(next) + (next.empty() ? "?" : "&") + "bad_link=1");
  }
  return http::see_other("/sign-in/" + percent_encode(std::string(link)) + next_query(next));
}

http::Response check_cookie(const Services& services, http::Call& call) {
  const std::string path = next_path(services, query_param(call, "next"));
  if (present(services.sign_in, services.settings, call.request)) return http::see_other(path);
  throw Error(ErrorCode::kPermissionDenied, kCookiesDropped, "Your browser did not keep our cookie.");
}

http::Response welcome_page(const Services& services, const http::Call& call, std::string_view next,
                            std::string_view problem = {}) {
  const auto person = services.people.get(WorkspaceId(call.caller.workspace), PersonId(call.caller.id));
  Page page(services, call);
  Values& values = page.content("welcome.html", "Choose a password");
  values.set("LOGIN", person.login).set("NEXT", next);
  values.show_either(is_handoff(next), "FOR_HANDOFF");
  values.show_either(services.settings.dev || !person.password_hash.empty(), "OPTIONAL");
  if (!problem.empty()) {
    values.set("PASSWORD_PROBLEM", problem);
    page.add_problem("password", problem);
  }
  return page.answer(problem.empty() ? 200 : 422);
}

// Only for who has none yet; a password is changed under Settings, where the present one is asked for.
http::Response show_welcome(const Services& services, http::Call& call) {
  const std::string next = query_param(call, "next");
  const std::string path = next_path(services, next);
  const auto person = services.people.get(WorkspaceId(call.caller.workspace), PersonId(call.caller.id));
  if (!person.password_hash.empty()) return http::see_other(path);
  return welcome_page(services, call, next);
}

http::Response set_password(const Services& services, http::Call& call) {
  const std::string_view next = call.form->field("next");
  const std::string path = next_path(services, next);
  try {
    services.people.change_password(acting_of(call.caller), SessionId(call.caller.session), Secret(),
                                    call.form->take_secret("password"));
  } catch (const Error& error) {
    if (error.reason() != "weak_password") throw;  // that one is mended in the form itself
    return welcome_page(services, call, next, error.message());
  }
  return http::see_other(path);
}

http::Response log_out(const Services& services, http::Call& call) {
  const std::string_view next = call.form->field("next");
  next_path(services, next);
  if (const auto presence = present(services.sign_in, services.settings, call.request)) {
    services.sign_in.sign_out(*presence);
  }
  http::Response response = http::see_other(next.empty() ? "/signed-out" : "/login" + next_query(next));
  response.headers.push_back(forget_session_cookie(services.settings));
  // Also what the back button would show. Not "cookies": those of other programs on this machine are not ours.
  response.headers.push_back({"Clear-Site-Data", "\"cache\", \"storage\""});
  return response;
}

http::Response show_signed_out(const Services& services, http::Call& call) {
  Page page(services, call.request);
  Values& values = page.content("message.html", "Signed out");
  values.set("HEADING", "You are signed out").set("WHAT_HAPPENED", "Your session has ended. Nothing else was changed.");
  values.add("LINK").set("LINK_PATH", "/login").set("LINK_TEXT", "Sign in again");
  return page.answer();
}

}  // namespace

void add_sign_in_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kGet, "/login", Access::kPublic, show_login});
  add_page(router, services, {Method::kPost, "/login", Access::kAnonymousForm, log_in, {"password"}});
  add_page(router, services, {Method::kPost, "/login/link", Access::kAnonymousForm, paste_link});
  add_page(router, services, {Method::kGet, "/sign-in/{token}", Access::kPublic, show_link});
  add_page(router, services, {Method::kPost, "/sign-in/{token}", Access::kAnonymousForm, use_link});
  add_page(router, services, {Method::kGet, "/signed-in", Access::kPublic, check_cookie});
  add_page(router, services, {Method::kGet, "/welcome", Access::kBrowser, show_welcome});
  add_page(router, services, {Method::kPost, "/welcome", Access::kBrowserForm, set_password, {"password"}});
  add_page(router, services, {Method::kPost, "/logout", Access::kBrowserForm, log_out});
  add_page(router, services, {Method::kGet, "/signed-out", Access::kPublic, show_signed_out});
}

}  // namespace countersign::web
