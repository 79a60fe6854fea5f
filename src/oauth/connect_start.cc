// How a connection by OAuth is asked for: by an agent, or by a person from a page. Nothing leaves for a provider here.
#include <algorithm>

#include "base/encoding.h"
#include "crypto/mac.h"
#include "handoff/new_connection.h"
#include "handoff/removal.h"
#include "identity/names.h"
#include "oauth/client_rules.h"
#include "oauth/connect_parts.h"

namespace countersign::oauth {

struct Connect::Wish {
  WorkspaceId workspace;
  domain::Owner owner;
  catalog::IntegrationPtr integration;
  const domain::AuthTemplate* form = nullptr;  // of `integration`
  domain::OAuthClient client;
  std::string name;
  std::string identity_label;
  std::string label;
  std::vector<std::string> scopes;
  ConnectionId reconnects;
};

namespace {

constexpr std::string_view kTool = "oauth.start";

std::string checked_name(std::string_view name) {
  try {
    return identity::checked_name(name);
  } catch (Error& error) {
    throw std::move(error).at("/name");
  }
}

bool holds(const std::vector<std::string>& scopes, const std::string& scope) {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

std::vector<std::string> default_scopes(const domain::OAuthSpec& spec) {
  std::vector<std::string> scopes;
  for (const domain::OAuthScope& scope : spec.scopes) {
    if (scope.asked) scopes.push_back(scope.name);
  }
  return scopes;
}

// Least scope (facts A10): what nobody describes is not asked for, unless nobody describes anything.
void check_known(const std::string& scope, const domain::OAuthSpec& spec, const domain::OAuthServer& server) {
  const bool listed = std::any_of(spec.scopes.begin(), spec.scopes.end(),
                                  [&](const domain::OAuthScope& known) { return known.name == scope; });
  if (spec.scopes.empty() || listed || holds(server.scopes, scope)) return;
  throw Error(ErrorCode::kInvalidArgument, "bad_scope",
              "This integration has no scope \"" + scope + "\". integrations.list names those it has.")
      .at("/scopes")
      .recovery("integrations.list");
}

std::vector<std::string> checked_scopes(const std::vector<std::string>& asked, const domain::OAuthSpec& spec,
                                        const domain::OAuthServer& server) {
  if (asked.empty()) return default_scopes(spec);
  check_scopes(asked, spec.scope_separator, "/scopes");
  std::vector<std::string> scopes;
  for (const std::string& scope : asked) {
    check_known(scope, spec, server);
    if (!holds(scopes, scope)) scopes.push_back(scope);
  }
  return scopes;
}

bool covers(const std::vector<std::string>& granted, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& scope) { return holds(granted, scope); });
}

Error client_elsewhere(const domain::OAuthClient& client, const domain::Integration& integration) {
  return Error(ErrorCode::kConflict, "client_elsewhere",
               "The OAuth client " + client.slug + " is registered at another server than the one of " +
                   integration.name + ", and a client's credentials are shown to no other server.")
      .recovery("oauth.clients.list");
}

Error org_only(const domain::OAuthClient& client) {
  return Error(ErrorCode::kPermissionDenied, "org_only",
               "The OAuth client " + client.slug +
                   " acts for the org itself (client credentials), so what it makes is the org's. Ask for owner "
                   "\"org\": an admin then confirms it.")
      .recovery("oauth.start");
}

std::string digest_of(const crypto::KeyRing& keys, const ConnectRequest& request, const domain::Owner& owner,
                      const domain::AuthTemplate& form, const std::string& name) {
  const auto kind = [](std::optional<domain::OwnerKind> owner_kind) -> std::string_view {
    return owner_kind ? domain::kOwnerNames[*owner_kind] : "";
  };
  std::vector<std::string_view> parts{request.client,
                                      kind(request.client_owner),
                                      domain::kOwnerNames[owner.kind],
                                      name,
                                      request.integration,
                                      form.slug,
                                      request.identity_label,
                                      request.redirect_uri,
                                      request.label};
  parts.insert(parts.end(), request.scopes.begin(), request.scopes.end());
  return hex(crypto::mac(keys.key(crypto::KeyPurpose::kLink), "handoff oauth 1", parts));
}

}  // namespace

