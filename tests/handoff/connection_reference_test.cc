// A connection whose secret lives elsewhere: what an agent may ask for, and what a person's yes makes of it.
#include "handoff/fixture.h"

namespace countersign::handoff {
namespace {

using domain::Owner;
using domain::OwnerKind;
using domain::ProviderReference;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConnectionReferenceTest : public ConnectingTest {
 protected:
  static ReferenceRequest request(std::string item = "SHOP_KEY") {
    ReferenceRequest asked;
    asked.integration = "acme";
    asked.name = "shop";
    asked.auth_template = "key";
    asked.identity_label = "the shop's account";
    asked.references = {{"", "env", std::move(item)}};
    return asked;
  }
  static ReferenceRequest request_with(std::string form, std::vector<ProviderReference> references) {
    auto asked = request();
    asked.auth_template = std::move(form);
    asked.references = std::move(references);
    return asked;
  }
  Minted mint(const ReferenceRequest& asked) { return handoffs.mint_connection(agent, asked); }
  std::string refused(const ReferenceRequest& asked) {
    return reason_of([&] { mint(asked); });
  }
  std::string confirm_refused(const Minted& minted, PersonId person = kAda) {
    return reason_of([&] { handoffs.confirm(acting(person), minted.link_token); });
  }
  domain::Connection confirmed(const Minted& minted) {
    handoffs.confirm(acting(kAda), minted.link_token);
    return stored(stored(minted.handoff.id).connection);
  }
  // A connection of Ada's with a secret of its own.
  domain::Connection typed_in(std::string name = "shop") {
    const auto form = handoffs.mint_secret_form(
        agent, {.integration = "acme", .owner = {}, .auth_template = {}, .label = std::move(name), .request_key = {}});
    return std::get<Saved>(handoffs.submit(acting(kAda), form.link_token, typed("sk-1"))).connection;
  }

  const Asker agent = agent_of(kAda);
  const BindingId bound = bind("SHOP_KEY");
};

TEST_F(ConnectionReferenceTest, NothingIsMadeBeforeAPersonSaysYes) {
  const auto minted = mint(request());
  EXPECT_EQ(minted.handoff.kind, domain::HandoffKind::kConfirm);
  EXPECT_EQ(minted.handoff.action, domain::ConfirmAction::kCreateConnection);
  EXPECT_EQ(minted.handoff.subject, kAda);
  EXPECT_EQ(count_connections(), 0U);
  EXPECT_EQ(stored(minted.handoff.id).proposal.references,
            (std::vector<ProviderReference>{{"token", "env", "SHOP_KEY"}}))
      << "the only secret's name was filled in";
}

TEST_F(ConnectionReferenceTest, TheYesMakesItWithoutAnySecret) {
  const auto made = confirmed(mint(request()));
  EXPECT_EQ(made.owner, Owner::user(kAda));
  EXPECT_EQ(made.name, "shop");
  EXPECT_EQ(made.identity_label, "the shop's account");
  EXPECT_EQ(made.auth_template, "key");
  EXPECT_EQ(made.references, (std::vector<ProviderReference>{{"token", "env", "SHOP_KEY"}}));
  EXPECT_THAT(made.secrets, IsEmpty());
  EXPECT_EQ(made.base_url, "") << "the integration's own";
  EXPECT_THAT(store.read([&](const store::Snapshot& now) {
    return now.connections().sealed_fields(support::kWorkspace, made.id);
  }),
              IsEmpty());
  EXPECT_THAT(events("connection.created"), ElementsAre(HasSubstr("person:")));
  EXPECT_EQ(bindings.resolve(made).at("token").reveal(), "k-1");
}

TEST_F(ConnectionReferenceTest, ThePageShowsWhatIsProposed) {
  const auto minted = mint(request());
  const auto look = handoffs.look(acting(kAda), minted.link_token);
  const auto& card = std::get<Card>(look);
  ASSERT_NE(card.auth_template, nullptr);
  EXPECT_EQ(card.auth_template->slug, "key");
  EXPECT_EQ(card.handoff.proposal.name, "shop");
  EXPECT_FALSE(card.connection) << "there is none yet";
}

TEST_F(ConnectionReferenceTest, EachSecretTakesExactlyOneItem) {
  bind("SHOP_ID");
  bind("SHOP_SECRET");
  const ProviderReference id{"id", "env", "SHOP_ID"};
  const ProviderReference secret{"secret", "env", "SHOP_SECRET"};
  EXPECT_EQ(refused(request_with("pair", {secret, id})), "") << "in any order";
  EXPECT_EQ(refused(request_with("pair", {id})), "bad_reference");
  EXPECT_EQ(refused(request_with("pair", {})), "bad_reference");
  EXPECT_EQ(refused(request_with("pair", {id, id})), "bad_reference");
  EXPECT_EQ(refused(request_with("pair", {id, secret, id})), "bad_reference");
  EXPECT_EQ(refused(request_with("pair", {id, {"region", "env", "SHOP_SECRET"}})), "bad_reference") << "not a secret";
  EXPECT_EQ(refused(request_with("pair", {id, {"other", "env", "SHOP_SECRET"}})), "bad_reference");
  EXPECT_EQ(refused(request_with("pair", {{"", "env", "SHOP_ID"}})), "bad_reference") << "which of the two?";
}

TEST_F(ConnectionReferenceTest, OptionalPlainFieldsStayEmpty) {
  bind("SHOP_ID");
  bind("SHOP_SECRET");
  const auto made = confirmed(mint(request_with("pair", {{"id", "env", "SHOP_ID"}, {"secret", "env", "SHOP_SECRET"}})));
  EXPECT_THAT(made.plain_fields, ElementsAre(std::pair<std::string, std::string>("region", "")));
}

TEST_F(ConnectionReferenceTest, WhatOnlyAPersonCanEnterIsRefused) {
  EXPECT_EQ(refused(request_with("login", {{"password", "env", "SHOP_KEY"}})), "bad_reference") << "a user name";
  for (const char* slug : {"any", "zen"}) {
    bind("SHOP_KEY", slug);
    auto asked = request();
    asked.integration = slug;
    EXPECT_EQ(refused(asked), "bad_reference") << slug;
  }
}

TEST_F(ConnectionReferenceTest, ATemplateWithoutCredentialTakesNone) {
  EXPECT_EQ(refused(request_with("open", {{"", "env", "SHOP_KEY"}})), "bad_reference");
  const auto made = confirmed(mint(request_with("open", {})));
  EXPECT_THAT(made.references, IsEmpty());
  EXPECT_THAT(made.secrets, IsEmpty());
}

TEST_F(ConnectionReferenceTest, AnItemThatIsNotBoundForThisOwnerDoesNotExist) {
  EXPECT_EQ(refused(request("SHOP_ID")), "unknown_provider_item");
  EXPECT_EQ(refused(request("NO_SUCH")), "unknown_provider_item");
  auto org = request();
  org.owner = OwnerKind::kOrg;
  EXPECT_EQ(refused(org), "unknown_provider_item") << "bound for Ada alone";
  const Asker bobs = agent_of(kBob);
  EXPECT_EQ(reason_of([&] { handoffs.mint_connection(bobs, request()); }), "unknown_provider_item");
}

TEST_F(ConnectionReferenceTest, TheWordsAreChecked) {
  auto asked = request();
  asked.name = "a\nb";
  EXPECT_EQ(refused(asked), "bad_name");
  asked.name = "";
  EXPECT_EQ(refused(asked), "bad_name");
  asked = request();
  asked.identity_label = std::string(121, 'a');
  EXPECT_EQ(refused(asked), "label_too_long");
  asked = request();
  asked.integration = "acne";
  EXPECT_EQ(refused(asked), "unknown_integration");
  asked = request();
  asked.auth_template = "nope";
  EXPECT_EQ(refused(asked), "unknown_template");
  const Asker workspaces = agent_of({});
  EXPECT_EQ(reason_of([&] { handoffs.mint_connection(workspaces, request()); }), "subject_required");
}

TEST_F(ConnectionReferenceTest, ABindingThatIsGoneByThenStopsTheYes) {
  const auto minted = mint(request());
  bindings.unbind(acting(kCarl), bound);
  EXPECT_EQ(confirm_refused(minted), "binding_removed");
  EXPECT_EQ(count_connections(), 0U);
  EXPECT_EQ(stored(minted.handoff.id).state, domain::kPending) << "still there to be declined, or tried again";
  bind("SHOP_KEY");
  EXPECT_EQ(confirm_refused(minted), "");
}

TEST_F(ConnectionReferenceTest, ANameThatIsTakenByThenStopsTheYes) {
  const auto minted = mint(request());
  typed_in("shop");
  EXPECT_EQ(confirm_refused(minted), "name_taken");
  EXPECT_EQ(stored(minted.handoff.id).state, domain::kPending);
  EXPECT_EQ(count_connections(), 1U);
}

TEST_F(ConnectionReferenceTest, TheOwnersConnectionOfThatNameIsReplaced) {
  const auto before = typed_in("shop");
  const auto minted = mint(request());
  EXPECT_EQ(minted.handoff.action, domain::ConfirmAction::kReplaceConnection);
  EXPECT_EQ(minted.handoff.connection, before.id);
  EXPECT_THAT(stored(before.id).secrets, SizeIs(1)) << "not before the yes";
  const auto after = confirmed(minted);
  EXPECT_EQ(after.id, before.id);
  EXPECT_THAT(after.secrets, IsEmpty());
  EXPECT_EQ(after.references, (std::vector<ProviderReference>{{"token", "env", "SHOP_KEY"}}));
  EXPECT_THAT(store.read([&](const store::Snapshot& now) {
    return now.connections().sealed_fields(support::kWorkspace, before.id);
  }),
              IsEmpty());
  EXPECT_THAT(events("connection.replaced"), SizeIs(1));
  EXPECT_EQ(count_connections(), 1U);
}

TEST_F(ConnectionReferenceTest, ReplacingNeverCrossesOwners) {
  typed_in("shop");
  bind("SHOP_KEY", "acme", Owner::org());
  auto org = request();
  org.owner = OwnerKind::kOrg;
  EXPECT_EQ(mint(org).handoff.action, domain::ConfirmAction::kCreateConnection);
}

TEST_F(ConnectionReferenceTest, WhatWasRemovedMeanwhileIsNotReplaced) {
  const auto before = typed_in("shop");
  const auto minted = mint(request());
  Connections(store, clock).remove(acting(kAda), before.id);
  EXPECT_EQ(confirm_refused(minted), "connection_revoked");
  EXPECT_EQ(stored(minted.handoff.id).state, domain::kPending);
}

TEST_F(ConnectionReferenceTest, TheOrgsNeedAnAdmin) {
  bind("SHOP_KEY", "acme", Owner::org());
  auto org = request();
  org.owner = OwnerKind::kOrg;
  const auto minted = mint(org);
  EXPECT_EQ(confirm_refused(minted, kAda), "sent_to_admins");
  EXPECT_EQ(confirm_refused(minted, kCarl), "");
  EXPECT_EQ(stored(stored(minted.handoff.id).connection).owner, Owner::org());
}

// A001, A009
TEST_F(ConnectionReferenceTest, OnlyTheOwnerSaysYesAndOnlyOnce) {
  const auto minted = mint(request());
  EXPECT_EQ(confirm_refused(minted, kBob), "not_yours");
  EXPECT_EQ(confirm_refused(minted, kCarl), "not_yours") << "an admin neither";
  EXPECT_EQ(confirm_refused(minted), "");
  EXPECT_EQ(confirm_refused(minted), "handoff_completed");
  EXPECT_EQ(count_connections(), 1U);
}

// A007: keys are the agent's own.
TEST_F(ConnectionReferenceTest, A007_ARepeatedRequestIsOneHandoff) {
  auto asked = request();
  asked.request_key = "k1";
  const auto first = mint(asked);
  EXPECT_EQ(mint(asked).link_token, first.link_token);
  auto other = asked;
  other.name = "another";
  EXPECT_EQ(refused(other), "request_key_reused");
  other = asked;
  other.references[0].item = "SHOP_ID";
  EXPECT_EQ(refused(other), "request_key_reused");
  other = asked;
  other.identity_label = "x";
  EXPECT_EQ(refused(other), "request_key_reused");
  const Asker second_agent = agent_of(kAda);
  EXPECT_NE(handoffs.mint_connection(second_agent, asked).link_token, first.link_token);
}

TEST_F(ConnectionReferenceTest, ARepeatedRequestIsAnsweredEvenAfterTheYes) {
  auto asked = request();
  asked.request_key = "k1";
  const auto first = mint(asked);
  confirmed(first);
  bindings.unbind(acting(kCarl), bound);
  const auto again = mint(asked);
  EXPECT_EQ(again.handoff.id, first.handoff.id);
  EXPECT_EQ(again.handoff.state, domain::kCompleted);
}

TEST_F(ConnectionReferenceTest, RemovalsHaveKeysToo) {
  const auto one = typed_in("one");
  const auto two = typed_in("two");
  const auto first = handoffs.mint_removal(agent, one.id, "k1");
  EXPECT_EQ(handoffs.mint_removal(agent, one.id, "k1").handoff.id, first.handoff.id);
  EXPECT_EQ(reason_of([&] { handoffs.mint_removal(agent, two.id, "k1"); }), "request_key_reused");
  EXPECT_EQ(reason_of([&] {
              mint([] {
                auto asked = request();
                asked.request_key = "k1";
                return asked;
              }());
            }),
            "request_key_reused")
      << "one key, one request, whatever it is for";
  handoffs.confirm(acting(kAda), first.link_token);
  EXPECT_EQ(handoffs.mint_removal(agent, one.id, "k1").handoff.state, domain::kCompleted);
  EXPECT_NE(handoffs.mint_removal(agent, two.id, "").handoff.id, handoffs.mint_removal(agent, two.id, "").handoff.id);
}

TEST_F(ConnectionReferenceTest, AnAgentThatWasStoppedSinceItCameInMintsNothing) {
  grants.pause(acting(kAda), agent.agent);
  EXPECT_EQ(refused(request()), "bad_token");
  grants.resume(acting(kAda), agent.agent);
  EXPECT_EQ(refused(request()), "");
  store.transact([&](store::Transaction& tx) {
    tx.agents().set_orphaned(support::kWorkspace, kAda, clock.now(), support::event_in(support::kWorkspace));
  });
  EXPECT_EQ(refused(request()), "bad_token");
}

}  // namespace
}  // namespace countersign::handoff
