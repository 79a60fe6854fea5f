// What the tests of OAuth accounts share: connections with an account and tokens beside them, and every change of one
// in a transaction of its own.
#pragma once

#include <array>
#include <functional>

#include "engine.h"

namespace countersign::contract {

using namespace support;  // NOLINT: records by the dozen
using domain::Connection;
using domain::ConnectionState;
using domain::OAuthAccount;
using Fence = std::optional<std::int64_t>;

inline constexpr std::array kStates{ConnectionState::kActive, ConnectionState::kRefreshing,
                                    ConnectionState::kNeedsReauth, ConnectionState::kRevoked};

inline Connection oauth_connection(std::int64_t id, ConnectionState state = ConnectionState::kActive) {
  Connection c = connection(id, "c" + std::to_string(id));
  c.auth_template = "oauth";
  c.state = state;
  c.references.clear();
  return c;
}

class OAuthAccountsContract : public StoreContract {
 protected:
  void insert(const Connection& c, const OAuthAccount& a) {
    change([&](store::Transaction& tx) {
      tx.connections().insert(c, sealed_tokens(a.version), event_in(c.workspace));
      tx.oauth_accounts().insert(a);
    });
  }
  void insert(std::int64_t id, ConnectionState state = ConnectionState::kActive) {
    insert(oauth_connection(id, state), oauth_account(id));
  }
  std::optional<OAuthAccount> find(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.oauth_accounts().find(workspace, ConnectionId(id)); });
  }
  Connection connection_of(std::int64_t id) {
    return look([&](const store::Snapshot& s) { return *s.connections().find(kWorkspace, ConnectionId(id)); });
  }
  ConnectionState state(std::int64_t id) { return connection_of(id).state; }
  std::vector<std::pair<std::string, int>> tokens(std::int64_t id) {
    return look([&](const store::Snapshot& s) {
      std::vector<std::pair<std::string, int>> found;
      for (const auto& one : s.connections().sealed_fields(kWorkspace, ConnectionId(id))) {
        found.emplace_back(one.field, one.version);
      }
      return found;
    });
  }
  Fence claim(std::int64_t id, Instant now = kNow, Instant until = after(60), WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.oauth_accounts().claim(workspace, ConnectionId(id), now, until, event_in(workspace));
    });
  }
  static Connection with_traces(std::int64_t id, int version, WorkspaceId workspace = kWorkspace) {
    Connection c = oauth_connection(id);
    c.workspace = workspace;
    c.secrets = {{"access_token", version, "a" + std::to_string(version), "wxyz"}};
    return c;
  }
  bool rotate(std::int64_t id, std::int64_t fence, int version, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.oauth_accounts().rotate(with_traces(id, version, workspace), fence, version,
                                        {{"read", "more"}, after(7200), false, after(20)}, sealed_tokens(version),
                                        event_in(workspace));
    });
  }
  bool put_off(std::int64_t id, std::int64_t fence, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.oauth_accounts().put_off(workspace, ConnectionId(id), fence, {"timeout", "slow 'today'", after(90)},
                                         event_in(workspace));
    });
  }
  bool reject(std::int64_t id, std::int64_t fence, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.oauth_accounts().reject(workspace, ConnectionId(id), fence, {"invalid_grant", "gone", after(90)},
                                        event_in(workspace));
    });
  }
  static Connection reconnected(std::int64_t id) {
    Connection c = oauth_connection(id);
    c.auth_template = "oauth2";
    c.identity_label = "the same account";
    c.base_url = "https://eu.example.com/";
    c.plain_fields = {{"region", "eu"}};
    c.secrets = {{"access_token", 2, "b2", ""}};
    c.updated_at = after(8);
    return c;
  }
  static OAuthAccount account_again(std::int64_t id, int version) {
    OAuthAccount a = oauth_account(id);
    a.client = OAuthClientId(102);
    a.issuer = "https://eu.example.com";
    a.account_id = "octo";
    a.asked = {"all"};
    a.granted = {"all", "and more"};
    a.resource = "";
    a.expires_at = after(9000);
    a.refreshable = false;
    a.version = version;
    a.refreshed_at = after(8);
    return a;
  }
  bool reconnect(const Connection& c, const OAuthAccount& a) {
    return change([&](store::Transaction& tx) {
      return tx.oauth_accounts().reconnect(c, a, sealed_tokens(a.version), event_in(c.workspace));
    });
  }
  bool reconnect(std::int64_t id, int version = 2) { return reconnect(reconnected(id), account_again(id, version)); }
  bool mark_unusable(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.oauth_accounts().mark_unusable(workspace, ConnectionId(id), "unauthorized", event_in(workspace));
    });
  }
  template <class Look>
  std::vector<std::int64_t> ids(Look&& accounts) {
    return look([&](const store::Snapshot& s) {
      std::vector<std::int64_t> found;
      for (const OAuthAccount& a : accounts(s.oauth_accounts())) found.push_back(a.connection.value());
      return found;
    });
  }
  std::vector<std::int64_t> due(Instant before, Instant now = kNow, std::size_t limit = 10) {
    return ids([&](const store::OAuthAccounts& port) { return port.due(kWorkspace, before, now, limit); });
  }
  std::vector<std::int64_t> left_behind(Instant now, std::size_t limit = 10) {
    return ids([&](const store::OAuthAccounts& port) { return port.left_behind(kWorkspace, now, limit); });
  }
};

using Ids = std::vector<std::int64_t>;
using Tokens = std::vector<std::pair<std::string, int>>;

inline Tokens both(int version) { return {{"access_token", version}, {"refresh_token", version}}; }

inline void expect_same(const OAuthAccount& a, const OAuthAccount& b) {
  EXPECT_EQ(a.connection, b.connection);
  EXPECT_EQ(a.workspace, b.workspace);
  EXPECT_EQ(a.client, b.client);
  EXPECT_EQ(a.issuer, b.issuer);
  EXPECT_EQ(a.account_id, b.account_id);
  EXPECT_EQ(a.asked, b.asked);
  EXPECT_EQ(a.granted, b.granted);
  EXPECT_EQ(a.resource, b.resource);
  EXPECT_EQ(a.expires_at, b.expires_at);
  EXPECT_EQ(a.refreshable, b.refreshable);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.refreshed_at, b.refreshed_at);
  EXPECT_EQ(a.fence, b.fence);
  EXPECT_EQ(a.lease_until, b.lease_until);
  EXPECT_EQ(a.failures, b.failures);
  EXPECT_EQ(a.next_try_at, b.next_try_at);
  EXPECT_EQ(a.problem, b.problem);
  EXPECT_EQ(a.problem_words, b.problem_words);
}

}  // namespace countersign::contract
