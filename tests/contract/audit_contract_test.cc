// The search of the audit log: filters, pages and how far one look goes.
#include "engine.h"

namespace countersign::contract {
namespace {

using namespace support;  // NOLINT: records by the dozen

using Sequences = std::vector<std::int64_t>;

class AuditContract : public StoreContract {
 protected:
  static constexpr std::size_t kFar = 10'000;

  void record(std::string_view action, const domain::Actor& actor = domain::Actor::system(),
              std::string object = "ob_1", long long at = 0, std::string note = "") {
    change([&](store::Transaction& tx) {
      tx.audit().record({kWorkspace, after(at), actor, action, std::move(object), {}, std::move(note)});
    });
  }
  store::AuditPage search(const store::AuditFilter& filter, std::int64_t before = 0, std::size_t limit = 50,
                          std::size_t most_looked_at = kFar, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) {
      return s.audit().search(workspace, 0, filter, before, limit, most_looked_at);
    });
  }
  static Sequences sequences(const store::AuditPage& page) {
    Sequences found;
    for (const store::AuditEntry& entry : page.entries) found.push_back(entry.row.sequence);
    return found;
  }
  Sequences found(const store::AuditFilter& filter) { return sequences(search(filter)); }
};

store::AuditFilter by_action(std::string action) {
  store::AuditFilter filter;
  filter.action = std::move(action);
  return filter;
}

TEST_P(AuditContract, WithoutAFilterEverythingComesNewestFirstAndWhole) {
  record("one", domain::Actor::person(PersonId(31)), "ob_7", 4, "free text");
  record("two");
  change([](store::Transaction& tx) { tx.audit().record(event_in(kOtherWorkspace)); });
  const store::AuditPage page = search({});
  EXPECT_EQ(sequences(page), (Sequences{2, 1}));
  EXPECT_EQ(page.next_before, 0);
  EXPECT_EQ(page.entries[0].note, "");
  EXPECT_EQ(page.entries[1].note, "free text");
  const auto expected = trail();
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(page.entries[i].row.link, expected[1 - i].row.link);
    EXPECT_EQ(domain::link_of(page.entries[i].row, i == 1 ? domain::Link{} : expected[0].row.link, TestMac()),
              page.entries[i].row.link)
        << "every part of the row is what was chained";
  }
  EXPECT_EQ(sequences(search({}, 0, 50, kFar, kOtherWorkspace)), (Sequences{1}));
  EXPECT_TRUE(search({}, 0, 50, kFar, WorkspaceId(13)).entries.empty());
}

TEST_P(AuditContract, AnotherNodesChainIsAnotherChain) {
  record("one");
  EXPECT_TRUE(
      look([](const store::Snapshot& s) { return s.audit().search(kWorkspace, 1, {}, 0, 50, 50); }).entries.empty());
}

TEST_P(AuditContract, EachFilterDemandsItsPartAndTogetherTheyDemandAll) {
  const auto ada = domain::Actor::person(PersonId(31));
  const auto bob = domain::Actor::person(PersonId(32));
  record("handoff.created", ada, "ho_1", 10);
  record("handoff.opened", bob, "ho_1", 20);
  record("handoff.created", bob, "ho_2", 30);
  record("agent.created", ada, "ag_1", 40);

  store::AuditFilter filter;
  filter.actor = bob.text();
  EXPECT_EQ(found(filter), (Sequences{3, 2}));
  filter.object = "ho_1";
  EXPECT_EQ(found(filter), (Sequences{2}));
  filter.action = "handoff.created";
  EXPECT_EQ(found(filter), (Sequences{}));
  filter.actor.clear();
  EXPECT_EQ(found(filter), (Sequences{1}));

  filter = {};
  filter.from = after(20);
  EXPECT_EQ(found(filter), (Sequences{4, 3, 2}));
  filter.until = after(40);
  EXPECT_EQ(found(filter), (Sequences{3, 2})) << "from is in it, until is not";
  filter.from = {};
  EXPECT_EQ(found(filter), (Sequences{3, 2, 1}));
}

TEST_P(AuditContract, AnActionIsAWholeOneUnlessItEndsInADot) {
  record("handoff.created");
  record("handoff.opened");
  record("handoffs.created");
  record("agent.created");
  EXPECT_EQ(found(by_action("handoff.")), (Sequences{2, 1}));
  EXPECT_EQ(found(by_action("handoff")), (Sequences{}));
  EXPECT_EQ(found(by_action("handoff.open")), (Sequences{}));
  EXPECT_EQ(found(by_action("handoff.opened")), (Sequences{2}));
  EXPECT_EQ(found(by_action(".")), (Sequences{}));
}

