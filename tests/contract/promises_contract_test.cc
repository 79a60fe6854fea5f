// The three promises of store.h, the audit log and the commit feed.
#include <random>
#include <set>
#include <thread>

#include "engine.h"

namespace countersign::contract {
namespace {

using namespace support;  // NOLINT: records by the dozen

class Promises : public StoreContract {
 protected:
  void mint(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    change([&](store::Transaction& tx) { tx.handoffs().insert(handoff(id, workspace), event_in(workspace)); });
  }
  bool exists(std::int64_t id, WorkspaceId workspace = kWorkspace) {
    return look([&](const store::Snapshot& s) { return s.handoffs().find(workspace, HandoffId(id)).has_value(); });
  }
};

Error planted() { return {ErrorCode::kPermissionDenied, "planted", "no"}; }

TEST_P(Promises, AThrowingClosureLeavesNothingAndItsErrorComesBack) {
  mint(1);
  const Error e = error_of([&] {
    change([](store::Transaction& tx) {
      tx.handoffs().insert(handoff(2), event_in(kWorkspace));
      tx.connections().insert(connection(3), sealed_fields(), event_in(kWorkspace));
      throw planted();
    });
  });
  EXPECT_EQ(e.code(), ErrorCode::kPermissionDenied);
  EXPECT_EQ(e.reason(), "planted");
  EXPECT_FALSE(exists(2));
  EXPECT_EQ(events(), 1);
  mint(4);
  EXPECT_EQ(events(), 2);
}

TEST_P(Promises, AnotherExceptionComesBackAsItIs) {
  EXPECT_THROW(change([](store::Transaction& tx) {
                 tx.handoffs().insert(handoff(2), event_in(kWorkspace));
                 throw std::out_of_range("planted");
               }),
               std::out_of_range);
  EXPECT_FALSE(exists(2));
}

TEST_P(Promises, ATransactionSeesItsOwnChanges) {
  change([](store::Transaction& tx) {
    tx.handoffs().insert(handoff(1), event_in(kWorkspace));
    EXPECT_TRUE(tx.handoffs().find(kWorkspace, HandoffId(1)));
    tx.audit().record(event_in(kWorkspace));
    const auto chains = tx.audit().chains();
    const auto mine = std::find_if(chains.begin(), chains.end(), [](auto& c) { return c.workspace == kWorkspace; });
    ASSERT_NE(mine, chains.end());
    EXPECT_EQ(mine->head.count, 2);
  });
  EXPECT_EQ(events(), 2);
}

// chains() inside a transaction stores the head early; undoing the transaction must undo that too.
TEST_P(Promises, AHeadThatWasReadInAFailedTransactionIsNotKept) {
  mint(1);
  error_of([&] {
    change([](store::Transaction& tx) {
      tx.audit().record(event_in(kWorkspace));
      tx.audit().chains();
      throw planted();
    });
  });
  EXPECT_EQ(events(), 1);
  EXPECT_EQ(chain_problem(), "");
  error_of([&] {
    change([](store::Transaction& tx) {
      tx.audit().record(event_in(kOtherWorkspace));
      tx.audit().chains();
      throw planted();
    });
  });
  EXPECT_EQ(events(kOtherWorkspace), 0);
}

TEST_P(Promises, NoChangeWithoutItsEvent) {
  change([](store::Transaction& tx) {
    tx.people().insert(person(31), event_in(kWorkspace));
    tx.agents().insert(agent(21), event_in(kWorkspace));
    tx.handoffs().insert(handoff(1), event_in(kWorkspace));
    tx.connections().insert(connection(41), sealed_fields(), event_in(kWorkspace));
    tx.sessions().insert(session(61, PersonId(31)), event_in(kWorkspace));
    tx.sessions().insert_link(link(71, PersonId(31)), event_in(kWorkspace));
    tx.handoffs().insert(login_handoff(5), event_in(kWorkspace));
    tx.logins().insert(login(5));
    domain::Login allowed = login(6);
    allowed.allowed_at = kNow;
    tx.logins().insert(allowed);
    domain::Handoff declined = login_handoff(7);
    declined.state = domain::kDeclined;
    tx.handoffs().insert(declined, event_in(kWorkspace));
    tx.logins().insert(login(7));
    tx.bindings().insert(binding(81), event_in(kWorkspace));
  });
  engine().refuse_events();
  using Change = std::function<void(store::Transaction&)>;
  const domain::AuditEvent event = event_in(kWorkspace);
  const std::vector<Change> changes = {
      [&](auto& tx) { tx.handoffs().insert(handoff(2), event); },
      [&](auto& tx) {
        tx.handoffs().advance(kWorkspace, HandoffId(1), domain::kPending, domain::kOpened, {{}, {}, kNow}, event);
      },
      [&](auto& tx) { tx.handoffs().cancel_all_of(kWorkspace, AgentId(21), kNow, event); },
      [&](auto& tx) { tx.connections().insert(connection(42, "b"), sealed_fields(), event); },
      [&](auto& tx) { tx.handoffs().prune_logins(kWorkspace, after(9), 10, event); },
      [&](auto& tx) { tx.logins().mark_remote(HandoffId(5), event); },
      [&](auto& tx) { tx.logins().count_wrong_code(HandoffId(5), event); },
      [&](auto& tx) {
        tx.logins().allow(HandoffId(5), {domain::ScopeSet::all(), {}, "hash", kNow}, event);
      },
      [&](auto& tx) { tx.logins().release(HandoffId(6), AgentId(21), kNow, event); },
      [&](auto& tx) { tx.connections().replace_source(connection(41), event); },
      [&](auto& tx) { tx.connections().revoke(kWorkspace, ConnectionId(41), kNow, event); },
      [&](auto& tx) { tx.people().insert(person(32, "bob"), event); },
      [&](auto& tx) { tx.people().set_password(kWorkspace, PersonId(31), "new", event); },
      [&](auto& tx) { tx.people().set_role(kWorkspace, PersonId(31), domain::Role::kAdmin, event); },
      [&](auto& tx) { tx.people().set_name(kWorkspace, PersonId(31), "new", event); },
      [&](auto& tx) { tx.people().set_disabled(kWorkspace, PersonId(31), false, event); },
      [&](auto& tx) { tx.sessions().insert(session(62, PersonId(31)), event); },
      [&](auto& tx) { tx.sessions().end_all_of(kWorkspace, PersonId(31), SessionId(), kNow, event); },
      [&](auto& tx) { tx.sessions().set_verified(SessionId(61), after(9), event); },
      [&](auto& tx) { tx.sessions().void_links_of(kWorkspace, PersonId(31), kNow, event); },
      [&](auto& tx) { tx.sessions().end(SessionId(61), kNow, event); },
      [&](auto& tx) { tx.sessions().insert_link(link(72, PersonId(31)), event); },
      [&](auto& tx) { tx.sessions().use_link(SignInLinkId(71), kNow, event); },
      [&](auto& tx) { tx.agents().insert(agent(22), event); },
      [&](auto& tx) { tx.agents().revoke(kWorkspace, AgentId(21), kNow, event); },
      [&](auto& tx) { tx.agents().rotate(kWorkspace, AgentId(21), "new", kNow, event); },
      [&](auto& tx) { tx.agents().set_paused(kWorkspace, AgentId(21), kNow, event); },
      [&](auto& tx) { tx.agents().set_orphaned(kWorkspace, PersonId(31), kNow, event); },
      [&](auto& tx) { tx.bindings().insert(binding(82, "OTHER"), event); },
      [&](auto& tx) { tx.bindings().remove(kWorkspace, BindingId(81), event); },
      [&](auto& tx) { tx.keys().insert(key_row(1), event); },
      [&](auto& tx) { tx.audit().record(event); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_THROW(change(changes[i]), Error) << i;
    // Nor when the closure pretends that all is well.
    const Change swallowing = [&](store::Transaction& tx) {
      try {
        changes[i](tx);
      } catch (const Error&) {
      }
    };
    EXPECT_THROW(change(swallowing), Error) << i;
  }
  look([&](const store::Snapshot& s) {
    EXPECT_FALSE(s.handoffs().find(kWorkspace, HandoffId(2)));
    EXPECT_EQ(s.handoffs().find(kWorkspace, HandoffId(1))->state, domain::kPending);
    EXPECT_FALSE(s.connections().find(kWorkspace, ConnectionId(42)));
    EXPECT_EQ(s.connections().find(kWorkspace, ConnectionId(41))->state, domain::ConnectionState::kActive);
    EXPECT_EQ(s.connections().sealed_fields(kWorkspace, ConnectionId(41)).size(), 2U);
    EXPECT_EQ(s.people().list(kWorkspace).size(), 1U);
    EXPECT_EQ(s.people().find(kWorkspace, PersonId(31))->password_hash, "$argon2id$x");
    EXPECT_EQ(s.people().find(kWorkspace, PersonId(31))->role, domain::Role::kApprover);
    EXPECT_EQ(s.people().find(kWorkspace, PersonId(31))->display_name, "Ada L.");
    EXPECT_TRUE(s.people().find(kWorkspace, PersonId(31))->disabled);
    EXPECT_FALSE(s.sessions().find(SessionId(62)));
    EXPECT_EQ(s.sessions().find(SessionId(61))->ended_at, Instant());
    EXPECT_FALSE(s.sessions().find_link(SignInLinkId(72)));
    EXPECT_EQ(s.sessions().find_link(SignInLinkId(71))->used_at, Instant());
    EXPECT_FALSE(s.agents().find(AgentId(22)));
    EXPECT_EQ(s.agents().find(AgentId(21))->revoked_at, Instant());
    EXPECT_TRUE(s.keys().all().empty());
    EXPECT_TRUE(s.handoffs().find(kWorkspace, HandoffId(7)) && s.logins().find(kWorkspace, HandoffId(7)));
    EXPECT_FALSE(s.logins().find(kWorkspace, HandoffId(5))->remote);
    EXPECT_EQ(s.logins().find(kWorkspace, HandoffId(5))->wrong_codes, 1);
    EXPECT_EQ(s.logins().find(kWorkspace, HandoffId(5))->allowed_at, Instant());
    EXPECT_FALSE(s.logins().find(kWorkspace, HandoffId(6))->grant.valid());
    EXPECT_EQ(s.sessions().find(SessionId(61))->verified_at, after(2));
    EXPECT_EQ(s.agents().find(AgentId(21))->token_hash, std::string("\0hash", 5));
    EXPECT_EQ(s.agents().find(AgentId(21))->paused_at, Instant());
    EXPECT_EQ(s.agents().find(AgentId(21))->orphaned_at, Instant());
    EXPECT_FALSE(s.bindings().find(kWorkspace, BindingId(82)));
    EXPECT_TRUE(s.bindings().find(kWorkspace, BindingId(81)));
    return 0;
  });
  EXPECT_EQ(events(), 9);
}

TEST_P(Promises, ASnapshotSeesOneStateThroughout) {
  mint(1);
  std::atomic<bool> stop = false;
  std::jthread mover([&] {
    for (std::int64_t id = 100; !stop; id += 2) {
      change([&](store::Transaction& tx) {
        tx.handoffs().insert(handoff(id), event_in(kWorkspace));
        tx.handoffs().insert(handoff(id + 1), event_in(kWorkspace));
      });
    }
  });
  for (int round = 0; round < 200; ++round) {
    look([&](const store::Snapshot& s) {
      // The head, the number of waiting and the walk are three queries of one moment.
      const auto head_of = [&] {
        std::int64_t count = 0;
        for (const auto& chain : s.audit().chains()) count = chain.workspace == kWorkspace ? chain.head.count : count;
        return count;
      };
      const std::int64_t before = head_of();
      std::int64_t walked = 0;
      s.audit().walk(kWorkspace, 0, 0, [&](const auto&, auto) { return ++walked > 0; });
      EXPECT_EQ(walked, before);
      EXPECT_EQ(head_of(), before);
      EXPECT_EQ(before % 2, 1) << "half a transaction was seen";
      return 0;
    });
  }
  stop = true;
}

// An engine may let a look begin from a state it has at hand, but never from one older than an answer.
TEST_P(Promises, WhatWasAnsweredIsSeenByEveryLookThatFollows) {
  const auto seen = [&](std::int64_t id) {
    return look([&](const store::Snapshot& s) { return s.handoffs().find(kWorkspace, HandoffId(id)).has_value(); });
  };
  mint(1);
  std::atomic<std::int64_t> newest = 1;
  std::atomic<int> missed = 0;
  std::atomic<bool> stop = false;
  {
    std::vector<std::jthread> lookers;
    lookers.reserve(3);
    for (int i = 0; i < 3; ++i) {
      lookers.emplace_back([&] {
        while (!stop) {
          if (!seen(newest)) ++missed;
        }
      });
    }
    for (std::int64_t id = 2; id <= 200; ++id) {
      mint(id);
      newest = id;
      if (!seen(id)) ++missed;
    }
    stop = true;
  }
  EXPECT_EQ(missed, 0);
}

TEST_P(Promises, ConcurrentRequestsShareCommits) {
  constexpr int kThreads = 32;
  constexpr int kEach = 20;
  const auto before = engine().commits();
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) mint(1000 + t * kEach + i);
      });
    }
  }
  EXPECT_EQ(events(), kThreads * kEach);
  EXPECT_LT(engine().commits() - before, kThreads * kEach / 2);
}

