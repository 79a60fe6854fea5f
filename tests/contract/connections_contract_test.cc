#include <thread>

#include "engine.h"

namespace countersign::contract::connections {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::Connection;
using domain::ConnectionState;
using domain::Owner;

class ConnectionsContract : public StoreContract {
 protected:
  void insert(const Connection& c) {
    const auto secrets = sealed_fields();
    change([&](store::Transaction& tx) { tx.connections().insert(c, secrets, event_in(c.workspace)); });
  }
  std::optional<Connection> find(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.connections().find(workspace, ConnectionId(id)); });
  }
  bool revoke(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.connections().revoke(workspace, ConnectionId(id), after(9), event_in(workspace));
    });
  }
  bool replace_source(const Connection& with) {
    return change(
        [&](store::Transaction& tx) { return tx.connections().replace_source(with, event_in(with.workspace)); });
  }
  // What the connection of this id becomes; its name and its beginning stay.
  static Connection replacement(std::int64_t id) {
    Connection c = connection(id);
    c.auth_template = "custom";
    c.identity_label = "the shop's own";
    c.base_url = "https://shop.example/";
    c.plain_fields = {{"region", "eu"}};
    c.secrets.clear();
    c.references = {{"key", "vault", "shop/key"}};
    c.updated_at = after(8);
    return c;
  }
  std::size_t secrets_of(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look(
        [&](const store::Snapshot& s) { return s.connections().sealed_fields(workspace, ConnectionId(id)).size(); });
  }
  std::vector<std::int64_t> list(const store::ConnectionFilter& filter) {
    return look([&](const store::Snapshot& s) {
      std::vector<std::int64_t> ids;
      for (const Connection& c : s.connections().list(kWorkspace, filter)) ids.push_back(c.id.value());
      return ids;
    });
  }
};

using Ids = std::vector<std::int64_t>;

void expect_same(const Connection& a, const Connection& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.workspace, b.workspace);
  EXPECT_EQ(a.owner, b.owner);
  EXPECT_EQ(a.integration, b.integration);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.auth_template, b.auth_template);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.identity_label, b.identity_label);
  EXPECT_EQ(a.base_url, b.base_url);
  EXPECT_EQ(a.plain_fields, b.plain_fields);
  ASSERT_EQ(a.secrets.size(), b.secrets.size());
  for (std::size_t i = 0; i < a.secrets.size(); ++i) {
    EXPECT_EQ(a.secrets[i].field, b.secrets[i].field);
    EXPECT_EQ(a.secrets[i].version, b.secrets[i].version);
    EXPECT_EQ(a.secrets[i].fingerprint, b.secrets[i].fingerprint);
    EXPECT_EQ(a.secrets[i].last4, b.secrets[i].last4);
  }
  EXPECT_EQ(a.references, b.references);
  EXPECT_EQ(a.created_by, b.created_by);
  EXPECT_EQ(a.created_at, b.created_at);
  EXPECT_EQ(a.updated_at, b.updated_at);
}

TEST_P(ConnectionsContract, WhatIsInsertedComesBackAfterAReopenToo) {
  Connection bare = connection(2, "bare");
  bare.owner = Owner::org();
  bare.plain_fields.clear();
  bare.secrets.clear();
  bare.references.clear();
  insert(connection(1));
  insert(bare);
  engine().reopen();
  ASSERT_TRUE(find(1) && find(2));
  expect_same(*find(1), connection(1));
  expect_same(*find(2), bare);
}

TEST_P(ConnectionsContract, SealedFieldsComeBackByteForByte) {
  insert(connection(1));
  const auto stored =
      look([](const store::Snapshot& s) { return s.connections().sealed_fields(kWorkspace, ConnectionId(1)); });
  const auto expected = sealed_fields();
  ASSERT_EQ(stored.size(), expected.size());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    EXPECT_EQ(stored[i].field, expected[i].field);
    EXPECT_EQ(stored[i].version, expected[i].version);
    EXPECT_EQ(stored[i].sealed, expected[i].sealed);
  }
}

TEST_P(ConnectionsContract, AnotherWorkspacesRowDoesNotExist) {
  insert(connection(1));
  EXPECT_FALSE(find(1, kOtherWorkspace));
  EXPECT_EQ(secrets_of(1, kOtherWorkspace), 0U);
  EXPECT_FALSE(revoke(1, kOtherWorkspace));
  EXPECT_EQ(find(1)->state, ConnectionState::kActive);
  EXPECT_EQ(secrets_of(1), 2U);
  EXPECT_EQ(events(kOtherWorkspace), 0);
  insert(connection(2, "main", kOtherWorkspace));  // a name is taken per workspace
}