Connect::Connect(const Parts& parts, const Clients& clients, const Discovery& discovery, const ServerCalls& calls,
                 const IdTokens& id_tokens)
    : parts_(parts),
      clients_(clients),
      discovery_(discovery),
      calls_(calls),
      id_tokens_(id_tokens),
      strangers_(std::make_unique<Strangers>()) {}

Connect::~Connect() = default;

// Another person's client is as unknown as none; without a wish for whose it is, the org's serves a person, too.
domain::OAuthClient Connect::client_for(const handoff::Asker& asker, const domain::Owner& owner,
                                        const ConnectRequest& request, const Wish& wish) const {
  if (request.client.empty()) return clients_.pick(asker, *wish.integration, *wish.form, owner);
  const auto wanted = request.client_owner ? handoff::owner_for(asker, request.client_owner, kTool) : owner;
  auto client = parts_.store.read([&](const store::Snapshot& now) {
    auto found = now.oauth_clients().find_by_slug(asker.workspace, wanted, request.client);
    if (found || request.client_owner) return found;
    return now.oauth_clients().find_by_slug(asker.workspace, domain::Owner::org(), request.client);
  });
  if (!client) throw unknown_client();
  if (!fits(*client, *wish.integration, *wish.form)) throw client_elsewhere(*client, *wish.integration);
  return std::move(*client);
}

Connect::Wish Connect::wish_of(const handoff::Asker& asker, const domain::Owner& owner,
                               const ConnectRequest& request) const {
  handoff::check_label(request.identity_label, "/identityLabel");
  handoff::check_label(request.label, "/label");
  Wish wish;
  wish.workspace = asker.workspace;
  wish.owner = owner;
  wish.integration = parts_.catalog.get(request.integration);
  wish.form = &oauth_template(*wish.integration, request.auth_template);
  wish.name = checked_name(request.name.empty() ? wish.integration->name : request.name);
  wish.identity_label = request.identity_label;
  wish.label = request.label;
  wish.client = client_for(asker, owner, request, wish);
  if (acts_for_org(wish.client) && owner.kind != domain::OwnerKind::kOrg) throw org_only(wish.client);
  if (!request.redirect_uri.empty() && request.redirect_uri != clients_.redirect_uri(wish.client.id)) {
    throw Error(ErrorCode::kInvalidArgument, "bad_redirect_uri",
                "The redirect URI of this client is another one. Leave redirectUri out: it is always " +
                    clients_.redirect_uri(wish.client.id) + ".")
        .at("/redirectUri");
  }
  wish.scopes = checked_scopes(request.scopes, *wish.form->oauth, wish.client.server);
  return wish;
}

// The owner has one of that name: it works as it is, or it is connected again, or the name is another kind's.
std::optional<domain::Connection> Connect::connected(Wish& wish) const {
  return parts_.store.read([&](const store::Snapshot& now) -> std::optional<domain::Connection> {
    auto found = now.connections().find_by_name(wish.workspace, wish.owner, wish.integration->slug, wish.name);
    if (!found) return std::nullopt;
    const auto account = now.oauth_accounts().find(wish.workspace, found->id);
    if (!account) {
      throw Error(ErrorCode::kConflict, "name_taken",
                  "There is a connection of this name that was not made by OAuth. Choose another name.")
          .at("/name");
    }
    const bool works =
        found->state == domain::ConnectionState::kActive || found->state == domain::ConnectionState::kRefreshing;
    if (works && account->client == wish.client.id && covers(account->granted, wish.scopes)) return found;
    wish.reconnects = found->id;
    // Facts A10: whoever asks for more of what works does not lose what it has.
    for (const std::string& scope : account->asked) {
      if (works && !holds(wish.scopes, scope)) wish.scopes.push_back(scope);
    }
    return std::nullopt;
  });
}

