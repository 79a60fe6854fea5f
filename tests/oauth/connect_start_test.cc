// What may be asked for, by whom, with which client; and what the person is shown of it.
#include "oauth/connect_fixture.h"

namespace countersign::oauth {
namespace {

class ConnectStartTest : public ConnectTest {
 protected:
  std::string refusal(const ConnectRequest& asked) {
    return reason_of([&] { connect.start(agent, asked); });
  }
  const domain::OAuthClient acme = insert(draft_client());
};

TEST_F(ConnectStartTest, AHandoffOfItsKindWaitsForTheOwner) {
  auto asked = request();
  asked.label = "for the report";
  asked.identity_label = "Ada's Acme";
  const auto minted = start(asked);
  const auto handoff = stored(minted.handoff.id);
  EXPECT_EQ(handoff.kind, domain::HandoffKind::kOAuth);
  EXPECT_EQ(handoff.state, domain::kPending);
  EXPECT_EQ(handoff.subject, kAda);
  EXPECT_EQ(handoff.auth_template, "oauth") << "the first of its kind, not the first of all";
  EXPECT_EQ(handoff.label, "for the report");
  EXPECT_EQ(flow(minted).client, acme.id);
  EXPECT_EQ(flow(minted).name, "Acme");
  EXPECT_EQ(flow(minted).identity_label, "Ada's Acme");
  EXPECT_THAT(flow(minted).scopes, ElementsAre("read", "write")) << "those that are asked without a wish";
  EXPECT_EQ(flow(minted).state_hash, "") << "state is minted when the person leaves, never before (A3)";
  EXPECT_THAT(wire.sent, IsEmpty());
}

TEST_F(ConnectStartTest, ThePersonSeesItAndNobodyElse) {
  const auto minted = start();
  EXPECT_TRUE(std::holds_alternative<handoff::Card>(handoffs.look(acting(kAda), minted.link_token)));
  EXPECT_EQ(std::get<handoff::Refusal>(handoffs.look(acting(kBob), minted.link_token)), handoff::Refusal::kNotYours);
  EXPECT_EQ(reason_of([&] { connect.leave(acting(kBob), minted.link_token, {}); }), "not_yours");
}

TEST_F(ConnectStartTest, TheOtherDoorsDoNotOpenIt) {
  const auto minted = start();
  handoffs.open(acting(kAda), minted.link_token);
  EXPECT_EQ(reason_of([&] { handoffs.submit(acting(kAda), minted.link_token, {}); }), "unknown_handoff");
  EXPECT_EQ(reason_of([&] { handoffs.confirm(acting(kAda), minted.link_token); }), "unknown_handoff");
  EXPECT_EQ(reason_of([&] { clients.enter(acting(kAda), minted.link_token, {}); }), "unknown_handoff");
  handoffs.decline(acting(kAda), minted.link_token);
  EXPECT_EQ(state(minted), domain::kDeclined);
}

TEST_F(ConnectStartTest, WhatDoesNotExistIsSaidSo) {
  EXPECT_EQ(refusal(request("acne")), "unknown_integration");
  auto asked = request();
  asked.auth_template = "key";
  EXPECT_EQ(refusal(asked), "unknown_template") << "not of this kind";
  asked = request();
  asked.client = "nobodys";
  EXPECT_EQ(refusal(asked), "unknown_client");
}

TEST_F(ConnectStartTest, WhatIsMalformedIsRefused) {
  auto asked = request();
  asked.name = "\x1b[31m";
  EXPECT_EQ(refusal(asked), "bad_name");
  asked = request();
  asked.identity_label = std::string(121, 'x');
  EXPECT_EQ(refusal(asked), "label_too_long");
  asked = request();
  asked.redirect_uri = "https://broker.example/oauth/callback/" + acme.id.text() + "/";
  EXPECT_EQ(refusal(asked), "bad_redirect_uri");
  asked.redirect_uri.pop_back();
  EXPECT_EQ(refusal(asked), "");
}

TEST_F(ConnectStartTest, AScopeIsOneOfThoseThatSomebodyDescribes) {
  auto asked = request();
  asked.scopes = {"admin", "admin"};
  EXPECT_THAT(flow(start(asked)).scopes, ElementsAre("admin"));
  for (const char* bad : {"everything", "read write", "", "re\"ad"}) {
    asked.scopes = {bad};
    EXPECT_EQ(refusal(asked), "bad_scope") << bad;
  }
}

TEST_F(ConnectStartTest, AScopeOfTheServersOwnListMayBeAsked) {
  auto client = draft_client();
  client.slug = "wide";
  client.server.scopes = {"everything"};
  insert(client);
  auto asked = request();
  asked.client = "wide";
  asked.scopes = {"everything"};
  EXPECT_EQ(refusal(asked), "");
}

TEST_F(ConnectStartTest, WithoutAListAnyScopeMayBeAsked) {
  insert(draft_client("lax"));
  auto asked = request("lax");
  asked.scopes = {"whatever:it.is"};
  EXPECT_THAT(flow(start(asked)).scopes, ElementsAre("whatever:it.is"));
}

TEST_F(ConnectStartTest, ThePersonsOwnClientGoesBeforeTheOrgs) {
  const auto own = insert(draft_client("acme", domain::Owner::user(kAda)));
  EXPECT_EQ(flow(start()).client, own.id);
}

TEST_F(ConnectStartTest, AnotherPersonsClientIsUnknown) {
  const auto bobs = insert(draft_client("acme", domain::Owner::user(kBob)));
  auto asked = request();
  asked.client = bobs.slug;
  EXPECT_EQ(refusal(asked), "unknown_client");
  EXPECT_EQ(flow(start()).client, acme.id) << "nor is it picked";
}

TEST_F(ConnectStartTest, TheOrgsClientServesAPerson) {
  auto asked = request();
  asked.client = acme.slug;
  EXPECT_EQ(flow(start(asked)).client, acme.id);
  asked.client_owner = domain::OwnerKind::kUser;
  EXPECT_EQ(refusal(asked), "unknown_client") << "that is what was asked for";
}

TEST_F(ConnectStartTest, ARemovedClientIsUnknown) {
  clients.remove(acting(kCarl), acme.id);
  auto asked = request();
  asked.client = acme.slug;
  EXPECT_EQ(refusal(asked), "unknown_client");
}

// Mix-up: what was registered at one server is never shown to another one.
TEST_F(ConnectStartTest, AClientOfAnotherServerIsRefused) {
  auto asked = request();
  asked.client = insert_foreign("as.elsewhere.example").slug;
  EXPECT_EQ(refusal(asked), "client_elsewhere");
  asked.client = insert_foreign("as.acme.example").slug;
  EXPECT_EQ(refusal(asked), "") << "the same endpoints";
  asked.client = insert(draft_client("lax")).slug;
  EXPECT_EQ(refusal(asked), "client_elsewhere");
}

TEST_F(ConnectStartTest, ATemplateWithoutEndpointsTakesAClientOfNoIntegrationButNotAnotherOnes) {
  auto asked = request("any");
  asked.client = insert_foreign("as.elsewhere.example").slug;
  EXPECT_EQ(refusal(asked), "");
  asked.client = acme.slug;
  EXPECT_EQ(refusal(asked), "client_elsewhere");
}

TEST_F(ConnectStartTest, WithoutAClientSomebodyHasToSetOneUp) {
  const auto refused = refused_by([&] { connect.start(agent, request("lax")); });
  EXPECT_EQ(refused.reason, "oauth_client_missing");
  EXPECT_THAT(refused.message, HasSubstr("oauth.clients.createHandoff"));
}

TEST_F(ConnectStartTest, AGrantOfTheWorkspaceAsksForTheOrg) {
  const auto nobodys = agent_of({});
  auto asked = request();
  asked.owner = domain::OwnerKind::kUser;
  EXPECT_EQ(reason_of([&] { connect.start(nobodys, asked); }), "subject_required");
  asked.owner = {};
  const auto minted = std::get<Minted>(connect.start(nobodys, asked));
  EXPECT_EQ(stored(minted.handoff.id).owner, domain::Owner::org());
  EXPECT_EQ(reason_of([&] { connect.leave(acting(kAda), minted.link_token, {}); }), "sent_to_admins");
  leave(minted, {}, kCarl);
  EXPECT_EQ(stored(minted.handoff.id).subject, kCarl);
}

TEST_F(ConnectStartTest, ARetriedRequestShowsTheSameLink) {
  auto asked = request();
  asked.request_key = "k-1";
  const auto first = start(asked);
  EXPECT_EQ(start(asked).link_token, first.link_token);
  asked.scopes = {"admin"};
  EXPECT_EQ(refusal(asked), "request_key_reused");
}

TEST_F(ConnectStartTest, WhatWorksAlreadyIsTheAnswer) {
  grants(tokens());
  const auto made = result(connected(request()));
  EXPECT_EQ(std::get<domain::Connection>(connect.start(agent, request())).id, made);
  auto more = request();
  more.scopes = {"read", "admin"};
  EXPECT_EQ(flow(start(more)).reconnects, made) << "a scope is missing";
  const auto other = insert(draft_client());
  auto by_other = request();
  by_other.client = other.slug;
  EXPECT_EQ(flow(start(by_other)).reconnects, made) << "by another client";
}

TEST_F(ConnectStartTest, TheNameOfAConnectionOfAnotherKindIsTaken) {
  handoff::SecretFormRequest form;
  form.integration = "acme";
  form.auth_template = "key";
  handoff::Submission typed;
  typed.secrets.emplace("token", Secret("sk-1"));
  handoffs.submit(acting(kAda), handoffs.mint_secret_form(agent, form).link_token, std::move(typed));
  EXPECT_EQ(refusal(request()), "name_taken");
  auto asked = request();
  asked.name = "another";
  EXPECT_EQ(refusal(asked), "");
}

// Else there would be a connection without a token, and one that works would go without being revoked.
TEST_F(ConnectStartTest, WhatConsentMadeNoProviderItemReplaces) {
  handoff::ReferenceRequest asked;
  asked.integration = "acme";
  asked.auth_template = "oauth";
  asked.name = "Mine";
  EXPECT_EQ(reason_of([&] { handoffs.mint_connection(agent, asked); }), "bad_reference");
  grants(tokens());
  connected(request());
  asked.name = "Acme";
  asked.auth_template = "key";
  asked.references = {{"token", "env", "ACME_KEY"}};
  EXPECT_EQ(reason_of([&] { handoffs.mint_connection(agent, asked); }), "name_taken");
}

TEST_F(ConnectStartTest, APersonsOwnWishIsOpenedAlready) {
  const auto minted = connect.start_own(acting(kAda), request());
  const auto handoff = stored(minted.handoff.id);
  EXPECT_EQ(handoff.state, domain::kOpened);
  EXPECT_EQ(handoff.subject, kAda);
  EXPECT_FALSE(handoff.agent.valid());
  EXPECT_THAT(events("handoff.created"), ElementsAre(HasSubstr("person:" + kAda.text())));
  auto for_org = request();
  for_org.owner = domain::OwnerKind::kOrg;
  EXPECT_EQ(reason_of([&] { connect.start_own(acting(kAda), for_org); }), "admin_needed");
  EXPECT_EQ(stored(connect.start_own(acting(kCarl), for_org).handoff.id).subject, kCarl);
}

TEST_F(ConnectStartTest, APersonWithoutAWishForANameGetsOneMoreConnection) {
  grants(tokens());
  connected(request());
  const auto second = connect.start_own(acting(kAda), request());
  land(leave(second));
  EXPECT_EQ(stored(result(second)).name, "Acme 2");
}

TEST_F(ConnectStartTest, APersonConnectsTheirOwnAgain) {
  grants(tokens());
  const auto made = result(connected(request()));
  const auto again = connect.reconnect(acting(kAda), made);
  EXPECT_EQ(flow(again).reconnects, made);
  EXPECT_EQ(flow(again).client, acme.id);
  EXPECT_EQ(reason_of([&] { connect.reconnect(acting(kBob), made); }), "unknown_connection");
  EXPECT_EQ(reason_of([&] { connect.reconnect(acting(kAda), ConnectionId(7)); }), "unknown_connection");
}

TEST_F(ConnectStartTest, TheCardSaysWhatIsAskedAndWhere) {
  const auto minted = start();
  const auto card = connect.look(stored(minted.handoff.id));
  ASSERT_THAT(card.scopes, SizeIs(2));
  EXPECT_EQ(card.scopes[0].words, "Read everything");
  EXPECT_EQ(card.leads_to, "as.acme.example");
  EXPECT_EQ(card.client->id, acme.id);
  EXPECT_THAT(card.fields, IsEmpty());
  EXPECT_FALSE(card.reconnects);
}

TEST_F(ConnectStartTest, TheCardShowsAWaiverAndTheFieldsToFillIn) {
  insert(draft_client("lax"));
  const auto lax = connect.look(stored(start("lax").handoff.id));
  EXPECT_EQ(lax.pkce, domain::Pkce::kUnconfirmed);
  EXPECT_EQ(lax.pkce_reason, "Lax does not say that it checks it.");
  insert(draft_client("zen"));
  const auto zen = connect.look(stored(start("zen").handoff.id));
  ASSERT_THAT(zen.fields, SizeIs(1));
  EXPECT_EQ(zen.fields[0]->name, "shop");
  EXPECT_EQ(zen.leads_to, "{shop}.zen.example");
  auto filled_in = draft_client("zen");
  filled_in.plain_fields = {{"shop", "acme"}};
  filled_in.slug = "filled-in";
  insert(filled_in);
  auto asked = request("zen");
  asked.client = "filled-in";
  EXPECT_THAT(connect.look(stored(start(asked).handoff.id)).fields, IsEmpty()) << "the client says it";
  auto any = request("any");
  any.client = insert_foreign("as.elsewhere.example").slug;
  ASSERT_THAT(connect.look(stored(start(any).handoff.id)).fields, SizeIs(1));
  EXPECT_EQ(connect.look(stored(start(any).handoff.id)).fields[0]->name, "base_url");
}

TEST_F(ConnectStartTest, TheCardComparesWhatWasAskedWithWhatWasGranted) {
  grants(tokens(R"(, "scope": "read delete")"));
  const auto card = connect.look(stored(connected(request()).handoff.id));
  ASSERT_THAT(card.missing, SizeIs(1));
  EXPECT_EQ(card.missing[0].words, "Change everything");
  ASSERT_THAT(card.extra, SizeIs(1));
  EXPECT_EQ(card.extra[0].name, "delete");
}

}  // namespace
}  // namespace countersign::oauth
