// Clients at authorization servers, their sealed fields, and what agents propose of them.
#include "engine.h"

namespace countersign::contract::oauth_clients {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::ClientProposal;
using domain::OAuthClient;
using domain::Owner;

class OAuthClientsContract : public StoreContract {
 protected:
  void insert(const OAuthClient& c) {
    change([&](store::Transaction& tx) { tx.oauth_clients().insert(c, client_secrets(), event_in(c.workspace)); });
  }
  std::optional<OAuthClient> find(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.oauth_clients().find(workspace, OAuthClientId(id)); });
  }
  std::vector<domain::SealedField> sealed(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look(
        [&](const store::Snapshot& s) { return s.oauth_clients().sealed_fields(workspace, OAuthClientId(id)); });
  }
  bool update(const OAuthClient& c, const std::vector<domain::SealedField>& secrets) {
    return change([&](store::Transaction& tx) { return tx.oauth_clients().update(c, secrets, event_in(c.workspace)); });
  }
  bool remove(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.oauth_clients().remove(workspace, OAuthClientId(id), after(9), event_in(workspace));
    });
  }
  std::vector<std::int64_t> list(PersonId visible_to, std::string_view integration = "") {
    return look([&](const store::Snapshot& s) {
      std::vector<std::int64_t> ids;
      for (const OAuthClient& c : s.oauth_clients().list(kWorkspace, visible_to, integration)) {
        ids.push_back(c.id.value());
      }
      return ids;
    });
  }
  std::size_t used_by(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look(
        [&](const store::Snapshot& s) { return s.oauth_clients().count_connections(workspace, OAuthClientId(id)); });
  }
};

using Ids = std::vector<std::int64_t>;

void expect_same(const OAuthClient& a, const OAuthClient& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.workspace, b.workspace);
  EXPECT_EQ(a.owner, b.owner);
  EXPECT_EQ(a.slug, b.slug);
  EXPECT_EQ(a.integration, b.integration);
  EXPECT_EQ(a.auth_template, b.auth_template);
  EXPECT_EQ(a.grant, b.grant);
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_TRUE(a.server == b.server);
  EXPECT_EQ(a.client_id, b.client_id);
  EXPECT_EQ(a.auth, b.auth);
  EXPECT_EQ(a.resource, b.resource);
  EXPECT_EQ(a.plain_fields, b.plain_fields);
  ASSERT_EQ(a.secrets.size(), b.secrets.size());
  for (std::size_t i = 0; i < a.secrets.size(); ++i) {
    EXPECT_EQ(a.secrets[i].field, b.secrets[i].field);
    EXPECT_EQ(a.secrets[i].fingerprint, b.secrets[i].fingerprint);
    EXPECT_EQ(a.secrets[i].last4, b.secrets[i].last4);
  }
  EXPECT_EQ(a.public_jwk, b.public_jwk);
  EXPECT_EQ(a.secret_expires_at, b.secret_expires_at);
  EXPECT_EQ(a.created_by, b.created_by);
  EXPECT_EQ(a.created_at, b.created_at);
  EXPECT_EQ(a.removed_at, b.removed_at);
}

TEST_P(OAuthClientsContract, WhatIsInsertedComesBackAfterAReopenToo) {
  OAuthClient bare;
  bare.id = OAuthClientId(2);
  bare.workspace = kWorkspace;
  bare.owner = Owner::org();
  insert(oauth_client(1));
  insert(bare);
  engine().reopen();
  ASSERT_TRUE(find(1) && find(2));
  expect_same(*find(1), oauth_client(1));
  expect_same(*find(2), bare);
  const auto stored = sealed(1);
  ASSERT_EQ(stored.size(), 2U);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    EXPECT_EQ(stored[i].field, client_secrets()[i].field);
    EXPECT_EQ(stored[i].version, 1);
    EXPECT_EQ(stored[i].sealed, client_secrets()[i].sealed);
  }
}

