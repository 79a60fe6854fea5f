// The accounts of this workspace, for admins: who there is, and how somebody new is invited. One account is in
// person_pages.cc.
#include <algorithm>
#include <map>

#include "base/error.h"
#include "web/page_frame.h"
#include "web/page_input.h"
#include "web/people_words.h"
#include "web/routes.h"
#include "web/show_once.h"
#include "web/step_up.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::size_t kSignInsLookedAt = 200;

// By actor ("person:pe_…"): the last of the workspace's newest sign-ins. Whoever is missing came longer ago.
std::map<std::string, Instant, std::less<>> last_sign_ins(const Services& services, const domain::Acting& acting) {
  store::AuditFilter filter;
  filter.action = "session.started";
  std::map<std::string, Instant, std::less<>> last;
  for (const store::AuditEntry& entry : services.trail.page(acting, filter, 0, kSignInsLookedAt).entries) {
    last.try_emplace(entry.row.actor, entry.row.at);  // newest first
  }
  return last;
}

std::map<PersonId, int> agents_by_owner(const Services& services, const domain::Acting& acting) {
  const Instant now = services.clock.now();
  std::map<PersonId, int> count;
  for (const domain::Agent& agent : services.grants.list(acting)) {
    if (identity::is_good(agent, now)) ++count[agent.owner];
  }
  return count;
}

// Enabled ones first, then by name: an order that a change of somebody else does not move.
std::vector<domain::Person> in_order(std::vector<domain::Person> people) {
  std::sort(people.begin(), people.end(), [](const domain::Person& a, const domain::Person& b) {
    return std::tie(a.disabled, a.display_name, a.id) < std::tie(b.disabled, b.display_name, b.id);
  });
  return people;
}

http::Response list(const Services& services, http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  domain::require_role(acting, domain::Role::kAdmin);
  const auto sign_ins = last_sign_ins(services, acting);
  auto agents = agents_by_owner(services, acting);
  const Instant now = services.clock.now();
  const auto people = in_order(services.people.list(acting.workspace));

  Page page(services, call, Section::kPeople);
  Values& values = page.content("people.html", "People");
  values.show_either(people.size() == 1, "ALONE");
  for (const domain::Person& person : people) {
    const auto last = sign_ins.find(domain::Actor::person(person.id).text());
    Values& row = values.add("ROW").set("ID", person.id.text()).set("NAME", person.display_name, 100);
    row.set("LOGIN", person.login, 100).set("ROLE", domain::kRoleNames[person.role]);
    row.set("AGENTS", std::to_string(agents[person.id]));
    row.set("LAST", last == sign_ins.end() ? "not lately" : ago(last->second, now));
    row.show_either(person.id == acting.person, "YOU");
    show_badge(badge_of(person), row);
  }
  return page.answer();
}

void show_roles(std::string_view chosen, Values& values) {
  for (std::size_t i = 0; i < domain::kRoleNames.names.size(); ++i) {
    const auto role = static_cast<domain::Role>(i);
    values.add("ROLE")
        .set("ROLE_NAME", domain::kRoleNames[role])
        .set("ROLE_WORDS", words_of(role))
        .show_either(domain::kRoleNames[role] == chosen, "CHOSEN");
  }
}

struct Problem {
  std::string_view field;
  std::string message;
};

http::Response invite_form(const Services& services, const http::Call& call, const Problem& problem = {}) {
  Page page(services, call, Section::kPeople);
  Values& values = page.content("person_new.html", "Invite somebody");
  if (!problem.message.empty()) {
    page.add_problem(problem.field, problem.message);
    values.show(problem.field == "login"  ? "LOGIN_PROBLEM"
                : problem.field == "name" ? "NAME_PROBLEM"
                                          : "OTHER_PROBLEM");
    values.set("PROBLEM_TEXT", problem.message);
  }
  values.set("LOGIN", call.form ? call.form->field("login") : "", 300);
  values.set("NAME", call.form ? call.form->field("name") : "", 300);
  show_roles(call.form ? call.form->field("role") : domain::kRoleNames[domain::Role::kMember], values);
  const bool password = problem.field == kStepUpField;
  ask_again(services, call, values, password ? std::string_view(problem.message) : std::string_view());
  return page.answer(problem.message.empty() ? 200 : 422);
}

http::Response show_invite(const Services& services, http::Call& call) {
  domain::require_role(acting_of(call.caller), domain::Role::kAdmin);
  return invite_form(services, call);
}

http::Response invited_page(const Services& services, const http::Call& call, const identity::Invited& invited) {
  Page page(services, call, Section::kPeople);
  Values& values = page.content("invited.html", "Invited");
  values.show("INVITED").set("NAME", invited.person.display_name, 100).set("ID", invited.person.id.text());
  values.set("ROLE", domain::kRoleNames[invited.person.role]).set("PUBLIC_URL", services.settings.public_url);
  values.set("LIFETIME", "three days");
  return with_secret_shown(page.answer(), invited.link);
}

// What the person at the form can mend; nothing for anything else.
std::string_view field_of(const Error& error) {
  if (error.reason() == "bad_login" || error.reason() == "login_taken") return "login";
  return error.reason() == "bad_name" ? "name" : "";
}

http::Response invite(const Services& services, http::Call& call) {
  domain::require_role(acting_of(call.caller), domain::Role::kAdmin);
  const auto role = domain::kRoleNames.parse(call.form->field("role"));
  if (!role) return invite_form(services, call, {"role", "Choose one of the roles."});
  const Verified proof = verified(services, call);
  if (!proof.problem.empty()) return invite_form(services, call, {kStepUpField, proof.problem});
  call.caller.verified_at = proof.acting.verified_at.time_since_epoch().count();
  try {
    const std::string login(trimmed(call.form->field("login")));
    const std::string name(trimmed(call.form->field("name")));
    return invited_page(services, call,
                        services.accounts.invite(proof.acting, {proof.acting.workspace, login, name, *role}));
  } catch (const Error& error) {
    const std::string_view field = field_of(error);
    if (field.empty()) throw;
    return invite_form(services, call, {field, error.message()});
  }
}

}  // namespace

void add_people_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kGet, "/people", Access::kBrowser, list});
  add_page(router, services, {Method::kGet, "/people/new", Access::kBrowser, show_invite});
  add_page(router, services, {Method::kPost, "/people/new", Access::kBrowserForm, invite, {std::string(kStepUpField)}});
}

}  // namespace countersign::web
