// Handoffs and logins on a real store, with a clock that stands still and a provider that a test answers for.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded_file.h"
#include "base/error.h"
#include "handoff/connections.h"
#include "handoff/handoffs.h"
#include "handoff/login.h"
#include "identity/grants.h"
#include "vault/fixture.h"
#include "vault/providers.h"
#include "vault/scripted_client.h"

namespace countersign::handoff {

using namespace std::chrono_literals;

inline constexpr PersonId kAda{31};
inline constexpr PersonId kBob{32};
inline constexpr PersonId kCarl{33};  // an admin

// What an operation throws; an empty reason: nothing.
struct Refused {
  ErrorCode code{};
  std::string reason;
  std::string message;
  std::optional<std::chrono::seconds> wait;
};
inline Refused refused_by(const std::function<void()>& operation) {
  try {
    operation();
  } catch (const Error& error) {
    return {error.code(), error.reason(), error.message(), error.retry_after()};
  }
  return {};
}
inline std::string reason_of(const std::function<void()>& operation) { return refused_by(operation).reason; }

// Lets something happen between an operation's looking and its writing: every one asks for the time in between.
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

class HandoffTest : public ::testing::Test {
 protected:
  HandoffTest() {
    store.start(mac);
    add_person(kAda, "ada", domain::Role::kMember);
    add_person(kBob, "bob", domain::Role::kMember);
    add_person(kCarl, "carl", domain::Role::kAdmin);
  }

  void add_person(PersonId id, std::string login, domain::Role role) {
    auto person = support::person(id.value(), std::move(login));
    person.role = role;
    person.disabled = false;
    store.transact([&](store::Transaction& tx) { tx.people().insert(person, support::event_in(support::kWorkspace)); });
  }
  void disable(PersonId id) {
    store.transact([&](store::Transaction& tx) {
      tx.people().set_disabled(support::kWorkspace, id, true, support::event_in(support::kWorkspace));
    });
  }
  domain::Acting acting(PersonId person) const {
    return {support::kWorkspace, person, person == kCarl ? domain::Role::kAdmin : domain::Role::kMember, clock.now()};
  }
  // An agent of that person's, or the workspace's.
  Asker agent_of(PersonId owner) {
    const auto grant =
        grants.issue(domain::Actor::system(), {.workspace = support::kWorkspace, .owner = owner, .name = "claude"});
    return {support::kWorkspace, grant.agent.id, owner};
  }
  domain::Handoff stored(HandoffId id) const {
    return store.read([&](const store::Snapshot& now) { return now.handoffs().find(support::kWorkspace, id); }).value();
  }
  domain::Connection stored(ConnectionId id) const {
    return store.read([&](const store::Snapshot& now) { return now.connections().find(support::kWorkspace, id); })
        .value();
  }
  std::size_t count_connections() const {
    return store
        .read([&](const store::Snapshot& now) {
          store::ConnectionFilter all;
          all.visible_to = kAda;
          return now.connections().list(support::kWorkspace, all);
        })
        .size();
  }
  // "actor facts | note" of the events of that name, in order; with an empty name, of all.
  std::vector<std::string> events(std::string_view action = {}) const {
    std::vector<std::string> found;
    store.run_read([&](const store::Snapshot& now) {
      now.audit().walk(support::kWorkspace, 0, 0, [&](const domain::AuditRow& row, std::string_view note) {
        if (action.empty() || row.action == action) {
          found.push_back(row.actor + " " + row.facts + " | " + std::string(note));
        }
        return true;
      });
    });
    return found;
  }

  support::TempDir dir;
  support::FakeClock clock;
  support::SeededRandom random;
  IdSource ids{clock};
  crypto::KeyRing ring = make_ring();
  vault::RingMac mac{ring};
  sql::SqliteStore store{sql::SqliteStore::Options{.path = dir.file("db")}};
  identity::Grants grants{store, ring, clock, random, ids};

