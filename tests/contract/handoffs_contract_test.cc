#include <set>
#include <thread>

#include "engine.h"

namespace countersign::contract::handoffs {
namespace {

using namespace support;  // NOLINT: records by the dozen
using domain::Handoff;
using domain::HandoffState;
using domain::Role;

class HandoffsContract : public StoreContract {
 protected:
  void insert(const Handoff& h) {
    change([&](store::Transaction& tx) { tx.handoffs().insert(h, event_in(h.workspace)); });
  }
  std::optional<Handoff> find(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.handoffs().find(workspace, HandoffId(id)); });
  }
  bool advance(std::int64_t id, HandoffState from, HandoffState to, store::HandoffStep step = {{}, {}, kNow},
               WorkspaceId workspace = kWorkspace) {
    return change([&](store::Transaction& tx) {
      return tx.handoffs().advance(workspace, HandoffId(id), from, to, step, event_in(workspace));
    });
  }
  std::vector<std::int64_t> waiting(PersonId person, Role role, Instant now = kNow) {
    return look([&](const store::Snapshot& s) {
      std::vector<std::int64_t> ids;
      for (const Handoff& h : s.handoffs().waiting_for(kWorkspace, person, role, now)) ids.push_back(h.id.value());
      return ids;
    });
  }
};

void expect_same(const Handoff& a, const Handoff& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.workspace, b.workspace);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.agent, b.agent);
  EXPECT_EQ(a.owner, b.owner);
  EXPECT_EQ(a.subject, b.subject);
  EXPECT_EQ(a.integration, b.integration);
  EXPECT_EQ(a.auth_template, b.auth_template);
  EXPECT_EQ(a.label, b.label);
  EXPECT_EQ(a.user_code, b.user_code);
  EXPECT_EQ(a.action, b.action);
  EXPECT_EQ(a.connection, b.connection);
  EXPECT_EQ(a.request_key, b.request_key);
  EXPECT_EQ(a.request_digest, b.request_digest);
  EXPECT_EQ(a.created_at, b.created_at);
  EXPECT_EQ(a.expires_at, b.expires_at);
  EXPECT_EQ(a.settled_at, b.settled_at);
  EXPECT_EQ(a.proposal.name, b.proposal.name);
  EXPECT_EQ(a.proposal.identity_label, b.proposal.identity_label);
  EXPECT_EQ(a.proposal.references, b.proposal.references);
}

TEST_P(HandoffsContract, WhatIsInsertedComesBackAfterAReopenToo) {
  Handoff h = handoff(1);
  h.request_key = "key 1";
  h.settled_at = after(5);
  insert(h);
  ASSERT_TRUE(find(1));
  expect_same(*find(1), h);
  engine().reopen();
  ASSERT_TRUE(find(1));
  expect_same(*find(1), h);
  EXPECT_EQ(events(), 1);
}

TEST_P(HandoffsContract, EveryKindAndActionIsStored) {
  std::int64_t id = 0;
  for (std::size_t kind = 0; kind < domain::kHandoffKindNames.names.size(); ++kind) {
    for (std::size_t action = 0; action < domain::kConfirmActionNames.names.size(); ++action) {
      Handoff h = handoff(++id);
      h.kind = static_cast<domain::HandoffKind>(kind);
      h.action = static_cast<domain::ConfirmAction>(action);
      insert(h);
      ASSERT_TRUE(find(id));
      expect_same(*find(id), h);
    }
  }
}

TEST_P(HandoffsContract, AProposalMayHaveAnyOfItsPartsOrNone) {
  const domain::ProviderReference reference{"", "env", "X"};
  const std::vector<domain::Proposal> proposals = {{}, {"name", "", {}}, {"", "label", {}}, {"", "", {reference}}};
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    Handoff h = handoff(static_cast<std::int64_t>(i) + 1);
    h.proposal = proposals[i];
    insert(h);
    expect_same(*find(static_cast<std::int64_t>(i) + 1), h);
  }
}

