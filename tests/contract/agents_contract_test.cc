#include "engine.h"

namespace countersign::contract {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::Agent;
using domain::Scope;
using domain::ScopeSet;

class AgentsContract : public StoreContract {
 protected:
  void insert(const Agent& a) {
    change([&](store::Transaction& tx) { tx.agents().insert(a, event_in(a.workspace)); });
  }
  std::optional<Agent> find(std::int64_t id) {
    return look([&](const store::Snapshot& s) { return s.agents().find(AgentId(id)); });
  }
  bool revoke(std::int64_t id) {
    return change([&](store::Transaction& tx) {
      return tx.agents().revoke(kWorkspace, AgentId(id), after(3), event_in(kWorkspace));
    });
  }
  bool set_paused(std::int64_t id, Instant at, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.agents().set_paused(workspace, AgentId(id), at, event_in(workspace));
    });
  }
  std::set<std::int64_t> set_orphaned(std::int64_t owner, Instant at, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      std::set<std::int64_t> ids;
      for (const AgentId id : tx.agents().set_orphaned(workspace, PersonId(owner), at, event_in(workspace))) {
        ids.insert(id.value());
      }
      return ids;
    });
  }
};

TEST_P(AgentsContract, AnAgentComesBackIsTouchedAndRevokedOnce) {
  change([](store::Transaction& tx) {
    tx.agents().insert(agent(21), event_in(kWorkspace));
    auto bare = agent(22);
    bare.scopes = {};
    bare.owner = PersonId();
    bare.paused_at = after(4);
    bare.orphaned_at = after(5);
    tx.agents().insert(bare, event_in(kWorkspace));
    tx.agents().insert(agent(23, kOtherWorkspace), event_in(kOtherWorkspace));
  });
  engine().reopen();
  const auto found = find(21);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->workspace, kWorkspace);
  EXPECT_EQ(found->owner, PersonId(31));
  EXPECT_EQ(found->name, "claude");
  EXPECT_EQ(found->token_hash, std::string("\0hash", 5));
  EXPECT_EQ(found->scopes, (ScopeSet{Scope::kRead, Scope::kUse}));
  EXPECT_EQ(found->created_at, kNow);
  EXPECT_EQ(found->expires_at, after(9000));
  EXPECT_EQ(found->revoked_at, Instant());
  EXPECT_EQ(found->last_used_at, after(1));
  EXPECT_EQ(found->paused_at, Instant());
  EXPECT_EQ(found->orphaned_at, Instant());
  EXPECT_EQ(found->old_token_hash, std::string("\0old", 4));
  EXPECT_EQ(found->old_token_until, after(60));
  EXPECT_EQ(found->writes_per_minute, 7);
  EXPECT_EQ(find(22)->paused_at, after(4));
  EXPECT_EQ(find(22)->orphaned_at, after(5));
  EXPECT_TRUE(find(22)->scopes.empty());
  EXPECT_FALSE(find(22)->owner.valid());
  EXPECT_EQ(look([](const store::Snapshot& s) { return s.agents().list(kWorkspace).size(); }), 2U);

  const auto revoke = [&](WorkspaceId workspace) {
    return change([&](store::Transaction& tx) {
      return tx.agents().revoke(workspace, AgentId(21), after(3), event_in(workspace));
    });
  };
  const auto touch = [&](Instant now) {
    change([&](store::Transaction& tx) { tx.agents().touch(AgentId(21), now); });
    return find(21)->last_used_at;
  };
  EXPECT_EQ(touch(after(2)), after(2));
  EXPECT_EQ(touch(after(1)), after(2));
  EXPECT_FALSE(revoke(kOtherWorkspace));
  EXPECT_TRUE(revoke(kWorkspace));
  EXPECT_FALSE(revoke(kWorkspace));
  EXPECT_EQ(find(21)->revoked_at, after(3));
  EXPECT_EQ(touch(after(9)), after(2));
  EXPECT_EQ(events(), 3);
}

TEST_P(AgentsContract, EverySetOfScopesComesBack) {
  for (std::uint32_t bits = 0; bits <= ScopeSet::all().bits(); ++bits) {
    Agent a = agent(100 + bits);
    a.scopes = ScopeSet::from_bits(bits);
    insert(a);
    EXPECT_EQ(find(100 + bits)->scopes.bits(), bits);
  }
}

