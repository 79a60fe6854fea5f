#include "identity/audit_trail.h"

#include <algorithm>

#include "fixture.h"

namespace countersign::identity {
namespace {

class AuditTrailTest : public IdentityTest {
 protected:
  const domain::Person boss = add_person("boss", "");
  const domain::Person ada = add_person("ada", "", domain::Role::kMember);

  void note(const domain::Actor& by, std::string_view action, int times = 1) {
    for (int i = 0; i < times; ++i) {
      store.transact([&](store::Transaction& tx) {
        tx.audit().record({workspace, clock.now(), by, action, "ob_1", {}, "a note"});
      });
    }
  }
  std::vector<std::string> actions(const domain::Person& by, const store::AuditFilter& filter) {
    std::vector<std::string> found;
    for (const auto& entry : trail.page(acting(by), filter, 0, 50).entries) found.push_back(entry.row.action);
    return found;
  }
};

TEST_F(AuditTrailTest, AdminSeesEverythingNewestFirstWithNotes) {
  note(domain::Actor::person(ada.id), "test.one");
  note(domain::Actor::system(), "test.two");
  EXPECT_EQ(actions(boss, {}), (std::vector<std::string>{"test.two", "test.one", "person.created", "person.created"}));
  EXPECT_EQ(trail.page(acting(boss), {}, 0, 1).entries[0].note, "a note");
}

TEST_F(AuditTrailTest, OthersSeeWhatTheyDidAndNothingElseWhateverTheyAskFor) {
  note(domain::Actor::person(ada.id), "test.mine");
  note(domain::Actor::person(boss.id), "test.of_boss");
  note(domain::Actor::command_line(), "test.of_operator");
  EXPECT_EQ(actions(ada, {}), std::vector<std::string>{"test.mine"});
  store::AuditFilter of_boss;
  of_boss.actor = domain::Actor::person(boss.id).text();
  EXPECT_EQ(actions(ada, of_boss), std::vector<std::string>{"test.mine"});
  EXPECT_EQ(actions(boss, of_boss), std::vector<std::string>{"test.of_boss"});
  domain::Person approver = ada;
  approver.role = domain::Role::kApprover;
  EXPECT_EQ(actions(approver, of_boss), std::vector<std::string>{"test.mine"});
  store::AuditFilter of_boss_by_action;
  of_boss_by_action.action = "test.of_boss";
  EXPECT_TRUE(actions(ada, of_boss_by_action).empty());
}

TEST_F(AuditTrailTest, OtherWorkspacesRecordIsNotShown) {
  domain::Acting stranger = acting(boss);
  stranger.workspace = WorkspaceId(2);
  EXPECT_TRUE(trail.page(stranger, {}, 0, 50).entries.empty());
}

TEST_F(AuditTrailTest, PageIsNeverLongerThanTwoHundredAndNeverEmptyByRequest) {
  note(domain::Actor::system(), "test.many", 210);
  EXPECT_EQ(trail.page(acting(boss), {}, 0, 100'000).entries.size(), 200U);
  const auto one = trail.page(acting(boss), {}, 0, 0);
  ASSERT_EQ(one.entries.size(), 1U);
  const auto next = trail.page(acting(boss), {}, one.next_before, 1);
  ASSERT_EQ(next.entries.size(), 1U);
  EXPECT_EQ(next.entries[0].row.sequence, one.entries[0].row.sequence - 1);
}

TEST_F(AuditTrailTest, ExportWalksAllPagesUpToItsLimitAndIsAnAdmins) {
  note(domain::Actor::system(), "test.many", 450);
  const auto exported = [&](std::size_t most) {
    std::vector<std::int64_t> sequences;
    store::AuditFilter filter;
    filter.action = "test.many";
    trail.each(acting(boss), filter, most, [&](const auto& entry) { sequences.push_back(entry.row.sequence); });
    EXPECT_TRUE(std::is_sorted(sequences.rbegin(), sequences.rend()));
    EXPECT_EQ(std::adjacent_find(sequences.begin(), sequences.end()), sequences.end()) << "none twice";
    return sequences.size();
  };
  EXPECT_EQ(exported(10'000), 450U);
  EXPECT_EQ(exported(450), 450U);
  EXPECT_EQ(exported(230), 230U);
  EXPECT_EQ(exported(0), 0U);
  EXPECT_EQ(refusal_of([&] { trail.each(acting(ada), {}, 10, [](const auto&) {}); }).reason, "role_needed");
}

TEST_F(AuditTrailTest, ReadingIsNoChange) {
  const auto commits = store.stats().commits;
  trail.page(acting(boss), {}, 0, 50);
  trail.each(acting(boss), {}, 50, [](const auto&) {});
  EXPECT_EQ(store.stats().commits, commits);
}

}  // namespace
}  // namespace countersign::identity