TEST_P(HandoffsContract, AnotherWorkspacesRowDoesNotExist) {
  insert(handoff(1));
  EXPECT_FALSE(find(1, kOtherWorkspace));
  EXPECT_FALSE(advance(1, domain::kPending, domain::kOpened, {{}, {}, kNow}, kOtherWorkspace));
  EXPECT_EQ(find(1)->state, domain::kPending);
  EXPECT_EQ(events(kOtherWorkspace), 0);
  const auto cancelled = change([&](store::Transaction& tx) {
    return tx.handoffs().cancel_all_of(kOtherWorkspace, AgentId(21), kNow, event_in(kOtherWorkspace));
  });
  EXPECT_TRUE(cancelled.empty());
  EXPECT_EQ(events(kOtherWorkspace), 0);
}

TEST_P(HandoffsContract, ARequestKeyIsUniquePerAgent) {
  Handoff h = handoff(1);
  h.request_key = "again";
  insert(h);
  h.id = HandoffId(2);
  const Error e = error_of([&] { insert(h); });
  EXPECT_EQ(e.code(), ErrorCode::kConflict);
  EXPECT_EQ(e.reason(), "request_key_taken");
  EXPECT_FALSE(find(2));
  EXPECT_EQ(events(), 1);

  h.agent = AgentId(22);
  insert(h);
  const auto by_key = [&](std::int64_t agent, std::string_view key) {
    return look([&](const store::Snapshot& s) {
      const auto found = s.handoffs().find_by_request_key(AgentId(agent), key);
      return found ? found->id.value() : 0;
    });
  };
  EXPECT_EQ(by_key(21, "again"), 1);
  EXPECT_EQ(by_key(22, "again"), 2);
  EXPECT_EQ(by_key(21, "other"), 0);
}

TEST_P(HandoffsContract, NoRequestKeyIsNoKey) {
  insert(handoff(1));
  insert(handoff(2));
  EXPECT_TRUE(find(2));
  EXPECT_FALSE(look([](const store::Snapshot& s) { return s.handoffs().find_by_request_key(AgentId(21), ""); }));
}

// A retried mint in one transaction: the conflict is found, caught, and the first handoff read.
TEST_P(HandoffsContract, AConflictMayBeCaughtInsideTheTransaction) {
  Handoff h = handoff(1);
  h.request_key = "again";
  insert(h);
  const std::int64_t found = change([&](store::Transaction& tx) {
    Handoff second = h;
    second.id = HandoffId(2);
    try {
      tx.handoffs().insert(second, event_in(kWorkspace));
    } catch (const Error&) {
      return tx.handoffs().find_by_request_key(h.agent, h.request_key)->id.value();
    }
    return std::int64_t{0};
  });
  EXPECT_EQ(found, 1);
  EXPECT_EQ(events(), 1);
}

// Every pair of states, from a row that stands in `from`: only edges are taken, everything else is our defect.
TEST_P(HandoffsContract, OnlyEdgesOfTheMachineAreTaken) {
  const auto edges = domain::kHandoffEdges;
  std::int64_t id = 0;
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t to = 0; to < 9; ++to) {
      Handoff h = handoff(++id);
      h.state = static_cast<HandoffState>(from);
      insert(h);
      const auto target = static_cast<HandoffState>(to);
      const bool legal = std::any_of(edges.begin(), edges.end(),
                                     [&](const auto& edge) { return edge.from == h.state && edge.to == target; });
      if (!legal) {
        EXPECT_EQ(error_of([&] { advance(id, h.state, target); }).code(), ErrorCode::kInternal);
        EXPECT_EQ(find(id)->state, h.state);
        continue;
      }
      EXPECT_TRUE(advance(id, h.state, target)) << from << " to " << to;
      EXPECT_EQ(find(id)->state, target);
      EXPECT_EQ(find(id)->settled_at, domain::is_settled(target) ? kNow : Instant()) << from << " to " << to;
    }
  }
}

TEST_P(HandoffsContract, AdvanceFromAnotherStateChangesNothing) {
  insert(handoff(1));
  EXPECT_FALSE(advance(1, domain::kOpened, domain::kCompleting));
  EXPECT_FALSE(advance(77, domain::kPending, domain::kOpened));
  expect_same(*find(1), handoff(1));
  EXPECT_EQ(events(), 1);
}

