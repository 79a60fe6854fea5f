#include "web/connect_pages.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "oauth/connect.h"
#include "web/connect_words.h"
#include "web/connection_facts.h"
#include "web/cookies.h"
#include "web/handoff_view.h"
#include "web/page_frame.h"
#include "web/routes.h"
#include "web/show_once.h"
#include "web/times.h"

namespace countersign::web {
namespace {

constexpr std::size_t kNameLimit = 100;
constexpr std::size_t kSaidLimit = 300;
constexpr std::size_t kUrlLimit = 16 * 1024;

std::string_view link_token(const http::Call& call) { return call.path_params.at("token"); }

http::Response back_to(std::string_view link) { return http::see_other("/h/" + percent_encode(link)); }

void show_scope(std::string_view name, std::string_view words, Values& row) {
  row.set("SCOPE_NAME", name, kNameLimit).set_if_any("SCOPE_WORDS", words);
  row.show_either(words.empty(), "NAME_ALONE");
}

void show_scopes(const std::vector<oauth::ScopeFact>& scopes, Values& values) {
  for (const oauth::ScopeFact& scope : scopes) show_scope(scope.name, scope.words, values.add("SCOPE"));
}

void show_list(std::string_view section, const std::vector<oauth::ScopeFact>& scopes, Values& values) {
  if (!scopes.empty()) show_scopes(scopes, values.add(section));
}

void show_last_try(const oauth::ConnectCard& connect, std::string_view service, Values& values) {
  if (connect.flow.problem.empty()) return;
  const ProblemWords words = problem_words(connect.flow.problem, service);
  Values& last = values.add("LAST_TRY");
  last.set("LAST_TRY_WHAT", words.what_happened, kSaidLimit).set("LAST_TRY_TO_DO", words.what_to_do);
  last.set_if_any("SAID", connect.flow.problem_words);
}

bool person_consents(const oauth::ConnectCard& connect) {
  return !connect.client || connect.client->grant == domain::OAuthGrant::kAuthorizationCode;
}

// The handoff, if this person may act on it now; `call` is a POST of its page.
handoff::Card card_of(const Services& services, const http::Call& call) {
  handoff::Look look = services.handoffs.look(acting_of(call.caller), link_token(call));
  auto* card = std::get_if<handoff::Card>(&look);
  if (card == nullptr) services.handoffs.find_for(acting_of(call.caller), link_token(call));  // throws: not yours
  if (card && card->handoff.kind == domain::HandoffKind::kOAuth) return std::move(*card);
  throw Error(ErrorCode::kNotFound, "not_found", "There is nothing at this address.");
}

domain::Parameters typed_fields(const http::Form& form) {
  domain::Parameters typed;
  for (const auto& [name, value] : form.fields()) {
    if (name.starts_with(kPlainInput)) typed.emplace_back(name.substr(kPlainInput.size()), value);
  }
  return typed;
}

http::Response leave_page(const Services& services, const http::Call& call, const handoff::Card& card,
                          const oauth::Leaving& leaving) {
  Page page(services, call);
  Values& values = page.content("oauth_leave.html", "Go to " + service_of(card));
  values.set("SERVICE", service_of(card)).set("HOST", leaving.host).set("TOKEN", link_token(call));
  values.set("AUTHORIZATION_URL", leaving.authorization_url, kUrlLimit);
  http::Response response = page.answer();
  response.headers.push_back(flow_cookie(services.settings, card.handoff.id, leaving.browser_proof));
  return response;
}

// A POST answers with a page that has a plain link: a redirect to the provider would be stopped by our own
// `form-action 'self'` (facts: Chromium).
http::Response leave(const Services& services, http::Call& call) {
  const handoff::Card card = card_of(services, call);
  if (!domain::is_open(card.state)) return back_to(link_token(call));
  const domain::Acting acting = acting_of(call.caller);
  const domain::Parameters typed = typed_fields(*call.form);
  if (!person_consents(services.oauth_connect.look(card.handoff))) {
    const auto result = services.oauth_connect.connect_now(acting, link_token(call), typed);
    if (const auto* problems = std::get_if<FieldProblems>(&result)) {
      return show_connect(services, call, card, *problems);
    }
    return back_to(link_token(call));
  }
  const auto result = services.oauth_connect.leave(acting, link_token(call), typed);
  if (const auto* problems = std::get_if<FieldProblems>(&result)) return show_connect(services, call, card, *problems);
  return leave_page(services, call, card, std::get<oauth::Leaving>(result));
}

http::Response undo(const Services& services, http::Call& call) {
  const handoff::Card card = card_of(services, call);
  services.oauth_connect.undo(acting_of(call.caller), link_token(call));
  services.revoker.attempt(card.handoff.workspace, card.handoff.connection);
  return back_to(link_token(call));
}

// The provider's redirect: the one GET that changes state. It never answers with a page of its own when it went
// well, so that neither code nor state stays in the address bar.
http::Response callback(const Services& services, http::Call& call) {
  const oauth::Callback back{call.path_params.at("client"), call.query_params, [&](HandoffId id) {
                               const auto cookie = call.request.cookie(flow_cookie_name(services.settings, id));
                               return cookie ? Secret::copy_of(*cookie) : Secret();
                             }};
  const oauth::Landed landed = services.oauth_connect.land(back);
  http::Response response = back_to(landed.link_token);
  response.headers.push_back(forget_flow_cookie(services.settings, landed.handoff));
  return response;
}

OAuthClientId client_id_of(const http::Call& call) {
  if (const auto id = OAuthClientId::parse(call.path_params.at("client"))) return *id;
  throw Error(ErrorCode::kNotFound, "not_found", "There is nothing at this address.");
}

http::Response metadata_document(const Services& services, http::Call& call) {
  return {200, "application/json", services.oauth_clients.metadata_document(client_id_of(call))};
}

http::Response key_set(const Services& services, http::Call& call) {
  return {200, "application/json", services.oauth_clients.key_set(client_id_of(call))};
}

http::Response gone_page(const Services& services, const http::Call& call, const handoff::Card& card) {
  const auto revocation = services.revoker.state(card.handoff.workspace, card.handoff.connection);
  const bool confirmed = revocation && revocation->confirmed;
  Page page(services, call);
  Values& values = page.content("message.html", "Disconnected");
  values.set("HEADING", "Disconnected: “" + card.connection->name + "”");
  values.set("WHAT_HAPPENED", "No agent can use it any more.");
  values.set_if_any("WHAT_TO_DO", confirmed ? service_of(card) + " has confirmed that the access is withdrawn."
                                  : revocation && revocation->settled_at == Instant()
                                      ? service_of(card) +
                                            " has not confirmed yet that the access is withdrawn. It is asked again "
                                            "until it does; under Connections you see how it stands."
                                      : service_of(card) +
                                            " could not be told. If the access must end for certain, withdraw it in "
                                            "your settings there.");
  return page.answer();
}

// By the provider. What the agent calls the account would deceive whoever asks themselves whether it is the right one.
std::string account_named(const oauth::ConnectCard& connect, const domain::Connection& connection) {
  const bool has_id = connect.account && !connect.account->account_id.empty();
  const bool is_a_wish = !has_id && connection.identity_label == connect.flow.identity_label;
  return is_a_wish ? std::string() : connection.identity_label;
}

void show_end(const oauth::ConnectCard& connect, Values& values) {
  const auto& account = connect.account;
  if (account && account->refreshable) {
    values.show("RENEWED");
  } else if (account && account->expires_at != Instant()) {
    values.add("ENDS").set("ENDS_AT", date_and_time(account->expires_at));
  } else {
    values.show("NO_END");
  }
}

}  // namespace

http::Response show_connect(const Services& services, const http::Call& call, const handoff::Card& card,
                            const FieldProblems& problems) {
  const oauth::ConnectCard connect = services.oauth_connect.look(card.handoff);
  const auto person = services.people.get(WorkspaceId(call.caller.workspace), PersonId(call.caller.id));
  Page page(services, call);
  Values& values = page.content("handoff_oauth.html", "Connect " + service_of(card));
  for (const auto& problem : problems) page.add_problem(problem.field, problem.message);
  show_request(card, {link_token(call), person, services.clock.now()}, values);
  values.show_either(!connect.reconnects, "NEW", "AGAIN");
  if (connect.reconnects) values.set("CONNECTION", connect.reconnects->name, kNameLimit);
  if (connect.reconnects && connect.account && !connect.account->account_id.empty()) {
    values.set_if_any("EXPECTED", connect.reconnects->identity_label.empty() ? connect.account->account_id
                                                                             : connect.reconnects->identity_label);
  }
  values.show_either(person_consents(connect), "PERSON_CONSENTS", "NOBODY_CONSENTS");
  show_last_try(connect, service_of(card), values);
  values.show_either(connect.scopes.empty(), "NO_SCOPES");
  show_list("SCOPES", connect.scopes, values);
  values.set_if_any("WAIVER", connect.pkce_reason).set("HOST", connect.leads_to);
  for (const domain::Field* field : connect.fields) show_field(*field, call.form, problems, values);
  return page.answer(problems.empty() ? 200 : 422);
}

http::Response show_connected(const Services& services, const http::Call& call, const handoff::Card& card) {
  if (card.connection->state == domain::ConnectionState::kRevoked) return gone_page(services, call, card);
  const oauth::ConnectCard connect = services.oauth_connect.look(card.handoff);
  Page page(services, call);
  Values& values = page.content("oauth_done.html", "Connected");
  values.set("SERVICE", service_of(card)).set("TOKEN", link_token(call));
  values.set("CONNECTION", card.connection->name, kNameLimit).set("CONNECTION_ID", card.connection->id.text());
  const std::string account = account_named(connect, *card.connection);
  values.set_if_any("ACCOUNT", account);
  values.show_either(account.empty(), "ACCOUNT_UNKNOWN");
  show_list("MISSING", connect.missing, values);
  show_list("EXTRA", connect.extra, values);
  if (connect.account) {
    for (const std::string& scope : connect.account->granted) {
      const auto asked = std::find_if(connect.scopes.begin(), connect.scopes.end(),
                                      [&](const oauth::ScopeFact& fact) { return fact.name == scope; });
      show_scope(scope, asked == connect.scopes.end() ? std::string_view() : asked->words, values.add("GRANTED"));
    }
  }
  values.show_either(!connect.account || connect.account->granted.empty(), "NOTHING_SAID");
  values.set("WHO_CAN_USE", who_can_use(card.handoff.owner));
  show_end(connect, values);
  return page.answer();
}

http::Response show_connect_failed(const Services& services, const http::Call& call, const handoff::Card& card) {
  const oauth::ConnectCard connect = services.oauth_connect.look(card.handoff);
  const std::string service = service_of(card);
  const ProblemWords words = problem_words(connect.flow.problem, service);
  Page page(services, call);
  Values& values = page.content("oauth_failed.html", service + " could not be connected");
  values.set("SERVICE", service).set("WHAT_HAPPENED", words.what_happened, kSaidLimit);
  values.set_if_any("WHAT_TO_DO", words.what_to_do).set_if_any("SAID", connect.flow.problem_words);
  values.set("ASK_AGAIN", "Connecting " + service + " did not work. Please make a new link and show it to me.");
  return page.answer();
}

void add_connect_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  add_page(router, services, {Method::kPost, "/h/{token}/leave", Access::kBrowserForm, leave});
  add_page(router, services, {Method::kPost, "/h/{token}/undo", Access::kBrowserForm, undo});
  add_page(router, services, {Method::kGet, "/oauth/callback/{client}", Access::kPublic, callback});
  add_page(router, services,
           {Method::kGet, "/oauth/clients/{client}/metadata.json", Access::kPublic, metadata_document});
  add_page(router, services, {Method::kGet, "/oauth/clients/{client}/jwks.json", Access::kPublic, key_set});
}

}  // namespace countersign::web
