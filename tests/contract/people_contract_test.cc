// People, browser sessions, sign-in links, agents and keys.
#include <thread>

#include "engine.h"

namespace countersign::contract {
namespace {

using namespace support;  // NOLINT: records by the dozen

class PeopleContract : public StoreContract {
 protected:
  void insert(const domain::Person& p) {
    change([&](store::Transaction& tx) { tx.people().insert(p, event_in(p.workspace)); });
  }
  std::optional<domain::Person> find(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.people().find(workspace, PersonId(id)); });
  }
  std::optional<domain::BrowserSession> session_of(std::int64_t id) {
    return look([&](const store::Snapshot& s) { return s.sessions().find(SessionId(id)); });
  }
  std::optional<domain::Agent> agent_of(std::int64_t id) {
    return look([&](const store::Snapshot& s) { return s.agents().find(AgentId(id)); });
  }
};

TEST_P(PeopleContract, APersonComesBackByIdAndByLogin) {
  insert(person(31));
  engine().reopen();
  const auto by_login = [&](WorkspaceId workspace, std::string_view login) {
    return look([&](const store::Snapshot& s) { return s.people().find_by_login(workspace, login); });
  };
  for (const auto& found : {find(31), by_login(kWorkspace, "ada")}) {
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, PersonId(31));
    EXPECT_EQ(found->workspace, kWorkspace);
    EXPECT_EQ(found->login, "ada");
    EXPECT_EQ(found->display_name, "Ada L.");
    EXPECT_EQ(found->role, domain::Role::kApprover);
    EXPECT_EQ(found->password_hash, "$argon2id$x");
    EXPECT_TRUE(found->disabled);
    EXPECT_EQ(found->created_at, kNow);
  }
  EXPECT_FALSE(find(31, kOtherWorkspace));
  EXPECT_FALSE(by_login(kOtherWorkspace, "ada"));
  EXPECT_FALSE(by_login(kWorkspace, "ADA"));
}

TEST_P(PeopleContract, ALoginIsUniquePerWorkspace) {
  insert(person(31));
  const Error e = error_of([&] { insert(person(32)); });
  EXPECT_EQ(e.code(), ErrorCode::kConflict);
  EXPECT_EQ(e.reason(), "login_taken");
  EXPECT_FALSE(find(32));
  EXPECT_EQ(events(), 1);
  insert(person(33, "ada", kOtherWorkspace));
  insert(person(34, "bob"));
  const auto logins = look([](const store::Snapshot& s) {
    std::string text;
    for (const auto& p : s.people().list(kWorkspace)) text += p.login + " ";
    return text;
  });
  EXPECT_EQ(logins, "ada bob ");
}

TEST_P(PeopleContract, APasswordIsSetWithItsEventOrNotAtAll) {
  insert(person(31));
  const auto set = [&](WorkspaceId workspace, std::int64_t id) {
    return change([&](store::Transaction& tx) {
      return tx.people().set_password(workspace, PersonId(id), "new", event_in(workspace));
    });
  };
  EXPECT_FALSE(set(kOtherWorkspace, 31));
  EXPECT_FALSE(set(kWorkspace, 32));
  EXPECT_EQ(events() + events(kOtherWorkspace), 1);
  EXPECT_TRUE(set(kWorkspace, 31));
  EXPECT_EQ(find(31)->password_hash, "new");
  EXPECT_EQ(events(), 2);
}

TEST_P(PeopleContract, ASessionLivesIsTouchedAndEndsOnce) {
  insert(person(31));
  change([](store::Transaction& tx) { tx.sessions().insert(session(61, PersonId(31)), event_in(kWorkspace)); });
  auto found = session_of(61);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->workspace, kWorkspace);
  EXPECT_EQ(found->person, PersonId(31));
  EXPECT_EQ(found->token_hash, std::string("\0hash", 5));
  EXPECT_EQ(found->created_at, kNow);
  EXPECT_EQ(found->last_seen_at, after(1));
  EXPECT_EQ(found->expires_at, after(900));
  EXPECT_EQ(found->ended_at, Instant());
  EXPECT_FALSE(session_of(62));

  const auto touch = [&](Instant now) {
    change([&](store::Transaction& tx) { tx.sessions().touch(SessionId(61), now); });
    return session_of(61)->last_seen_at;
  };
  EXPECT_EQ(touch(after(5)), after(5));
  EXPECT_EQ(touch(after(4)), after(5)) << "time went backwards";
  EXPECT_EQ(events(), 2) << "a touch is not a change";

  const auto end = [&] {
    return change(
        [](store::Transaction& tx) { return tx.sessions().end(SessionId(61), after(7), event_in(kWorkspace)); });
  };
  EXPECT_TRUE(end());
  EXPECT_EQ(session_of(61)->ended_at, after(7));
  EXPECT_FALSE(end());
  EXPECT_EQ(events(), 3);
  EXPECT_EQ(touch(after(8)), after(5)) << "an ended session is not seen any more";
}