TEST_P(HandoffsContract, AStepSetsSubjectAndConnectionAndKeepsThemOtherwise) {
  Handoff h = handoff(1);
  h.subject = PersonId();
  h.connection = ConnectionId();
  insert(h);
  EXPECT_TRUE(advance(1, domain::kPending, domain::kOpened, {PersonId(32), {}, kNow}));
  EXPECT_EQ(find(1)->subject, PersonId(32));
  EXPECT_TRUE(advance(1, domain::kOpened, domain::kCompleting));
  EXPECT_EQ(find(1)->subject, PersonId(32));
  EXPECT_TRUE(advance(1, domain::kCompleting, domain::kCompleted, {{}, ConnectionId(42), after(3)}));
  EXPECT_EQ(find(1)->connection, ConnectionId(42));
  EXPECT_EQ(find(1)->subject, PersonId(32));
  EXPECT_EQ(find(1)->settled_at, after(3));
}

TEST_P(HandoffsContract, AnExpiredHandoffTakesNoStepButExpire) {
  insert(handoff(1));
  const store::HandoffStep late{{}, {}, after(600)};  // exactly the deadline
  EXPECT_FALSE(advance(1, domain::kPending, domain::kOpened, late));
  EXPECT_FALSE(advance(1, domain::kPending, domain::kCancelled, late));
  EXPECT_FALSE(advance(1, domain::kPending, domain::kLocked, late));
  EXPECT_TRUE(advance(1, domain::kPending, domain::kExpired, late));

  insert(handoff(2));
  EXPECT_TRUE(advance(2, domain::kPending, domain::kOpened, {{}, {}, after(599)}));
  EXPECT_FALSE(advance(2, domain::kOpened, domain::kCompleting, late));

  Handoff claimed = handoff(3);
  claimed.state = domain::kCompleting;  // out of the deadline's reach until it settles
  insert(claimed);
  EXPECT_TRUE(advance(3, domain::kCompleting, domain::kCompleted, late));
}

