// Browser sessions and sign-in links.
#include <thread>

#include "engine.h"

namespace countersign::contract {
namespace {

using namespace support;  // NOLINT: records by the dozen

class SessionsContract : public StoreContract {
 protected:
  void SetUp() override {
    change([](store::Transaction& tx) {
      tx.people().insert(person(31), event_in(kWorkspace));
      tx.people().insert(person(32, "bob"), event_in(kWorkspace));
    });
  }
  void insert(std::int64_t id, std::int64_t person, Instant ended_at = {}) {
    domain::BrowserSession s = session(id, PersonId(person));
    s.ended_at = ended_at;
    change([&](store::Transaction& tx) { tx.sessions().insert(s, event_in(kWorkspace)); });
  }
  void insert_link(std::int64_t id, std::int64_t person, Instant used_at = {}) {
    domain::SignInLink l = link(id, PersonId(person));
    l.used_at = used_at;
    change([&](store::Transaction& tx) { tx.sessions().insert_link(l, event_in(kWorkspace)); });
  }
  std::optional<domain::BrowserSession> find(std::int64_t id) {
    return look([&](const store::Snapshot& s) { return s.sessions().find(SessionId(id)); });
  }
  std::optional<domain::SignInLink> find_link(std::int64_t id) {
    return look([&](const store::Snapshot& s) { return s.sessions().find_link(SignInLinkId(id)); });
  }
  std::vector<std::int64_t> list_of(std::int64_t person, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) {
      std::vector<std::int64_t> ids;
      for (const auto& one : s.sessions().list_of(workspace, PersonId(person))) ids.push_back(one.id.value());
      return ids;
    });
  }
  std::size_t end_all_of(std::int64_t person, SessionId except, WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.sessions().end_all_of(workspace, PersonId(person), except, after(7), event_in(workspace));
    });
  }
};

using Ids = std::vector<std::int64_t>;

TEST_P(SessionsContract, ASessionLivesIsTouchedAndEndsOnce) {
  insert(61, 31);
  engine().reopen();
  auto found = find(61);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->workspace, kWorkspace);
  EXPECT_EQ(found->person, PersonId(31));
  EXPECT_EQ(found->token_hash, std::string("\0hash", 5));
  EXPECT_EQ(found->created_at, kNow);
  EXPECT_EQ(found->last_seen_at, after(1));
  EXPECT_EQ(found->expires_at, after(900));
  EXPECT_EQ(found->ended_at, Instant());
  EXPECT_EQ(found->verified_at, after(2));
  EXPECT_EQ(found->address, "198.51.100.7");
  EXPECT_EQ(found->browser, "Firefox '131' \xc2\xa7");
  EXPECT_FALSE(find(62));

  const auto touch = [&](Instant now) {
    change([&](store::Transaction& tx) { tx.sessions().touch(SessionId(61), now); });
    return find(61)->last_seen_at;
  };
  EXPECT_EQ(touch(after(5)), after(5));
  EXPECT_EQ(touch(after(4)), after(5)) << "time went backwards";
  EXPECT_EQ(events(), 3) << "a touch is not a change";

  const auto end = [&] {
    return change(
        [](store::Transaction& tx) { return tx.sessions().end(SessionId(61), after(7), event_in(kWorkspace)); });
  };
  EXPECT_TRUE(end());
  EXPECT_EQ(find(61)->ended_at, after(7));
  EXPECT_FALSE(end());
  EXPECT_EQ(events(), 4);
  EXPECT_EQ(touch(after(8)), after(5)) << "an ended session is not seen any more";
}

TEST_P(SessionsContract, ASignInLinkWorksOnceAndInTime) {
  insert_link(71, 31);
  insert_link(72, 31);
  engine().reopen();
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
  EXPECT_EQ(find_link(71)->purpose, domain::LinkPurpose::kRecovery);
  EXPECT_FALSE(find_link(73));
  EXPECT_FALSE(use(72, after(900)));
  EXPECT_FALSE(use(73, kNow));
  EXPECT_EQ(events(), 4);

  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> racers;
    racers.reserve(16);
    for (int i = 0; i < 16; ++i) racers.emplace_back([&] { winners += use(71, after(899)); });
  }
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(find_link(71)->used_at, after(899));
  EXPECT_EQ(events(), 5);
}

