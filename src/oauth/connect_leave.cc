// Continue: the person leaves for the provider. `state`, PKCE verifier and nonce are minted here and nowhere else
// (facts A1, A3), after the consent page was approved.
#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "crypto/pkce.h"
#include "handoff/base_url.h"
#include "handoff/rules.h"
#include "oauth/authorization_request.h"
#include "oauth/client_rules.h"
#include "oauth/connect_parts.h"
#include "vault/field_check.h"

namespace countersign::oauth {

struct Connect::Ticket {
  std::string state;
  Secret browser_proof;
  FlowSecrets secrets;
};

namespace {

using handoff::FieldProblem;

std::string typed_text(const domain::Parameters& typed, std::string_view field) {
  const auto found = std::find_if(typed.begin(), typed.end(), [&](const auto& entry) { return entry.first == field; });
  return found == typed.end() ? "" : found->second;
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = std::min(text.find_first_not_of(kSpace), text.size());
  return std::string(text.substr(first, text.find_last_not_of(kSpace) + 1 - first));
}

bool wants_nonce(const std::vector<std::string>& scopes) {
  return std::find(scopes.begin(), scopes.end(), "openid") != scopes.end();
}

// RFC 9126: where the server demands it, or the integration's file names the endpoint.
bool is_pushed(const domain::OAuthServer& server, const domain::OAuthServer& stated) {
  return server.par_required || (!server.par_endpoint.empty() && !stated.par_endpoint.empty());
}

// Facts A2: a server that does not say that it knows S256 is refused; a waiver stands in the integration's file.
void check_pkce(const domain::OAuthServer& server, const domain::OAuthSpec& spec) {
  if (server.s256 || spec.pkce != domain::Pkce::kS256) return;
  throw Error(ErrorCode::kUpstream, "pkce_missing",
              "The provider does not say that it protects the sign-in with PKCE (S256), so nobody is sent there. An "
              "admin has to decide about it.");
}

constexpr std::array kCompared{
    &domain::OAuthServer::authorization_endpoint,
    &domain::OAuthServer::token_endpoint,
    &domain::OAuthServer::revocation_endpoint,
    &domain::OAuthServer::par_endpoint,
    &domain::OAuthServer::jwks_uri,
    &domain::OAuthServer::userinfo_endpoint,
};

// What was not known at the registration may have come since; what was known must not have moved.
bool has_moved(const domain::OAuthServer& known, const domain::OAuthServer& now) {
  return std::any_of(kCompared.begin(), kCompared.end(),
                     [&](const auto url) { return !(known.*url).empty() && known.*url != now.*url; });
}

// What has come since takes no secret of the client's, and no token, to a host it was not registered with.
domain::OAuthServer with_what_is_new(const domain::OAuthServer& known, const domain::OAuthServer& now) {
  domain::OAuthServer server = merged(now, known);
  const auto hosts = hosts_of(known);
  if (known.token_endpoint.empty()) return server;  // its host was not known at the registration
  for (const auto url : {&domain::OAuthServer::par_endpoint, &domain::OAuthServer::revocation_endpoint,
                         &domain::OAuthServer::userinfo_endpoint}) {
    const bool here = std::find(hosts.begin(), hosts.end(), host_of(server.*url)) != hosts.end();
    if (!here) (server.*url).clear();
  }
  return server;
}

Error metadata_changed() {
  return Error(
      ErrorCode::kUpstream, "metadata_changed",
      "The provider's description of itself names other addresses than when this client was set up, so nothing "
      "was sent. An admin has to check it and set up the client anew.");
}

Error wrong_grant() {
  return Error(ErrorCode::kConflict, "wrong_grant", "This request is not completed in this way. Open its link again.");
}

}  // namespace

Connect::Step Connect::step_of(domain::Handoff handoff, domain::OAuthFlow flow) const {
  Step step;
  auto client = clients_.find(handoff.workspace, flow.client);
  if (!client || client->removed_at != Instant()) {
    throw Error(ErrorCode::kConflict, "client_removed",
                "The OAuth client that this was asked for with was removed. Decline, and let it be asked for again.");
  }
  step.client = std::move(*client);
  step.integration = parts_.catalog.find(handoff.integration);
  step.form =
      handoff.auth_template.empty() ? nullptr : find_oauth_template(step.integration.get(), handoff.auth_template);
  if (step.form == nullptr || !fits(step.client, *step.integration, *step.form)) {
    throw Error(ErrorCode::kConflict, "integration_changed",
                "The way to connect " + handoff.integration +
                    " has changed since this was asked for. Decline, and let it be asked for again.");
  }
  step.spec = spec_for(step.form);
  step.handoff = std::move(handoff);
  step.flow = std::move(flow);
  return step;
}

// For its subject alone, and as long as it is open.
Connect::Step Connect::step_of(const handoff::Opener& opener, std::string_view link_token,
                               domain::OAuthGrant grant) const {
  auto handoff = parts_.handoffs.find_for(opener, link_token);
  if (handoff.kind != domain::HandoffKind::kOAuth) throw handoff::no_such_handoff();
  const auto state = state_at(handoff, parts_.clock.now());
  if (!domain::is_open(state)) throw handoff::state_conflict(state);
  auto flow = parts_.store.read(
      [&](const store::Snapshot& now) { return now.oauth_flows().find(opener.workspace, handoff.id); });
  if (!flow) throw handoff::no_such_handoff();
  Step step = step_of(std::move(handoff), std::move(*flow));
  if (step.client.grant != grant) throw wrong_grant();
  return step;
}

Connect::Typed Connect::check_typed(const Step& step, const domain::Parameters& typed) {
  Typed checked;
  checked.plain_fields = step.client.plain_fields;
  for (const domain::Field* field : fields_to_ask(*step.integration, *step.form, step.client)) {
    std::string value = typed_text(typed, field->name);
    std::string problem;
    if (field->name == handoff::kBaseUrlField) {
      auto url = handoff::parse_base_url(trimmed(value));
      if (auto* wrong = std::get_if<handoff::BaseUrlProblem>(&url)) problem = wrong->message;
      if (auto* right = std::get_if<std::string>(&url)) value = *right;
    } else {
      value = host_label(value);
      problem = problem_with_label(*field, value);
    }
    if (!problem.empty()) checked.problems.push_back({field->name, std::move(problem)});
    if (!value.empty()) checked.plain_fields.emplace_back(field->name, std::move(value));
  }
  return checked;
}

domain::OAuthServer Connect::server_for(const Step& step, const domain::Parameters& plain_fields) const {
  auto server = filled(step.client.server, plain_fields);
  if (!is_learned(*step.form->oauth) || server.issuer.empty()) return server;
  return checked_by_metadata(step, std::move(server));
}

// Facts section 6: changed endpoints or another issuer end it, an admin is told by the record.
domain::OAuthServer Connect::checked_by_metadata(const Step& step, domain::OAuthServer server) const {
  domain::OAuthServer now;
  try {
    now = discovery_.server(server.issuer);
  } catch (const Error& error) {
    if (error.reason() != "issuer_mismatch") throw;
    record_metadata_change(step);
    throw metadata_changed();
  }
  if (has_moved(server, now)) {
    record_metadata_change(step);
    throw metadata_changed();
  }
  server = with_what_is_new(server, now);
  server.iss_in_callback = server.iss_in_callback || step.client.server.iss_in_callback;
  return server;
}

void Connect::record_metadata_change(const Step& step) const {
  domain::AuditEvent event;
  event.workspace = step.client.workspace;
  event.at = parts_.clock.now();
  event.actor = domain::Actor::system();
  event.action = "oauth_client.metadata_changed";
  event.object = step.client.id.text();
  event.facts.emplace_back("handoff", step.handoff.id.text());
  event.facts.emplace_back("issuer", step.client.server.issuer);
  parts_.store.transact([&](store::Transaction& tx) { tx.audit().record(event); });
}

Connect::Ticket Connect::new_ticket(const Step& step) const {
  Ticket ticket;
  ticket.state = new_state(parts_.keys, step.handoff.id, parts_.random);
  ticket.browser_proof = random_words(parts_.random);
  ticket.secrets.verifier = random_words(parts_.random);  // 43 characters: RFC 7636 section 4.1
  if (wants_nonce(step.flow.scopes)) ticket.secrets.nonce = random_words(parts_.random);
  return ticket;
}

std::string Connect::pushed_url(const Step& step, const domain::OAuthServer& server,
                                const domain::Parameters& parameters) const {
  if (server.par_endpoint.empty()) {
    throw Error(ErrorCode::kUpstream, "bad_metadata",
                "The provider wants requests to be pushed to it and does not say where. An admin has to check it.");
  }
  const auto opened = clients_.open(step.client);
  const auto pushed = calls_.push({server, step.spec, opened}, parameters);
  if (const auto* refusal = std::get_if<TokenRefusal>(&pushed)) {
    throw Error(
        ErrorCode::kUpstream, "push_refused",
        refusal->kind == TokenRefusal::Kind::kPassing
            ? "The provider could not be asked just now. Try again in a moment."
            : "The provider refused the request before anybody was sent there. An admin has to check the client.",
        refusal->error + ", status " + std::to_string(refusal->status));
  }
  // RFC 9126 section 4: nothing of the request itself stands on the front channel.
  return with_query(server.authorization_endpoint,
                    {{"client_id", step.client.client_id}, {"request_uri", std::get<Pushed>(pushed).request_uri}});
}

std::variant<Leaving, std::vector<FieldProblem>> Connect::leave(const handoff::Opener& opener,
                                                                std::string_view link_token,
                                                                const domain::Parameters& typed) const {
  const Step step = step_of(opener, link_token, domain::OAuthGrant::kAuthorizationCode);
  Typed checked = check_typed(step, typed);
  if (!checked.problems.empty()) return std::move(checked.problems);
  parts_.handoffs.open(opener, link_token);  // one press does both
  const auto server = server_for(step, checked.plain_fields);
  check_pkce(server, step.spec);

  Ticket ticket = new_ticket(step);
  const std::string redirect_uri = clients_.redirect_uri(step.client.id);
  const std::string challenge = crypto::s256_challenge(ticket.secrets.verifier);
  const std::string resource = resource_of(step.client, step.spec);
  const auto parameters =
      authorization_parameters(step.spec, {step.client.client_id, redirect_uri, ticket.state, challenge,
                                           ticket.secrets.nonce.reveal(), resource, step.flow.scopes});
  const bool pushed = is_pushed(server, step.form->oauth->server);
  const std::string url =
      pushed ? pushed_url(step, server, parameters) : with_query(server.authorization_endpoint, parameters);
  depart(opener, step, ticket, server, std::move(checked.plain_fields), pushed);
  return Leaving{url, host_of(url), std::move(ticket.browser_proof)};
}

void Connect::depart(const handoff::Opener& opener, const Step& step, const Ticket& ticket,
                     const domain::OAuthServer& server, domain::Parameters plain_fields, bool pushed) const {
  const Instant now = parts_.clock.now();
  store::Departure departure;
  departure.state_hash = state_hash(parts_.keys, ticket.state);
  departure.browser_hash = browser_hash(parts_.keys, ticket.browser_proof);
  departure.sealed = sealed(parts_.seals, step.flow, ticket.secrets);
  departure.server = server;
  departure.plain_fields = std::move(plain_fields);
  departure.left_at = now;
  departure.state_until = now + domain::kStateLifetime;
  auto event = handoff::event_for(step.handoff, domain::Actor::person(opener.person), "handoff.left", now);
  event.facts.emplace_back("client", step.client.id.text());
  event.facts.emplace_back("issuer", issuer_of(server));
  event.facts.emplace_back("scopes", std::to_string(step.flow.scopes.size()));
  event.facts.emplace_back("pkce", domain::kPkceNames[step.spec.pkce]);
  event.facts.emplace_back("par", pushed ? "yes" : "no");
  parts_.store.transact([&](store::Transaction& tx) {
    if (tx.oauth_flows().depart(step.handoff.workspace, step.handoff.id, departure, event)) return;
    const auto current = tx.handoffs().find(step.handoff.workspace, step.handoff.id);
    throw handoff::state_conflict(current ? state_at(*current, now) : domain::kExpired);
  });
}

}  // namespace countersign::oauth