TEST_P(HandoffsContract, WaitingForShowsOnesOwnAndToAdminsTheUnclaimed) {
  insert(handoff(1));
  Handoff other = handoff(2);
  other.subject = PersonId(32);
  insert(other);
  Handoff unclaimed = handoff(3);
  unclaimed.subject = PersonId();
  insert(unclaimed);
  Handoff opened = handoff(4);
  opened.state = domain::kOpened;
  insert(opened);
  Handoff settled = handoff(5);
  settled.state = domain::kCompleted;
  insert(settled);
  Handoff expired = handoff(6);
  expired.expires_at = kNow;
  insert(expired);
  Handoff elsewhere = handoff(7, kOtherWorkspace);
  insert(elsewhere);
  Handoff longer = handoff(900'000);
  longer.expires_at = after(1);  // newest, though its deadline comes first
  insert(longer);

  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(waiting(PersonId(31), Role::kMember), (Ids{900'000, 4, 1}));
  EXPECT_EQ(waiting(PersonId(31), Role::kAdmin), (Ids{900'000, 4, 3, 1}));
  EXPECT_EQ(waiting(PersonId(32), Role::kApprover), (Ids{2}));
  EXPECT_EQ(waiting(PersonId(31), Role::kMember, after(600)), (Ids{}));
}

TEST_P(HandoffsContract, ALoginWaitsForWhoeverOpenedItAndBeforeThatForNobody) {
  insert(login_handoff(1));
  Handoff claimed = login_handoff(2);
  claimed.subject = PersonId(31);
  claimed.state = domain::kOpened;
  insert(claimed);
  Handoff unclaimed = handoff(3);
  unclaimed.subject = PersonId();
  insert(unclaimed);
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(waiting(PersonId(31), Role::kAdmin), (Ids{3, 2}));
  EXPECT_EQ(waiting(PersonId(31), Role::kMember), (Ids{2}));
  EXPECT_EQ(waiting(PersonId(32), Role::kAdmin), (Ids{3}));
}

TEST_P(HandoffsContract, CancelAllOfAnAgentTakesWhatIsOpenAndNothingElse) {
  for (const std::int64_t id : {1, 2, 3, 4, 5}) {
    Handoff h = handoff(id);
    if (id == 2) h.state = domain::kOpened;
    if (id == 3) h.state = domain::kCompleting;
    if (id == 4) h.agent = AgentId(22);
    if (id == 5) h.expires_at = kNow;
    insert(h);
  }
  const auto cancel = [&] {
    return change([&](store::Transaction& tx) {
      return tx.handoffs().cancel_all_of(kWorkspace, AgentId(21), kNow, event_in(kWorkspace));
    });
  };
  const auto cancelled = cancel();
  EXPECT_EQ(std::set<HandoffId>(cancelled.begin(), cancelled.end()), (std::set{HandoffId(1), HandoffId(2)}));
  EXPECT_EQ(find(1)->state, domain::kCancelled);
  EXPECT_EQ(find(1)->settled_at, kNow);
  EXPECT_EQ(find(2)->state, domain::kCancelled);
  EXPECT_EQ(find(3)->state, domain::kCompleting);
  EXPECT_EQ(find(4)->state, domain::kPending);
  EXPECT_EQ(find(5)->state, domain::kPending);
  std::set<std::string> objects;
  for (const store::AuditEntry& one : trail()) {
    if (one.row.sequence > 5) objects.insert(one.row.object);
  }
  EXPECT_EQ(objects, (std::set{HandoffId(1).text(), HandoffId(2).text()})) << "an event for each";
  EXPECT_EQ(events(), 7);
  EXPECT_TRUE(cancel().empty());
  EXPECT_EQ(events(), 7);
}

// Pages of a person wake by the person's key, those that show what is nobody's yet by the workspace's.
TEST_P(HandoffsContract, EveryChangeIsToldToTheAgentAndToThePagesThatShowIt) {
  using Keys = std::set<std::int64_t>;
  Handoff mine = handoff(1);
  mine.subject = PersonId(301);
  insert(mine);
  EXPECT_EQ(told(), (Keys{1, 301}));
  EXPECT_FALSE(advance(1, domain::kOpened, domain::kCompleting));
  EXPECT_EQ(told(), (Keys{})) << "nothing changed";
  EXPECT_TRUE(advance(1, domain::kPending, domain::kOpened));
  EXPECT_EQ(told(), (Keys{1, 301}));

  Handoff anybodys = handoff(2);
  anybodys.subject = PersonId();
  insert(anybodys);
  EXPECT_EQ(told(), (Keys{2, kWorkspace.value()}));
  EXPECT_TRUE(advance(2, domain::kPending, domain::kOpened, {PersonId(302), {}, kNow}));
  EXPECT_EQ(told(), (Keys{2, 302, kWorkspace.value()})) << "it goes from one to the other";
  EXPECT_TRUE(advance(2, domain::kOpened, domain::kCompleting));
  EXPECT_EQ(told(), (Keys{2, 302}));

  anybodys.id = HandoffId(3);
  insert(anybodys);
  told();
  change(
      [](store::Transaction& tx) { tx.handoffs().cancel_all_of(kWorkspace, AgentId(21), kNow, event_in(kWorkspace)); });
  EXPECT_EQ(told(), (Keys{1, 301, 3, kWorkspace.value()}));
}

TEST_P(HandoffsContract, OfManyWhoRaceForOneStepExactlyOneWins) {
  insert(handoff(1));
  std::atomic<int> winners = 0;
  std::atomic<bool> go = false;
  {
    std::vector<std::jthread> racers;
    racers.reserve(64);
    for (int i = 0; i < 64; ++i) {
      racers.emplace_back([&, i] {
        while (!go) std::this_thread::yield();
        if (advance(1, domain::kPending, domain::kOpened, {PersonId(100 + i), {}, kNow})) ++winners;
      });
    }
    go = true;
  }
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(events(), 2);
  EXPECT_GE(find(1)->subject, PersonId(100));
}

INSTANTIATE_TEST_SUITE_P(Engines, HandoffsContract, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract::handoffs