TEST_P(ConnectionsContract, ANameIsUniquePerOwnerAndIntegrationAmongTheLiving) {
  insert(connection(1));
  const Error e = error_of([&] { insert(connection(2)); });
  EXPECT_EQ(e.code(), ErrorCode::kConflict);
  EXPECT_EQ(e.reason(), "name_taken");
  EXPECT_FALSE(find(2));
  EXPECT_EQ(secrets_of(2), 0U);
  EXPECT_EQ(events(), 1);

  Connection org = connection(3);
  org.owner = Owner::org();
  insert(org);
  org.id = ConnectionId(4);
  EXPECT_EQ(error_of([&] { insert(org); }).reason(), "name_taken");
  Connection elsewhere = connection(5);
  elsewhere.integration = "stripe";
  insert(elsewhere);

  EXPECT_TRUE(revoke(1));
  insert(connection(6));
  const auto named = look([](const store::Snapshot& s) {
    return s.connections().find_by_name(kWorkspace, Owner::user(PersonId(31)), "github", "main");
  });
  ASSERT_TRUE(named);
  EXPECT_EQ(named->id, ConnectionId(6));
}

TEST_P(ConnectionsContract, FindByNameDemandsEveryPart) {
  insert(connection(1));
  const auto found = [&](WorkspaceId workspace, const Owner& owner, std::string_view integration,
                         std::string_view name) {
    return look([&](const store::Snapshot& s) {
      return s.connections().find_by_name(workspace, owner, integration, name).has_value();
    });
  };
  const Owner owner = Owner::user(PersonId(31));
  EXPECT_TRUE(found(kWorkspace, owner, "github", "main"));
  EXPECT_FALSE(found(kOtherWorkspace, owner, "github", "main"));
  EXPECT_FALSE(found(kWorkspace, Owner::user(PersonId(32)), "github", "main"));
  EXPECT_FALSE(found(kWorkspace, Owner::org(), "github", "main"));
  EXPECT_FALSE(found(kWorkspace, owner, "stripe", "main"));
  EXPECT_FALSE(found(kWorkspace, owner, "github", "Main"));
}

TEST_P(ConnectionsContract, RevokingShredsTheSecretsAndKeepsTheRecord) {
  for (const auto state : {ConnectionState::kActive, ConnectionState::kRefreshing, ConnectionState::kNeedsReauth}) {
    const auto id = 10 + static_cast<std::int64_t>(state);
    Connection c = connection(id);
    c.state = state;
    insert(c);
    EXPECT_TRUE(revoke(id));
    EXPECT_EQ(find(id)->state, ConnectionState::kRevoked);
    EXPECT_EQ(find(id)->updated_at, after(9));
    EXPECT_EQ(find(id)->secrets.size(), 2U);
    EXPECT_EQ(secrets_of(id), 0U);
    const auto events_before = events();
    EXPECT_FALSE(revoke(id));
    EXPECT_EQ(events(), events_before);
  }
  EXPECT_FALSE(revoke(77));
}

TEST_P(ConnectionsContract, AnotherSourceTakesThePlaceOfTheSecrets) {
  for (const auto state : {ConnectionState::kActive, ConnectionState::kRefreshing, ConnectionState::kNeedsReauth}) {
    const auto id = 10 + static_cast<std::int64_t>(state);
    Connection c = connection(id, "n" + std::to_string(id));
    c.state = state;
    insert(c);
    const auto events_before = events();
    EXPECT_TRUE(replace_source(replacement(id)));
    EXPECT_EQ(events(), events_before + 1);
    Connection expected = replacement(id);
    expected.name = c.name;
    expect_same(*find(id), expected);
    EXPECT_EQ(secrets_of(id), 0U);
  }
  insert(connection(20, "bystander"));
  EXPECT_TRUE(replace_source(replacement(10)));
  expect_same(*find(20), connection(20, "bystander"));
  EXPECT_EQ(secrets_of(20), 2U);
}

// The record names the owner and integration that somebody allowed: another one is another connection.
TEST_P(ConnectionsContract, ASourceIsReplacedOnlyOnTheLiveRowItWasMeantFor) {
  insert(connection(1));
  insert(connection(2, "gone"));
  revoke(2);
  const auto events_before = events();
  const std::vector<std::function<void(Connection&)>> others = {
      [](Connection& c) { c.id = ConnectionId(2); },
      [](Connection& c) { c.id = ConnectionId(77); },
      [](Connection& c) { c.workspace = kOtherWorkspace; },
      [](Connection& c) { c.owner = Owner::org(); },
      [](Connection& c) { c.owner = Owner::user(PersonId(32)); },
      [](Connection& c) { c.integration = "stripe"; },
  };
  for (std::size_t i = 0; i < others.size(); ++i) {
    Connection with = replacement(1);
    others[i](with);
    EXPECT_FALSE(replace_source(with)) << i;
  }
  expect_same(*find(1), connection(1));
  EXPECT_EQ(secrets_of(1), 2U);
  EXPECT_EQ(find(2)->state, ConnectionState::kRevoked);
  EXPECT_EQ(events(), events_before);
  EXPECT_EQ(events(kOtherWorkspace), 0);
}