// A list, a flag or an endpoint that is lost would show as another server.
TEST_P(OAuthClientsContract, EveryPartOfAServerIsKeptByItself) {
  using domain::OAuthServer;
  const std::vector<std::function<void(OAuthServer&)>> parts = {
      [](OAuthServer& s) { s.issuer = "a"; },
      [](OAuthServer& s) { s.authorization_endpoint = "a"; },
      [](OAuthServer& s) { s.token_endpoint = "a"; },
      [](OAuthServer& s) { s.refresh_endpoint = "a"; },
      [](OAuthServer& s) { s.revocation_endpoint = "a"; },
      [](OAuthServer& s) { s.registration_endpoint = "a"; },
      [](OAuthServer& s) { s.par_endpoint = "a"; },
      [](OAuthServer& s) { s.jwks_uri = "a"; },
      [](OAuthServer& s) { s.userinfo_endpoint = "a"; },
      [](OAuthServer& s) { s.par_required = true; },
      [](OAuthServer& s) { s.iss_in_callback = true; },
      [](OAuthServer& s) { s.client_id_metadata = true; },
      [](OAuthServer& s) { s.s256 = false; },
      [](OAuthServer& s) {
        s.auth_methods = {"a", ""};
      },
      [](OAuthServer& s) {
        s.scopes = {"a b", "\xc3\xbc"};
      },
  };
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto id = static_cast<std::int64_t>(i) + 1;
    OAuthClient c = oauth_client(id, "c" + std::to_string(id));
    c.server = {};
    parts[i](c.server);
    insert(c);
    EXPECT_TRUE(find(id)->server == c.server) << i;
  }
}

TEST_P(OAuthClientsContract, AnotherWorkspacesRowDoesNotExist) {
  insert(oauth_client(1));
  EXPECT_FALSE(find(1, kOtherWorkspace));
  EXPECT_TRUE(sealed(1, kOtherWorkspace).empty());
  EXPECT_FALSE(remove(1, kOtherWorkspace));
  OAuthClient moved = oauth_client(1);
  moved.workspace = kOtherWorkspace;
  EXPECT_FALSE(update(moved, client_secrets()));
  EXPECT_EQ(sealed(1).size(), 2U);
  EXPECT_EQ(events(kOtherWorkspace), 0);
  insert(oauth_client(2, "main", kOtherWorkspace));
}

TEST_P(OAuthClientsContract, ASlugIsUniquePerOwnerAmongThoseInUse) {
  insert(oauth_client(1));
  const Error e = error_of([&] { insert(oauth_client(2)); });
  EXPECT_EQ(e.code(), ErrorCode::kConflict);
  EXPECT_EQ(e.reason(), "name_taken");
  EXPECT_FALSE(find(2));
  EXPECT_TRUE(sealed(2).empty());
  EXPECT_EQ(events(), 1);
  OAuthClient org = oauth_client(3);
  org.owner = Owner::org();
  insert(org);
  EXPECT_TRUE(remove(1));
  insert(oauth_client(4));
  const auto by_slug = [&](const Owner& owner, std::string_view slug, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) {
      const auto found = s.oauth_clients().find_by_slug(workspace, owner, slug);
      return found ? found->id.value() : 0;
    });
  };
  EXPECT_EQ(by_slug(Owner::user(PersonId(31)), "main"), 4);
  EXPECT_EQ(by_slug(Owner::org(), "main"), 3);
  EXPECT_EQ(by_slug(Owner::user(PersonId(32)), "main"), 0);
  EXPECT_EQ(by_slug(Owner::org(), "Main"), 0);
  EXPECT_EQ(by_slug(Owner::org(), "main", kOtherWorkspace), 0);
}

TEST_P(OAuthClientsContract, AListShowsTheOrgsAndOnesOwnInUse) {
  for (std::int64_t id = 1; id <= 6; ++id) {
    OAuthClient c = oauth_client(id, "c" + std::to_string(id));
    if (id == 2 || id == 5) c.owner = Owner::org();
    if (id == 3) c.owner = Owner::user(PersonId(32));
    if (id == 4 || id == 5) c.integration = "stripe";
    insert(c);
  }
  insert(oauth_client(7, "c7", kOtherWorkspace));
  EXPECT_TRUE(remove(6));
  EXPECT_EQ(list(PersonId()), (Ids{5, 2}));
  EXPECT_EQ(list(PersonId(31)), (Ids{5, 4, 2, 1}));
  EXPECT_EQ(list(PersonId(31), "stripe"), (Ids{5, 4}));
  EXPECT_EQ(list(PersonId(31), "' or 1=1 --"), (Ids{}));
}

TEST_P(OAuthClientsContract, AnUpdateReplacesTheSecretsAndNotTheServer) {
  insert(oauth_client(1));
  insert(oauth_client(2, "bystander"));
  OAuthClient c = oauth_client(1);
  c.origin = domain::ClientOrigin::kManual;
  c.client_id = "another";
  c.auth = domain::ClientAuth::kBasic;
  c.resource = "r";
  c.plain_fields = {{"subdomain", "other"}};
  c.secrets = {{"client_secret", 2, "0000", ""}};
  c.public_jwk = "{}";
  c.secret_expires_at = Instant();
  OAuthClient elsewhere = c;
  elsewhere.server = oauth_server("https://evil.example");
  elsewhere.owner = Owner::org();
  elsewhere.slug = "stolen";
  elsewhere.removed_at = kNow;
  EXPECT_TRUE(update(elsewhere, {{"client_secret", 2, "new"}}));
  expect_same(*find(1), c);
  const auto stored = sealed(1);
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].version, 2);
  EXPECT_EQ(stored[0].sealed, "new");
  EXPECT_EQ(sealed(2).size(), 2U);
  EXPECT_EQ(events(), 3);
  EXPECT_TRUE(update(c, {{"client_secret", 2, "the same version again"}}));
  EXPECT_TRUE(update(c, {}));
  EXPECT_TRUE(sealed(1).empty());
}

