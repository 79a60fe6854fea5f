// What agents ask for about clients, and what the person is shown of it.
#include <algorithm>

#include "base/encoding.h"
#include "crypto/mac.h"
#include "handoff/new_connection.h"
#include "handoff/rules.h"
#include "oauth/client_parts.h"
#include "oauth/client_rules.h"

namespace countersign::oauth {
namespace {

constexpr std::string_view kTool = "oauth.clients.createHandoff";
constexpr std::size_t kLongestClientId = 1024;

void check_client_id(std::string_view client_id) {
  const bool printable = std::all_of(client_id.begin(), client_id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (printable && client_id.size() <= kLongestClientId) return;
  throw Error(ErrorCode::kInvalidArgument, "bad_client_id",
              "A client id has at most 1024 visible characters (RFC 6749 appendix A.1).")
      .at("/clientId");
}

void check_resource(const std::string& resource) {
  domain::OAuthServer as_endpoint;
  as_endpoint.token_endpoint = resource;
  try {
    check_endpoints(as_endpoint);
  } catch (const Error&) {
    throw Error(ErrorCode::kInvalidArgument, "bad_endpoint",
                "A resource is an absolute https URL without a fragment (RFC 8707 section 2).")
        .at("/resource");
  }
}

// Tokens for it would be sent where those of the integration go.
bool is_other_resource(const std::string& resource, const domain::AuthTemplate* form) {
  if (resource.empty() || form == nullptr) return false;
  return resource != form->oauth->resource && resource != form->oauth->protected_resource;
}

Error no_endpoints(std::string_view which) {
  return Error(ErrorCode::kInvalidArgument, "no_endpoints",
               "Nobody has said where this client is to be used: name its " + std::string(which) + ".")
      .recovery("oauth.probe");
}

// A client that nobody could use is refused before a person is troubled with it.
void check_complete(const domain::ClientProposal& wanted, const domain::AuthTemplate* form) {
  if (wanted.change == domain::ClientChange::kRemove) return;
  const bool learned = form != nullptr && is_learned(*form->oauth);
  const auto server = merged(form != nullptr ? form->oauth->server : domain::OAuthServer(), wanted.server);
  if (learned) return;
  if (server.token_endpoint.empty()) throw no_endpoints("token endpoint");
  const bool by_code = wanted.grant == domain::OAuthGrant::kAuthorizationCode;
  if (by_code && server.authorization_endpoint.empty()) throw no_endpoints("authorization endpoint");
  if (wanted.change == domain::ClientChange::kRegister && server.registration_endpoint.empty()) {
    throw no_endpoints("registration endpoint");
  }
}

std::vector<std::string_view> words_of(const domain::OAuthServer& server) {
  return {server.issuer,
          server.authorization_endpoint,
          server.token_endpoint,
          server.refresh_endpoint,
          server.revocation_endpoint,
          server.registration_endpoint,
          server.par_endpoint,
          server.jwks_uri,
          server.userinfo_endpoint};
}

std::string digest_of(const crypto::KeyRing& keys, const domain::ClientProposal& wanted, const domain::Owner& owner,
                      const ClientRequest& request) {
  std::vector<std::string_view> parts{domain::kClientChangeNames[wanted.change],
                                      domain::kOwnerNames[owner.kind],
                                      request.integration,
                                      request.auth_template,
                                      wanted.slug,
                                      domain::kOAuthGrantNames[wanted.grant],
                                      wanted.client_id,
                                      wanted.resource,
                                      request.label};
  const auto urls = words_of(wanted.server);
  parts.insert(parts.end(), urls.begin(), urls.end());
  parts.insert(parts.end(), wanted.scopes.begin(), wanted.scopes.end());
  return hex(crypto::mac(keys.key(crypto::KeyPurpose::kLink), "handoff oauth client 1", parts));
}

}  // namespace

Clients::Wish Clients::wish_of(const ClientRequest& request, domain::Owner owner) const {
  Wish wish;
  wish.owner = owner;
  if (!request.integration.empty()) {
    wish.integration = parts_.catalog.get(request.integration);
    if (request.change != domain::ClientChange::kRemove || !request.auth_template.empty()) {
      wish.form = &oauth_template(*wish.integration, request.auth_template);
    }
  }
  domain::ClientProposal& wanted = wish.proposal;
  wanted.change = request.change;
  wanted.slug = request.slug.empty() ? request.integration : request.slug;
  check_slug(wanted.slug);
  wanted.grant = request.grant;
  check_client_id(request.client_id);
  wanted.client_id = request.client_id;
  check_endpoints(request.server);
  wanted.server = request.server;
  wanted.foreign = has_other_endpoints(request.server, wish.form ? wish.form->oauth->server : domain::OAuthServer());
  check_resource(request.resource);
  wanted.resource = request.resource;
  wanted.foreign = wanted.foreign || is_other_resource(wanted.resource, wish.form);
  check_scopes(request.scopes, wish.form ? wish.form->oauth->scope_separator : " ", "/scopes");
  wanted.scopes = request.scopes;
  check_complete(wanted, wish.form);
  return wish;
}

Clients::Wish Clients::wish_of(const domain::Handoff& handoff, const domain::ClientProposal& proposal) const {
  Wish wish;
  wish.proposal = proposal;
  wish.owner = handoff.owner;
  wish.integration = parts_.catalog.find(handoff.integration);
  if (handoff.integration.empty()) return wish;
  wish.form =
      handoff.auth_template.empty() ? nullptr : find_oauth_template(wish.integration.get(), handoff.auth_template);
  if (wish.form == nullptr && proposal.change != domain::ClientChange::kRemove) {
    throw Error(ErrorCode::kConflict, "integration_changed",
                "The way to connect " + handoff.integration +
                    " has changed since the agent asked. Decline, and let the agent ask again.");
  }
  return wish;
}

handoff::Minted Clients::mint(const handoff::Asker& asker, const ClientRequest& request) const {
  handoff::check_label(request.label, "/label");
  const Wish wish = wish_of(request, handoff::owner_for(asker, request.owner, kTool));
  const auto make = [&] {
    domain::ClientProposal proposal = wish.proposal;
    proposal.workspace = asker.workspace;
    handoff::Handoffs::Draft draft;
    draft.handoff.kind = domain::HandoffKind::kOAuthClient;
    draft.handoff.owner = wish.owner;
    draft.handoff.subject = wish.owner.person;
    draft.handoff.integration = wish.integration ? wish.integration->slug : "";
    draft.handoff.auth_template = wish.form ? wish.form->slug : "";
    draft.handoff.label = request.label;
    if (request.change == domain::ClientChange::kRemove) {
      const auto existing = find_by_slug(asker.workspace, wish.owner, proposal.slug);
      if (!existing) throw unknown_client();
      proposal.client = existing->id;
      draft.handoff.integration = existing->integration;
      draft.handoff.auth_template = existing->auth_template;
    } else {
      proposal.client = next_id();
    }
    draft.beside = [proposal](store::Transaction& tx, const domain::Handoff& handoff) {
      domain::ClientProposal stored = proposal;
      stored.handoff = handoff.id;
      tx.oauth_clients().insert_proposal(stored);
    };
    return draft;
  };
  return parts_.handoffs.mint(asker, request.request_key, digest_of(parts_.keys, wish.proposal, wish.owner, request),
                              make);
}

// Where it would be used. What agents propose is never asked for anything before an admin has seen its hosts.
domain::OAuthServer Clients::server_of(const Wish& wish, const domain::Parameters& plain_fields) const {
  const domain::OAuthServer& proposed = wish.proposal.server;
  if (wish.form == nullptr) return proposed;
  const bool known = wish.proposal.foreign && names_endpoints(proposed);
  const auto own = known ? wish.form->oauth->server : learned(*wish.form, plain_fields);
  return partly_filled(merged(own, proposed), plain_fields);
}

ClientCard Clients::look(const handoff::Opener& opener, const domain::Handoff& handoff) const {
  const auto proposal = parts_.store.read(
      [&](const store::Snapshot& now) { return now.oauth_clients().find_proposal(opener.workspace, handoff.id); });
  if (!proposal) throw handoff::no_such_handoff();
  ClientCard card;
  card.proposal = *proposal;
  const bool removes = proposal->change == domain::ClientChange::kRemove;
  card.existing = removes ? find(opener.workspace, proposal->client)
                          : find_by_slug(opener.workspace, handoff.owner, proposal->slug);
  if (card.existing) card.used_by = used_by(*card.existing);
  card.redirect_uri = redirect_uri(card.existing ? card.existing->id : proposal->client);
  if (removes && card.existing) {
    card.server = card.existing->server;
  } else {
    try {
      card.server = server_of(wish_of(handoff, *proposal), {});
    } catch (const Error& error) {
      // The page says what it can: the provider may be down, or the catalogue another one by now.
      if (error.code() == ErrorCode::kInternal) throw;
      card.server = proposal->server;
    }
  }
  card.hosts = hosts_of(card.server);
  const std::string aim = shown_host(proposal->resource);
  if (!aim.empty() && std::find(card.hosts.begin(), card.hosts.end(), aim) == card.hosts.end()) {
    card.hosts.push_back(aim);
  }
  return card;
}

std::size_t Clients::used_by(const domain::OAuthClient& client) const {
  return parts_.store.read(
      [&](const store::Snapshot& now) { return now.oauth_clients().count_connections(client.workspace, client.id); });
}

}  // namespace countersign::oauth
