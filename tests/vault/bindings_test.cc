// Who may use a secret that lives elsewhere, and that a change between the admin's word and the use is noticed.
#include "vault/bindings.h"

#include "vault/fixture.h"
#include "vault/providers.h"
#include "vault/words.h"

namespace countersign::vault {
namespace {

namespace fs = std::filesystem;
using domain::Owner;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr PersonId kAdmin{30};
constexpr PersonId kAda{31};
constexpr PersonId kBob{32};

class BindingsTest : public StoreTest {
 protected:
  BindingsTest() {
    write_file(secrets / "stripe", "canary-file\n");
    write_file(data / "key", "canary-key");
    Providers providers;
    providers.push_back(env_provider("AGENT_", {{"AGENT_STRIPE", "canary-env"}, {"AGENT_GITHUB", "canary-two"}}));
    providers.push_back(file_provider(secrets, {data}));
    bindings = std::make_unique<Bindings>(store, std::move(providers), clock, ids);
    for (const PersonId person : {kAdmin, kAda, kBob}) {
      store.transact([&](store::Transaction& tx) {
        tx.people().insert(support::person(person.value(), "p" + person.text()),
                           support::event_in(support::kWorkspace));
      });
    }
  }

  domain::Acting admin() const { return {support::kWorkspace, kAdmin, domain::Role::kAdmin, clock.now()}; }
  domain::ProviderBinding bind(std::string provider, std::string item, Owner owner = Owner::user(kAda)) const {
    return bindings->bind(admin(), {std::move(provider), std::move(item), "github", owner});
  }
  std::string binding_refused(const NewBinding& binding) const {
    return reason_of([&] { bindings->bind(admin(), binding); });
  }
  std::vector<std::string> visible_items(PersonId owner, WorkspaceId workspace = support::kWorkspace) const {
    std::vector<std::string> items;
    for (const auto& binding : bindings->visible_to(workspace, owner)) items.push_back(binding.item);
    return items;
  }
  // A connection of Ada's at github that refers to these.
  domain::Connection connection(std::vector<domain::ProviderReference> references) {
    auto made = support::connection(ids.next<ConnectionId>().value());
    made.owner = Owner::user(kAda);
    made.secrets.clear();
    made.references = std::move(references);
    put(made, {});
    return made;
  }
  Fields open(const domain::Connection& connection) {
    return vault.open(domain::Actor::agent(AgentId(21)), connection.workspace, connection.id, "test", *bindings);
  }
  std::string open_refused(const domain::Connection& connection) {
    return reason_of([&] { open(connection); });
  }

  const fs::path secrets = dir.path() / "secrets";
  const fs::path data = dir.path() / "data";
  std::unique_ptr<Bindings> bindings;
};

TEST_F(BindingsTest, AnAdminSeesWhatThereIsAndBindsIt) {
  EXPECT_THAT(bindings->providers(), SizeIs(2));
  EXPECT_THAT(ids_of(bindings->items(admin(), "env")), ElementsAre("AGENT_GITHUB", "AGENT_STRIPE"));
  EXPECT_THAT(bindings->list(admin()), IsEmpty());
  const auto bound = bind("env", "AGENT_STRIPE");
  const auto all = bindings->list(admin());
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].id, bound.id);
  EXPECT_EQ(all[0].provider, "env");
  EXPECT_EQ(all[0].item, "AGENT_STRIPE");
  EXPECT_EQ(all[0].integration, "github");
  EXPECT_EQ(all[0].owner, Owner::user(kAda));
  EXPECT_EQ(all[0].created_by, kAdmin);
  EXPECT_EQ(all[0].created_at, clock.now());
}

TEST_F(BindingsTest, BindingAndUnbindingAreInTheAuditRecord) {
  const auto mine = bind("env", "AGENT_STRIPE");
  bind("file", "stripe", Owner::org());
  bindings->unbind(admin(), mine.id);
  const std::string facts = "{\"integration\":\"github\",\"owner\":\"" + kAda.text() + "\",\"provider\":\"env\"}";
  EXPECT_THAT(events_called("provider_item.bound"),
              ElementsAre(facts + " AGENT_STRIPE",
                          "{\"integration\":\"github\",\"owner\":\"org\",\"provider\":\"file\"} stripe"));
  EXPECT_THAT(events_called("provider_item.unbound"), ElementsAre(facts + " AGENT_STRIPE"));
}

