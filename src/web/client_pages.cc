// OAuth clients as people meet them: set up from a service's page or because an agent asked, looked at, forgotten.
#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "oauth/clients.h"
#include "web/act_page.h"
#include "web/connect_pages.h"
#include "web/connect_words.h"
#include "web/handoff_view.h"
#include "web/page_frame.h"
#include "web/page_input.h"
#include "web/routes.h"
#include "web/times.h"

namespace countersign::web {
namespace {

using domain::OAuthClient;

constexpr std::size_t kNameLimit = 100;
constexpr std::size_t kIdLimit = 512;

const std::string* problem_at(const FieldProblems& problems, std::string_view field) {
  const auto found =
      std::find_if(problems.begin(), problems.end(), [&](const auto& one) { return one.field == field; });
  return found == problems.end() ? nullptr : &found->message;
}

std::string text_at(const FieldProblems& problems, std::string_view field) {
  const std::string* problem = problem_at(problems, field);
  return problem ? *problem : std::string();
}

// What the fields start with, before anybody has typed.
struct Start {
  std::string client_id;
  domain::ClientAuth auth = domain::ClientAuth::kBasic;
};

// The fields of a client: host labels of its addresses, id, way to prove itself, secret.
void show_client_fields(const domain::AuthTemplate* form, const Start& start, const http::Form* typed,
                        const FieldProblems& problems, Values& outer) {
  Values& values = outer.include("CLIENT_FIELDS", "client_fields.html");
  if (form) {
    for (const domain::Field& field : form->fields) {
      Values& row = values.add("HOST_LABEL").set("NAME", field.name).set("FIELD_LABEL", field.label);
      row.set_if_any("HINT", field.hint).set("PLACEHOLDER", field.placeholder);
      row.set_if_any("ERROR", text_at(problems, field.name));
      row.set("VALUE", typed ? typed->field(std::string(kPlainInput) + field.name) : "");
    }
  }
  values.set("CLIENT_ID", typed ? typed->field("client_id") : std::string_view(start.client_id), kIdLimit);
  values.set_if_any("ID_ERROR", text_at(problems, "client_id"));
  values.set_if_any("SECRET_ERROR", text_at(problems, "client_secret"));
  const std::string_view chosen = typed ? typed->field("auth") : domain::kClientAuthNames[start.auth];
  for (const std::string_view name : domain::kClientAuthNames.names) {
    values.add("AUTH")
        .set("VALUE", name)
        .set("TEXT", auth_words(*domain::kClientAuthNames.parse(name)))
        .show_either(name == chosen, "CHOSEN");
  }
}

oauth::ClientForm typed_client(http::Form& form) {
  oauth::ClientForm typed;
  typed.client_id = trimmed(form.field("client_id"));
  typed.client_secret = form.take_secret(kClientSecretInput);
  typed.auth = domain::kClientAuthNames.parse(form.field("auth")).value_or(domain::ClientAuth::kBasic);
  for (const auto& [name, value] : form.fields()) {
    if (name.starts_with(kPlainInput)) typed.plain_fields.emplace_back(name.substr(kPlainInput.size()), value);
  }
  return typed;
}

domain::ClientAuth first_auth(const domain::AuthTemplate* form) {
  if (!form || !form->oauth || form->oauth->client_auth.empty()) return domain::ClientAuth::kBasic;
  return form->oauth->client_auth.front();
}

void show_where_to_register(const domain::AuthTemplate* form, std::string_view redirect_uri, Values& values) {
  values.set("REDIRECT_URI", redirect_uri);
  if (!form || !form->oauth) return;
  values.set_if_any("CLIENT_HINT", form->oauth->client_hint)
      .set_if_any("CLIENT_HELP_URL", form->oauth->client_help_url);
}

std::string connections_words(std::size_t count) {
  if (count == 0) return "no connection";
  return count == 1 ? "one connection" : std::to_string(count) + " connections";
}

std::string path_of(const OAuthClient& client) { return "/oauth-clients/" + client.id.text(); }

// --- from the service's page ---

// The template it is about: the one named, else the first of kind oauth2.
const domain::AuthTemplate& oauth_template(const domain::Integration& integration, std::string_view slug) {
  for (const domain::AuthTemplate& form : integration.templates) {
    if (form.kind == domain::TemplateKind::kOAuth2 && (slug.empty() || form.slug == slug)) return form;
  }
  throw Error(ErrorCode::kNotFound, "unknown_template", "This service is not connected by OAuth.");
}

std::string_view field_or_query(const http::Call& call, std::string_view name) {
  return call.form ? call.form->field(name) : query_text(call, name);
}

void show_owner(const http::Call& call, std::string_view where, Values& outer) {
  Values& values = outer.include("CLIENT_OWNER", "client_owner.html").set("WHERE", where);
  const bool admin = acting_of(call.caller).role == domain::Role::kAdmin;
  if (!admin) {
    values.show("OWN_ALONE");
    return;
  }
  values.add("MAY_CHOOSE").show_either(call.form && call.form->field("owner") == "user", "USER_CHOSEN", "ORG_CHOSEN");
}

// The id in the form is the one whose redirect URI the person has registered meanwhile.
OAuthClientId form_id(const Services& services, const http::Call& call) {
  if (call.form) {
    if (const auto id = OAuthClientId::parse(call.form->field("id"))) return *id;
  }
  return services.oauth_clients.next_id();
}

void show_grants(const domain::OAuthSpec& spec, const http::Form* typed, Values& values) {
  if (spec.grants.size() < 2) return;
  Values& choice = values.add("GRANTS");
  const std::string_view chosen = typed ? typed->field("grant") : domain::kOAuthGrantNames[spec.grants.front()];
  for (const domain::OAuthGrant grant : spec.grants) {
    const std::string_view name = domain::kOAuthGrantNames[grant];
    choice.add("GRANT").set("VALUE", name).set("TEXT", grant_words(grant)).show_either(name == chosen, "CHOSEN");
  }
}

http::Response new_page(const Services& services, http::Call& call, const FieldProblems& problems) {
  const auto integration = services.catalog.get(call.path_params.at("slug"));
  const domain::AuthTemplate& form = oauth_template(*integration, field_or_query(call, "template"));
  const oauth::SetUp way = services.oauth_clients.set_up(integration->slug, form.slug);
  const OAuthClientId id = form_id(services, call);
  Page page(services, call, Section::kIntegrations);
  Values& values = page.content("oauth_client_new.html", "Set up " + integration->name);
  for (const auto& problem : problems) page.add_problem(problem.field, problem.message);
  values.set("SERVICE", integration->name, kNameLimit).set("SLUG", integration->slug).set("TEMPLATE", form.slug);
  values.set("ID", id.text()).set("WHY", way.why).set_if_any("PROBE_PROBLEM", way.problem);
  values.show_either(way.way != oauth::Way::kByHand, "BY_ITSELF");
  show_owner(call, "", values);
  show_where_to_register(&form, services.oauth_clients.redirect_uri(id), values);
  show_grants(*form.oauth, call.form, values);
  show_client_fields(&form, {"", first_auth(&form)}, call.form, problems, values);
  return page.answer(problems.empty() ? 200 : 422);
}

http::Response ask_new(const Services& services, http::Call& call) { return new_page(services, call, {}); }

oauth::ClientRequest request_of(const http::Call& call) {
  const http::Form& form = *call.form;
  oauth::ClientRequest request;
  request.integration = call.path_params.at("slug");
  request.auth_template = form.field("template");
  request.owner = domain::kOwnerNames.parse(form.field("owner"));
  request.grant = domain::kOAuthGrantNames.parse(form.field("grant")).value_or(domain::OAuthGrant::kAuthorizationCode);
  if (const auto id = OAuthClientId::parse(form.field("id"))) request.id = *id;
  return request;
}

http::Response create(const Services& services, http::Call& call) {
  const auto saved = services.oauth_clients.create(acting_of(call.caller), request_of(call), typed_client(*call.form));
  if (const auto* problems = std::get_if<FieldProblems>(&saved)) return new_page(services, call, *problems);
  return http::see_other(path_of(std::get<OAuthClient>(saved)) + "?saved=1");
}

http::Response create_by_itself(const Services& services, http::Call& call) {
  try {
    const OAuthClient client = services.oauth_clients.create_by_itself(acting_of(call.caller), request_of(call));
    return http::see_other(path_of(client) + "?saved=1");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUpstream && error.code() != ErrorCode::kConflict) throw;
    return new_page(services, call, {{"client_id", error.message()}});
  }
}

// --- one client ---

OAuthClient visible_client(const Services& services, const http::Call& call) {
  const domain::Acting acting = acting_of(call.caller);
  const auto id = OAuthClientId::parse(call.path_params.at("client"));
  for (OAuthClient& client : services.oauth_clients.list(acting, "")) {
    if (id && client.id == *id) return std::move(client);
  }
  throw Error(ErrorCode::kNotFound, "unknown_client", "There is no such OAuth client.");
}

bool may_remove(const OAuthClient& client, const domain::Acting& acting) {
  return client.owner.kind == domain::OwnerKind::kUser || acting.role == domain::Role::kAdmin;
}

std::string service_of(const Services& services, const OAuthClient& client) {
  const auto integration = services.catalog.find(client.integration);
  return integration ? integration->name : client.integration.empty() ? "other services" : client.integration;
}

void show_key(const Services& services, const OAuthClient& client, Values& values) {
  if (client.public_jwk.empty()) return;
  values.add("KEY")
      .set("JWK", client.public_jwk)
      .set("JWKS_URI", services.settings.public_url + "/oauth/clients/" + client.id.text() + "/jwks.json");
}

http::Response show(const Services& services, http::Call& call) {
  const OAuthClient client = visible_client(services, call);
  const domain::Acting acting = acting_of(call.caller);
  Page page(services, call, Section::kIntegrations);
  Values& values = page.content("oauth_client.html", "OAuth client " + client.slug);
  values.show_either(call.query_params.contains("saved"), "SAVED");
  values.set("CLIENT", client.slug, kNameLimit).set("SERVICE", service_of(services, client), kNameLimit);
  values.set("SLUG", client.integration).set("ID", client.id.text());
  values.set("WHOSE", client.owner.kind == domain::OwnerKind::kOrg ? "everybody in the workspace" : "you alone");
  values.set("ORIGIN", origin_words(client.origin)).set("GRANT", grant_words(client.grant));
  values.set("CLIENT_ID", client.client_id, kIdLimit).set("AUTH", auth_words(client.auth));
  for (const domain::SecretTrace& trace : client.secrets) {
    if (trace.field != "client_secret") continue;
    values.add("TRACE").set("FINGERPRINT", trace.fingerprint).set_if_any("LAST4", trace.last4);
  }
  if (client.secret_expires_at != Instant()) values.set_if_any("SECRET_ENDS", date_and_time(client.secret_expires_at));
  values.set_if_any("ISSUER", client.server.issuer);
  values.set_if_any("AUTHORIZATION", client.server.authorization_endpoint);
  values.set("TOKEN_ENDPOINT", client.server.token_endpoint).set("CREATED", date_and_time(client.created_at));
  values.set("USED_BY", connections_words(services.oauth_clients.used_by(client)));
  values.set("REDIRECT_URI", services.oauth_clients.redirect_uri(client.id));
  show_key(services, client, values);
  values.show_either(may_remove(client, acting), "REMOVABLE");
  return page.answer();
}

Act removal_of(const Services& services, const OAuthClient& client) {
  const std::size_t used_by = services.oauth_clients.used_by(client);
  Act act;
  act.section = Section::kIntegrations;
  act.verb = "Forget";
  act.object = client.slug;
  act.lead = "This server forgets the OAuth client and destroys its secret. At " + service_of(services, client) +
             " it stays registered until you delete it there.";
  act.effects = {used_by == 0 ? "No connection uses it."
                              : "It is used by " + connections_words(used_by) +
                                    ": what was made with it works until its token ends, and then has to be connected "
                                    "again.",
                 "Nobody can connect with it any more."};
  act.path = path_of(client) + "/remove";
  act.back_path = path_of(client);
  act.back_text = "Back to the client";
  act.weight = Act::Weight::kDangerous;
  act.proof = Act::Proof::kNotNeeded;
  return act;
}

http::Response ask_remove(const Services& services, http::Call& call) {
  return ask(services, call, removal_of(services, visible_client(services, call)));
}

http::Response remove(const Services& services, http::Call& call) {
  const OAuthClient client = visible_client(services, call);
  auto again = carry_out(services, call, removal_of(services, client),
                         [&](const domain::Acting& acting) { services.oauth_clients.remove(acting, client.id); });
  if (again) return std::move(*again);
  return http::see_other(client.integration.empty() ? "/integrations" : "/integrations/" + client.integration);
}

// --- because an agent asked ---

http::Response act_on_request(const Services& services, http::Call& call) {
  const std::string_view link = call.path_params.at("token");
  const domain::Acting acting = acting_of(call.caller);
  handoff::Look look = services.handoffs.look(acting, link);
  const auto* card = std::get_if<handoff::Card>(&look);
  if (card == nullptr) services.handoffs.find_for(acting, link);  // throws: not yours
  const std::string back = "/h/" + percent_encode(link);
  if (!card || card->handoff.kind != domain::HandoffKind::kOAuthClient || !domain::is_open(card->state)) {
    return http::see_other(back);
  }
  switch (services.oauth_clients.look(acting, card->handoff).proposal.change) {
    case domain::ClientChange::kEnter: {
      const auto saved = services.oauth_clients.enter(acting, link, typed_client(*call.form));
      if (const auto* problems = std::get_if<FieldProblems>(&saved)) {
        return show_client_request(services, call, *card, *problems);
      }
      break;
    }
    case domain::ClientChange::kRegister:
      services.oauth_clients.register_now(acting, link);
      break;
    case domain::ClientChange::kRemove:
      services.oauth_clients.confirm_removal(acting, link);
      break;
  }
  return http::see_other(back);
}

std::string_view section_of(domain::ClientChange change) {
  switch (change) {
    case domain::ClientChange::kEnter:
      return "ENTER";
    case domain::ClientChange::kRegister:
      return "REGISTER";
    case domain::ClientChange::kRemove:
      return "REMOVE";
  }
  return "ENTER";
}

// A proposal of no integration is named by where it leads.
std::string service_of_request(const handoff::Card& card, const oauth::ClientCard& client) {
  if (!card.handoff.integration.empty()) return web::service_of(card);
  return client.hosts.empty() ? "a server" : client.hosts.front();
}

}  // namespace