 private:
  crypto::KeyRing make_ring() {
    const crypto::MasterKey master(crypto::Key::random(random));
    std::vector<crypto::WrappedKey> keys;
    const auto add = [&](crypto::KeyPurpose purpose, WorkspaceId workspace) {
      keys.push_back(crypto::new_key(master, ids.next<KeyId>(), workspace, purpose, 1, clock.now(), random));
    };
    for (const auto purpose : {crypto::KeyPurpose::kAudit, crypto::KeyPurpose::kFingerprint, crypto::KeyPurpose::kLink,
                               crypto::KeyPurpose::kToken}) {
      add(purpose, {});
    }
    add(crypto::KeyPurpose::kData, support::kWorkspace);
    return crypto::KeyRing::open(master, keys);
  }
};

// With integrations, provider items and a provider to try credentials out at.
class ConnectingTest : public HandoffTest {
 protected:
  // Acme has a live test; Zen's host is named by the person, who also names Any's whole base URL.
  static constexpr EmbeddedFile kFiles[] = {{"acme.json", R"({"slug": "acme", "name": "Acme", "description": "d",
        "documentation_url": "https://example.com/docs", "base_urls": ["https://api.acme.example"],
        "templates": [
          {"slug": "key", "kind": "bearer", "label": "API key", "fields": [{"name": "token", "label": "API key"}],
           "live_test": {"path": "/me", "account": ["/email"]}},
          {"slug": "pair", "kind": "custom", "label": "key pair",
           "fields": [{"name": "id", "label": "key id"}, {"name": "secret", "label": "secret key"},
                      {"name": "region", "label": "region", "sensitivity": "plain", "min_length": 0}],
           "placement": {"headers": {"X-Id": "{id}", "X-Secret": "{secret}"}}},
          {"slug": "login", "kind": "basic", "label": "user name and password",
           "fields": [{"name": "user", "label": "user name", "sensitivity": "plain"},
                      {"name": "password", "label": "password"}],
           "placement": {"basic": {"user": "{user}", "password": "{password}"}}},
          {"slug": "open", "kind": "none", "label": "no credential"}]})"},
                                            {"any.json", R"({"slug": "any", "name": "Any", "description": "d",
        "documentation_url": "https://example.com/docs", "base_url": "person_enters",
        "templates": [{"slug": "key", "kind": "bearer", "label": "API key",
                       "fields": [{"name": "token", "label": "API key"}]}]})"},
                                            {"zen.json", R"({"slug": "zen", "name": "Zen", "description": "d",
        "documentation_url": "https://example.com/docs",
        "base_urls": ["https://{subdomain}.zen.example"],
        "templates": [{"slug": "key", "kind": "custom", "label": "API key",
                       "fields": [{"name": "subdomain", "label": "subdomain", "sensitivity": "plain"},
                                  {"name": "token", "label": "API key"}],
                       "placement": {"headers": {"Authorization": "Bearer {token}"}}}]})"}};

  static vault::Providers env_items() {
    vault::Providers providers;
    providers.push_back(
        vault::env_provider("SHOP_", {{"SHOP_KEY", "k-1"}, {"SHOP_ID", "k-2"}, {"SHOP_SECRET", "k-3"}}));
    return providers;
  }
  BindingId bind(std::string item, std::string integration = "acme", domain::Owner owner = domain::Owner::user(kAda)) {
    return bindings.bind(acting(kCarl), {"env", std::move(item), std::move(integration), owner}).id;
  }
  Submission typed(std::string token, LiveCheck check = LiveCheck::kSkip) const {
    Submission submission;
    submission.secrets.emplace("token", Secret(std::move(token)));
    submission.check = check;
    return submission;
  }

  http::ClientResponse answer_of_the_provider(const std::string&) {
    if (during_the_call) std::exchange(during_the_call, {})();
    return provider_answers();
  }
  std::function<http::ClientResponse()> provider_answers = [] { return vault::ScriptedClient::answer(200, "{}"); };
  std::function<void()> during_the_call;

  vault::ScriptedClient client{[this](const std::string& url) { return answer_of_the_provider(url); }};
  catalog::Catalog catalog{kFiles, catalog::Mode::kServe};
  vault::Vault vault{store, ring, clock, random};
  vault::Bindings bindings{store, env_items(), clock, ids};
  Handoffs handoffs{store, catalog, vault, bindings, client, ring, clock, random, ids};
};

}  // namespace countersign::handoff
