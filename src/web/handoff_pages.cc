// The human's door to a handoff. GET shows, POST changes; every POST looks first, so that a link that is
// over gets its honest page (409) instead of an error.
#include <algorithm>
#include <variant>

#include "base/encoding.h"
#include "base/error.h"
#include "web/connect_pages.h"
#include "web/connection_facts.h"
#include "web/handoff_view.h"
#include "web/login_pages.h"
#include "web/page_frame.h"
#include "web/routes.h"
#include "web/step_up.h"
#include "web/webhook_pages.h"

namespace countersign::web {
namespace {

using handoff::Card;
using handoff::Refusal;

constexpr std::size_t kNameLimit = 100;

std::string_view link_token(const http::Call& call) { return call.path_params.at("token"); }

http::Response back_to(const http::Call& call, std::string_view query = {}) {
  return http::see_other("/h/" + percent_encode(link_token(call)) + std::string(query));
}

bool listed(std::string_view names, std::string_view wanted) {
  return ("," + std::string(names) + ",").find("," + std::string(wanted) + ",") != std::string::npos;
}

http::Response refused(const Services& services, const http::Call& call, Refusal refusal) {
  const auto person = services.people.get(WorkspaceId(call.caller.workspace), PersonId(call.caller.id));
  Page page(services, call);
  const RefusalWords words = words_for(refusal);
  Values& values = page.content("handoff_refused.html", words.heading);
  values.set("HEADING", words.heading).set("WHAT_HAPPENED", words.what_happened).set("TOKEN", link_token(call));
  values.set("PERSON", person.display_name + " (" + person.login + ")", kNameLimit);
  values.show_either(words.other_account_may_help, "OTHER_ACCOUNT");
  return page.answer(403);
}

std::string noun_for(const Card& card) {
  if (card.handoff.kind == domain::HandoffKind::kSecretForm) return service_of(card);
  if (card.handoff.kind == domain::HandoffKind::kOAuth) return service_of(card);
  if (card.handoff.kind == domain::HandoffKind::kOAuthClient) return "an OAuth client for " + service_of(card);
  const bool removal = card.handoff.action == domain::ConfirmAction::kRemoveConnection;
  return (removal ? "the removal of a connection at " : "a connection to ") + service_of(card);
}

http::Response state_page(const Services& services, const http::Call& call, const Card& card, int status) {
  Page page(services, call);
  const StateWords words = words_for(card.state, noun_for(card));
  show_state(words, page.content("handoff_state.html", words.heading));
  return page.answer(status);
}

http::Response removed_page(const Services& services, const http::Call& call, const Card& card) {
  Page page(services, call);
  Values& values = page.content("message.html", "Removed");
  values.set("HEADING", "Removed: “" + (card.connection ? card.connection->name : "connection") + "”");
  values.set("WHAT_HAPPENED", "What was stored for it is destroyed, and no agent can use it any more.");
  if (card.connection) values.set_if_any("WHAT_TO_DO", what_stays(card.integration.get(), *card.connection));
  return page.answer();
}

// `saved` in the query: the answer to the very submit that saved it, with the fields that were trimmed.
http::Response saved_page(const Services& services, const http::Call& call, const Card& card) {
  const auto just_saved = call.query_params.find("saved");
  const bool now = just_saved != call.query_params.end();
  const bool works = call.query_params.contains("works");
  Page page(services, call);
  Values& values = page.content("handoff_saved.html", now ? "Saved" : "Done already");
  values.show_either(now || card.handoff.kind == domain::HandoffKind::kConfirm, "JUST_NOW", "EARLIER");
  values.show_either(works, "WORKS");
  show_connection(*card.connection, card.integration.get(), values);
  const bool gone = card.connection->state == domain::ConnectionState::kRevoked;
  if (gone || !show_address(services, *card.connection, values)) values.show(gone ? "GONE" : "USABLE");
  values.show_either(card.connection->references.empty(), "TYPED", "REFERRED");
  if (now && card.auth_template) {
    for (const domain::Field& field : card.auth_template->fields) {
      if (listed(just_saved->second, field.name)) values.add("TRIMMED").set("TRIMMED_LABEL", field.label);
    }
  }
  return page.answer();
}

http::Response done_page(const Services& services, const http::Call& call, const Card& card) {
  if (card.handoff.kind == domain::HandoffKind::kOAuthClient) return show_client_done(services, call, card);
  if (card.handoff.kind == domain::HandoffKind::kOAuth && card.connection) return show_connected(services, call, card);
  if (card.handoff.action == domain::ConfirmAction::kRemoveConnection) return removed_page(services, call, card);
  if (card.connection) return saved_page(services, call, card);
  return state_page(services, call, card, 200);
}

http::Response open_page(const Services& services, const http::Call& call, const Card& card,
                         const std::vector<handoff::FieldProblem>& problems = {}) {
  const auto person = services.people.get(WorkspaceId(call.caller.workspace), PersonId(call.caller.id));
  const Visit visit{link_token(call), person, services.clock.now()};
  Page page(services, call);
  if (card.handoff.action == domain::ConfirmAction::kRemoveConnection) {
    Values& values = page.content("handoff_confirm.html", "Remove a connection?");
    show_request(card, visit, values);
    if (card.connection) values.set("STAYS", what_stays(card.integration.get(), *card.connection));
    return page.answer();
  }
  if (card.handoff.kind == domain::HandoffKind::kConfirm) {
    Values& values = page.content("handoff_reference.html", "Make a connection?");
    show_request(card, visit, values);
    show_proposal(card, values);
    return page.answer();
  }
  if (card.handoff.kind == domain::HandoffKind::kOAuthClient) {
    return show_client_request(services, call, card, problems);
  }
  // An org's that nobody has taken: one step more, so that two admins do not both fetch a key.
  if (!card.handoff.subject.valid()) {
    show_request(card, visit, page.content("handoff_claim.html", "A request for this workspace"));
    return page.answer();
  }
  if (card.handoff.kind == domain::HandoffKind::kOAuth) return show_connect(services, call, card, problems);
  const bool webhook = is_webhook(card);
  Values& values =
      page.content("handoff_form.html", webhook ? "Take deliveries from " + service_of(card)
                                                : "Give your " + service_of(card) + " " + credential_of(card));
  for (const auto& problem : problems) page.add_problem(problem.field, problem.message);
  show_request(card, visit, values);
  show_fields(card, call.form, problems, values);
  return page.answer(problems.empty() ? 200 : 422);
}

http::Response show(const Services& services, http::Call& call) {
  const handoff::Look look = services.handoffs.look(acting_of(call.caller), link_token(call));
  if (const auto* refusal = std::get_if<Refusal>(&look)) return refused(services, call, *refusal);
  const Card& card = std::get<Card>(look);
  if (card.handoff.kind == domain::HandoffKind::kLogin) return show_login_request(services, call);
  if (domain::is_open(card.state)) return open_page(services, call, card);
  if (card.state == domain::kCompleted) return done_page(services, call, card);
  if (card.handoff.kind == domain::HandoffKind::kOAuth && card.state == domain::kFailed) {
    return show_connect_failed(services, call, card);
  }
  return state_page(services, call, card, 200);
}

// Looks before a change: the handoff if this person may act on it now, or the page that says why not.
using Door = std::variant<Card, http::Response>;
Door enter(const Services& services, http::Call& call) {
  handoff::Look look = services.handoffs.look(acting_of(call.caller), link_token(call));
  if (const auto* refusal = std::get_if<Refusal>(&look)) return refused(services, call, *refusal);
  Card& card = std::get<Card>(look);
  if (domain::is_open(card.state)) return std::move(card);
  if (card.handoff.kind == domain::HandoffKind::kLogin && card.state != domain::kCompleted) {
    return show_login_request(services, call, 409);
  }
  // Pressed twice, or sent again with the back button: what was done is shown, nothing is done again.
  if (card.state == domain::kCompleted) return back_to(call);
  return state_page(services, call, card, 409);
}

bool is_login(const Door& door) { return std::get<Card>(door).handoff.kind == domain::HandoffKind::kLogin; }

http::Response take_on(const Services& services, http::Call& call) {
  Door door = enter(services, call);
  if (auto* answer = std::get_if<http::Response>(&door)) return std::move(*answer);
  if (is_login(door)) return type_login_code(services, call);
  services.handoffs.open(acting_of(call.caller), link_token(call));
  return back_to(call);
}

http::Response allow(const Services& services, http::Call& call) {
  Door door = enter(services, call);
  if (auto* answer = std::get_if<http::Response>(&door)) return std::move(*answer);
  if (!is_login(door)) throw Error(ErrorCode::kNotFound, "not_found", "There is nothing at this address.");
  return allow_login(services, call);
}

http::Response decline(const Services& services, http::Call& call) {
  Door door = enter(services, call);
  if (auto* answer = std::get_if<http::Response>(&door)) return std::move(*answer);
  if (is_login(door)) {
    services.logins.deny(acting_of(call.caller), link_token(call));
  } else {
    services.handoffs.decline(acting_of(call.caller), link_token(call));
  }
  return back_to(call);
}

http::Response confirm(const Services& services, http::Call& call) {
  Door door = enter(services, call);
  if (auto* answer = std::get_if<http::Response>(&door)) return std::move(*answer);
  services.handoffs.confirm(acting_of(call.caller), link_token(call));
  return back_to(call);
}

// Takes the secrets out of the form: from here on only the service holds them.
handoff::Submission submission_of(const Card& card, http::Form& form) {
  handoff::Submission submission;
  if (form.field(kLiveCheckInput) == "yes") submission.check = handoff::LiveCheck::kTry;
  for (const auto& [name, value] : form.fields()) {
    if (name.starts_with(kPlainInput)) submission.plain.emplace(name.substr(kPlainInput.size()), value);
  }
  if (!card.auth_template) return submission;
  for (const domain::Field& field : card.auth_template->fields) {
    if (field.sensitivity != domain::Sensitivity::kSecret) continue;
    submission.secrets.emplace(field.name, form.take_secret(std::string(kSecretInput) + field.name));
  }
  return submission;
}

std::string trimmed_fields(const Card& card, const handoff::Saved& saved) {
  std::string names;
  for (const domain::Field& field : card.auth_template->fields) {
    const auto& labels = saved.trimmed;
    if (std::find(labels.begin(), labels.end(), field.label) == labels.end()) continue;
    (names += names.empty() ? "" : ",") += field.name;
  }
  return names;
}

http::Response submit(const Services& services, http::Call& call) {
  Door door = enter(services, call);
  if (auto* answer = std::get_if<http::Response>(&door)) return std::move(*answer);
  const Card& card = std::get<Card>(door);
  const auto result =
      services.handoffs.submit(acting_of(call.caller), link_token(call), submission_of(card, *call.form));
  if (const auto* problems = std::get_if<std::vector<handoff::FieldProblem>>(&result)) {
    return open_page(services, call, card, *problems);
  }
  const auto& saved = std::get<handoff::Saved>(result);
  return back_to(call, "?saved=" + percent_encode(trimmed_fields(card, saved)) + (saved.tried ? "&works=1" : ""));
}

}  // namespace

void add_handoff_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kGet, "/h/{token}", Access::kBrowser, show});
  add_page(router, services, {Method::kPost, "/h/{token}/continue", Access::kBrowserForm, take_on});
  add_page(router, services,
           {Method::kPost, "/h/{token}/submit", Access::kBrowserForm, submit, {std::string(kSecretInput) + "*"}});
  add_page(router, services,
           {Method::kPost, "/h/{token}/allow", Access::kBrowserForm, allow, {std::string(kStepUpField)}});
  add_page(router, services, {Method::kPost, "/h/{token}/confirm", Access::kBrowserForm, confirm});
  add_page(router, services, {Method::kPost, "/h/{token}/decline", Access::kBrowserForm, decline});
}

}  // namespace countersign::web
