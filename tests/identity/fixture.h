// The whole module on a real store in a folder of its own, with a clock that stands still.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/id_source.h"
#include "crypto/init.h"
#include "crypto/key_ring.h"
#include "crypto/mac.h"
#include "domain/handoff.h"
#include "identity/accounts.h"
#include "identity/audit_trail.h"
#include "identity/grants.h"
#include "identity/people.h"
#include "identity/sessions.h"
#include "identity/sign_in.h"
#include "sql/sqlite_store.h"
#include "support/fake_clock.h"
#include "support/seeded_random.h"

namespace countersign::identity {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class TestChainMac final : public domain::ChainMac {
 public:
  explicit TestChainMac(const crypto::KeyRing& keys) : keys_(keys) {}
  domain::Link mac(std::string_view domain, std::span<const std::string_view> parts) const override {
    std::string joined(domain);
    for (const std::string_view part : parts) (joined += '\0') += part;
    return crypto::mac(keys_.key(crypto::KeyPurpose::kAudit), {joined});
  }

 private:
  const crypto::KeyRing& keys_;
};

struct Recorded {
  domain::AuditRow row;
  std::string note;
};

// What an operation throws, or an empty reason. Each member is what some caller sees.
struct Refused {
  ErrorCode code{};
  std::string reason;
  std::string message;
  seconds wait{};
  friend bool operator==(const Refused&, const Refused&) = default;
};

inline Refused refusal_of(const std::function<void()>& operation) {
  try {
    operation();
  } catch (const Error& error) {
    return {error.code(), error.reason(), error.message(), error.retry_after().value_or(seconds(0))};
  }
  return {};
}

// Lets something happen between an operation's looking and its writing: every one asks for the time just
// before its transaction.
class InterruptedClock final : public Clock {
 public:
  InterruptedClock(const Clock& clock, std::function<void()> interruption)
      : clock_(clock), interruption_(std::move(interruption)) {}
  Instant now() const override {
    if (interruption_) std::exchange(interruption_, {})();
    return clock_.now();
  }
  SteadyInstant steady_now() const override { return clock_.steady_now(); }

 private:
  const Clock& clock_;
  mutable std::function<void()> interruption_;
};

class IdentityTest : public ::testing::Test {
 protected:
  static constexpr std::string_view kPassword = "violet-harbour-tuba";
  static constexpr std::string_view kHome = "192.0.2.7";

  IdentityTest() { store.start(chain_mac); }
  ~IdentityTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  static Secret secret(std::string_view text) { return Secret::copy_of(text); }

  domain::Person add_person(std::string login = "ada", std::string_view password = kPassword,
                            domain::Role role = domain::Role::kAdmin) {
    auto person = people.add(admin, {workspace, std::move(login), "Ada", role});
    if (!password.empty()) people.set_password(admin, workspace, person.id, secret(password));
    return people.get(workspace, person.id);
  }
  SignedIn sign_in_as(std::string_view login, std::string_view password = kPassword, std::string_view address = kHome) {
    return sign_in.with_password(workspace, login, secret(password), {std::string(address), "Test Browser"});
  }
  SignedIn follow(std::string_view link) { return sign_in.with_link(link, {std::string(kHome), "Test Browser"}); }
  // As somebody whose proof of identity is from now.
  domain::Acting acting(const domain::Person& person) const {
    return {person.workspace, person.id, person.role, clock.now()};
  }
  static std::string text(const Secret& token) { return std::string(token.reveal()); }
  std::string wrong(std::string_view login, std::string_view address = kHome) {
    return refusal_of([&] { sign_in_as(login, "not the right one", address); }).reason;
  }

  domain::Handoff add_handoff(AgentId agent, domain::HandoffState state = domain::HandoffState::kPending,
                              PersonId subject = {}) {
    domain::Handoff handoff;
    handoff.id = ids.next<HandoffId>();
    handoff.workspace = workspace;
    handoff.agent = agent;
    handoff.subject = subject;
    handoff.owner = domain::Owner::org();
    handoff.integration = "demo";
    handoff.auth_template = "key";
    handoff.state = state;
    handoff.user_code = "ABCD-EFGH";
    handoff.created_at = clock.now();
    handoff.expires_at = clock.now() + domain::kHandoffLifetime;
    store.transact([&](store::Transaction& tx) {
      tx.handoffs().insert(handoff, {workspace, clock.now(), admin, "handoff.created", handoff.id.text(), {}, {}});
    });
    return handoff;
  }
  domain::HandoffState state_of(HandoffId id) const {
    return store.read([&](const store::Snapshot& at) { return at.handoffs().find(workspace, id); })->state;
  }

  std::vector<Recorded> audit(std::string_view action) const {
    std::vector<Recorded> rows;
    store.run_read([&](const store::Snapshot& at) {
      at.audit().walk(workspace, 0, 0, [&](const domain::AuditRow& row, std::string_view note) {
        if (row.action == action) rows.push_back({row, std::string(note)});
        return true;
      });
    });
    return rows;
  }
  // The facts of the one event of that action.
  std::string facts_of(std::string_view action) const {
    const auto rows = audit(action);
    EXPECT_EQ(rows.size(), 1U) << action;
    return rows.empty() ? "" : rows[0].row.facts;
  }
  // Everything the store has written, log included.
  std::string bytes_on_disk() const {
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      std::ifstream file(entry.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }

  const WorkspaceId workspace{1};
  const domain::Actor admin = domain::Actor::command_line();
  support::FakeClock clock;
  support::SeededRandom random;
  IdSource ids{clock};
  crypto::KeyRing keys = open_ring();
  TestChainMac chain_mac{keys};

 private:
  crypto::KeyRing open_ring() {
    crypto::initialise();
    const crypto::MasterKey master(crypto::Key::random(random));
    std::vector<crypto::WrappedKey> wrapped;
    for (const auto purpose : {crypto::KeyPurpose::kToken, crypto::KeyPurpose::kAudit, crypto::KeyPurpose::kCsrf,
                               crypto::KeyPurpose::kFingerprint}) {
      wrapped.push_back(crypto::new_key(master, ids.next<KeyId>(), {}, purpose, 1, clock.now(), random));
    }
    return crypto::KeyRing::open(master, wrapped);
  }
  static std::filesystem::path new_folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "countersign-XXXXXX";
    return ::mkdtemp(pattern.data());
  }
  const std::filesystem::path folder_ = new_folder();

 protected:
  sql::SqliteStore store{sql::SqliteStore::Options{.path = folder_ / "test.db"}};
  PasswordWorker passwords{crypto::kCheapPasswordCost};
  People people{store, keys, passwords, clock, random, ids};
  Grants grants{store, keys, clock, random, ids};
  SignIn sign_in{store, keys, passwords, clock, random, ids};
  Accounts accounts{store, people, clock};
  Sessions sessions{store, clock};
  AuditTrail trail{store};
};

}  // namespace countersign::identity
