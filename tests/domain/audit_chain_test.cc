// What the chain finds: every edit of every part of a row, removed, added, swapped and cut rows, another key.
#include <gtest/gtest.h>

#include <functional>

#include "base/encoding.h"
#include "domain/audit.h"
#include "support/records.h"
#include "support/test_mac.h"

namespace countersign::domain {
namespace {

using support::TestMac;

std::vector<AuditRow> chain_of(int count, const TestMac& mac, WorkspaceId workspace = support::kWorkspace,
                               int node = 0) {
  std::vector<AuditRow> rows;
  ChainHead head;
  for (int i = 0; i < count; ++i) {
    const auto note = i % 2 == 0 ? "note " + std::to_string(i) : "";
    rows.push_back(row_of(support::event_in(workspace, "test.done", note), head, node, mac));
    head = {rows.back().sequence, rows.back().link};
  }
  return rows;
}

// Where the walk stops: the index of the first row that does not fit, or the number of rows.
std::size_t broken_at(const std::vector<AuditRow>& rows, const TestMac& mac = TestMac(), ChainHead start = {}) {
  ChainWalk walk(mac, start);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!walk.step(rows[i]).empty()) return i;
  }
  return rows.size();
}

TEST(AuditChain, AnUntouchedChainVerifies) {
  const auto rows = chain_of(6, TestMac());
  EXPECT_EQ(broken_at(rows), 6U);
  EXPECT_EQ(rows.front().sequence, 1);
  EXPECT_EQ(rows.back().sequence, 6);
}

TEST(AuditChain, AnEditOfAnyPartOfARowIsFound) {
  const std::vector<std::function<void(AuditRow&)>> edits = {
      [](AuditRow& row) { row.workspace = support::kOtherWorkspace; },
      [](AuditRow& row) { row.node = 1; },
      [](AuditRow& row) { row.at += std::chrono::milliseconds(1); },
      [](AuditRow& row) { row.actor = Actor::person(PersonId(9)).text(); },
      [](AuditRow& row) { row.action = "test.undone"; },
      [](AuditRow& row) { row.object += "x"; },
      [](AuditRow& row) { row.facts = "{}"; },
      [](AuditRow& row) { row.commitment = ""; },
      [](AuditRow& row) { row.link[31] ^= std::byte{1}; },
      [](AuditRow& row) { row.sequence = 7; },
      // Bytes moved over the border between two parts.
      [](AuditRow& row) {
        row.action = "test.doneob";
        row.object = "_1";
      },
  };
  for (std::size_t i = 0; i < edits.size(); ++i) {
    for (std::size_t at : {0U, 2U, 4U}) {  // rows with a note
      auto rows = chain_of(5, TestMac());
      edits[i](rows[at]);
      EXPECT_EQ(broken_at(rows), at) << "edit " << i;
    }
  }
}

TEST(AuditChain, AnEditWithANewLinkMadeByAnotherKeyIsFound) {
  auto rows = chain_of(5, TestMac());
  rows[2].facts = "{}";
  rows[2].link = link_of(rows[2], rows[1].link, TestMac(99));
  EXPECT_EQ(broken_at(rows), 2U);
  EXPECT_EQ(broken_at(chain_of(5, TestMac(99))), 0U) << "a whole chain of another key";
}

TEST(AuditChain, ARemovedRowIsFound) {
  for (std::size_t at = 0; at < 4; ++at) {
    auto rows = chain_of(5, TestMac());
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_EQ(broken_at(rows), at);
    // Nor does closing the gap in the numbers help.
    for (std::size_t i = at; i < rows.size(); ++i) --rows[i].sequence;
    EXPECT_EQ(broken_at(rows), at);
  }
}

TEST(AuditChain, ADoubledAndASwappedRowAreFound) {
  auto doubled = chain_of(5, TestMac());
  doubled.insert(doubled.begin() + 2, doubled[2]);
  EXPECT_EQ(broken_at(doubled), 3U);

  auto swapped = chain_of(5, TestMac());
  std::swap(swapped[1], swapped[2]);
  EXPECT_EQ(broken_at(swapped), 1U);
  std::swap(swapped[1].sequence, swapped[2].sequence);
  EXPECT_EQ(broken_at(swapped), 1U);
}