http::Response show_client_request(const Services& services, const http::Call& call, const handoff::Card& card,
                                   const FieldProblems& problems) {
  const domain::Acting acting = acting_of(call.caller);
  const oauth::ClientCard client = services.oauth_clients.look(acting, card.handoff);
  const auto person = services.people.get(WorkspaceId(call.caller.workspace), PersonId(call.caller.id));
  Page page(services, call);
  Values& values = page.content("handoff_client.html", "OAuth client");
  for (const auto& problem : problems) page.add_problem(problem.field, problem.message);
  show_request(card, {call.path_params.at("token"), person, services.clock.now()}, values);
  values.set("SERVICE", service_of_request(card, client), kNameLimit);
  values.set("CLIENT", client.proposal.slug, kNameLimit).set("USED_BY", connections_words(client.used_by));
  values.set("GRANT", grant_words(client.proposal.grant));
  for (const std::string& host : client.hosts) values.add("HOST_ROW").set("HOST", host, kNameLimit);
  values.show_either(client.proposal.foreign, "FOREIGN");
  const domain::ClientChange change = client.proposal.change;
  values.show_either(client.existing && change != domain::ClientChange::kRemove, "REPLACES");
  values.show(section_of(change)).show_either(change != domain::ClientChange::kRemove, "DECLINABLE");
  show_where_to_register(card.auth_template, client.redirect_uri, values);
  const bool no_secret = !client.proposal.client_id.empty() && client.proposal.foreign;
  show_client_fields(
      card.auth_template,
      {client.proposal.client_id, no_secret ? domain::ClientAuth::kNone : first_auth(card.auth_template)}, call.form,
      problems, values);
  return page.answer(problems.empty() ? 200 : 422);
}