TEST_P(Promises, ChainsVerifyAfterAnyMixOfSuccessAndFailure) {
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        std::minstd_rand random(t + 1);
        for (int i = 0; i < 60; ++i) {
          const WorkspaceId workspace{1 + static_cast<std::int64_t>(random() % 3)};
          const auto id = static_cast<std::int64_t>(t) * 1000 + i;
          try {
            change([&](store::Transaction& tx) {
              const auto note = random() % 3 == 0 ? "a note " + std::to_string(id) : "";
              tx.audit().record(event_in(workspace, "test.noted", note));
              tx.handoffs().insert(handoff(random() % 4 == 0 ? 1 : id + 10, workspace), event_in(workspace));
              if (random() % 4 == 0) throw planted();
              tx.audit().record(event_in(WorkspaceId{1 + static_cast<std::int64_t>(random() % 3)}));
            });
          } catch (const Error&) {
          }
        }
      });
    }
  }
  EXPECT_EQ(chain_problem(), "");
  engine().reopen();
  mint(77'777, WorkspaceId(1));
  EXPECT_EQ(chain_problem(), "");
}

TEST_P(Promises, AWalkGivesRowsInOrderWithTheirNotesAndStopsWhenTold) {
  change([](store::Transaction& tx) {
    tx.audit().record(
        {kWorkspace, after(1), domain::Actor::person(PersonId(31)), "one", "ob_1", {{"b", "2"}, {"a", "1"}}, ""});
    tx.audit().record({kWorkspace, after(2), domain::Actor::agent(AgentId(21)), "two", "ob_2", {}, "free text"});
    tx.audit().record({kOtherWorkspace, after(3), domain::Actor::anonymous(), "elsewhere", "", {}, ""});
    tx.audit().record({kWorkspace, after(4), domain::Actor::system(), "three", "ob_3", {}, ""});
  });
  std::vector<domain::AuditRow> rows;
  std::string notes;
  const auto walk = [&](std::int64_t from, std::size_t limit) {
    rows.clear();
    notes.clear();
    look([&](const store::Snapshot& s) {
      s.audit().walk(kWorkspace, 0, from, [&](const domain::AuditRow& row, std::string_view note) {
        rows.push_back(row);
        notes += std::string(note) + "|";
        return rows.size() < limit;
      });
      return 0;
    });
  };
  walk(0, 99);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(notes, "|free text||");
  EXPECT_EQ(rows[0].sequence, 1);
  EXPECT_EQ(rows[0].workspace, kWorkspace);
  EXPECT_EQ(rows[0].at, after(1));
  EXPECT_EQ(rows[0].actor, domain::Actor::person(PersonId(31)).text());
  EXPECT_EQ(rows[0].action, "one");
  EXPECT_EQ(rows[0].object, "ob_1");
  EXPECT_EQ(rows[0].facts, R"({"a":"1","b":"2"})");
  EXPECT_EQ(rows[0].commitment, "");
  EXPECT_EQ(rows[1].commitment, domain::commitment_of("free text", TestMac()));
  walk(1, 99);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].sequence, 2);
  walk(0, 1);
  EXPECT_EQ(rows.size(), 1U);
}

TEST_P(Promises, TheFeedNamesWhatChangedAfterItIsDurableAndNothingElse) {
  mint(1);
  error_of([&] {
    change([](store::Transaction& tx) {
      tx.handoffs().insert(handoff(2), event_in(kWorkspace));
      throw planted();
    });
  });
  change([](store::Transaction& tx) {
    tx.handoffs().advance(kWorkspace, HandoffId(1), domain::kOpened, domain::kCompleting, {{}, {}, kNow},
                          event_in(kWorkspace));
    tx.connections().insert(connection(41), {}, event_in(kWorkspace));
  });
  mint(3);
  EXPECT_EQ(told(), (std::set<std::int64_t>{1, 3, 31, 41}));  // 31: whose they are
}

INSTANTIATE_TEST_SUITE_P(Engines, Promises, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace countersign::contract
