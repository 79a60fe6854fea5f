// Connections by OAuth on a real store, and an authorization server that a test answers for.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handoff/fixture.h"
#include "handoff/removal.h"
#include "oauth/revoker.h"
#include "oauth/tokens.h"
#include "vault/object_seal.h"

namespace countersign::oauth {

using handoff::kAda;
using handoff::kBob;
using handoff::kCarl;
using handoff::reason_of;
using handoff::refused_by;
using support::kWorkspace;
using Outcome = RefreshResult::Outcome;
using namespace std::chrono_literals;

// Counts what reaches it. Thread-safe; the script runs outside the lock, so it may block.
class AuthServer final : public http::Client {
 public:
  struct Seen {
    std::string url;
    std::string authorization;
    std::string body;
  };
  using Script = std::function<http::ClientResponse(const Seen&)>;

  http::ClientResponse send(http::ClientRequest request) override {
    Seen one{request.url, {}, std::string(view(request.body))};
    for (const http::ClientHeader& header : request.headers) {
      if (header.name == "Authorization") one.authorization = header.value + std::string(header.secret.reveal());
    }
    Script script;
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(one);
      script = script_;
    }
    return script(one);
  }
  void answers(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }
  void answers(int status, const std::string& body) {
    answers([=](const Seen&) { return answer(status, body); });
  }
  void fails_with(std::string_view reason) {
    answers([reason](const Seen&) -> http::ClientResponse {
      throw Error(ErrorCode::kUpstream, reason, "https://auth.acme.example:443 did not answer.");
    });
  }
  std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  std::size_t count() const { return seen().size(); }

  static http::ClientResponse answer(int status, std::string_view body, std::string_view retry_after = {}) {
    http::ClientResponse response;
    response.status = status;
    response.headers.push_back({"content-type", "application/json"});
    if (!retry_after.empty()) response.headers.push_back({"retry-after", std::string(retry_after)});
    append(response.body, body);
    return response;
  }

 private:
  mutable std::mutex mutex_;
  Script script_ = [](const Seen&) { return answer(500, "{}"); };
  std::vector<Seen> seen_;
};

inline std::string token_answer(std::string_view access, std::string_view refresh = {}, int lifetime = 3600) {
  std::string text = R"({"token_type":"Bearer","access_token":")" + std::string(access) + "\"";
  if (!refresh.empty()) text += R"(,"refresh_token":")" + std::string(refresh) + "\"";
  return text + ",\"expires_in\":" + std::to_string(lifetime) + "}";
}
inline std::string error_answer(std::string_view error, std::string_view words = "no") {
  return R"({"error":")" + std::string(error) + R"(","error_description":")" + std::string(words) + "\"}";
}

// A store whose disk is full whenever the test says so (what was not committed did not happen), and that lets
// something else happen before its next read or write.
class TroubledStore final : public store::Store {
 public:
  explicit TroubledStore(store::Store& store) : store_(store) {}
  void run_write(const std::function<void(store::Transaction&)>& change) override {
    if (before_write) std::exchange(before_write, {})();
    if (refusals > 0) {
      --refusals;
      throw Error(ErrorCode::kUnavailable, "storage_unavailable", "The disk is full.");
    }
    store_.run_write(change);
  }
  void run_read(const std::function<void(const store::Snapshot&)>& look) const override {
    if (before_read) std::exchange(before_read, {})();
    store_.run_read(look);
  }
  store::CommitFeed& commits() override { return store_.commits(); }

  std::atomic<int> refusals{0};
  std::function<void()> before_write;
  mutable std::function<void()> before_read;

 private:
  store::Store& store_;
};

class TokensTest : public handoff::HandoffTest {
 protected:
  static constexpr EmbeddedFile kFiles[] = {{"acme.json", R"({"slug": "acme", "name": "Acme", "description": "d",
        "documentation_url": "https://example.com/docs", "base_urls": ["https://api.acme.example"],
        "templates": [
          {"slug": "oauth", "kind": "oauth2", "label": "OAuth", "oauth": {
             "authorization_endpoint": "https://auth.acme.example/authorize",
             "token_endpoint": "https://auth.acme.example/token", "leeway_seconds": 300,
             "sources": ["https://example.com/docs"]}},
          {"slug": "bearer", "kind": "oauth2", "label": "OAuth", "oauth": {
             "authorization_endpoint": "https://auth.acme.example/authorize",
             "token_endpoint": "https://auth.acme.example/token", "revocation": "bearer",
             "revocation_endpoint": "https://auth.acme.example/revoke",
             "sources": ["https://example.com/docs"]}}]})"}};

  // As one process of the broker has it.
  struct Process {
    Process(TokensTest& test, store::Store& store, std::function<void(std::chrono::milliseconds)> pause)
        : parts{store,      test.catalog, test.handoffs, test.vault,  test.bindings,
                test.seals, test.ring,    test.clock,    test.random, test.ids},
          clients(parts, test.discovery, test.calls, {.public_url = "https://broker.example"}),
          tokens(parts, clients, test.calls, std::move(pause)),
          revoker(parts, clients, test.calls) {}

    Parts parts;
    Clients clients;
    Tokens tokens;
    Revoker revoker;
  };
  std::function<void(std::chrono::milliseconds)> moving_pause() {
    return [this](std::chrono::milliseconds wait) { clock.advance(wait); };
  }