// The rows alone cannot tell; the count and link kept elsewhere can.
TEST(AuditChain, ACutTailEndsAtAnotherHeadThanTheOneKept) {
  const TestMac mac;
  auto rows = chain_of(5, mac);
  const ChainHead kept{rows.back().sequence, rows.back().link};
  rows.pop_back();
  ChainWalk walk(mac);
  for (const AuditRow& row : rows) EXPECT_EQ(walk.step(row), "");
  EXPECT_NE(walk.head().count, kept.count);
  EXPECT_NE(walk.head().link, kept.link);
}

TEST(AuditChain, ARowOfAnotherChainDoesNotFit) {
  const TestMac mac;
  auto rows = chain_of(5, mac);
  rows[3] = chain_of(5, mac, support::kOtherWorkspace)[3];
  EXPECT_EQ(broken_at(rows), 3U);
  rows[3] = chain_of(5, mac, support::kWorkspace, 1)[3];
  EXPECT_EQ(broken_at(rows), 3U);
}

TEST(AuditChain, AWalkMayStartAtAKnownHead) {
  auto rows = chain_of(5, TestMac());
  const ChainHead known{rows[1].sequence, rows[1].link};
  rows.erase(rows.begin(), rows.begin() + 2);
  EXPECT_EQ(broken_at(rows, TestMac(), known), 3U);
  EXPECT_EQ(broken_at(rows, TestMac(), {known.count, {}}), 0U);
}

TEST(AuditChain, TheWalkSaysInWordsWhatIsWrong) {
  const TestMac mac;
  auto rows = chain_of(3, mac);
  ChainWalk missing(mac);
  EXPECT_EQ(missing.step(rows[1]), "event 1 is missing; the next one found is 2");
  rows[0].action = "other";
  ChainWalk changed(mac);
  EXPECT_NE(changed.step(rows[0]).find("event 1"), std::string::npos);
}

TEST(AuditNote, AnErasedNoteStillVerifiesAndAWrongOneIsFound) {
  const TestMac mac;
  const auto rows = chain_of(1, mac);
  // The row holds the commitment alone: whether the note is still there makes no difference to the chain.
  EXPECT_EQ(broken_at(rows), 1U);
  EXPECT_EQ(rows[0].commitment, commitment_of("note 0", mac));
  EXPECT_NE(rows[0].commitment, commitment_of("note 1", mac));
  EXPECT_NE(rows[0].commitment, commitment_of("note 0", TestMac(99))) << "nobody can guess notes without the key";
  EXPECT_EQ(rows[0].facts.find("note 0"), std::string::npos);
}

TEST(AuditNote, NoNoteHasNoCommitment) { EXPECT_EQ(chain_of(2, TestMac())[1].commitment, ""); }

TEST(AuditEvent, TheSameFactsGiveTheSameBytesInAnyOrder) {
  AuditEvent event = support::event_in(support::kWorkspace);
  event.facts = {{"b", "2"}, {"a", "quote \" and \n"}};
  const auto one = row_of(event, {}, 0, TestMac());
  std::swap(event.facts[0], event.facts[1]);
  const auto other = row_of(event, {}, 0, TestMac());
  EXPECT_EQ(one.facts, R"({"a":"quote \" and \n","b":"2"})");
  EXPECT_EQ(one.link, other.link);
}

TEST(AuditEvent, ActorsNameTheirKindAndId) {
  EXPECT_EQ(Actor::system().text(), "system");
  EXPECT_EQ(Actor::anonymous().text(), "anonymous");
  EXPECT_EQ(Actor::command_line().text(), "operator");
  EXPECT_EQ(Actor::person(PersonId(5)).text(), "person:" + PersonId(5).text());
  EXPECT_EQ(Actor::agent(AgentId(5)).text(), "agent:" + AgentId(5).text());
}

}  // namespace
}  // namespace countersign::domain
