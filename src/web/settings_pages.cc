// One's own account: name, password, where one is signed in. For admins also what this server says of itself.
#include <array>

#include "base/error.h"
#include "web/audit_facts.h"
#include "web/page_frame.h"
#include "web/page_input.h"
#include "web/people_words.h"
#include "web/routes.h"
#include "web/session_list.h"

namespace countersign::web {
namespace {

constexpr std::array kDone{DoneNote{"name", "Your name is changed."},
                           DoneNote{"password", "Your password is changed. You are signed out everywhere else."},
                           DoneNote{"session", "That browser is signed out."},
                           DoneNote{"others", "You are signed out everywhere else."}};

struct Problem {
  std::string_view field;
  std::string message;
};

// The authority of the public URL against the Host this page was asked under: who came by another way may see a
// page, but the links that agents show will not open there.
void show_address_checks(const Services& services, const http::Request& request, Values& values) {
  const std::string& url = services.settings.public_url;
  const bool encrypted = url.starts_with("https://");
  Values& transport = values.add("CHECK").set("CHECK_NAME", "Transport");
  show_badge(encrypted ? Badge{"ok", "Encrypted"} : Badge{"warn", "Not encrypted"}, transport);
  transport.set("CHECK_WORDS",
                encrypted ? "Links begin with https." : "Links begin with http: only for people on this very machine.");
  const std::string_view host = request.header("host").value_or("");
  const auto authority = std::string_view(url).substr(url.find("://") + 3);
  const bool same = host == authority || (host.empty() && request.headers.empty());
  Values& reached = values.add("CHECK").set("CHECK_NAME", "Your way here");
  show_badge(same ? Badge{"ok", "Same address"} : Badge{"warn", "Another address"}, reached);
  reached.set("CHECK_WORDS", same ? "You came by the address that links are made with."
                                  : "You came by “" + std::string(host) + "”, but links are made with “" +
                                        std::string(authority) +
                                        "”. Whoever cannot reach that one cannot open them: see public_url in the "
                                        "configuration.");
}

void show_server(const Services& services, const http::Call& call, Values& values) {
  Values& server = values.add("SERVER");
  for (const auto& [name, value] : services.system_facts()) {
    server.add("FACT").set("FACT_NAME", name, 100).set("FACT_VALUE", value, 300);
  }
  show_address_checks(services, call.request, server);
  Values& chain = server.add("CHAIN");
  const ChainWords words = words_of(services.audit_state(), services.clock.now());
  show_badge(words.badge, chain);
  chain.set("CHAIN_WORDS", words.text);
}

http::Response settings_page(const Services& services, const http::Call& call, const Problem& problem = {},
                             int status = 422) {
  const domain::Acting acting = acting_of(call.caller);
  const domain::Person person = services.people.get(acting.workspace, acting.person);
  Page page(services, call, Section::kSettings);
  Values& values = page.content("settings.html", "Settings");
  show_done(call, kDone, values);
  if (!problem.message.empty()) {
    page.add_problem(problem.field, problem.message);
    values.set("PROBLEM_TEXT", problem.message);
    values.show(problem.field == "name"      ? "NAME_PROBLEM"
                : problem.field == "present" ? "PRESENT_PROBLEM"
                                             : "PASSWORD_PROBLEM");
  }
  const bool typed = problem.field == "name";
  values.set("NAME", typed ? call.form->field("name") : std::string_view(person.display_name), 300);
  values.set("LOGIN", person.login, 100).set("ROLE", domain::kRoleNames[person.role]);
  values.set("ROLE_WORDS", words_of(person.role));
  values.show_either(person.password_hash.empty(), "NO_PASSWORD", "HAS_PASSWORD");
  const auto sessions = services.sessions.list(acting, acting.person);
  show_sessions(sessions, SessionId(call.caller.session), services.clock.now(), values);
  values.show_either(sessions.size() > 1, "ELSEWHERE");
  if (acting.role == domain::Role::kAdmin) show_server(services, call, values);
  return page.answer(problem.message.empty() ? 200 : status);
}

http::Response show(const Services& services, http::Call& call) { return settings_page(services, call); }

http::Response rename(const Services& services, http::Call& call) {
  try {
    services.people.rename(acting_of(call.caller), trimmed(call.form->field("name")));
  } catch (const Error& error) {
    if (error.reason() != "bad_name") throw;  // that one is mended in the form itself
    return settings_page(services, call, {"name", error.message()});
  }
  return http::see_other("/settings?done=name");
}

http::Response change_password(const Services& services, http::Call& call) {
  try {
    services.people.change_password(acting_of(call.caller), SessionId(call.caller.session),
                                    call.form->take_secret("present"), call.form->take_secret("password"));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kRateLimited)
      return settings_page(services, call, {"present", error.message()}, 429);
    if (error.reason() == "wrong_password") return settings_page(services, call, {"present", error.message()});
    if (error.reason() == "weak_password") return settings_page(services, call, {"password", error.message()});
    throw;
  }
  return http::see_other("/settings?done=password");
}

http::Response end_session(const Services& services, http::Call& call) {
  const auto id = SessionId::parse(call.path_params.at("id"));
  if (!id) throw Error(ErrorCode::kNotFound, "unknown_session", "There is no such session.");
  services.sessions.end(acting_of(call.caller), *id);
  return http::see_other("/settings?done=session");
}

http::Response end_others(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  services.sessions.end_all(acting, acting.person, SessionId(call.caller.session));
  return http::see_other("/settings?done=others");
}

}  // namespace

void add_settings_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kGet, "/settings", Access::kBrowser, show});
  add_page(router, services, {Method::kPost, "/settings/name", Access::kBrowserForm, rename});
  add_page(router, services,
           {Method::kPost, "/settings/password", Access::kBrowserForm, change_password, {"present", "password"}});
  add_page(router, services, {Method::kPost, "/settings/sessions/end", Access::kBrowserForm, end_others});
  add_page(router, services, {Method::kPost, "/settings/sessions/{id}/end", Access::kBrowserForm, end_session});
}

}  // namespace countersign::web