  domain::OAuthClient make_client(domain::OAuthGrant grant = domain::OAuthGrant::kAuthorizationCode,
                                  std::string_view host = "auth.acme.example") {
    domain::OAuthClient client;
    client.id = ids.next<OAuthClientId>();
    client.workspace = kWorkspace;
    client.owner = domain::Owner::org();
    client.slug = client.id.text();
    client.grant = grant;
    const std::string origin = "https://" + std::string(host);
    client.server.token_endpoint = origin + "/token";
    client.server.revocation_endpoint = origin + "/revoke";
    client.client_id = "client-1";
    client.auth = domain::ClientAuth::kBasic;
    client.created_at = clock.now();
    insert(client);
    return client;
  }
  void insert(const domain::OAuthClient& client) {
    const auto sealed = seals.seal({kWorkspace, "oauth client", client.id.text(), "client_secret"}, Secret("hush-1"));
    const std::vector<domain::SealedField> fields{{"client_secret", 1, sealed}};
    store.transact(
        [&](store::Transaction& tx) { tx.oauth_clients().insert(client, fields, support::event_in(kWorkspace)); });
  }

  struct Wish {
    std::string refresh_token = "rt-1";  // empty: none
    std::string auth_template = "oauth";
    domain::Owner owner = domain::Owner::user(kAda);
    std::string resource = {};
    Instant refreshed_at = {};
  };
  // Its access token "at-1" is over in `lifetime`; zero: nobody knows when.
  ConnectionId connect(std::chrono::seconds lifetime, const domain::OAuthClient& client, const Wish& wish) {
    domain::Connection connection;
    connection.id = ids.next<ConnectionId>();
    connection.workspace = kWorkspace;
    connection.owner = wish.owner;
    connection.integration = "acme";
    connection.name = connection.id.text();
    connection.auth_template = wish.auth_template;
    connection.created_at = connection.updated_at = clock.now();
    domain::OAuthAccount account;
    account.connection = connection.id;
    account.workspace = kWorkspace;
    account.client = client.id;
    account.asked = account.granted = {"files.read", "files.write"};
    account.resource = wish.resource;
    account.expires_at = lifetime == 0s ? Instant() : clock.now() + lifetime;
    account.refreshable = !wish.refresh_token.empty();
    account.refreshed_at = wish.refreshed_at;
    vault::Fields fields;
    fields.emplace("access_token", Secret("at-1"));
    if (account.refreshable) fields.emplace("refresh_token", Secret::copy_of(wish.refresh_token));
    const auto sealed = vault.seal(connection, fields, account.version);
    store.transact([&](store::Transaction& tx) {
      tx.connections().insert(connection, sealed, support::event_in(kWorkspace));
      tx.oauth_accounts().insert(account);
    });
    return connection.id;
  }
  ConnectionId connect(std::chrono::seconds lifetime) { return connect(lifetime, acme, Wish()); }
  ConnectionId connect(std::chrono::seconds lifetime, const Wish& wish) { return connect(lifetime, acme, wish); }

  // The access token an agent's call would be sent with.
  std::string sent_with(ConnectionId id, const Tokens& tokens) {
    const auto fields = tokens.fresh(domain::Actor::system(), kWorkspace, id, "test");
    return std::string(fields.at("access_token").reveal());
  }
  std::string sent_with(ConnectionId id) { return sent_with(id, process.tokens); }
  RefreshResult refresh(ConnectionId id, Force force = Force::kWhenDue) {
    return process.tokens.refresh(kWorkspace, id, force);
  }
  domain::OAuthAccount account(ConnectionId id) {
    return store.read([&](const store::Snapshot& now) { return now.oauth_accounts().find(kWorkspace, id); }).value();
  }
  domain::ConnectionState state(ConnectionId id) { return stored(id).state; }
  std::vector<domain::SealedField> sealed(ConnectionId id) {
    return store.read([&](const store::Snapshot& now) { return now.connections().sealed_fields(kWorkspace, id); });
  }
  // "access_token:at-2 refresh_token:rt-2", with the one version all of them have in front.
  std::string kept(ConnectionId id) {
    const auto fields = sealed(id);
    std::string text = fields.empty() ? "nothing" : std::to_string(fields.front().version);
    for (const auto& [name, value] : vault.unseal(stored(id), fields)) {
      text += " " + name + ":" + std::string(value.reveal());
    }
    return text;
  }
  bool remove(ConnectionId id) {
    return store.transact(
        [&](store::Transaction& tx) { return handoff::remove_connection(tx, kWorkspace, id, kAda, clock.now()); });
  }

  catalog::Catalog catalog{kFiles, catalog::Mode::kServe};
  AuthServer server;
  vault::Vault vault{store, ring, clock, random};
  vault::ObjectSeal seals{ring, random};
  vault::Bindings bindings{store, {}, clock, ids};
  handoff::Handoffs handoffs{store, catalog, vault, bindings, server, ring, clock, random, ids};
  Discovery discovery{server, clock};
  ServerCalls calls{server, clock, random};
  Process process{*this, store, moving_pause()};
  const domain::OAuthClient acme = make_client();
};

}  // namespace countersign::oauth