TEST_P(OAuthClientsContract, RemovingShredsTheSecretsAndKeepsTheRecord) {
  insert(oauth_client(1));
  EXPECT_TRUE(remove(1));
  OAuthClient gone = oauth_client(1);
  gone.removed_at = after(9);
  expect_same(*find(1), gone);
  EXPECT_TRUE(sealed(1).empty());
  const auto events_before = events();
  EXPECT_FALSE(remove(1));
  EXPECT_FALSE(remove(77));
  EXPECT_FALSE(update(oauth_client(1), client_secrets()));
  EXPECT_TRUE(sealed(1).empty());
  EXPECT_EQ(events(), events_before);
}

TEST_P(OAuthClientsContract, OnlyLiveConnectionsCountAsItsUsers) {
  insert(oauth_client(101));
  insert(oauth_client(102, "other"));
  change([](store::Transaction& tx) {
    for (const std::int64_t id : {41, 42, 43, 44}) {
      domain::Connection c = connection(id, "c" + std::to_string(id));
      if (id == 42) c.state = domain::ConnectionState::kNeedsReauth;
      tx.connections().insert(c, {}, event_in(kWorkspace));
      domain::OAuthAccount a = oauth_account(id);
      if (id == 44) a.client = OAuthClientId(102);
      tx.oauth_accounts().insert(a);
    }
    tx.connections().insert(connection(45, "no OAuth"), {}, event_in(kWorkspace));
    tx.connections().revoke(kWorkspace, ConnectionId(43), after(9), event_in(kWorkspace));
  });
  EXPECT_EQ(used_by(101), 2U);
  EXPECT_EQ(used_by(102), 1U);
  EXPECT_EQ(used_by(103), 0U);
  EXPECT_EQ(used_by(101, kOtherWorkspace), 0U);
}

TEST_P(OAuthClientsContract, EveryChangeIsToldToThePagesOfItsOwner) {
  using Keys = std::set<std::int64_t>;
  insert(oauth_client(1));
  EXPECT_EQ(told(), (Keys{1, 31}));
  EXPECT_TRUE(update(oauth_client(1), {}));
  EXPECT_EQ(told(), (Keys{1, 31}));
  EXPECT_TRUE(remove(1));
  EXPECT_EQ(told(), (Keys{1, 31}));
  OAuthClient org = oauth_client(2);
  org.owner = Owner::org();
  insert(org);
  EXPECT_EQ(told(), (Keys{2, kWorkspace.value()}));
}

TEST_P(OAuthClientsContract, AProposalStandsBesideItsHandoff) {
  const auto find_proposal = [&](std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.oauth_clients().find_proposal(workspace, HandoffId(id)); });
  };
  EXPECT_THROW(change([](store::Transaction& tx) { tx.oauth_clients().insert_proposal(client_proposal(1)); }), Error);
  EXPECT_FALSE(find_proposal(1));
  change([](store::Transaction& tx) {
    domain::Handoff h = handoff(1);
    h.kind = domain::HandoffKind::kOAuthClient;
    tx.oauth_clients().insert_proposal(client_proposal(1));
    tx.handoffs().insert(h, event_in(kWorkspace));
  });
  engine().reopen();
  const auto found = find_proposal(1);
  ASSERT_TRUE(found);
  const ClientProposal expected = client_proposal(1);
  EXPECT_EQ(found->handoff, expected.handoff);
  EXPECT_EQ(found->workspace, expected.workspace);
  EXPECT_EQ(found->change, expected.change);
  EXPECT_EQ(found->client, expected.client);
  EXPECT_EQ(found->slug, expected.slug);
  EXPECT_EQ(found->grant, expected.grant);
  EXPECT_EQ(found->client_id, expected.client_id);
  EXPECT_TRUE(found->server == expected.server);
  EXPECT_TRUE(found->foreign);
  EXPECT_EQ(found->resource, expected.resource);
  EXPECT_EQ(found->scopes, expected.scopes);
  EXPECT_FALSE(find_proposal(1, kOtherWorkspace));
  EXPECT_FALSE(find_proposal(2));
}

INSTANTIATE_TEST_SUITE_P(Engines, OAuthClientsContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract::oauth_clients
