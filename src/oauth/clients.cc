#include "oauth/clients.h"

#include <algorithm>

#include "oauth/authorization_request.h"
#include "oauth/client_parts.h"
#include "oauth/client_rules.h"

namespace countersign::oauth {
namespace {

bool is_exact(const domain::OAuthClient& client, const domain::Integration& integration,
              const domain::AuthTemplate& form) {
  const auto& grants = form.oauth->grants;
  return client.integration == integration.slug && client.auth_template == form.slug &&
         std::find(grants.begin(), grants.end(), client.grant) != grants.end();
}

bool takes_code(const domain::OAuthSpec& spec) {
  return std::find(spec.grants.begin(), spec.grants.end(), domain::OAuthGrant::kAuthorizationCode) != spec.grants.end();
}

// What was learned, and what only the file knows.
domain::OAuthServer completed(domain::OAuthServer learned, const domain::OAuthServer& stated) {
  learned = merged(stated, learned);
  learned.iss_in_callback = learned.iss_in_callback || stated.iss_in_callback;
  learned.client_id_metadata = learned.client_id_metadata || stated.client_id_metadata;
  return learned;
}

}  // namespace

Clients::Clients(const Parts& parts, const Discovery& discovery, const ServerCalls& calls, ClientOptions options)
    : parts_(parts), discovery_(discovery), calls_(calls), options_(std::move(options)) {}

std::vector<domain::OAuthClient> Clients::list(const handoff::Asker& asker, std::string_view integration) const {
  return parts_.store.read(
      [&](const store::Snapshot& now) { return now.oauth_clients().list(asker.workspace, asker.owner, integration); });
}

std::vector<domain::OAuthClient> Clients::list(const handoff::Opener& opener, std::string_view integration) const {
  return list(handoff::Asker{opener.workspace, {}, opener.person}, integration);
}

std::optional<domain::OAuthClient> Clients::find(WorkspaceId workspace, OAuthClientId id) const {
  return parts_.store.read([&](const store::Snapshot& now) { return now.oauth_clients().find(workspace, id); });
}

std::optional<domain::OAuthClient> Clients::find_by_slug(WorkspaceId workspace, const domain::Owner& owner,
                                                         std::string_view slug) const {
  return parts_.store.read(
      [&](const store::Snapshot& now) { return now.oauth_clients().find_by_slug(workspace, owner, slug); });
}

OpenedClient Clients::open(const domain::OAuthClient& client) const {
  const auto sealed = parts_.store.read(
      [&](const store::Snapshot& now) { return now.oauth_clients().sealed_fields(client.workspace, client.id); });
  const std::string object = client.id.text();
  const auto opened = [&](std::string_view name) {
    for (const domain::SealedField& field : sealed) {
      if (field.field == name) return parts_.seals.open({client.workspace, kClientKind, object, name}, field.sealed);
    }
    return Secret();
  };
  const bool by_secret = client.auth == domain::ClientAuth::kBasic || client.auth == domain::ClientAuth::kPost;
  const bool by_key = client.auth == domain::ClientAuth::kPrivateKeyJwt;
  return {client, by_secret ? opened(kClientSecret) : Secret(), by_key ? opened(kPrivateKey) : Secret()};
}

std::string Clients::redirect_uri(OAuthClientId id) const {
  return options_.public_url + "/oauth/callback/" + id.text();
}

OAuthClientId Clients::next_id() const { return parts_.ids.next<OAuthClientId>(); }

// The server of a template: what its file states, or what is learned now. Throws as Discovery does. One whose issuer
// has labels that nobody has said yet is learned later.
domain::OAuthServer Clients::learned(const domain::AuthTemplate& form, const domain::Parameters& plain_fields) const {
  const domain::OAuthSpec& spec = *form.oauth;
  const auto stated = partly_filled(spec.server, plain_fields);
  if (!is_learned(spec) || stated.issuer.find('{') != std::string::npos) return stated;
  if (!stated.issuer.empty()) return completed(discovery_.server(stated.issuer), stated);
  return completed(discovery_.resource(spec.protected_resource).server, stated);
}

SetUp Clients::set_up(std::string_view integration, std::string_view auth_template) const {
  const auto found = parts_.catalog.get(integration);
  const domain::AuthTemplate& form = oauth_template(*found, auth_template);
  try {
    return set_up_for(*form.oauth, learned(form, {}));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) throw;
    SetUp by_hand;
    by_hand.server = form.oauth->server;
    by_hand.why = "The provider could not be asked how clients are registered, so only a person can register one now.";
    by_hand.problem = error.message();
    return by_hand;
  }
}

