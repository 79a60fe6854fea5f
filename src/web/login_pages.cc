#include "web/login_pages.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "web/handoff_view.h"
#include "web/page_frame.h"
#include "web/page_input.h"
#include "web/scope_words.h"
#include "web/step_up.h"
#include "web/times.h"

namespace countersign::web {
namespace {

using handoff::LoginCard;

constexpr std::size_t kNameLimit = 100;

std::string_view link_token(const http::Call& call) { return call.path_params.at("token"); }

LoginCard look(const Services& services, const http::Call& call) {
  return services.logins.look(acting_of(call.caller), link_token(call), call.request.client_address);
}

// The broker's facts; what the asker says of itself is marked as what it is.
void show_facts(const Services& services, const http::Call& call, const LoginCard& card, Values& values) {
  const auto person = services.people.get(WorkspaceId(call.caller.workspace), PersonId(call.caller.id));
  const Instant now = services.clock.now();
  values.set("TOKEN", link_token(call));
  values.set("AGENT", card.login.agent_identifier, kNameLimit);
  Values& facts = values.include("FACTS", "login_facts.html");
  facts.set("AGENT", card.login.agent_identifier, kNameLimit).set("ADDRESS", card.login.asked_from, kNameLimit);
  facts.show_either(card.login.remote || card.type_code, "REMOTE", "LOCAL");
  facts.set("ASKED", ago(card.handoff.created_at, now));
  facts.set("ACCOUNT", person.display_name + " (" + person.login + ")", kNameLimit);
  show_deadline(card.handoff.expires_at, now, facts);
}

http::Response code_page(const Services& services, const http::Call& call, const LoginCard& card,
                         std::string_view problem = {}, int status = 200) {
  Page page(services, call);
  Values& values = page.content("login_code.html", "Does an agent of yours ask for this?");
  show_facts(services, call, card, values);
  if (!problem.empty()) {
    page.add_problem("user_code", problem);
    values.set_if_any("CODE_PROBLEM", problem);
  }
  return page.answer(status);
}

void show_lifetimes(const LoginCard& card, const http::Form* typed, Values& values) {
  constexpr std::chrono::hours kUsual{24 * 30};
  for (const std::chrono::seconds lifetime : card.lifetimes) {
    const std::string seconds = std::to_string(lifetime.count());
    const bool chosen = typed ? typed->field("lifetime") == seconds
                              : lifetime == std::min<std::chrono::seconds>(kUsual, card.lifetimes.back());
    Values& option = values.add("LIFETIME").set("SECONDS", seconds);
    option.set("LIFETIME_WORDS", lifetime_words(lifetime)).show_either(chosen, "CHOSEN");
  }
}

struct Problem {
  std::string_view field;
  std::string message;
};

http::Response question_page(const Services& services, const http::Call& call, const LoginCard& card,
                             const Problem& problem = {}) {
  Page page(services, call);
  Values& values = page.content("login_allow.html", "Let an agent act for you?");
  show_facts(services, call, card, values);
  const auto problem_with = [&](std::string_view field) {
    return problem.field == field ? std::string_view(problem.message) : std::string_view();
  };
  const http::Form* typed = call.form;
  show_scope_choice({card.login.asked, typed ? ticked_scopes(*typed) : card.login.asked, problem_with("scope")},
                    values);
  values.set_if_any("LIFETIME_PROBLEM", problem_with("lifetime"));
  show_lifetimes(card, typed, values);
  values.include("CODE", "code.html").set("USER_CODE", card.handoff.user_code);
  if (!problem.message.empty()) page.add_problem(problem.field, problem.message);
  ask_again(services, call, values, problem_with(kStepUpField));
  return page.answer(problem.message.empty() ? 200 : 422);
}

http::Response way_back_page(const Services& services, const http::Call& call, const LoginCard& card) {
  Page page(services, call);
  Values& values = page.content("login_back.html", "One step is left");
  values.set("TOKEN", link_token(call)).set("AGENT", card.login.agent_identifier, kNameLimit);
  values.set("RETURN_CODE", card.return_code).set("PUBLIC_URL", services.settings.public_url);
  values.show_either(card.code_for_client, "FOR_CLIENT", "FOR_AGENT");
  show_deadline(card.handoff.expires_at, services.clock.now(), values);
  return page.answer();
}

http::Response done_page(const Services& services, const http::Call& call, const LoginCard& card) {
  // Allowed and never fetched: the grant was not made and will not be (login_grant.cc).
  const bool lapsed =
      !card.login.grant.valid() && services.clock.now() >= card.handoff.settled_at + domain::kFetchWithin;
  Page page(services, call);
  Values& values = page.content("login_done.html", lapsed ? "The token was not fetched" : "The agent may act for you");
  values.set("AGENT", card.login.agent_identifier, kNameLimit).show_either(lapsed, "LAPSED", "ALLOWED");
  for (std::size_t i = 0; i < domain::kScopeNames.names.size(); ++i) {
    const auto scope = static_cast<domain::Scope>(i);
    if (card.login.granted.has(scope)) values.add("GRANTED").set("SCOPE_TITLE", words_of(scope).title);
  }
  values.set("LIFETIME_WORDS", lifetime_words(card.login.lifetime));
  if (card.login.grant.valid()) values.add("GRANT").set("GRANT_ID", card.login.grant.text());
  if (card.code_for_client && !card.return_code.empty()) {
    values.add("FOR_CLIENT").set("RETURN_CODE", card.return_code).set("PUBLIC_URL", services.settings.public_url);
  }
  return page.answer();
}

http::Response ended_page(const Services& services, const http::Call& call, const LoginCard& card, int status) {
  Page page(services, call);
  const StateWords words = words_for(card.state, "signing you in");
  show_state(words, page.content("handoff_state.html", words.heading));
  return page.answer(status);
}

http::Response back_to(const http::Call& call) {
  return http::see_other("/h/" + percent_encode(std::string(link_token(call))));
}

handoff::Allowance allowance_of(const http::Form& form) {
  return {ticked_scopes(form), std::chrono::seconds(parse_number(form.field("lifetime")).value_or(0))};
}

}  // namespace

http::Response show_login_request(const Services& services, http::Call& call, int status) {
  const LoginCard card = look(services, call);
  if (card.state == domain::kCompleted) return done_page(services, call, card);
  if (!domain::is_open(card.state)) return ended_page(services, call, card, status);
  if (card.allowed) return way_back_page(services, call, card);
  if (card.type_code) return code_page(services, call, card);
  return question_page(services, call, card);
}

http::Response type_login_code(const Services& services, http::Call& call) {
  try {
    services.logins.open(acting_of(call.caller), link_token(call), call.request.client_address,
                         call.form->field("user_code"));
  } catch (const Error& error) {
    if (error.reason() != "wrong_user_code") throw;  // that one is mended in the form itself
    return code_page(services, call, look(services, call), error.message(), 422);
  }
  return back_to(call);
}

http::Response allow_login(const Services& services, http::Call& call) {
  const LoginCard card = look(services, call);
  if (!domain::is_open(card.state) || card.allowed) return back_to(call);  // pressed twice: what is, is shown
  if (card.type_code) return back_to(call);
  const Verified proof = verified(services, call);
  if (!proof.problem.empty()) return question_page(services, call, card, {kStepUpField, proof.problem});
  try {
    services.logins.allow(proof.acting, link_token(call), call.request.client_address, allowance_of(*call.form));
  } catch (const Error& error) {
    const bool scopes = error.reason() == "bad_scope";
    if (!scopes && error.reason() != "bad_lifetime") throw;
    return question_page(services, call, card, {scopes ? "scope" : "lifetime", error.message()});
  }
  return back_to(call);
}

}  // namespace countersign::web
