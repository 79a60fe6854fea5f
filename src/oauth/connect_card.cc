// What the person is shown: whom they are sent to, what is asked for, and what came of it.
#include <algorithm>

#include "handoff/rules.h"
#include "oauth/client_rules.h"
#include "oauth/connect_parts.h"

namespace countersign::oauth {
namespace {

ScopeFact fact_of(const std::string& scope, const domain::AuthTemplate* form) {
  if (form == nullptr) return {scope, {}};
  for (const domain::OAuthScope& known : form->oauth->scopes) {
    if (known.name == scope) return {scope, known.words};
  }
  return {scope, {}};
}

std::vector<ScopeFact> facts_of(const std::vector<std::string>& scopes, const domain::AuthTemplate* form) {
  std::vector<ScopeFact> facts;
  for (const std::string& scope : scopes) facts.push_back(fact_of(scope, form));
  return facts;
}

// Those of `scopes` that are not among `others`.
std::vector<std::string> without(const std::vector<std::string>& scopes, const std::vector<std::string>& others) {
  std::vector<std::string> rest;
  for (const std::string& scope : scopes) {
    if (std::find(others.begin(), others.end(), scope) == others.end()) rest.push_back(scope);
  }
  return rest;
}

std::string place_of(const domain::OAuthServer& server) {
  return shown_host(server.authorization_endpoint.empty() ? server.token_endpoint : server.authorization_endpoint);
}

}  // namespace

ConnectCard Connect::look(const domain::Handoff& handoff) const {
  ConnectCard card;
  parts_.store.run_read([&](const store::Snapshot& now) {
    auto flow = now.oauth_flows().find(handoff.workspace, handoff.id);
    if (!flow) throw handoff::no_such_handoff();
    card.flow = std::move(*flow);
    card.client = now.oauth_clients().find(handoff.workspace, card.flow.client);
    if (card.flow.reconnects.valid()) {
      card.reconnects = now.connections().find(handoff.workspace, card.flow.reconnects);
    }
    const auto made = handoff.connection.valid() ? handoff.connection : card.flow.reconnects;
    if (made.valid()) card.account = now.oauth_accounts().find(handoff.workspace, made);
  });
  if (card.client && card.client->removed_at != Instant()) card.client.reset();
  card.integration = parts_.catalog.find(handoff.integration);
  const auto* form =
      handoff.auth_template.empty() ? nullptr : find_oauth_template(card.integration.get(), handoff.auth_template);
  card.scopes = facts_of(card.flow.scopes, form);
  if (card.client) card.leads_to = place_of(card.client->server);
  if (form != nullptr) {
    card.pkce = form->oauth->pkce;
    card.pkce_reason = form->oauth->pkce_reason;
    if (card.client) card.fields = fields_to_ask(*card.integration, *form, *card.client);
  }
  if (handoff.connection.valid() && card.account) {
    card.missing = facts_of(without(card.account->asked, card.account->granted), form);
    card.extra = facts_of(without(card.account->granted, card.account->asked), form);
  }
  return card;
}

}  // namespace countersign::oauth