// In the order of facts E4; what is registered already was looked for before.
SetUp Clients::set_up_for(const domain::OAuthSpec& spec, domain::OAuthServer server) const {
  SetUp result;
  result.server = std::move(server);
  const std::string& registration = result.server.registration_endpoint;
  const bool registers = takes_code(spec) && !registration.empty() && registration.find('{') == std::string::npos;
  if (takes_code(spec) && result.server.client_id_metadata && options_.reachable) {
    result.way = Way::kMetadataDocument;
    result.why = "The provider reads a document about its clients, and this server's public address can show it one.";
  } else if (registers && result.server.client_id_metadata) {
    result.way = Way::kDynamic;
    result.why =
        "The provider offers dynamic registration, and this server has no public address where the provider could "
        "read a document about it.";
  } else if (registers) {
    result.way = Way::kDynamic;
    result.why = "The provider offers dynamic registration.";
  } else {
    result.why = "The provider offers no registration by itself, so a person registers a client there and enters it.";
  }
  return result;
}

std::optional<domain::OAuthClient> Clients::known_for(const domain::Owner& owner, WorkspaceId workspace,
                                                      const domain::Integration& integration,
                                                      const domain::AuthTemplate& form) const {
  const auto known = list(handoff::Asker{workspace, {}, owner.person}, integration.slug);
  const Instant now = parts_.clock.now();
  // One that acts for itself is no substitute for a person's account as long as there is another.
  for (const auto grant : {domain::OAuthGrant::kAuthorizationCode, domain::OAuthGrant::kClientCredentials}) {
    for (const auto kind : {domain::OwnerKind::kUser, domain::OwnerKind::kOrg}) {
      for (const domain::OAuthClient& client : known) {
        const bool wanted = client.grant == grant && client.owner.kind == kind;
        const bool for_owner = owner.kind == domain::OwnerKind::kOrg || !acts_for_org(client);
        const bool usable = wanted && for_owner && !secret_has_ended(client, now);
        if (usable && is_exact(client, integration, form)) return client;
      }
    }
  }
  return std::nullopt;
}

domain::OAuthClient Clients::pick(const handoff::Asker& asker, const domain::Integration& integration,
                                  const domain::AuthTemplate& form, const domain::Owner& owner) const {
  if (auto known = known_for(owner, asker.workspace, integration, form)) return std::move(*known);
  SetUp found = set_up(integration.slug, form.slug);
  // Nobody could say whether one is made by itself: later perhaps it can be said.
  if (!found.problem.empty()) {
    throw Error(ErrorCode::kUpstream, "no_metadata",
                integration.name + " could not be asked how it does OAuth: " + found.problem)
        .recovery("oauth.clients.createHandoff");
  }
  if (found.way == Way::kByHand) {
    throw Error(ErrorCode::kConflict, "oauth_client_missing",
                "No OAuth client for " + integration.name + " is set up here yet. " + found.why +
                    " Ask for one with oauth.clients.createHandoff.")
        .recovery("oauth.clients.createHandoff");
  }
  domain::OAuthClient client;
  client.id = next_id();
  client.workspace = asker.workspace;
  client.owner = owner;
  client.integration = integration.slug;
  client.auth_template = form.slug;
  client.server = std::move(found.server);
  client.created_by = asker.owner;
  client.created_at = parts_.clock.now();
  client.slug = integration.slug;
  client.slug = free_slug(client);
  const auto actor = asker.agent.valid() ? domain::Actor::agent(asker.agent) : domain::Actor::person(asker.owner);
  const Ready made = by_itself(std::move(client), *form.oauth, found.way, {});
  // Another request may have set one up while the provider was asked: one serves both, and ours is of no harm there.
  if (auto theirs = known_for(owner, asker.workspace, integration, form)) return std::move(*theirs);
  return put_alone(made, actor);
}

domain::OAuthSpec spec_for(const domain::AuthTemplate* form) {
  domain::OAuthSpec spec;
  if (form != nullptr && form->oauth) spec = *form->oauth;
  // Endpoints of one's own come with a resource of one's own, if any (RFC 8707): then it is sent.
  const bool of_any_server = !names_endpoints(spec.server) && !is_learned(spec);
  if (of_any_server && spec.resource_use == domain::ResourceUse::kOmit) {
    spec.resource_use = domain::ResourceUse::kResource;
  }
  spec.server = {};
  return spec;
}

}  // namespace countersign::oauth