TEST_F(BindingsTest, OnlyAFreshAdminBinds) {
  const NewBinding wanted{"env", "AGENT_STRIPE", "github", Owner::org()};
  domain::Acting acting = admin();
  for (const auto role : {domain::Role::kMember, domain::Role::kApprover}) {
    acting.role = role;
    EXPECT_EQ(reason_of([&] { bindings->bind(acting, wanted); }), "role_needed");
    EXPECT_EQ(reason_of([&] { bindings->unbind(acting, BindingId(1)); }), "role_needed");
    EXPECT_EQ(reason_of([&] { bindings->list(acting); }), "role_needed");
    EXPECT_EQ(reason_of([&] { bindings->items(acting, "env"); }), "role_needed");
  }
  acting = admin();
  const auto bound = bindings->bind(acting, wanted);
  clock.advance(domain::kFreshFor);
  EXPECT_EQ(reason_of([&] { bindings->bind(acting, wanted); }), "step_up_needed");
  bindings->unbind(acting, bound.id);  // taking away is never made harder
  EXPECT_THAT(bindings->list(acting), IsEmpty());
}

TEST_F(BindingsTest, WhatDoesNotResolveIsNotBound) {
  fs::create_hard_link(data / "key", secrets / "innocent");
  EXPECT_EQ(binding_refused({"env", "AGENT_NONE", "github", Owner::org()}), "unknown_provider_item");
  EXPECT_EQ(binding_refused({"env", "PATH", "github", Owner::org()}), "item_not_allowed");
  EXPECT_EQ(binding_refused({"file", "innocent", "github", Owner::org()}), "item_not_allowed");
  EXPECT_EQ(binding_refused({"vault", "a#b", "github", Owner::org()}), "unknown_provider");
  EXPECT_EQ(reason_of([&] { bindings->items(admin(), "vault"); }), "unknown_provider");
  EXPECT_EQ(binding_refused({"env", "AGENT_STRIPE", "github", Owner::user(PersonId(99))}), "unknown_person");
  EXPECT_EQ(binding_refused({"env", "AGENT_STRIPE", "github", Owner::user(PersonId())}), "unknown_person");
  EXPECT_THAT(bindings->list(admin()), IsEmpty());
  EXPECT_THAT(events_called("provider_item.bound"), IsEmpty());
}

TEST_F(BindingsTest, OneItemIsBoundOnceForAnIntegrationAndOwner) {
  bind("env", "AGENT_STRIPE");
  EXPECT_EQ(binding_refused({"env", "AGENT_STRIPE", "github", Owner::user(kAda)}), "bound_already");
  EXPECT_EQ(binding_refused({"env", "AGENT_STRIPE", "stripe", Owner::user(kAda)}), "none");
  EXPECT_EQ(binding_refused({"env", "AGENT_STRIPE", "github", Owner::org()}), "none");
  EXPECT_EQ(binding_refused({"env", "AGENT_STRIPE", "github", {domain::OwnerKind::kOrg, kAda}}), "bound_already")
      << "the org is no person's";
}

TEST_F(BindingsTest, UnbindingWhatIsNotThereSaysSo) {
  const auto bound = bind("env", "AGENT_STRIPE");
  domain::Acting stranger = admin();
  stranger.workspace = support::kOtherWorkspace;
  EXPECT_EQ(reason_of([&] { bindings->unbind(stranger, bound.id); }), "unknown_binding");
  bindings->unbind(admin(), bound.id);
  EXPECT_EQ(reason_of([&] { bindings->unbind(admin(), bound.id); }), "unknown_binding");
}

TEST_F(BindingsTest, AnAgentSeesTheOrgsAndItsOwnersAndNoMore) {
  bind("env", "AGENT_STRIPE", Owner::user(kAda));
  bind("env", "AGENT_GITHUB", Owner::org());
  bind("file", "stripe", Owner::user(kBob));
  EXPECT_THAT(visible_items(kAda), ElementsAre("AGENT_GITHUB", "AGENT_STRIPE"));
  EXPECT_THAT(visible_items(kBob), ElementsAre("stripe", "AGENT_GITHUB"));
  EXPECT_THAT(visible_items(PersonId()), ElementsAre("AGENT_GITHUB"));
  EXPECT_THAT(visible_items(kAda, support::kOtherWorkspace), IsEmpty());
}

TEST_F(BindingsTest, AnUnconfiguredProvidersBindingsAreOutOfSight) {
  bind("env", "AGENT_STRIPE");
  const auto made = connection({{"token", "env", "AGENT_STRIPE"}});
  const Bindings without(store, {}, clock, ids);
  EXPECT_THAT(without.visible_to(support::kWorkspace, kAda), IsEmpty());
  EXPECT_EQ(reason_of([&] { without.check(support::kWorkspace, Owner::user(kAda), "github", made.references[0]); }),
            "unknown_provider_item");
  EXPECT_EQ(reason_of([&] { without.resolve(made); }), "binding_removed");
}

