// Connecting by OAuth on a real store, and authorization servers that a test answers for, URL by URL.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "crypto/jose.h"
#include "crypto/pkce.h"
#include "handoff/fixture.h"
#include "http/form.h"
#include "oauth/connect.h"
#include "oauth/wire_client.h"
#include "vault/object_seal.h"

namespace countersign::oauth {

using handoff::Asker;
using handoff::FieldProblem;
using handoff::kAda;
using handoff::kBob;
using handoff::kCarl;
using handoff::Minted;
using handoff::reason_of;
using handoff::refused_by;
using support::kWorkspace;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using namespace std::chrono_literals;

using Query = std::map<std::string, std::string, std::less<>>;

class ConnectTest : public handoff::HandoffTest {
 protected:
  // Acme sends `iss` and tells the account with the token; Found is learned from its issuer; Zen's host is the
  // person's; Any takes a client of any server; Lax and Pushy are as their names say.
  static constexpr EmbeddedFile kFiles[] = {{"acme.json", R"({"slug": "acme", "name": "Acme", "description": "d",
        "documentation_url": "https://example.com/docs", "base_urls": ["https://api.acme.example"],
        "templates": [
          {"slug": "key", "kind": "bearer", "label": "API key", "fields": [{"name": "token", "label": "API key"}]},
          {"slug": "oauth", "kind": "oauth2", "label": "OAuth", "oauth": {
             "issuer": "https://as.acme.example", "authorization_response_iss_parameter_supported": true,
             "authorization_endpoint": "https://as.acme.example/authorize",
             "token_endpoint": "https://as.acme.example/token",
             "revocation_endpoint": "https://as.acme.example/revoke",
             "client_auth": ["client_secret_basic", "client_secret_post", "none", "private_key_jwt"],
             "grants": ["authorization_code", "client_credentials"],
             "scopes": [{"name": "read", "words": "Read everything"}, {"name": "write", "words": "Change everything"},
                        {"name": "admin", "words": "Administer it", "asked": false}],
             "account": {"from": "token_answer", "id": ["/user/id"], "label": ["/user/name"]},
             "keep": [{"from": "/team", "field": "team"}], "keep_callback": [{"from": "realm", "field": "realm"}],
             "lifetime_seconds": 1800, "sources": ["https://example.com/docs"]}}]})"},
                                            {"found.json", R"({"slug": "found", "name": "Found", "description": "d",
        "documentation_url": "https://example.com/docs", "base_urls": ["https://api.found.example"],
        "templates": [{"slug": "oauth", "kind": "oauth2", "label": "OAuth", "oauth": {
             "issuer": "https://as.found.example", "discover": true, "client_auth": ["none", "client_secret_basic"],
             "scopes": [{"name": "openid", "words": "Know who you are"}, {"name": "files", "words": "Read files"}],
             "account": {"from": "id_token", "id": ["/sub"], "label": ["/email"]},
             "sources": ["https://example.com/docs"]}}]})"},
                                            {"zen.json", R"({"slug": "zen", "name": "Zen", "description": "d",
        "documentation_url": "https://example.com/docs", "base_urls": ["https://{shop}.zen.example"],
        "templates": [{"slug": "oauth", "kind": "oauth2", "label": "OAuth",
             "fields": [{"name": "shop", "label": "shop", "sensitivity": "plain"}], "oauth": {
             "authorization_endpoint": "https://{shop}.zen.example/authorize",
             "token_endpoint": "https://{shop}.zen.example/token",
             "sources": ["https://example.com/docs"]}}]})"},
                                            {"any.json", R"({"slug": "any", "name": "Any", "description": "d",
        "documentation_url": "https://example.com/docs", "base_url": "person_enters",
        "templates": [{"slug": "oauth", "kind": "oauth2", "label": "OAuth",
             "oauth": {"sources": ["https://example.com/docs"]}}]})"},
                                            {"lax.json", R"({"slug": "lax", "name": "Lax", "description": "d",
        "documentation_url": "https://example.com/docs", "base_urls": ["https://api.lax.example"],
        "templates": [{"slug": "oauth", "kind": "oauth2", "label": "OAuth", "oauth": {
             "authorization_endpoint": "https://as.lax.example/authorize",
             "token_endpoint": "https://as.lax.example/token",
             "pkce": "unconfirmed", "pkce_reason": "Lax does not say that it checks it.",
             "sources": ["https://example.com/docs"]}}]})"},
                                            {"pushy.json", R"({"slug": "pushy", "name": "Pushy", "description": "d",
        "documentation_url": "https://example.com/docs", "base_urls": ["https://api.pushy.example"],
        "templates": [{"slug": "oauth", "kind": "oauth2", "label": "OAuth", "oauth": {
             "authorization_endpoint": "https://as.pushy.example/authorize",
             "token_endpoint": "https://as.pushy.example/token",
             "pushed_authorization_request_endpoint": "https://as.pushy.example/par",
             "sources": ["https://example.com/docs"]}}]})"}};

  // --- clients ---
  domain::OAuthClient draft_client(std::string integration = "acme", domain::Owner owner = domain::Owner::org()) {
    domain::OAuthClient client;
    client.id = ids.next<OAuthClientId>();
    client.workspace = kWorkspace;
    client.owner = owner;
    client.slug = client.id.text();
    client.integration = std::move(integration);
    client.auth_template = client.integration.empty() ? "" : "oauth";
    if (const auto found = catalog.find(client.integration))
      client.server = found->find_template("oauth")->oauth->server;
    client.client_id = "client-1";
    client.auth = domain::ClientAuth::kBasic;
    client.created_by = kCarl;
    client.created_at = clock.now();
    return client;
  }
  domain::OAuthClient insert(const domain::OAuthClient& client) {
    std::vector<domain::SealedField> fields;
    if (client.auth == domain::ClientAuth::kBasic) {
      fields.push_back({"client_secret", 1,
                        seals.seal({kWorkspace, "oauth client", client.id.text(), "client_secret"}, Secret("hush-1"))});
    }
    store.transact(
        [&](store::Transaction& tx) { tx.oauth_clients().insert(client, fields, support::event_in(kWorkspace)); });
    return client;
  }
  // Registered by somebody else than the catalogue's.
  domain::OAuthClient insert_foreign(std::string host, domain::Owner owner = domain::Owner::org()) {
    auto client = draft_client("", owner);
    client.server.authorization_endpoint = "https://" + host + "/authorize";
    client.server.token_endpoint = "https://" + host + "/token";
    return insert(client);
  }
  domain::OAuthClient insert_found() {
    auto client = draft_client("found");
    client.server.authorization_endpoint = "https://as.found.example/authorize";
    client.server.token_endpoint = "https://as.found.example/token";
    return insert(client);
  }

  // --- the way of one connection ---
  ConnectRequest request(std::string integration = "acme") {
    ConnectRequest asked;
    asked.integration = std::move(integration);
    return asked;
  }
  Minted start(const ConnectRequest& asked) { return std::get<Minted>(connect.start(agent, asked)); }
  Minted start(std::string integration = "acme") { return start(request(std::move(integration))); }

  struct Left {
    std::string link;
    HandoffId handoff;
    std::string url;
    std::string proof;
    Query query;  // of the authorization URL
    std::string client;

    std::string state() const { return query.at("state"); }
  };
  Left leave(const Minted& minted, const domain::Parameters& typed = {}, PersonId who = kAda) {
    auto result = connect.leave(acting(who), minted.link_token, typed);
    const auto& leaving = std::get<Leaving>(result);
    Left left{minted.link_token,
              minted.handoff.id,
              leaving.authorization_url,
              std::string(leaving.browser_proof.reveal()),
              {},
              flow(minted).client.text()};
    left.query = query_of(left.url);
    return left;
  }
  static Query query_of(const std::string& url) { return http::parse_query(url.substr(url.find('?') + 1)); }
  // What the provider's redirect brings, from the right server.
  Query answer_to(const Left& left, std::string iss = "https://as.acme.example") {
    Query query{{"state", left.state()}, {"code", "code-1"}};
    if (!iss.empty()) query["iss"] = std::move(iss);
    return query;
  }
  Landed land(const Left& left, const Query& query, const std::string& proof, const std::string& client) {
    return connect.land(
        {client, query, [&](HandoffId id) { return id == left.handoff ? Secret::copy_of(proof) : Secret(); }});
  }
  Landed land(const Left& left, const Query& query) { return land(left, query, left.proof, left.client); }
  Landed land(const Left& left) { return land(left, answer_to(left)); }
  // All of it.
  Minted connected(const ConnectRequest& asked) {
    const auto minted = start(asked);
    land(leave(minted));
    return minted;
  }

  domain::OAuthFlow flow(HandoffId id) {
    return store.read([&](const store::Snapshot& now) { return now.oauth_flows().find(kWorkspace, id); }).value();
  }
  domain::OAuthFlow flow(const Minted& minted) { return flow(minted.handoff.id); }
  domain::HandoffState state(const Minted& minted) { return stored(minted.handoff.id).state; }
  ConnectionId result(const Minted& minted) { return stored(minted.handoff.id).connection; }
  domain::OAuthAccount account(ConnectionId id) {
    return store.read([&](const store::Snapshot& now) { return now.oauth_accounts().find(kWorkspace, id); }).value();
  }
  std::optional<domain::OAuthClient> client_of(OAuthClientId id) { return clients.find(kWorkspace, id); }
  // "access_token=… refresh_token=…"
  std::string tokens_of(ConnectionId id) {
    const auto sealed =
        store.read([&](const store::Snapshot& now) { return now.connections().sealed_fields(kWorkspace, id); });
    std::string text;
    for (const auto& [name, value] : vault.unseal(stored(id), sealed)) {
      text += (text.empty() ? "" : " ") + name + "=" + std::string(value.reveal());
    }
    return text;
  }

  // --- the providers ---
  using Script = WireClient::Script;
  void answers(const std::string& url, int status, std::string body) {
    site[url] = WireClient::always(status, std::move(body));
  }
  void grants(std::string body) { answers("https://as.acme.example/token", 200, std::move(body)); }
  static std::string tokens(std::string more = {}) {
    return R"({"token_type": "Bearer", "access_token": "at-1", "refresh_token": "rt-1", "expires_in": 3600)" + more +
           "}";
  }
  static std::string tokens_of_user(std::string id, std::string name = "ada@acme") {
    return tokens(R"(, "user": {"id": ")" + id + R"(", "name": ")" + name + R"("})");
  }
  std::size_t sent_to(std::string_view url) const {
    std::size_t count = 0;
    for (const auto& one : wire.sent) count += one.url == url ? 1 : 0;
    return count;
  }
  std::size_t token_calls() const { return sent_to("https://as.acme.example/token"); }
  std::size_t revocations() const { return sent_to("https://as.acme.example/revoke"); }
  WireClient::Sent last() const { return wire.sent.back(); }
  // What Found says about itself.
  void describes(std::string more = {}, std::string issuer = "https://as.found.example") {
    answers("https://as.found.example/.well-known/oauth-authorization-server", 200,
            R"({"issuer": ")" + issuer + R"(", "authorization_endpoint": "https://as.found.example/authorize",
                "token_endpoint": "https://as.found.example/token", "jwks_uri": "https://as.found.example/keys",
                "code_challenge_methods_supported": ["S256"])" +
                more + "}");
  }

  Parts parts_on(store::Store& on) {
    return {on, catalog, handoffs, vault, bindings, seals, ring, clock, random, ids, kWorkspace};
  }

  std::map<std::string, Script> site;
  WireClient wire{[this](const WireClient::Sent& asked) {
    if (during_the_call) std::exchange(during_the_call, {})();
    const auto found = site.find(asked.url);
    return found == site.end() ? WireClient::answer(404, "{}") : found->second(asked);
  }};
  std::function<void()> during_the_call;

  catalog::Catalog catalog{kFiles, catalog::Mode::kServe};
  vault::Vault vault{store, ring, clock, random};
  vault::ObjectSeal seals{ring, random};
  vault::Bindings bindings{store, {}, clock, ids};
  handoff::Handoffs handoffs{store, catalog, vault, bindings, wire, ring, clock, random, ids};
  Discovery discovery{wire, clock};
  ServerCalls calls{wire, clock, random};
  IdTokens id_tokens{wire, clock};
  const std::string public_url = "https://broker.example";
  Clients clients{parts_on(store), discovery, calls, {.public_url = public_url}};
  Connect connect{parts_on(store), clients, discovery, calls, id_tokens};
  const Asker agent = agent_of(kAda);
};

// Acme has a client and grants what it is asked for.
class ConnectLandTest : public ConnectTest {
 protected:
  ConnectLandTest() {
    grants(tokens());
    answers("https://as.acme.example/revoke", 200, "{}");
  }
  std::string refusal(const Left& left, const Query& query) {
    return reason_of([&] { land(left, query); });
  }
  // Failed without a call, with that problem, and nothing of the callback in it.
  void expect_failed(const Minted& minted, std::string_view problem, std::string_view words = {}) {
    EXPECT_EQ(state(minted), domain::kFailed);
    EXPECT_EQ(flow(minted).problem, problem);
    EXPECT_EQ(flow(minted).problem_words, words);
    EXPECT_EQ(count_connections(), 0U);
    EXPECT_EQ(flow(minted).state_hash, "") << "used up";
  }
  const domain::OAuthClient acme = insert(draft_client());
};

}  // namespace countersign::oauth