TEST_P(PeopleContract, ASignInLinkWorksOnceAndInTime) {
  insert(person(31));
  change([](store::Transaction& tx) {
    tx.sessions().insert_link(link(71, PersonId(31)), event_in(kWorkspace));
    tx.sessions().insert_link(link(72, PersonId(31)), event_in(kWorkspace));
  });
  const auto find_link = [&](std::int64_t id) {
    return look([&](const store::Snapshot& s) { return s.sessions().find_link(SignInLinkId(id)); });
  };
  const auto use = [&](std::int64_t id, Instant now) {
    return change(
        [&](store::Transaction& tx) { return tx.sessions().use_link(SignInLinkId(id), now, event_in(kWorkspace)); });
  };
  ASSERT_TRUE(find_link(71));
  EXPECT_EQ(find_link(71)->person, PersonId(31));
  EXPECT_EQ(find_link(71)->token_hash, std::string("\0hash", 5));
  EXPECT_EQ(find_link(71)->created_at, kNow);
  EXPECT_EQ(find_link(71)->expires_at, after(900));
  EXPECT_EQ(find_link(71)->used_at, Instant());
  EXPECT_FALSE(find_link(73));
  EXPECT_FALSE(use(72, after(900)));
  EXPECT_FALSE(use(73, kNow));
  EXPECT_EQ(events(), 3);

  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> racers;
    for (int i = 0; i < 16; ++i) racers.emplace_back([&] { winners += use(71, after(899)); });
  }
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(find_link(71)->used_at, after(899));
  EXPECT_EQ(events(), 4);
}

TEST_P(PeopleContract, AnAgentComesBackIsTouchedAndRevokedOnce) {
  change([](store::Transaction& tx) {
    tx.agents().insert(agent(21), event_in(kWorkspace));
    auto bare = agent(22);
    bare.scopes.clear();
    bare.owner = PersonId();
    tx.agents().insert(bare, event_in(kWorkspace));
    tx.agents().insert(agent(23, kOtherWorkspace), event_in(kOtherWorkspace));
  });
  engine().reopen();
  const auto found = agent_of(21);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->workspace, kWorkspace);
  EXPECT_EQ(found->owner, PersonId(31));
  EXPECT_EQ(found->name, "claude");
  EXPECT_EQ(found->token_hash, std::string("\0hash", 5));
  EXPECT_EQ(found->scopes, (std::vector<std::string>{"handoffs", "connections:read"}));
  EXPECT_EQ(found->created_at, kNow);
  EXPECT_EQ(found->expires_at, after(9000));
  EXPECT_EQ(found->revoked_at, Instant());
  EXPECT_EQ(found->last_used_at, after(1));
  EXPECT_TRUE(agent_of(22)->scopes.empty());
  EXPECT_FALSE(agent_of(22)->owner.valid());
  EXPECT_EQ(look([](const store::Snapshot& s) { return s.agents().list(kWorkspace).size(); }), 2U);

  const auto revoke = [&](WorkspaceId workspace) {
    return change([&](store::Transaction& tx) {
      return tx.agents().revoke(workspace, AgentId(21), after(3), event_in(workspace));
    });
  };
  const auto touch = [&](Instant now) {
    change([&](store::Transaction& tx) { tx.agents().touch(AgentId(21), now); });
    return agent_of(21)->last_used_at;
  };
  EXPECT_EQ(touch(after(2)), after(2));
  EXPECT_EQ(touch(after(1)), after(2));
  EXPECT_FALSE(revoke(kOtherWorkspace));
  EXPECT_TRUE(revoke(kWorkspace));
  EXPECT_FALSE(revoke(kWorkspace));
  EXPECT_EQ(agent_of(21)->revoked_at, after(3));
  EXPECT_EQ(touch(after(9)), after(2));
  EXPECT_EQ(events(), 3);
}

TEST_P(PeopleContract, AScopeWithASpaceIsRefused) {
  auto bad = agent(21);
  bad.scopes = {"a b"};
  EXPECT_EQ(
      error_of([&] { change([&](store::Transaction& tx) { tx.agents().insert(bad, event_in(kWorkspace)); }); }).code(),
      ErrorCode::kInternal);
  EXPECT_FALSE(agent_of(21));
}

TEST_P(PeopleContract, KeysComeBackInTheirOrder) {
  change([](store::Transaction& tx) {
    tx.keys().insert(key_row(2), event_in(kWorkspace));
    tx.keys().insert(key_row(1), event_in(kWorkspace));
  });
  engine().reopen();
  const auto keys = look([](const store::Snapshot& s) { return s.keys().all(); });
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].id, KeyId(1));
  EXPECT_EQ(keys[1].id, KeyId(2));
  EXPECT_EQ(keys[0].workspace, kWorkspace);
  EXPECT_EQ(keys[0].purpose, "data");
  EXPECT_EQ(keys[0].version, 1);
  EXPECT_EQ(keys[0].master_key_id, "mk_1");
  EXPECT_EQ(keys[0].wrapped, std::string("\0wrapped\xff", 9));
  EXPECT_EQ(keys[0].created_at, kNow);
  EXPECT_EQ(events(), 2);
}

INSTANTIATE_TEST_SUITE_P(Engines, PeopleContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
