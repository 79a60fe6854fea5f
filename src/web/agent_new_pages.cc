// Connecting an agent by hand: a person says what it may do and gets its token, once.
#include <algorithm>
#include <array>

#include "base/error.h"
#include "web/agent_page_parts.h"
#include "web/page_input.h"
#include "web/routes.h"
#include "web/scope_words.h"
#include "web/step_up.h"

namespace countersign::web {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::array kLifetimes{seconds(hours(24)),      seconds(hours(24 * 7)),   seconds(hours(24 * 30)),
                                seconds(hours(24 * 90)), seconds(hours(24 * 365)), seconds(0)};
constexpr seconds kUsualLifetime{hours(24 * 30)};

struct Problem {
  std::string_view field;
  std::string message;
};

// One problem at a time, beside its field: the sections are named after the fields of the form.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kProblemSections{
    {{"name", "NAME_PROBLEM"},
     {"owner", "OWNER_PROBLEM"},
     {"lifetime", "LIFETIME_PROBLEM"},
     {"rate", "RATE_PROBLEM"},
     {"made", "MADE_PROBLEM"}}};

void show_problem(Page& page, const Problem& problem, Values& values) {
  if (problem.message.empty()) return;
  page.add_problem(problem.field, problem.message);
  values.set("PROBLEM_TEXT", problem.message);
  for (const auto& [field, section] : kProblemSections) {
    if (field == problem.field) values.show(section);
  }
}

void show_lifetimes(const http::Form* typed, Values& values) {
  const std::string chosen = typed ? std::string(typed->field("lifetime")) : std::to_string(kUsualLifetime.count());
  for (const seconds lifetime : kLifetimes) {
    const std::string value = std::to_string(lifetime.count());
    values.add("LIFETIME")
        .set("SECONDS", value)
        .set("LIFETIME_WORDS", lifetime.count() == 0 ? "no end: until it is revoked" : lifetime_words(lifetime))
        .show_either(value == chosen, "CHOSEN");
  }
}

// The newest agent this person sees when the form is drawn: a form sent twice is known by it.
AgentId newest_of(const Services& services, const domain::Acting& acting) {
  AgentId newest;
  for (const domain::Agent& agent : services.grants.list(acting)) newest = std::max(newest, agent.id);
  return newest;
}

http::Response form_page(const Services& services, const http::Call& call, const Problem& problem = {}) {
  const domain::Acting acting = acting_of(call.caller);
  const http::Form* typed = call.form;
  Page page(services, call, Section::kAgents);
  Values& values = page.content("agent_new.html", "Connect an agent");
  show_problem(page, problem, values);
  values.set("NAME", typed ? typed->field("name") : "", 300).set("RATE", typed ? typed->field("rate") : "", 20);
  const AgentId newest = newest_of(services, acting);
  values.set("NEWEST", newest.valid() ? newest.text() : "");
  if (acting.role == domain::Role::kAdmin) {
    values.add("OWNERS").show_either(typed && typed->field("owner") == "workspace", "WORKSPACE", "ME");
  }
  show_scope_choice({domain::ScopeSet::all(), typed ? ticked_scopes(*typed) : domain::ScopeSet::usual(),
                     problem.field == "scope" ? std::string_view(problem.message) : std::string_view()},
                    values);
  show_lifetimes(typed, values);
  const bool password = problem.field == kStepUpField;
  ask_again(services, call, values, password ? std::string_view(problem.message) : std::string_view());
  return page.answer(problem.message.empty() ? 200 : problem.field == "made" ? 409 : 422);
}

http::Response show_form(const Services& services, http::Call& call) { return form_page(services, call); }

seconds lifetime_of(const http::Form& form) {
  const auto number = parse_number(form.field("lifetime"));
  const auto* known = std::find(kLifetimes.begin(), kLifetimes.end(), seconds(number.value_or(-1)));
  if (number && known != kLifetimes.end()) return *known;
  throw Error(ErrorCode::kInvalidArgument, "bad_lifetime", "Choose one of the lifetimes.");
}

int rate_of(const http::Form& form) {
  const std::string_view text = trimmed(form.field("rate"));
  if (text.empty()) return 0;
  const auto number = parse_number(text);
  if (number && *number >= 1 && *number <= 100'000) return static_cast<int>(*number);
  throw Error(ErrorCode::kInvalidArgument, "bad_rate", "Writes a minute: a number from 1 to 100,000, or nothing.");
}

identity::NewGrant grant_of(const http::Form& form, const domain::Acting& acting) {
  identity::NewGrant grant;
  grant.workspace = acting.workspace;
  if (form.field("owner") != "workspace") grant.owner = acting.person;
  grant.name = trimmed(form.field("name"));
  grant.scopes = ticked_scopes(form);
  grant.lifetime = lifetime_of(form);
  grant.writes_per_minute = rate_of(form);
  return grant;
}

// The form sent again, by a reload or a second click: its token was shown on the page that the first one got, and
// a second agent of the same name would stay behind unnoticed. Keys grow with time.
void require_first(const Services& services, const domain::Acting& acting, const http::Form& form,
                   const identity::NewGrant& grant) {
  const AgentId newest = AgentId::parse(form.field("newest")).value_or(AgentId());
  for (const domain::Agent& agent : services.grants.list(acting)) {
    if (agent.id <= newest || agent.name != grant.name || agent.owner != grant.owner) continue;
    if (agent.revoked_at != Instant{}) continue;
    throw Error(ErrorCode::kConflict, "made_already",
                "This form was sent already, and the agent is made. If you did not keep its token, make a new one "
                "on the agent's own page; to make a second agent, send the form again.");
  }
}

// The field that a refusal belongs to; empty for what nobody can mend here.
std::string_view field_of(const Error& error) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kFields{{{"bad_name", "name"},
                                                                                  {"bad_scope", "scope"},
                                                                                  {"bad_lifetime", "lifetime"},
                                                                                  {"bad_rate", "rate"},
                                                                                  {"made_already", "made"}}};
  for (const auto& [reason, field] : kFields) {
    if (error.reason() == reason) return field;
  }
  return {};
}

http::Response create(const Services& services, http::Call& call) {
  const bool for_workspace = call.form->field("owner") == "workspace";
  if (for_workspace) domain::require_role(acting_of(call.caller), domain::Role::kAdmin);
  const Verified proof = verified(services, call);
  if (!proof.problem.empty()) return form_page(services, call, {kStepUpField, proof.problem});
  call.caller.verified_at = proof.acting.verified_at.time_since_epoch().count();
  try {
    identity::NewGrant grant = grant_of(*call.form, proof.acting);
    require_first(services, proof.acting, *call.form, grant);
    return token_page(services, call, services.grants.create(proof.acting, std::move(grant)), TokenOccasion::kCreated);
  } catch (const Error& error) {
    const std::string_view field = field_of(error);
    if (field.empty()) throw;
    return form_page(services, call, {field, error.message()});
  }
}

}  // namespace

void add_agent_new_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kGet, "/agents/new", Access::kBrowser, show_form});
  add_page(router, services, {Method::kPost, "/agents/new", Access::kBrowserForm, create, {std::string(kStepUpField)}});
}

}  // namespace countersign::web