TEST_P(AgentsContract, RotatingKeepsTheOldTokenForAsLongAsToldAndNoOlderOne) {
  insert(agent(21));
  insert(agent(22));
  const auto rotate = [&](std::int64_t id, std::string_view hash, Instant until, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.agents().rotate(workspace, AgentId(id), hash, until, event_in(workspace));
    });
  };
  const std::string second("\0two", 4);
  EXPECT_FALSE(rotate(21, second, after(50), kOtherWorkspace));
  EXPECT_FALSE(rotate(29, second, after(50)));
  EXPECT_EQ(events(), 2);
  EXPECT_TRUE(rotate(21, second, after(50)));
  engine().reopen();
  EXPECT_EQ(find(21)->token_hash, second);
  EXPECT_EQ(find(21)->old_token_hash, std::string("\0hash", 5));
  EXPECT_EQ(find(21)->old_token_until, after(50));
  EXPECT_TRUE(rotate(21, "three", after(70)));
  EXPECT_EQ(find(21)->token_hash, "three");
  EXPECT_EQ(find(21)->old_token_hash, second);
  EXPECT_EQ(find(21)->old_token_until, after(70));
  EXPECT_EQ(find(22)->token_hash, std::string("\0hash", 5));
  EXPECT_EQ(events(), 4);

  EXPECT_TRUE(revoke(21));
  EXPECT_FALSE(rotate(21, "four", after(90)));
  EXPECT_EQ(find(21)->token_hash, "three");
  EXPECT_EQ(events(), 5);
}

TEST_P(AgentsContract, PausingIsTakenBackAndSaidOnce) {
  insert(agent(21));
  insert(agent(22));
  EXPECT_FALSE(set_paused(21, Instant())) << "it was not paused";
  EXPECT_FALSE(set_paused(21, after(4), kOtherWorkspace));
  EXPECT_TRUE(set_paused(21, after(4)));
  EXPECT_FALSE(set_paused(21, after(5))) << "it is paused already";
  EXPECT_EQ(find(21)->paused_at, after(4));
  EXPECT_EQ(find(22)->paused_at, Instant());
  EXPECT_EQ(events(), 3);
  EXPECT_TRUE(set_paused(21, Instant()));
  EXPECT_EQ(find(21)->paused_at, Instant());
  EXPECT_EQ(events(), 4);
  EXPECT_TRUE(revoke(21));
  EXPECT_FALSE(set_paused(21, after(6)));
  EXPECT_EQ(events(), 5);
  EXPECT_EQ(events(kOtherWorkspace), 0);
}

TEST_P(AgentsContract, AnOwnersAgentsAreOrphanedAndTakenBackEachWithItsEvent) {
  for (std::int64_t id = 21; id <= 26; ++id) {
    Agent a = agent(id, id == 26 ? kOtherWorkspace : kWorkspace);
    if (id == 23) a.owner = PersonId(32);
    if (id == 24) a.owner = PersonId();
    insert(a);
  }
  EXPECT_TRUE(revoke(25));
  const auto before = events();
  using IdSet = std::set<std::int64_t>;
  EXPECT_EQ(set_orphaned(31, Instant()), (IdSet{})) << "none was";
  EXPECT_EQ(events(), before);
  EXPECT_EQ(set_orphaned(31, after(6)), (IdSet{21, 22}));
  EXPECT_EQ(find(21)->orphaned_at, after(6));
  EXPECT_EQ(find(23)->orphaned_at, Instant());
  EXPECT_EQ(find(25)->orphaned_at, Instant());
  EXPECT_EQ(find(26)->orphaned_at, Instant()) << "another workspace's";
  std::set<std::string> objects;
  const auto all = trail();
  for (auto at = all.begin() + before; at != all.end(); ++at) objects.insert(at->row.object);
  EXPECT_EQ(objects, (std::set{AgentId(21).text(), AgentId(22).text()}));
  EXPECT_EQ(events(), before + 2);

  insert(agent(27));
  EXPECT_EQ(set_orphaned(31, after(7)), (IdSet{27})) << "the others are already";
  EXPECT_EQ(find(21)->orphaned_at, after(6));
  EXPECT_EQ(set_orphaned(31, Instant()), (IdSet{21, 22, 27}));
  EXPECT_EQ(find(27)->orphaned_at, Instant());
  EXPECT_EQ(events(), before + 7);
}

TEST_P(AgentsContract, TheWorkspacesAgentsHaveNoOwnerToLose) {
  Agent a = agent(21);
  a.owner = PersonId();
  insert(a);
  EXPECT_TRUE(set_orphaned(0, after(6)).empty());
  EXPECT_EQ(find(21)->orphaned_at, Instant());
  EXPECT_EQ(events(), 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, AgentsContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