TEST_P(ConnectionsContract, EveryChangeIsToldToThePagesOfItsOwner) {
  using Keys = std::set<std::int64_t>;
  insert(connection(1));
  EXPECT_EQ(told(), (Keys{1, 31}));
  EXPECT_TRUE(replace_source(replacement(1)));
  EXPECT_EQ(told(), (Keys{1, 31}));
  EXPECT_TRUE(revoke(1));
  EXPECT_EQ(told(), (Keys{1, 31}));
  EXPECT_FALSE(revoke(1));
  EXPECT_EQ(told(), (Keys{}));
  Connection org = connection(2);
  org.owner = Owner::org();
  insert(org);
  EXPECT_EQ(told(), (Keys{2, kWorkspace.value()}));
  EXPECT_TRUE(revoke(2));
  EXPECT_EQ(told(), (Keys{2, kWorkspace.value()}));
}

TEST_P(ConnectionsContract, ALiveOneIsRenamedToAFreeName) {
  const auto rename = [&](std::int64_t id, std::string_view name, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.connections().rename(workspace, ConnectionId(id), name, event_in(workspace));
    });
  };
  insert(connection(1));
  insert(connection(2, "taken"));
  insert(connection(3, "gone"));
  Connection elsewhere = connection(4, "elsewhere");
  elsewhere.integration = "stripe";
  insert(elsewhere);
  revoke(3);
  told();
  const auto events_before = events();
  EXPECT_FALSE(rename(3, "new"));
  EXPECT_FALSE(rename(77, "new"));
  EXPECT_FALSE(rename(1, "new", kOtherWorkspace));
  const Error e = error_of([&] { rename(1, "taken"); });
  EXPECT_EQ(e.code(), ErrorCode::kConflict);
  EXPECT_EQ(e.reason(), "name_taken");
  expect_same(*find(1), connection(1));
  EXPECT_EQ(events(), events_before);
  EXPECT_EQ(told(), (std::set<std::int64_t>{}));

  EXPECT_TRUE(rename(1, "elsewhere")) << "a name of another integration is free";
  expect_same(*find(1), connection(1, "elsewhere"));
  EXPECT_EQ(told(), (std::set<std::int64_t>{1, 31}));
  EXPECT_TRUE(rename(1, "gone")) << "a revoked one's too";
  EXPECT_TRUE(rename(1, "gone")) << "one's own is no conflict";
  EXPECT_EQ(events(), events_before + 3);
}

TEST_P(ConnectionsContract, AListShowsTheOrgsAndOnesOwn) {
  for (std::int64_t id = 1; id <= 6; ++id) {
    Connection c = connection(id, "n" + std::to_string(id));
    if (id == 2 || id == 5) c.owner = Owner::org();
    if (id == 3) c.owner = Owner::user(PersonId(32));
    if (id == 4 || id == 5) c.integration = "stripe";
    insert(c);
  }
  insert(connection(7, "n7", kOtherWorkspace));
  revoke(6);

  store::ConnectionFilter filter;
  EXPECT_EQ(list(filter), (Ids{5, 2}));
  filter.visible_to = PersonId(31);
  EXPECT_EQ(list(filter), (Ids{5, 4, 2, 1}));
  filter.integration = "stripe";
  EXPECT_EQ(list(filter), (Ids{5, 4}));
  filter.integration = "' or 1=1 --";
  EXPECT_EQ(list(filter), (Ids{}));
  filter.integration.clear();
  filter.owner = Owner::org();
  EXPECT_EQ(list(filter), (Ids{5, 2}));
  filter.owner = Owner::user(PersonId(31));
  EXPECT_EQ(list(filter), (Ids{4, 1}));
  filter.owner = Owner::user(PersonId(32));  // not his to see
  EXPECT_EQ(list(filter), (Ids{}));
}

TEST_P(ConnectionsContract, PagesMeetWithoutGapOrOverlap) {
  for (std::int64_t id = 1; id <= 7; ++id) {
    Connection c = connection(id, "n" + std::to_string(id));
    if (id % 2 == 0) c.owner = Owner::org();
    insert(c);
  }
  store::ConnectionFilter filter;
  filter.visible_to = PersonId(31);
  filter.page = {0, 3};
  EXPECT_EQ(list(filter), (Ids{7, 6, 5}));
  filter.page.before = 5;
  EXPECT_EQ(list(filter), (Ids{4, 3, 2}));
  filter.page.before = 2;
  EXPECT_EQ(list(filter), (Ids{1}));
  filter.page.before = 1;
  EXPECT_EQ(list(filter), (Ids{}));
}

TEST_P(ConnectionsContract, OfManyWhoRaceForOneNameExactlyOneWins) {
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> racers;
    racers.reserve(32);
    for (int i = 0; i < 32; ++i) {
      racers.emplace_back([&, i] {
        try {
          insert(connection(100 + i));
          ++winners;
        } catch (const Error& e) {
          EXPECT_EQ(e.reason(), "name_taken");
        }
      });
    }
  }
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(events(), 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, ConnectionsContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract::connections