handoff::Handoffs::Draft Connect::draft_of(const Wish& wish) const {
  domain::OAuthFlow flow;
  flow.workspace = wish.workspace;
  flow.client = wish.client.id;
  flow.reconnects = wish.reconnects;
  flow.name = wish.name;
  flow.identity_label = wish.identity_label;
  flow.scopes = wish.scopes;
  handoff::Handoffs::Draft draft;
  draft.handoff.kind = domain::HandoffKind::kOAuth;
  draft.handoff.owner = wish.owner;
  draft.handoff.subject = wish.owner.person;
  draft.handoff.integration = wish.integration->slug;
  draft.handoff.auth_template = wish.form->slug;
  draft.handoff.label = wish.label;
  draft.beside = [flow](store::Transaction& tx, const domain::Handoff& handoff) {
    domain::OAuthFlow stored = flow;
    stored.handoff = handoff.id;
    tx.oauth_flows().insert(stored);
  };
  return draft;
}

Started Connect::start(const handoff::Asker& asker, const ConnectRequest& request) const {
  const auto owner = handoff::owner_for(asker, request.owner, kTool);
  Wish wish = wish_of(asker, owner, request);
  if (auto connection = connected(wish)) return std::move(*connection);
  const std::string digest = digest_of(parts_.keys, request, owner, *wish.form, wish.name);
  return parts_.handoffs.mint(asker, request.request_key, digest, [&] { return draft_of(wish); });
}

handoff::Minted Connect::start_own(const handoff::Opener& opener, const ConnectRequest& request) const {
  const handoff::Asker asker{opener.workspace, {}, opener.person};
  const auto owner = handoff::owner_for(asker, request.owner.value_or(domain::OwnerKind::kUser), kTool);
  if (owner.kind == domain::OwnerKind::kOrg) require_admin(opener, "connect an account for the org");
  Wish wish = wish_of(asker, owner, request);
  // Whoever chose no name wants one more account: it gets a free name when it is saved.
  if (!request.name.empty()) {
    if (const auto connection = connected(wish)) wish.reconnects = connection->id;
  }
  return parts_.handoffs.mint_own(opener, draft_of(wish));
}

handoff::Minted Connect::reconnect(const handoff::Opener& opener, ConnectionId id) const {
  const auto [connection, account] = parts_.store.read([&](const store::Snapshot& now) {
    return std::pair(now.connections().find(opener.workspace, id), now.oauth_accounts().find(opener.workspace, id));
  });
  if (!connection || !account || !handoff::may_see(connection->owner, opener.person)) {
    throw handoff::no_such_connection();
  }
  if (connection->owner.kind == domain::OwnerKind::kOrg) require_admin(opener, "connect an account of the org again");
  if (connection->state == domain::ConnectionState::kRevoked) {
    throw Error(ErrorCode::kConflict, "connection_revoked", "This connection was removed. Connect the account anew.");
  }
  Wish wish;
  wish.workspace = opener.workspace;
  wish.owner = connection->owner;
  wish.integration = parts_.catalog.get(connection->integration);
  wish.form = &oauth_template(*wish.integration, connection->auth_template);
  wish.name = connection->name;
  wish.identity_label = connection->identity_label;
  wish.scopes = account->asked;
  wish.reconnects = connection->id;
  const auto client = clients_.find(opener.workspace, account->client);
  const bool usable = client && client->removed_at == Instant() && !secret_has_ended(*client, parts_.clock.now()) &&
                      fits(*client, *wish.integration, *wish.form);
  wish.client = usable ? *client
                       : clients_.pick(handoff::Asker{opener.workspace, {}, opener.person}, *wish.integration,
                                       *wish.form, wish.owner);
  return parts_.handoffs.mint_own(opener, draft_of(wish));
}

}  // namespace countersign::oauth