TEST_P(AuditContract, NoCharacterOfAFilterMeansAnythingElse) {
  record("handoff.created", domain::Actor::person(PersonId(31)), "ho_1");
  record("a'b.c", domain::Actor::anonymous(), "50%");
  for (const std::string text : {"%", "_", "%.", "hand%.", "handoff_created", "*", "' or 1=1 --", "HANDOFF.", "?"}) {
    EXPECT_EQ(found(by_action(text)), (Sequences{})) << text;
    store::AuditFilter filter;
    filter.actor = text;
    EXPECT_EQ(found(filter), (Sequences{})) << text;
    filter = {};
    filter.object = text;
    EXPECT_EQ(found(filter), (Sequences{})) << text;
  }
  EXPECT_EQ(found(by_action("a'b.")), (Sequences{2}));
  store::AuditFilter filter;
  filter.object = "50%";
  EXPECT_EQ(found(filter), (Sequences{2}));
  filter.object = std::string("50%\0", 4);
  EXPECT_EQ(found(filter), (Sequences{}));
}

TEST_P(AuditContract, PagesMeetWithoutGapOrOverlapAndSayWhenThereIsNoMore) {
  for (int i = 1; i <= 9; ++i) record(i % 2 == 0 ? "even" : "odd");
  const auto walk = [&](const store::AuditFilter& filter, std::size_t limit, std::size_t most_looked_at) {
    Sequences all;
    std::int64_t before = 0;
    for (int pages = 0; pages < 20; ++pages) {
      const store::AuditPage page = search(filter, before, limit, most_looked_at);
      const Sequences more = sequences(page);
      EXPECT_LE(more.size(), limit);
      all.insert(all.end(), more.begin(), more.end());
      before = page.next_before;
      if (before == 0) return all;
    }
    ADD_FAILURE() << "the pages never end";
    return all;
  };
  for (const std::size_t limit : {1U, 2U, 3U, 9U, 50U}) {
    for (const std::size_t most_looked_at : {1U, 2U, 3U, 4U, 9U, 10U, 99U}) {
      EXPECT_EQ(walk({}, limit, most_looked_at), (Sequences{9, 8, 7, 6, 5, 4, 3, 2, 1}));
      EXPECT_EQ(walk(by_action("even"), limit, most_looked_at), (Sequences{8, 6, 4, 2}));
      EXPECT_EQ(walk(by_action("never"), limit, most_looked_at), (Sequences{}));
    }
  }
  EXPECT_EQ(search({}, 0, 9).next_before, 0) << "all of them on one page";
  EXPECT_EQ(search({}, 0, 8).next_before, 2);
}

TEST_P(AuditContract, ALookStopsWhereItMayLookNoFurther) {
  record("wanted");
  for (int i = 0; i < 6; ++i) record("other");
  const store::AuditPage page = search(by_action("wanted"), 0, 50, 4);
  EXPECT_TRUE(page.entries.empty());
  EXPECT_EQ(page.next_before, 4) << "4, 5, 6 and 7 were looked at";
  EXPECT_EQ(sequences(search(by_action("wanted"), page.next_before, 50, 4)), (Sequences{1}));
}

TEST_P(AuditContract, ACursorBeyondEitherEndIsHarmless) {
  record("one");
  record("two");
  EXPECT_EQ(sequences(search({}, 1'000'000'000'000, 50, 5)), (Sequences{2, 1}));
  EXPECT_EQ(sequences(search({}, 2)), (Sequences{1}));
  for (const std::int64_t before : {std::int64_t{1}, std::int64_t{-5}}) {
    const store::AuditPage page = search({}, before);
    EXPECT_TRUE(page.entries.empty());
    EXPECT_EQ(page.next_before, 0);
  }
  EXPECT_EQ(sequences(search({}, 0, 0, 0)), (Sequences{2})) << "a look sees something";
}

TEST_P(AuditContract, ATransactionFindsWhatItRecorded) {
  change([](store::Transaction& tx) {
    tx.audit().record(event_in(kWorkspace, "mine"));
    EXPECT_EQ(tx.audit().search(kWorkspace, 0, by_action("mine"), 0, 50, 50).entries.size(), 1U);
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, AuditContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