TEST_F(BindingsTest, AReferenceMustBeBoundForExactlyThisUse) {
  bind("env", "AGENT_STRIPE", Owner::user(kAda));
  const auto refusal = [&](WorkspaceId workspace, const Owner& owner, std::string_view integration,
                           domain::ProviderReference reference) {
    return reason_of([&] { bindings->check(workspace, owner, integration, reference); });
  };
  const domain::ProviderReference right{"token", "env", "AGENT_STRIPE"};
  const Owner ada = Owner::user(kAda);
  EXPECT_EQ(refusal(support::kWorkspace, ada, "github", right), "none");
  EXPECT_EQ(refusal(support::kWorkspace, Owner::user(kBob), "github", right), "unknown_provider_item");
  EXPECT_EQ(refusal(support::kWorkspace, Owner::org(), "github", right), "unknown_provider_item");
  EXPECT_EQ(refusal(support::kWorkspace, ada, "stripe", right), "unknown_provider_item");
  EXPECT_EQ(refusal(support::kOtherWorkspace, ada, "github", right), "unknown_provider_item");
  EXPECT_EQ(refusal(support::kWorkspace, ada, "github", {"token", "env", "AGENT_GITHUB"}), "unknown_provider_item");
  EXPECT_EQ(refusal(support::kWorkspace, ada, "github", {"token", "file", "AGENT_STRIPE"}), "unknown_provider_item");
  EXPECT_EQ(refusal(support::kWorkspace, ada, "github", {"token", "vault", "AGENT_STRIPE"}), "unknown_provider_item");
}

TEST_F(BindingsTest, AConnectionOfReferencesOpensToWhatIsThereNow) {
  bind("env", "AGENT_STRIPE");
  bind("file", "stripe");
  const auto made = connection({{"user", "env", "AGENT_STRIPE"}, {"token", "file", "stripe"}});
  EXPECT_EQ(open(made).at("user").reveal(), "canary-env");
  EXPECT_EQ(open(made).at("token").reveal(), "canary-file");
  write_file(secrets / "stripe", "canary-rotated");
  const Fields fields = open(made);
  EXPECT_EQ(fields.at("token").reveal(), "canary-rotated");
  EXPECT_THAT(fields, SizeIs(2));
  EXPECT_THAT(events_called("connection.opened"), ::testing::Each("{\"provider\":\"env file\",\"purpose\":\"test\"} "));
  EXPECT_THAT(events_called("connection.opened"), SizeIs(3));
}

TEST_F(BindingsTest, WithoutItsBindingAConnectionStopsWorking) {
  const auto first = bind("env", "AGENT_STRIPE");
  bind("file", "stripe");
  const auto made = connection({{"user", "file", "stripe"}, {"token", "env", "AGENT_STRIPE"}});
  EXPECT_EQ(open_refused(made), "none");
  bindings->unbind(admin(), first.id);
  EXPECT_EQ(open_refused(made), "binding_removed") << "one of two is not enough";
  bind("env", "AGENT_STRIPE", Owner::user(kBob));
  bind("env", "AGENT_STRIPE", Owner::org());
  EXPECT_EQ(open_refused(made), "binding_removed") << "not for this owner";
  bind("env", "AGENT_STRIPE");
  EXPECT_EQ(open_refused(made), "none");
}

TEST_F(BindingsTest, AllBindingsAreCheckedBeforeAnythingIsAskedFor) {
  bind("file", "stripe");
  const auto made = connection({{"user", "file", "stripe"}, {"token", "env", "AGENT_STRIPE"}});
  fs::remove(secrets / "stripe");
  EXPECT_EQ(open_refused(made), "binding_removed") << "not unknown_provider_item: no file was looked for";
}

TEST_F(BindingsTest, AnItemThatChangesAfterItWasBoundIsNoticed) {
  bind("file", "stripe");
  const auto made = connection({{"token", "file", "stripe"}});
  ASSERT_EQ(open_refused(made), "none");

  fs::remove(secrets / "stripe");
  EXPECT_EQ(open_refused(made), "unknown_provider_item");
  fs::create_symlink(data / "key", secrets / "stripe");
  EXPECT_EQ(open_refused(made), "item_not_allowed");
  fs::remove(secrets / "stripe");
  fs::create_hard_link(data / "key", secrets / "stripe");
  EXPECT_EQ(open_refused(made), "item_not_allowed");
  fs::remove(secrets / "stripe");
  write_file(secrets / "stripe", "canary-back");
  EXPECT_EQ(open_refused(made), "none");
}

TEST_F(BindingsTest, ARevokedConnectionOpensNothing) {
  bind("env", "AGENT_STRIPE");
  const auto made = connection({{"token", "env", "AGENT_STRIPE"}});
  store.transact([&](store::Transaction& tx) {
    return tx.connections().revoke(support::kWorkspace, made.id, clock.now(), support::event_in(support::kWorkspace));
  });
  EXPECT_EQ(open_refused(made), "connection_revoked");
  EXPECT_THAT(events_called("connection.opened"), IsEmpty());
}

}  // namespace
}  // namespace countersign::vault
