// Our registrations: how one comes to be, who may set it up, what is kept of it and what anybody may read.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "oauth/connect_fixture.h"

namespace countersign::oauth {
namespace {

class ClientsTest : public ConnectTest {
 protected:
  ClientRequest request(domain::ClientChange change, std::string integration = "acme") {
    ClientRequest asked;
    asked.change = change;
    asked.integration = std::move(integration);
    return asked;
  }
  ClientRequest enter_request(std::string integration = "acme") {
    return request(domain::ClientChange::kEnter, std::move(integration));
  }
  // One of the agent's own choice.
  ClientRequest foreign_request() {
    auto asked = enter_request("");
    asked.slug = "mine";
    asked.server.authorization_endpoint = "https://as.elsewhere.example/authorize";
    asked.server.token_endpoint = "https://tokens.elsewhere.example/token";
    return asked;
  }
  ClientForm form(std::string secret = "client-secret-canary-1") {
    ClientForm typed;
    typed.client_id = "client-1";
    typed.client_secret = Secret(std::move(secret));
    return typed;
  }
  domain::OAuthClient enter(const Minted& minted, PersonId who = kAda) {
    return std::get<domain::OAuthClient>(clients.enter(acting(who), minted.link_token, form()));
  }
  // The fields with problems.
  std::vector<std::string> problems(const Minted& minted, ClientForm typed, PersonId who = kAda) {
    std::vector<std::string> fields;
    const auto saved = clients.enter(acting(who), minted.link_token, std::move(typed));
    const auto* found = std::get_if<std::vector<FieldProblem>>(&saved);
    if (found == nullptr) return {"saved"};
    for (const FieldProblem& problem : *found) {
      EXPECT_THAT(problem.message, Not(HasSubstr("canary")));
      fields.push_back(problem.field);
    }
    return fields;
  }
  std::string refusal(const ClientRequest& asked) {
    return reason_of([&] { clients.mint(agent, asked); });
  }
  std::string secret_of(const domain::OAuthClient& client) { return std::string(clients.open(client).secret.reveal()); }
  // Found registers clients; with that in its metadata.
  void offers(std::string more) {
    describes(R"(, "registration_endpoint": "https://as.found.example/register")" + std::move(more));
    answers("https://as.found.example/register", 201, R"({"client_id": "dyn-1"})");
  }
  Clients at(std::string url, bool reachable) {
    ClientOptions options;
    options.public_url = std::move(url);
    options.reachable = reachable;
    return Clients(parts_on(store), discovery, calls, options);
  }
};

// --- by an agent's wish ---

TEST_F(ClientsTest, APersonEntersWhatTheAgentNeverSees) {
  const auto minted = clients.mint(agent, enter_request());
  EXPECT_EQ(stored(minted.handoff.id).kind, domain::HandoffKind::kOAuthClient);
  const auto card = clients.look(acting(kAda), stored(minted.handoff.id));
  const auto client = enter(minted);
  EXPECT_EQ(state(minted), domain::kCompleted);
  EXPECT_EQ(card.redirect_uri, clients.redirect_uri(client.id)) << "what the page shows is what it gets";
  EXPECT_EQ(client.slug, "acme");
  EXPECT_EQ(client.owner, domain::Owner::user(kAda));
  EXPECT_EQ(client.origin, domain::ClientOrigin::kManual);
  EXPECT_EQ(client.server.token_endpoint, "https://as.acme.example/token");
  EXPECT_EQ(secret_of(client_of(client.id).value()), "client-secret-canary-1");
  EXPECT_EQ(client_of(client.id)->secrets.at(0).last4, "ry-1");
  EXPECT_THAT(clients.list(agent, "acme"), SizeIs(1));
}

TEST_F(ClientsTest, NoSecretIsInTheRecord) {
  enter(clients.mint(agent, enter_request()));
  EXPECT_THAT(events("oauth_client.created"), ElementsAre(AllOf(HasSubstr(R"("origin":"manual")"), HasSubstr("acme"))));
  for (const std::string& event : events()) EXPECT_THAT(event, Not(HasSubstr("canary")));
}

TEST_F(ClientsTest, WhatNobodyCouldUseIsRefusedAtOnce) {
  EXPECT_EQ(refusal(enter_request("acne")), "unknown_integration");
  auto asked = enter_request();
  asked.auth_template = "key";
  EXPECT_EQ(refusal(asked), "unknown_template");
  asked = enter_request();
  asked.slug = "Not A Slug";
  EXPECT_EQ(refusal(asked), "bad_slug");
  asked = enter_request("");
  EXPECT_EQ(refusal(asked), "bad_slug");
  asked.slug = "mine";
  EXPECT_EQ(refusal(asked), "no_endpoints");
  EXPECT_EQ(refusal(enter_request("any")), "no_endpoints");
  EXPECT_EQ(refusal(request(domain::ClientChange::kRegister)), "no_endpoints") << "Acme registers nobody";
  EXPECT_EQ(refusal(request(domain::ClientChange::kRemove)), "unknown_client");
}

TEST_F(ClientsTest, AnEndpointIsAnHttpsUrl) {
  for (const char* bad : {"javascript:alert(1)", "http://as.elsewhere.example/token", "https://a.example/#x",
                          "https://{shop}.example/token", "file:///etc/passwd"}) {
    auto asked = foreign_request();
    asked.server.token_endpoint = bad;
    EXPECT_EQ(refusal(asked), "bad_endpoint") << bad;
  }
}

TEST_F(ClientsTest, AGrantOfTheWorkspaceAsksTheAdmins) {
  const auto nobodys = agent_of({});
  auto asked = enter_request();
  asked.owner = domain::OwnerKind::kUser;
  EXPECT_EQ(reason_of([&] { clients.mint(nobodys, asked); }), "subject_required");
  asked.owner = {};
  const auto minted = clients.mint(nobodys, asked);
  EXPECT_EQ(reason_of([&] { enter(minted); }), "sent_to_admins");
  EXPECT_EQ(enter(minted, kCarl).owner, domain::Owner::org());
}

TEST_F(ClientsTest, ARetriedRequestShowsTheSameLink) {
  auto asked = enter_request();
  asked.request_key = "k-1";
  const auto first = clients.mint(agent, asked);
  EXPECT_EQ(clients.mint(agent, asked).link_token, first.link_token);
  asked.client_id = "another";
  EXPECT_EQ(refusal(asked), "request_key_reused");
}

// What an agent says where tokens go takes effect only after an admin has seen the hosts.
TEST_F(ClientsTest, AForeignEndpointIsAnAdminsToConfirm) {
  const auto minted = clients.mint(agent, foreign_request());
  const auto card = clients.look(acting(kAda), stored(minted.handoff.id));
  EXPECT_TRUE(card.proposal.foreign);
  EXPECT_THAT(card.hosts, ElementsAre("as.elsewhere.example", "tokens.elsewhere.example"));
  EXPECT_EQ(reason_of([&] { enter(minted); }), "admin_needed") << "though it would be Ada's own";
  EXPECT_THAT(wire.sent, IsEmpty());
  auto for_org = foreign_request();
  for_org.owner = domain::OwnerKind::kOrg;
  const auto client = enter(clients.mint(agent, for_org), kCarl);
  EXPECT_EQ(client.server.token_endpoint, "https://tokens.elsewhere.example/token");
}

TEST_F(ClientsTest, AnotherEndpointForAKnownIntegrationIsForeignToo) {
  auto asked = enter_request();
  asked.server.token_endpoint = "https://evil.example/token";
  EXPECT_EQ(reason_of([&] { enter(clients.mint(agent, asked)); }), "admin_needed");
  asked.server.token_endpoint = "https://as.acme.example/token";
  EXPECT_EQ(reason_of([&] { enter(clients.mint(agent, asked)); }), "") << "the catalogue's own";
}

// A token for another resource would be sent where this integration's go.
TEST_F(ClientsTest, AnotherResourceForAKnownIntegrationIsForeignToo) {
  auto asked = enter_request();
  asked.resource = "https://payroll.example/api";
  const auto minted = clients.mint(agent, asked);
  EXPECT_EQ(reason_of([&] { enter(minted); }), "admin_needed");
  EXPECT_THAT(clients.look(acting(kAda), stored(minted.handoff.id)).hosts, ::testing::Contains("payroll.example"));
}

TEST_F(ClientsTest, AClientThatActsForItselfIsAnAdmins) {
  auto asked = enter_request();
  asked.grant = domain::OAuthGrant::kClientCredentials;
  EXPECT_EQ(reason_of([&] { enter(clients.mint(agent, asked)); }), "admin_needed");
}

TEST_F(ClientsTest, TheFormIsLookedAtFieldByField) {
  const auto minted = clients.mint(agent, enter_request());
  ClientForm empty;
  EXPECT_THAT(problems(minted, std::move(empty)), ElementsAre("client_id", "client_secret"));
  auto typed = form("canary with spaces");
  typed.client_id = "a b";
  EXPECT_THAT(problems(minted, std::move(typed)), ElementsAre("client_id", "client_secret"));
  EXPECT_THAT(problems(minted, form(std::string(4097, 'x'))), ElementsAre("client_secret"));
  EXPECT_EQ(state(minted), domain::kPending);
  EXPECT_THAT(problems(minted, form("  canary-padded \n")), ElementsAre("saved"));
  EXPECT_EQ(secret_of(clients.list(agent, "acme").at(0)), "canary-padded");
}

TEST_F(ClientsTest, OnlyWaysThatTheProviderTakes) {
  const auto lax = clients.mint(agent, enter_request("lax"));
  auto typed = form();
  typed.auth = domain::ClientAuth::kNone;
  EXPECT_THAT(problems(lax, std::move(typed)), ElementsAre("auth")) << "its file says Basic";
  typed = form();
  typed.auth = domain::ClientAuth::kNone;
  const auto acme = clients.mint(agent, enter_request());
  EXPECT_THAT(problems(acme, std::move(typed)), ElementsAre("saved"));
  EXPECT_EQ(secret_of(clients.list(agent, "acme").at(0)), "") << "a secret nobody needs is not kept";
}

TEST_F(ClientsTest, AKeyOfOurOwnIsMadeAndShownInPublicAlone) {
  auto typed = form();
  typed.auth = domain::ClientAuth::kPrivateKeyJwt;
  const auto minted = clients.mint(agent, enter_request());
  const auto client = std::get<domain::OAuthClient>(clients.enter(acting(kAda), minted.link_token, std::move(typed)));
  EXPECT_FALSE(clients.open(client).private_key.empty());
  const auto keys = parse_json(clients.key_set(client.id));
  ASSERT_EQ(keys["keys"].size(), 1U);
  EXPECT_EQ(keys["keys"][0]["kty"], "EC");
  EXPECT_FALSE(keys["keys"][0].contains("d")) << "the private part";
  EXPECT_EQ(reason_of([&] { clients.metadata_document(client.id); }), "unknown_client");
}

TEST_F(ClientsTest, AHostLabelIsPutIntoTheEndpointsOrAskedForLater) {
  auto typed = form();
  typed.plain_fields = {{"shop", "a.b"}};
  const auto minted = clients.mint(agent, enter_request("zen"));
  EXPECT_THAT(problems(minted, std::move(typed)), ElementsAre("shop"));
  typed = form();
  typed.plain_fields = {{"shop", "Corner"}};
  const auto one = std::get<domain::OAuthClient>(clients.enter(acting(kAda), minted.link_token, std::move(typed)));
  EXPECT_EQ(one.server.token_endpoint, "https://corner.zen.example/token");
  auto any_shop = enter_request("zen");
  any_shop.slug = "any-shop";
  EXPECT_EQ(enter(clients.mint(agent, any_shop)).server.token_endpoint, "https://{shop}.zen.example/token");
}

TEST_F(ClientsTest, AnotherSecretForAClientKeepsItsRedirectUri) {
  const auto client = enter(clients.mint(agent, enter_request()));
  const auto minted = clients.mint(agent, enter_request());
  const auto card = clients.look(acting(kAda), stored(minted.handoff.id));
  EXPECT_EQ(card.existing->id, client.id);
  EXPECT_EQ(card.redirect_uri, clients.redirect_uri(client.id));
  const auto saved = clients.enter(acting(kAda), minted.link_token, form("another-1"));
  EXPECT_EQ(std::get<domain::OAuthClient>(saved).id, client.id);
  EXPECT_EQ(secret_of(client_of(client.id).value()), "another-1");
  EXPECT_THAT(events("oauth_client.updated"), SizeIs(1));
}

// Its tokens are refreshed where it is registered: they must not follow it elsewhere.
TEST_F(ClientsTest, AClientDoesNotMoveToAnotherServer) {
  auto asked = foreign_request();
  asked.owner = domain::OwnerKind::kOrg;
  enter(clients.mint(agent, asked), kCarl);
  asked.server.token_endpoint = "https://evil.example/token";
  const auto minted = clients.mint(agent, asked);
  EXPECT_EQ(reason_of([&] { enter(minted, kCarl); }), "name_taken");
  EXPECT_EQ(state(minted), domain::kPending);
}

TEST_F(ClientsTest, A011_WhatTheAgentCancelledIsNotStored) {
  const auto minted = clients.mint(agent, enter_request());
  handoffs.cancel(agent, minted.handoff.id);
  EXPECT_EQ(reason_of([&] { enter(minted); }), "handoff_cancelled");
  EXPECT_THAT(clients.list(agent, ""), IsEmpty());
}

TEST_F(ClientsTest, TheOtherDoorsDoNotOpenIt) {
  const auto minted = clients.mint(agent, enter_request());
  handoffs.open(acting(kAda), minted.link_token);
  EXPECT_EQ(reason_of([&] { handoffs.submit(acting(kAda), minted.link_token, {}); }), "unknown_handoff");
  EXPECT_EQ(reason_of([&] { handoffs.confirm(acting(kAda), minted.link_token); }), "unknown_handoff");
  EXPECT_EQ(reason_of([&] { connect.leave(acting(kAda), minted.link_token, {}); }), "unknown_handoff");
  EXPECT_EQ(reason_of([&] { clients.confirm_removal(acting(kAda), minted.link_token); }), "unknown_handoff");
  handoffs.decline(acting(kAda), minted.link_token);
  EXPECT_EQ(state(minted), domain::kDeclined);
}

// --- removal ---

TEST_F(ClientsTest, ARemovedClientLosesItsSecretAndItsConnectionsStay) {
  const auto client = enter(clients.mint(agent, enter_request()));
  grants(tokens());
  const auto made = result(connected(ConnectTest::request()));
  const auto minted = clients.mint(agent, request(domain::ClientChange::kRemove));
  EXPECT_EQ(clients.look(acting(kAda), stored(minted.handoff.id)).used_by, 1U) << "for the page to say";
  EXPECT_EQ(reason_of([&] { clients.confirm_removal(acting(kBob), minted.link_token); }), "not_yours");
  clients.confirm_removal(acting(kAda), minted.link_token);
  EXPECT_EQ(state(minted), domain::kCompleted);
  EXPECT_NE(client_of(client.id)->removed_at, Instant());
  EXPECT_EQ(secret_of(client_of(client.id).value()), "");
  EXPECT_THAT(clients.list(agent, "acme"), IsEmpty());
  EXPECT_EQ(stored(made).state, domain::ConnectionState::kActive);
  EXPECT_THAT(events("oauth_client.removed"), SizeIs(1));
}

TEST_F(ClientsTest, APersonRemovesTheirOwnAndAnAdminTheOrgs) {
  const auto adas = enter(clients.mint(agent, enter_request()));
  const auto orgs = insert(draft_client());
  EXPECT_EQ(reason_of([&] { clients.remove(acting(kBob), adas.id); }), "unknown_client");
  EXPECT_EQ(reason_of([&] { clients.remove(acting(kCarl), adas.id); }), "unknown_client") << "not an admin's either";
  EXPECT_EQ(reason_of([&] { clients.remove(acting(kAda), orgs.id); }), "admin_needed");
  clients.remove(acting(kAda), adas.id);
  clients.remove(acting(kCarl), orgs.id);
  EXPECT_EQ(reason_of([&] { clients.remove(acting(kAda), adas.id); }), "unknown_client") << "once";
}

// --- which way (E4) ---

TEST_F(ClientsTest, ADocumentComesBeforeRegistrationAndRegistrationBeforeAPerson) {
  offers(R"(, "client_id_metadata_document_supported": true)");
  EXPECT_EQ(at("https://broker.example", true).set_up("found", "").way, Way::kMetadataDocument);
  const auto unreachable = at("http://127.0.0.1:8080", false).set_up("found", "");
  EXPECT_EQ(unreachable.way, Way::kDynamic);
  EXPECT_THAT(unreachable.why, HasSubstr("no public address"));
  EXPECT_EQ(clients.set_up("acme", "").way, Way::kByHand);
  EXPECT_THAT(clients.set_up("acme", "").why, Not(IsEmpty()));
}

TEST_F(ClientsTest, AProviderThatCannotBeAskedIsSaidSo) {
  const auto found = clients.set_up("found", "");
  EXPECT_EQ(found.way, Way::kByHand);
  EXPECT_THAT(found.problem, Not(IsEmpty()));
}

TEST_F(ClientsTest, TheFirstConnectionRegistersUsWhereTheProviderAllowsIt) {
  offers("");
  const auto minted = start("found");
  const auto client = client_of(flow(minted).client).value();
  EXPECT_EQ(client.origin, domain::ClientOrigin::kDynamic);
  EXPECT_EQ(client.client_id, "dyn-1");
  EXPECT_EQ(client.auth, domain::ClientAuth::kNone) << "the first way of the file";
  EXPECT_EQ(client.server.issuer, "https://as.found.example");
  const auto sent = parse_json(last().body);
  EXPECT_EQ(sent["redirect_uris"][0], clients.redirect_uri(client.id));
  EXPECT_EQ(sent["application_type"], "web");
  EXPECT_EQ(flow(start("found")).client, client.id) << "and only the first";
  EXPECT_EQ(sent_to("https://as.found.example/register"), 1U);
  EXPECT_THAT(events("oauth_client.created"), ElementsAre(HasSubstr("agent:" + agent.agent.text())));
}

TEST_F(ClientsTest, TwoFirstConnectionsAtOnceShareOneRegistration) {
  offers("");
  Minted other;
  during_the_call = [&] { other = start("found"); };
  const auto minted = start("found");
  EXPECT_EQ(flow(minted).client, flow(other).client);
  EXPECT_THAT(events("oauth_client.created"), SizeIs(1));
}

TEST_F(ClientsTest, ARegistrationWhoseSecretHasEndedIsMadeAnew) {
  offers(R"(, "token_endpoint_auth_methods_supported": ["client_secret_basic"])");
  const auto end = std::chrono::floor<std::chrono::seconds>(clock.now() + 24h);
  const auto registers = [&](const std::string& id, std::int64_t ends) {
    answers("https://as.found.example/register", 201,
            R"({"client_id": ")" + id + R"(", "client_secret": "s-1", "client_secret_expires_at": )" +
                std::to_string(ends) + "}");
  };
  registers("dyn-1", end.time_since_epoch().count());
  const auto first = flow(start("found")).client;
  registers("dyn-2", 0);
  clock.advance(23h);
  EXPECT_EQ(flow(start("found")).client, first) << "it still works";
  clock.advance(1h);
  const auto second = flow(start("found")).client;
  EXPECT_NE(second, first);
  EXPECT_EQ(client_of(second)->client_id, "dyn-2");
  EXPECT_EQ(flow(start("found")).client, second) << "which has no end";
}

TEST_F(ClientsTest, OnLoopbackWeAreANativeApplication) {
  offers("");
  ClientRequest asked = enter_request("found");
  at("http://127.0.0.1:8080", false).create_by_itself(acting(kAda), asked);
  EXPECT_EQ(parse_json(last().body)["application_type"], "native");
}

TEST_F(ClientsTest, WhatTheServerSettledOnIsKept) {
  offers(R"(, "token_endpoint_auth_methods_supported": ["client_secret_basic"])");
  answers("https://as.found.example/register", 200,
          R"({"client_id": "dyn-2", "client_secret": "s-2", "token_endpoint_auth_method": "client_secret_post",
              "client_secret_expires_at": 1900000000, "registration_access_token": "rat-1"})");
  const auto client = clients.create_by_itself(acting(kAda), enter_request("found"));
  EXPECT_EQ(parse_json(last().body)["token_endpoint_auth_method"], "client_secret_basic");
  EXPECT_EQ(client.auth, domain::ClientAuth::kPost);
  EXPECT_EQ(client.secret_expires_at, Instant(std::chrono::seconds(1'900'000'000)));
  EXPECT_EQ(secret_of(client), "s-2");
  EXPECT_THAT(client.secrets, SizeIs(2)) << "the token of RFC 7592, too";
}

TEST_F(ClientsTest, ADocumentClientIsItsOwnAddress) {
  offers(R"(, "client_id_metadata_document_supported": true)");
  const auto reachable = at("https://broker.example", true);
  const auto client = reachable.create_by_itself(acting(kAda), enter_request("found"));
  EXPECT_EQ(client.client_id, "https://broker.example/oauth/clients/" + client.id.text() + "/metadata.json");
  const auto document = parse_json(reachable.metadata_document(client.id));
  EXPECT_EQ(document["client_id"], client.client_id) << "E6: exactly";
  EXPECT_EQ(document["redirect_uris"], Json::array({reachable.redirect_uri(client.id)}));
  EXPECT_EQ(document["response_types"], Json::array({"code"}));
  EXPECT_EQ(document["grant_types"], Json::array({"authorization_code", "refresh_token"}));
  EXPECT_EQ(document["token_endpoint_auth_method"], "none");
  EXPECT_EQ(document["client_name"], "Countersign");
  EXPECT_EQ(document.size(), 8U) << "and nothing else";
  EXPECT_EQ(sent_to("https://as.found.example/register"), 0U);
  reachable.remove(acting(kAda), client.id);
  EXPECT_EQ(reason_of([&] { reachable.metadata_document(client.id); }), "unknown_client");
}

TEST_F(ClientsTest, OtherClientsHaveNoDocument) {
  const auto client = insert(draft_client());
  EXPECT_EQ(reason_of([&] { clients.metadata_document(client.id); }), "unknown_client");
  EXPECT_EQ(reason_of([&] { clients.metadata_document(OAuthClientId(7)); }), "unknown_client");
  EXPECT_EQ(reason_of([&] { clients.key_set(client.id); }), "unknown_client");
}

TEST_F(ClientsTest, ARegistrationThatIsRefusedLeavesTheHandoffOpen) {
  offers("");
  const auto minted = clients.mint(agent, request(domain::ClientChange::kRegister, "found"));
  answers("https://as.found.example/register", 400, R"({"error": "invalid_redirect_uri"})");
  EXPECT_EQ(reason_of([&] { clients.register_now(acting(kAda), minted.link_token); }), "registration_refused");
  EXPECT_EQ(state(minted), domain::kPending);
  EXPECT_THAT(clients.list(agent, ""), IsEmpty());
  answers("https://as.found.example/register", 201, R"({"client_id": "dyn-1"})");
  EXPECT_EQ(clients.register_now(acting(kAda), minted.link_token).client_id, "dyn-1");
  EXPECT_EQ(state(minted), domain::kCompleted);
}

TEST_F(ClientsTest, AForeignRegistrationAsksNobodyBeforeAnAdminSaysSo) {
  auto asked = foreign_request();
  asked.change = domain::ClientChange::kRegister;
  asked.server.registration_endpoint = "https://as.elsewhere.example/register";
  const auto minted = clients.mint(agent, asked);
  clients.look(acting(kAda), stored(minted.handoff.id));
  EXPECT_EQ(reason_of([&] { clients.register_now(acting(kAda), minted.link_token); }), "admin_needed");
  EXPECT_THAT(wire.sent, IsEmpty());
}

// --- from a page ---

TEST_F(ClientsTest, ThePageKeepsTheIdWhoseRedirectUriItShowed) {
  const auto id = clients.next_id();
  auto asked = enter_request();
  asked.id = id;
  const auto saved = clients.create(acting(kAda), asked, form());
  EXPECT_EQ(std::get<domain::OAuthClient>(saved).id, id);
  EXPECT_THAT(events("oauth_client.created"), ElementsAre(HasSubstr("person:" + kAda.text())));
}

TEST_F(ClientsTest, ThePageGivesAClientAnotherSecretByItsId) {
  auto asked = enter_request();
  asked.id = std::get<domain::OAuthClient>(clients.create(acting(kAda), asked, form())).id;
  clients.create(acting(kAda), asked, form("another-1"));
  ASSERT_THAT(clients.list(agent, "acme"), SizeIs(1));
  EXPECT_EQ(secret_of(client_of(asked.id).value()), "another-1");
}

TEST_F(ClientsTest, AnIdOfSomebodyElsesIsNotTaken) {
  const auto bobs = insert(draft_client("acme", domain::Owner::user(kBob)));
  for (const OAuthClientId id : {bobs.id, OAuthClientId(clients.next_id().value() + (std::int64_t{1} << 40))}) {
    auto asked = enter_request();
    asked.id = id;
    EXPECT_EQ(reason_of([&] { clients.create(acting(kAda), asked, form()); }), "unknown_client");
  }
  EXPECT_EQ(client_of(bobs.id)->owner, domain::Owner::user(kBob));
}

TEST_F(ClientsTest, AnIdThatSomebodyElseTookMeanwhileIsNotOverwritten) {
  const auto minted = clients.mint(agent, enter_request());
  auto asked = enter_request();
  asked.id = clients.look(acting(kAda), stored(minted.handoff.id)).proposal.client;
  const auto bobs = std::get<domain::OAuthClient>(clients.create(acting(kBob), asked, form("bobs-own-1")));
  ASSERT_EQ(bobs.id, asked.id);
  EXPECT_EQ(reason_of([&] { enter(minted); }), "unknown_client");
  EXPECT_EQ(secret_of(client_of(bobs.id).value()), "bobs-own-1");
  EXPECT_EQ(state(minted), domain::kPending);
}

TEST_F(ClientsTest, APersonsSecondClientGetsANameOfItsOwn) {
  clients.create(acting(kAda), enter_request(), form());
  const auto second = clients.create(acting(kAda), enter_request(), form());
  EXPECT_EQ(std::get<domain::OAuthClient>(second).slug, "acme-2");
}

TEST_F(ClientsTest, TheSameDemandsHoldOnAPage) {
  auto for_org = enter_request();
  for_org.owner = domain::OwnerKind::kOrg;
  EXPECT_EQ(reason_of([&] { clients.create(acting(kAda), for_org, form()); }), "admin_needed");
  EXPECT_EQ(reason_of([&] { clients.create(acting(kAda), foreign_request(), form()); }), "admin_needed");
  auto robot = enter_request();
  robot.grant = domain::OAuthGrant::kClientCredentials;
  EXPECT_EQ(reason_of([&] { clients.create(acting(kAda), robot, form()); }), "admin_needed");
  EXPECT_EQ(reason_of([&] { clients.create(acting(kCarl), for_org, form()); }), "");
  EXPECT_EQ(reason_of([&] { clients.create_by_itself(acting(kAda), enter_request()); }), "set_up_by_hand");
}

TEST_F(ClientsTest, ASealOfOneClientDoesNotOpenAnothers) {
  const auto one = insert(draft_client());
  auto other = draft_client();
  const auto sealed =
      store.read([&](const store::Snapshot& now) { return now.oauth_clients().sealed_fields(kWorkspace, one.id); });
  store.transact(
      [&](store::Transaction& tx) { tx.oauth_clients().insert(other, sealed, support::event_in(kWorkspace)); });
  EXPECT_EQ(reason_of([&] { clients.open(other); }), "seal_broken");
}

}  // namespace
}  // namespace countersign::oauth