TEST_P(SessionsContract, AListNamesWhatHasNotEndedNewestFirst) {
  insert(61, 31);
  insert(62, 31, after(3));
  insert(63, 32);
  insert(64, 31);
  EXPECT_EQ(list_of(31), (Ids{64, 61}));
  EXPECT_EQ(list_of(32), (Ids{63}));
  EXPECT_EQ(list_of(31, kOtherWorkspace), (Ids{}));
  EXPECT_EQ(list_of(33), (Ids{}));
}

TEST_P(SessionsContract, EndingAllSparesTheExceptionAndOtherPeople) {
  for (const std::int64_t id : {61, 62, 63}) insert(id, 31);
  insert(64, 32);
  insert(65, 31, after(3));
  const auto before = events();
  EXPECT_EQ(end_all_of(31, SessionId(), kOtherWorkspace), 0U);
  EXPECT_EQ(end_all_of(31, SessionId(62)), 2U);
  EXPECT_EQ(list_of(31), (Ids{62}));
  EXPECT_EQ(find(61)->ended_at, after(7));
  EXPECT_EQ(find(64)->ended_at, Instant());
  EXPECT_EQ(find(65)->ended_at, after(3)) << "it ended before";
  EXPECT_EQ(events(), before + 1) << "one event for all of them";
  EXPECT_EQ(end_all_of(31, SessionId(62)), 0U);
  EXPECT_EQ(events(), before + 1) << "nothing ended, nothing to tell";
  EXPECT_EQ(end_all_of(31, SessionId()), 1U);
  EXPECT_EQ(events(), before + 2);
  EXPECT_EQ(events(kOtherWorkspace), 0);
}

TEST_P(SessionsContract, OnlyALiveSessionIsVerified) {
  insert(61, 31);
  insert(62, 31, after(3));
  const auto verify = [&](std::int64_t id) {
    return change([&](store::Transaction& tx) {
      return tx.sessions().set_verified(SessionId(id), after(9), event_in(kWorkspace));
    });
  };
  const auto before = events();
  EXPECT_TRUE(verify(61));
  EXPECT_EQ(find(61)->verified_at, after(9));
  EXPECT_FALSE(verify(62) || verify(63));
  EXPECT_EQ(find(62)->verified_at, after(2));
  EXPECT_EQ(events(), before + 1);
}

TEST_P(SessionsContract, VoidingTakesAPersonsUnusedLinksAndNothingElse) {
  insert_link(71, 31);
  insert_link(72, 31, after(3));
  insert_link(73, 32);
  insert_link(74, 31);
  const auto void_links = [&](WorkspaceId workspace) {
    return change([&](store::Transaction& tx) {
      return tx.sessions().void_links_of(workspace, PersonId(31), after(7), event_in(workspace));
    });
  };
  const auto before = events();
  EXPECT_EQ(void_links(kOtherWorkspace), 0U);
  EXPECT_EQ(events(kOtherWorkspace), 0);
  EXPECT_EQ(void_links(kWorkspace), 2U);
  EXPECT_EQ(find_link(71)->used_at, after(7));
  EXPECT_EQ(find_link(72)->used_at, after(3));
  EXPECT_EQ(find_link(73)->used_at, Instant());
  EXPECT_EQ(find_link(74)->used_at, after(7));
  EXPECT_EQ(events(), before + 1);
  EXPECT_EQ(void_links(kWorkspace), 0U);
  EXPECT_EQ(events(), before + 1);
  EXPECT_FALSE(change([](store::Transaction& tx) {
    return tx.sessions().use_link(SignInLinkId(71), after(8), event_in(kWorkspace));
  })) << "void is used up";
}

INSTANTIATE_TEST_SUITE_P(Engines, SessionsContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
