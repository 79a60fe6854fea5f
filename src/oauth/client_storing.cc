// From a client that was entered or registered to its stored row: its secrets sealed, its event beside it.
#include <algorithm>

#include "base/encoding.h"
#include "crypto/fingerprint.h"
#include "crypto/jose.h"
#include "oauth/client_parts.h"
#include "oauth/client_rules.h"
#include "oauth/url.h"

namespace countersign::oauth {
namespace {

// Shorter secrets would give too much of themselves away with four characters.
constexpr std::size_t kShowLast4From = 20;

std::string last4_of(const Secret& value) {
  if (value.size() < kShowLast4From) return {};
  const std::string_view tail = value.reveal().substr(value.size() - 4);
  return is_utf8(tail) ? std::string(tail) : std::string();
}

// In the order of the store, so that whoever verifies the record finds the same text there.
void add_seals(domain::AuditEvent& event, std::vector<domain::SealedField> sealed) {
  std::sort(sealed.begin(), sealed.end(), [](const auto& a, const auto& b) { return a.field < b.field; });
  for (auto& fact : vault::seal_facts(sealed)) event.facts.push_back(std::move(fact));
}

bool is_same_registration(const domain::OAuthClient& a, const domain::OAuthClient& b) {
  return a.owner == b.owner && a.integration == b.integration && a.auth_template == b.auth_template &&
         a.grant == b.grant && a.server.issuer == b.server.issuer && a.server.token_endpoint == b.server.token_endpoint;
}

// The provider's best of what its server says it takes; without a common one what any server of the standard takes.
domain::ClientAuth auth_for(const domain::OAuthSpec& spec, const domain::OAuthServer& server) {
  using enum domain::ClientAuth;
  std::vector<domain::ClientAuth> wanted = spec.client_auth;
  wanted.insert(wanted.end(), {kNone, kBasic, kPost, kPrivateKeyJwt});
  const auto& said = server.auth_methods;
  for (const domain::ClientAuth auth : wanted) {
    if (said.empty() || std::find(said.begin(), said.end(), domain::kClientAuthNames[auth]) != said.end()) return auth;
  }
  return kBasic;
}

}  // namespace

void Clients::add_secret(Ready& ready, std::string_view field, const Secret& value) const {
  if (value.empty()) return;
  domain::OAuthClient& client = ready.client;
  const std::string object = client.id.text();
  const crypto::Key& key = parts_.keys.key(crypto::KeyPurpose::kFingerprint);
  ready.sealed.push_back(
      {std::string(field), 1, parts_.seals.seal({client.workspace, kClientKind, object, field}, value)});
  client.secrets.push_back(
      {std::string(field), 1, crypto::fingerprint(key, client.workspace.text(), value), last4_of(value)});
}

// A client that proves itself by a key gets a new one each time it is stored.
Clients::Ready Clients::ready(domain::OAuthClient client, const Secret& secret,
                              const Secret& registration_token) const {
  Ready result{std::move(client), {}};
  result.client.secrets.clear();
  result.client.public_jwk.clear();
  add_secret(result, kClientSecret, secret);
  add_secret(result, kRegistrationToken, registration_token);
  if (result.client.auth == domain::ClientAuth::kPrivateKeyJwt) {
    const auto pair = crypto::new_es256_key();
    result.client.public_jwk = pair.public_jwk;
    add_secret(result, kPrivateKey, pair.private_key);
  }
  return result;
}

Clients::Ready Clients::by_itself(domain::OAuthClient client, const domain::OAuthSpec& spec, Way way,
                                  const std::vector<std::string>& scopes) const {
  if (way == Way::kMetadataDocument) return documented(std::move(client));
  return registered(std::move(client), spec, scopes);
}

Clients::Ready Clients::documented(domain::OAuthClient client) const {
  client.origin = domain::ClientOrigin::kMetadataDocument;
  client.auth = domain::ClientAuth::kNone;
  client.client_id = document_url(client.id);
  return ready(std::move(client), {}, {});
}

// RFC 7591. What the server answers counts, not what was asked.
Clients::Ready Clients::registered(domain::OAuthClient client, const domain::OAuthSpec& spec,
                                   const std::vector<std::string>& scopes) const {
  RegistrationRequest request;
  request.registration_endpoint = client.server.registration_endpoint;
  request.redirect_uri = redirect_uri(client.id);
  request.grants = {client.grant};
  request.scopes = scopes;
  request.auth = auth_for(spec, client.server);
  request.native = is_native();
  std::optional<crypto::SigningKeyPair> pair;
  if (request.auth == domain::ClientAuth::kPrivateKeyJwt) {
    pair = crypto::new_es256_key();
    request.public_jwk = pair->public_jwk;
  }
  const Registered answer = calls_.register_client(request);
  client.origin = domain::ClientOrigin::kDynamic;
  client.client_id = answer.client_id;
  client.auth = answer.auth;
  client.secret_expires_at = answer.secret_expires_at;
  Ready result{std::move(client), {}};
  add_secret(result, kClientSecret, answer.client_secret);
  add_secret(result, kRegistrationToken, answer.registration_token);
  if (answer.auth == domain::ClientAuth::kPrivateKeyJwt) {
    // ServerCalls lets no other method back in than one that can be done: with the key that was sent.
    if (!pair) throw Error(ErrorCode::kUpstream, "registration_refused", "The provider wants a key that was not sent.");
    result.client.public_jwk = pair->public_jwk;
    add_secret(result, kPrivateKey, pair->private_key);
  }
  return result;
}

// OpenID Connect Registration section 2: a redirect to loopback is a native application's.
bool Clients::is_native() const {
  const auto url = parse_url(options_.public_url);
  return url && is_loopback(url->host);
}

std::string Clients::free_slug(const domain::OAuthClient& client) const {
  std::string slug = client.slug;
  for (int n = 2; find_by_slug(client.workspace, client.owner, slug); ++n) {
    slug = client.slug + "-" + std::to_string(n);
  }
  return slug;
}

domain::AuditEvent Clients::event_for(const domain::OAuthClient& client, const domain::Actor& actor,
                                      std::string_view action) const {
  const domain::OAuthServer& server = client.server;
  domain::AuditEvent event;
  event.workspace = client.workspace;
  event.at = parts_.clock.now();
  event.actor = actor;
  event.action = action;
  event.object = client.id.text();
  event.facts.emplace_back("integration", client.integration);
  event.facts.emplace_back("owner", domain::kOwnerNames[client.owner.kind]);
  event.facts.emplace_back("origin", domain::kClientOriginNames[client.origin]);
  event.facts.emplace_back("grant", domain::kOAuthGrantNames[client.grant]);
  event.facts.emplace_back("auth", domain::kClientAuthNames[client.auth]);
  event.facts.emplace_back("server", shown_host(server.token_endpoint));
  event.note = client.slug;
  return event;
}

// Ids are shown before they are used, so that of another client may have taken this one meanwhile: what is entered for
// one server must not be kept for another, nor for somebody else.
void Clients::put(store::Transaction& tx, const Ready& ready, const domain::Actor& actor) const {
  const domain::OAuthClient& client = ready.client;
  const auto existing = tx.oauth_clients().find(client.workspace, client.id);
  auto event = event_for(client, actor, existing ? "oauth_client.updated" : "oauth_client.created");
  add_seals(event, ready.sealed);
  if (!existing) return tx.oauth_clients().insert(client, ready.sealed, event);
  if (!is_same_registration(*existing, client)) throw unknown_client();
  if (tx.oauth_clients().update(client, ready.sealed, event)) return;
  throw Error(ErrorCode::kConflict, "client_removed", "This client was removed meanwhile. Set it up anew.");
}

domain::OAuthClient Clients::put_alone(const Ready& ready, const domain::Actor& actor) const {
  parts_.store.transact([&](store::Transaction& tx) { put(tx, ready, actor); });
  return ready.client;
}

}  // namespace countersign::oauth