http::Response show_client_done(const Services& services, const http::Call& call, const handoff::Card& card) {
  const oauth::ClientCard client = services.oauth_clients.look(acting_of(call.caller), card.handoff);
  const bool removed = client.proposal.change == domain::ClientChange::kRemove;
  Page page(services, call);
  Values& values = page.content("message.html", removed ? "Forgotten" : "Set up");
  values.set("HEADING", (removed ? "Forgotten: “" : "Set up: “") + client.proposal.slug + "”");
  values.set("WHAT_HAPPENED", removed ? "The OAuth client and its secret are gone from this server."
                                      : "Accounts can be connected with this OAuth client now. Your agent learns of "
                                        "it by itself: close this tab and go back to it.");
  if (!removed) {
    values.add("LINK").set("LINK_PATH", "/oauth-clients/" + client.proposal.client.text()).set("LINK_TEXT", "See it");
  }
  return page.answer();
}

void add_client_pages(http::Router& router, const Services& services) {
  using http::Access;
  using http::Method;
  const std::vector<std::string> secret{std::string(kClientSecretInput)};
  add_page(router, services, {Method::kGet, "/integrations/{slug}/clients/new", Access::kBrowser, ask_new});
  add_page(router, services, {Method::kPost, "/integrations/{slug}/clients", Access::kBrowserForm, create, secret});
  add_page(router, services,
           {Method::kPost, "/integrations/{slug}/clients/register", Access::kBrowserForm, create_by_itself});
  add_page(router, services, {Method::kGet, "/oauth-clients/{client}", Access::kBrowser, show});
  add_page(router, services, {Method::kGet, "/oauth-clients/{client}/remove", Access::kBrowser, ask_remove});
  add_page(router, services, {Method::kPost, "/oauth-clients/{client}/remove", Access::kBrowserForm, remove});
  add_page(router, services, {Method::kPost, "/h/{token}/client", Access::kBrowserForm, act_on_request, secret});
}

}  // namespace countersign::web
