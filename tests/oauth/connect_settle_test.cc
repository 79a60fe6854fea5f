// From a code to a connection: what is kept, whose account it is, and what becomes of every fault on the way.
#include "oauth/connect_fixture.h"

namespace countersign::oauth {
namespace {

class ConnectSettleTest : public ConnectLandTest {};

TEST_F(ConnectSettleTest, ConsentBecomesAConnection) {
  grants(tokens_of_user("u-1"));
  auto asked = request();
  asked.name = "work";
  const auto minted = start(asked);
  const auto left = leave(minted);
  const auto landed = land(left);
  EXPECT_EQ(landed.handoff, minted.handoff.id);
  EXPECT_EQ(landed.link_token, minted.link_token);
  EXPECT_EQ(state(minted), domain::kCompleted);
  const auto made = stored(result(minted));
  EXPECT_EQ(made.name, "work");
  EXPECT_EQ(made.owner, domain::Owner::user(kAda));
  EXPECT_EQ(made.state, domain::ConnectionState::kActive);
  EXPECT_EQ(made.identity_label, "ada@acme");
  EXPECT_EQ(made.created_by, minted.handoff.id);
  EXPECT_EQ(tokens_of(made.id), "access_token=at-1 refresh_token=rt-1");
  const auto row = account(made.id);
  EXPECT_EQ(row.client, acme.id);
  EXPECT_EQ(row.issuer, "https://as.acme.example");
  EXPECT_EQ(row.account_id, "u-1");
  EXPECT_THAT(row.granted, ElementsAre("read", "write")) << "as asked when the answer says nothing";
  EXPECT_EQ(row.expires_at, clock.now() + 3600s);
  EXPECT_TRUE(row.refreshable);
}

TEST_F(ConnectSettleTest, TheCodeGoesToTheTokenEndpointWithWhatWasKept) {
  const auto left = leave(start());
  land(left);
  ASSERT_EQ(token_calls(), 1U);
  const auto form = last().form();
  EXPECT_EQ(form.at("grant_type"), "authorization_code");
  EXPECT_EQ(form.at("code"), "code-1");
  EXPECT_EQ(form.at("redirect_uri"), left.query.at("redirect_uri"));
  EXPECT_EQ(crypto::s256_challenge(Secret(std::string(form.at("code_verifier")))), left.query.at("code_challenge"));
  EXPECT_THAT(last().header("Authorization"), HasSubstr("Basic "));
}

TEST_F(ConnectSettleTest, TheRecordHasFactsAndNoSecret) {
  grants(tokens(R"(, "scope": "read")"));
  const auto left = leave(start());
  land(left);
  EXPECT_THAT(
      events("connection.created"),
      ElementsAre(AllOf(HasSubstr("person:" + kAda.text()), HasSubstr(R"("granted":"1")"),
                        HasSubstr(R"("shortfall":"1")"), HasSubstr(acme.id.text()), HasSubstr("access_token:1:"))));
  for (const std::string& event : events()) {
    for (const char* secret : {"at-1", "rt-1", "code-1", "hush-1"}) EXPECT_THAT(event, Not(HasSubstr(secret)));
  }
}

TEST_F(ConnectSettleTest, AnAnswerWithoutALifetimeHasTheTemplates) {
  grants(R"({"token_type": "Bearer", "access_token": "at-1"})");
  const auto row = account(result(connected(request())));
  EXPECT_EQ(row.expires_at, clock.now() + 1800s);
  EXPECT_FALSE(row.refreshable);
}

// Or the account would lack something for ever, and every new wish for it would ask the person again.
TEST_F(ConnectSettleTest, ARefreshTokenIsTheProofOfOfflineAccess) {
  auto client = draft_client("any");
  client.server.authorization_endpoint = "https://as.any.example/authorize";
  client.server.token_endpoint = "https://as.any.example/token";
  insert(client);
  auto asked = request("any");
  asked.scopes = {"files", "offline_access"};
  const auto connect_by = [&](std::string refresh_token) {
    answers("https://as.any.example/token", 200,
            R"({"token_type": "Bearer", "access_token": "at-1", "scope": "files")" + std::move(refresh_token) + "}");
    const auto minted = start(asked);
    const auto left = leave(minted, {{"base_url", "https://api.any.example"}});
    land(left, answer_to(left, ""));
    return account(result(minted)).granted;
  };
  EXPECT_THAT(connect_by(""), ElementsAre("files")) << "nothing proves it";
  EXPECT_THAT(connect_by(R"(, "refresh_token": "rt-1")"), ElementsAre("files", "offline_access"));
  EXPECT_TRUE(std::holds_alternative<domain::Connection>(connect.start(agent, asked))) << "it has all of that";
}

TEST_F(ConnectSettleTest, WhatLaterCallsNeedIsKept) {
  grants(tokens(R"(, "team": "t-9")"));
  const auto minted = start();
  const auto left = leave(minted);
  auto query = answer_to(left);
  query["realm"] = "r-5";
  land(left, query);
  EXPECT_EQ(stored(result(minted)).plain_fields, (domain::Parameters{{"realm", "r-5"}, {"team", "t-9"}}));
}

TEST_F(ConnectSettleTest, OfTheCallbackOnlyOneWordIsKept) {
  const auto minted = start();
  const auto left = leave(minted);
  auto query = answer_to(left);
  query["realm"] = "r-5\r\nX: y";
  land(left, query);
  EXPECT_THAT(stored(result(minted)).plain_fields, IsEmpty());
}

TEST_F(ConnectSettleTest, AHostLabelIsPartOfWhereTheTokenMayGo) {
  insert(draft_client("zen"));
  answers("https://corner.zen.example/token", 200, tokens());
  const auto minted = start("zen");
  const auto left = leave(minted, {{"shop", "corner"}});
  land(left, answer_to(left, ""));
  EXPECT_EQ(stored(result(minted)).base_url, "https://corner.zen.example");
  EXPECT_EQ(stored(result(minted)).plain_fields, (domain::Parameters{{"shop", "corner"}}));
}

TEST_F(ConnectSettleTest, ThePersonsBaseUrlIsBoundIntoTheSeal) {
  auto asked = request("any");
  asked.client = insert_foreign("as.elsewhere.example").slug;
  answers("https://as.elsewhere.example/token", 200, tokens());
  const auto minted = start(asked);
  const auto left = leave(minted, {{"base_url", "https://api.elsewhere.example/"}});
  land(left, answer_to(left, ""));
  EXPECT_EQ(stored(result(minted)).base_url, "https://api.elsewhere.example");
  EXPECT_THAT(stored(result(minted)).plain_fields, IsEmpty());
  auto moved = stored(result(minted));
  moved.base_url = "https://evil.example";
  const auto sealed = store.read(
      [&](const store::Snapshot& now) { return now.connections().sealed_fields(kWorkspace, result(minted)); });
  EXPECT_EQ(reason_of([&] { vault.unseal(moved, sealed); }), "seal_broken");
}

// --- the token endpoint (facts section 6) ---

TEST_F(ConnectSettleTest, APassingFaultLeavesItOpenForAnotherTry) {
  answers("https://as.acme.example/token", 503, "{}");
  const auto minted = start();
  land(leave(minted));
  EXPECT_EQ(state(minted), domain::kOpened);
  EXPECT_THAT(flow(minted).problem, Not(IsEmpty()));
  grants(tokens());
  land(leave(minted));
  EXPECT_EQ(state(minted), domain::kCompleted);
  EXPECT_EQ(flow(minted).problem, "");
}

TEST_F(ConnectSettleTest, ATimeoutLeavesItOpen) {
  site["https://as.acme.example/token"] = WireClient::failing(ErrorCode::kUpstream, "upstream_timeout");
  const auto minted = start();
  land(leave(minted));
  EXPECT_EQ(state(minted), domain::kOpened);
  EXPECT_EQ(flow(minted).problem, "upstream_timeout");
}

TEST_F(ConnectSettleTest, ARefusedCodeEndsIt) {
  answers("https://as.acme.example/token", 400, R"({"error": "invalid_grant", "error_description": "too late"})");
  const auto minted = start();
  land(leave(minted));
  expect_failed(minted, "invalid_grant", "too late");
}

TEST_F(ConnectSettleTest, ARefusedClientIsForAnAdminToMend) {
  answers("https://as.acme.example/token", 401, R"({"error": "invalid_client", "error_description": "who?"})");
  const auto minted = start();
  land(leave(minted));
  expect_failed(minted, "invalid_client", "who?");
}

TEST_F(ConnectSettleTest, A033_AnAnswerThatIsNoneEndsIt) {
  for (const char* body :
       {"<html>", "", "{}", R"({"access_token": "at-1", "access_token": "at-2", "token_type": "Bearer"})",
        R"({"access_token": "at-1"})", R"({"access_token": "at-1", "token_type": "Bearer", "expires_in": -1})"}) {
    grants(body);
    const auto minted = start();
    land(leave(minted));
    EXPECT_EQ(state(minted), domain::kFailed) << body;
  }
  EXPECT_EQ(count_connections(), 0U);
}

TEST_F(ConnectSettleTest, A034_ARedirectOfTheTokenEndpointIsNotFollowed) {
  answers("https://as.acme.example/token", 302, "");
  const auto minted = start();
  land(leave(minted));
  EXPECT_EQ(state(minted), domain::kFailed);
  EXPECT_THAT(wire.sent, SizeIs(1));
}

TEST_F(ConnectSettleTest, NoTransactionIsOpenWhileTheProviderIsAsked) {
  const auto minted = start();
  const auto left = leave(minted);
  during_the_call = [&] {
    EXPECT_EQ(state(minted), domain::kCompleting);
    EXPECT_EQ(reason_of([&] { handoffs.cancel(agent, minted.handoff.id); }), "handoff_completing");
    EXPECT_EQ(handoffs.get(agent, minted.handoff.id).state, domain::kCompleting) << "left alone by who looks";
    EXPECT_EQ(refused_by([&] { leave(minted); }).reason, "handoff_completing");
    start();  // a write of somebody else's
  };
  land(left);
  EXPECT_EQ(state(minted), domain::kCompleted);
}

// --- accounts ---

TEST_F(ConnectSettleTest, AReconnectKeepsItsIdAndHasTheNewTokens) {
  grants(tokens_of_user("u-1"));
  const auto made = result(connected(request()));
  grants(R"({"token_type": "Bearer", "access_token": "at-9", "refresh_token": "rt-9", "user": {"id": "u-1"}})");
  const auto again = connect.reconnect(acting(kAda), made);
  land(leave(again));
  EXPECT_EQ(result(again), made);
  EXPECT_EQ(tokens_of(made), "access_token=at-9 refresh_token=rt-9");
  EXPECT_EQ(account(made).version, 2);
  EXPECT_EQ(count_connections(), 1U);
  EXPECT_THAT(events("connection.reconnected"), ElementsAre(HasSubstr(again.handoff.id.text())));
  EXPECT_EQ(revocations(), 0U);
}

TEST_F(ConnectSettleTest, AReconnectRefusesAnotherAccount) {
  grants(tokens_of_user("u-1"));
  const auto made = result(connected(request()));
  grants(R"({"token_type": "Bearer", "access_token": "at-9", "refresh_token": "rt-9",
             "user": {"id": "u-2", "name": "bob@acme"}})");
  const auto again = connect.reconnect(acting(kAda), made);
  land(leave(again));
  EXPECT_EQ(state(again), domain::kOpened) << "with the right account it may still be done";
  EXPECT_EQ(flow(again).problem, "wrong_account");
  EXPECT_EQ(flow(again).problem_words, "bob@acme");
  EXPECT_EQ(tokens_of(made), "access_token=at-1 refresh_token=rt-1") << "untouched";
  EXPECT_EQ(revocations(), 2U) << "the strange tokens are of no use to anybody";
  EXPECT_EQ(wire.sent[wire.sent.size() - 2].form().at("token"), "rt-9");
}

TEST_F(ConnectSettleTest, AReconnectRefusesAnAccountThatCannotBeLearned) {
  grants(tokens_of_user("u-1"));
  const auto made = result(connected(request()));
  grants(R"({"token_type": "Bearer", "access_token": "at-9", "refresh_token": "rt-9"})");
  const auto again = connect.reconnect(acting(kAda), made);
  land(leave(again));
  EXPECT_EQ(state(again), domain::kOpened) << "the provider may say it the next time";
  EXPECT_EQ(flow(again).problem, "account_unknown");
  EXPECT_EQ(tokens_of(made), "access_token=at-1 refresh_token=rt-1") << "untouched";
  EXPECT_EQ(account(made).account_id, "u-1");
  EXPECT_EQ(revocations(), 0U) << "it may be the right account, and what works would end with them";
}

// Whoever runs another server can give out the same id for anybody.
TEST_F(ConnectSettleTest, AReconnectRefusesTheSameIdOfAnotherServer) {
  insert(draft_client("zen"));
  answers("https://ada.zen.example/token", 200, tokens());
  answers("https://mallory.zen.example/token", 200, tokens());
  const auto first = start("zen");
  const auto home = leave(first, {{"shop", "ada"}});
  land(home, answer_to(home, ""));
  const auto made = result(first);
  const auto again = connect.reconnect(acting(kAda), made);
  const auto away = leave(again, {{"shop", "mallory"}});
  land(away, answer_to(away, ""));
  EXPECT_EQ(state(again), domain::kOpened) << "at the right one it may still be done";
  EXPECT_EQ(flow(again).problem, "other_server");
  EXPECT_EQ(account(made).version, 1) << "untouched";
  EXPECT_EQ(stored(made).base_url, "https://ada.zen.example");
  const auto back = leave(again, {{"shop", "ada"}});
  land(back, answer_to(back, ""));
  EXPECT_EQ(result(again), made);
  EXPECT_EQ(account(made).version, 2);
}

TEST_F(ConnectSettleTest, AServerThatHasGotAnIssuerSinceIsTheSame) {
  auto nameless = draft_client();
  nameless.server.issuer.clear();
  nameless.server.iss_in_callback = false;
  auto asked = request();
  asked.client = insert(nameless).slug;
  const auto made = result(connected(asked));
  EXPECT_EQ(account(made).issuer, "https://as.acme.example/token");
  asked.client = acme.slug;
  EXPECT_EQ(result(connected(asked)), made);
  EXPECT_EQ(account(made).issuer, "https://as.acme.example");
}

TEST_F(ConnectSettleTest, AReconnectGoesOnFromTheVersionOfAFasterRefresh) {
  const auto made = result(connected(request()));
  const auto again = connect.reconnect(acting(kAda), made);
  const auto left = leave(again);
  during_the_call = [&] {
    auto rotated = stored(made);
    const auto now = clock.now();
    vault::Fields fields;
    fields.emplace("access_token", Secret("at-5"));
    const auto sealed = vault.seal(rotated, fields, 2);
    store.transact([&](store::Transaction& tx) {
      const auto fence = tx.oauth_accounts().claim(kWorkspace, made, now, now + 60s, support::event_in(kWorkspace));
      tx.oauth_accounts().rotate(rotated, fence.value(), 2,
                                 {.granted = {}, .expires_at = now, .refreshable = true, .now = now}, sealed,
                                 support::event_in(kWorkspace));
    });
  };
  land(left);
  EXPECT_EQ(account(made).version, 3);
  EXPECT_EQ(tokens_of(made), "access_token=at-1 refresh_token=rt-1");
}

TEST_F(ConnectSettleTest, WhatWasRemovedMeanwhileIsNotConnectedAgain) {
  const auto made = result(connected(request()));
  const auto again = connect.reconnect(acting(kAda), made);
  const auto left = leave(again);
  during_the_call = [&] { connect.undo(acting(kAda), handoffs.link_of(stored(made).created_by)); };
  land(left);
  EXPECT_EQ(state(again), domain::kFailed);
  EXPECT_EQ(flow(again).problem, "connection_revoked");
  EXPECT_EQ(revocations(), 2U);
}

TEST_F(ConnectSettleTest, ANameThatWasTakenMeanwhileGetsANumber) {
  const auto first = start();
  const auto second = start();
  land(leave(first));
  land(leave(second));
  EXPECT_EQ(stored(result(first)).name, "Acme");
  EXPECT_EQ(stored(result(second)).name, "Acme 2");
}

TEST_F(ConnectSettleTest, TheAccountIsCalledAsTheProviderSaysAndOnlyElseAsTheAgentDoes) {
  const auto label_after = [&](std::string answer, std::string name) {
    grants(std::move(answer));
    auto asked = request();
    asked.name = std::move(name);
    asked.identity_label = "the boss's";
    return stored(result(connected(asked))).identity_label;
  };
  EXPECT_EQ(label_after(tokens_of_user("u-1", "ada@acme"), "one"), "ada@acme");
  EXPECT_EQ(label_after(tokens_of_user("u-1", ""), "two"), "u-1");
  EXPECT_EQ(label_after(tokens(), "three"), "the boss's");
}

TEST_F(ConnectSettleTest, TheProvidersNameForTheAccountIsCut) {
  grants(tokens_of_user("u-1", std::string(2'000, 'x')));
  EXPECT_LE(code_points(stored(result(connected(request()))).identity_label), 120U);
}

// --- OpenID Connect ---

class ConnectOpenIdTest : public ConnectSettleTest {
 protected:
  ConnectOpenIdTest() {
    describes(R"(, "userinfo_endpoint": "https://as.found.example/me")");
    answers("https://as.found.example/keys", 200, "{\"keys\":[" + key.public_jwk + "]}");
    minted = start("found");
    left = leave(minted);
  }
  // The token answer with an ID token for this person and nonce.
  void signs(const std::string& sub, const std::string& nonce) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count();
    const std::string claims = R"({"iss": "https://as.found.example", "aud": "client-1", "sub": ")" + sub +
                               R"(", "nonce": ")" + nonce + R"(", "iat": )" + std::to_string(now) + R"(, "exp": )" +
                               std::to_string(now + 300) + "}";
    const Secret token = crypto::sign_es256(key.private_key, "JWT", claims);
    answers("https://as.found.example/token", 200, tokens(R"(, "id_token": ")" + std::string(token.reveal()) + "\""));
  }
  const crypto::SigningKeyPair key = crypto::new_es256_key();
  const domain::OAuthClient found = insert_found();
  Minted minted;
  Left left;
};

TEST_F(ConnectOpenIdTest, TheIdTokenSaysWhoAndTheUserInfoHowTheyAreCalled) {
  signs("sub-1", left.query.at("nonce"));
  answers("https://as.found.example/me", 200, R"({"sub": "sub-1", "email": "ada@found.example"})");
  land(left, answer_to(left, ""));
  ASSERT_EQ(state(minted), domain::kCompleted) << flow(minted).problem;
  EXPECT_EQ(account(result(minted)).account_id, "sub-1");
  EXPECT_EQ(stored(result(minted)).identity_label, "ada@found.example");
}

TEST_F(ConnectOpenIdTest, A041_ANonceOfAnotherSignInEndsIt) {
  signs("sub-1", std::string(43, 'A'));
  land(left, answer_to(left, ""));
  expect_failed(minted, "bad_id_token");
}

TEST_F(ConnectOpenIdTest, AnIdTokenThatDoesNotComeEndsIt) {
  answers("https://as.found.example/token", 200, tokens());
  land(left, answer_to(left, ""));
  expect_failed(minted, "bad_id_token");
}

TEST_F(ConnectOpenIdTest, A043_AUserInfoOfSomebodyElseEndsIt) {
  signs("sub-1", left.query.at("nonce"));
  answers("https://as.found.example/me", 200, R"({"sub": "sub-2"})");
  land(left, answer_to(left, ""));
  expect_failed(minted, "account_mismatch");
}

TEST_F(ConnectOpenIdTest, AUserInfoThatDoesNotAnswerIsNoObstacle) {
  signs("sub-1", left.query.at("nonce"));
  land(left, answer_to(left, ""));
  EXPECT_EQ(state(minted), domain::kCompleted) << flow(minted).problem;
}

// --- faults ---

// Refuses the writes a test says it should, as a full disk does.
class RefusingStore final : public store::Store {
 public:
  explicit RefusingStore(store::Store& store) : store_(store) {}
  void run_write(const std::function<void(store::Transaction&)>& change) override {
    if (passes >= 0 && passes-- == 0) throw Error(ErrorCode::kUnavailable, "storage_unavailable", "The disk is full.");
    store_.run_write(change);
  }
  void run_read(const std::function<void(const store::Snapshot&)>& look) const override { store_.run_read(look); }
  store::CommitFeed& commits() override { return store_.commits(); }

  int passes = -1;  // so many writes go through, the next one does not; below zero: all

 private:
  store::Store& store_;
};

TEST_F(ConnectSettleTest, TokensThatCannotBeStoredAreRevoked) {
  RefusingStore full(store);
  const Connect on_full_disk(parts_on(full), clients, discovery, calls, id_tokens);
  const auto minted = start();
  const auto left = leave(minted);
  full.passes = 1;  // the claim
  const auto query = answer_to(left);
  on_full_disk.land({left.client, query, [&](HandoffId) { return Secret::copy_of(left.proof); }});
  EXPECT_EQ(revocations(), 2U);
  EXPECT_EQ(count_connections(), 0U);
  EXPECT_EQ(state(minted), domain::kOpened) << "a full disk is no answer of the provider's: another try may work";
  EXPECT_EQ(flow(minted).problem, "storage_unavailable");
}

// Many providers end the whole grant with one of its tokens.
TEST_F(ConnectSettleTest, AFaultOfOursRevokesNothingOfAConnectionThatStays) {
  const auto made = result(connected(request()));
  RefusingStore full(store);
  const Connect on_full_disk(parts_on(full), clients, discovery, calls, id_tokens);
  const auto again = connect.reconnect(acting(kAda), made);
  const auto left = leave(again);
  full.passes = 1;  // the claim
  const auto query = answer_to(left);
  on_full_disk.land({left.client, query, [&](HandoffId) { return Secret::copy_of(left.proof); }});
  EXPECT_EQ(flow(again).problem, "storage_unavailable");
  EXPECT_EQ(revocations(), 0U);
}

TEST_F(ConnectSettleTest, AClientThatWentMeanwhileEndsIt) {
  const auto minted = start();
  const auto left = leave(minted);
  clients.remove(acting(kCarl), acme.id);
  land(left);
  expect_failed(minted, "client_removed");
  EXPECT_EQ(token_calls(), 0U);
}

TEST_F(ConnectSettleTest, WhatADeadProcessLeftBehindIsOpenedAgain) {
  const auto minted = start();
  const auto left = leave(minted);
  site["https://as.acme.example/token"] = WireClient::failing(ErrorCode::kInternal, "died");
  store.transact([&](store::Transaction& tx) {
    tx.handoffs().advance(kWorkspace, minted.handoff.id, domain::kOpened, domain::kCompleting, {.now = clock.now()},
                          support::event_in(kWorkspace));
    tx.oauth_flows().claim(kWorkspace, minted.handoff.id, flow(minted).state_hash, clock.now(), clock.now() + 120s);
  });
  connect.recover();
  EXPECT_EQ(state(minted), domain::kCompleting) << "somebody may still be at it";
  clock.advance(120s);
  connect.recover();
  EXPECT_EQ(state(minted), domain::kOpened);
  EXPECT_EQ(flow(minted).problem, "left_behind");
  EXPECT_EQ(refusal(left, answer_to(left)), "state_used");
  connect.recover();
  EXPECT_THAT(events("handoff.reopened"), SizeIs(1));
  grants(tokens());
  land(leave(minted));
  EXPECT_EQ(state(minted), domain::kCompleted);
}

TEST_F(ConnectSettleTest, WhoeverComesBackAfterTheClaimIsOverStoresNothing) {
  const auto minted = start();
  const auto left = leave(minted);
  during_the_call = [&] {
    clock.advance(121s);
    connect.recover();
  };
  EXPECT_EQ(reason_of([&] { land(left); }), "handoff_opened");
  EXPECT_EQ(count_connections(), 0U);
  EXPECT_EQ(revocations(), 2U);
}

// --- client credentials ---

class ConnectNowTest : public ConnectSettleTest {
 protected:
  ConnectNowTest() {
    auto client = draft_client();
    client.slug = "robot";
    client.grant = domain::OAuthGrant::kClientCredentials;
    insert(client);
  }
  ConnectRequest robot_request(domain::OwnerKind owner) {
    auto asked = request();
    asked.client = "robot";
    asked.client_owner = domain::OwnerKind::kOrg;
    asked.owner = owner;
    return asked;
  }
  Minted mint() { return start(robot_request(domain::OwnerKind::kOrg)); }
};

// Nobody at the provider is asked there, so an admin is asked here.
TEST_F(ConnectNowTest, WhatActsForTheOrgIsNoMembersToHandOut) {
  EXPECT_EQ(reason_of([&] { connect.start(agent, robot_request(domain::OwnerKind::kUser)); }), "org_only");
  clients.remove(acting(kCarl), acme.id);
  EXPECT_EQ(reason_of([&] { connect.start(agent, request()); }), "oauth_client_missing") << "nor is it picked for them";
  const auto minted = mint();
  EXPECT_EQ(reason_of([&] { connect.connect_now(acting(kAda), minted.link_token, {}); }), "sent_to_admins");
  EXPECT_THAT(wire.sent, IsEmpty());
}

TEST_F(ConnectNowTest, TheTokenIsAskedForAtOnce) {
  grants(R"({"token_type": "Bearer", "access_token": "at-1", "expires_in": 600})");
  const auto minted = mint();
  const auto landed = std::get<Landed>(connect.connect_now(acting(kCarl), minted.link_token, {}));
  EXPECT_EQ(landed.link_token, minted.link_token);
  EXPECT_EQ(last().form().at("grant_type"), "client_credentials");
  EXPECT_EQ(last().form().at("scope"), "read write");
  ASSERT_EQ(state(minted), domain::kCompleted);
  EXPECT_EQ(tokens_of(result(minted)), "access_token=at-1");
  EXPECT_FALSE(account(result(minted)).refreshable);
}

TEST_F(ConnectNowTest, NobodyElseMayAskForIt) {
  const auto minted = mint();
  EXPECT_EQ(reason_of([&] { connect.connect_now(acting(kBob), minted.link_token, {}); }), "sent_to_admins");
  EXPECT_THAT(wire.sent, IsEmpty());
}

TEST_F(ConnectNowTest, ARefusalIsInTheFlow) {
  answers("https://as.acme.example/token", 401, R"({"error": "invalid_client"})");
  const auto minted = mint();
  connect.connect_now(acting(kCarl), minted.link_token, {});
  expect_failed(minted, "invalid_client");
}

TEST_F(ConnectNowTest, TwoTabsAskOnce) {
  const auto minted = mint();
  during_the_call = [&] {
    EXPECT_EQ(reason_of([&] { connect.connect_now(acting(kCarl), minted.link_token, {}); }), "handoff_completing");
  };
  connect.connect_now(acting(kCarl), minted.link_token, {});
  EXPECT_EQ(token_calls(), 1U);
}

// --- afterwards ---

TEST_F(ConnectSettleTest, TheWrongAccountIsTakenBackByItsSubject) {
  const auto minted = connected(request());
  EXPECT_EQ(reason_of([&] { connect.undo(acting(kBob), minted.link_token); }), "not_yours");
  connect.undo(acting(kAda), minted.link_token);
  EXPECT_EQ(stored(result(minted)).state, domain::ConnectionState::kRevoked);
  connect.undo(acting(kAda), minted.link_token);
  EXPECT_THAT(events("connection.removed"), SizeIs(1)) << "once is enough";
}

TEST_F(ConnectSettleTest, OnlyWhatWasMadeCanBeTakenBack) {
  const auto minted = start();
  EXPECT_EQ(reason_of([&] { connect.undo(acting(kAda), minted.link_token); }), "handoff_pending");
}

TEST_F(ConnectSettleTest, ParallelFlowsEachLandInTheirOwn) {
  const auto first = start();
  const auto second = start();
  const auto left_first = leave(first);
  const auto left_second = leave(second);
  EXPECT_EQ(reason_of([&] { land(left_first, answer_to(left_first), left_second.proof, left_first.client); }),
            "other_browser");
  land(left_second);
  EXPECT_EQ(state(first), domain::kOpened);
  EXPECT_EQ(state(second), domain::kCompleted);
  land(left_first);
  EXPECT_EQ(state(first), domain::kCompleted);
}

}  // namespace
}  // namespace countersign::oauth
