// Tokens that are due are renewed, what still works is kept, and what never will is said.
#include "oauth/tokens.h"

#include "oauth/tokens_fixture.h"

namespace countersign::oauth {
namespace {

using domain::ConnectionState;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class RefreshTokens : public TokensTest {};

TEST_F(RefreshTokens, ATokenThatIsNotDueIsOpenedWithoutARequest) {
  const auto id = connect(1h);
  const auto fields = process.tokens.fresh(domain::Actor::system(), kWorkspace, id, "call");
  EXPECT_EQ(fields.at("access_token").reveal(), "at-1");
  EXPECT_EQ(server.count(), 0U);
  EXPECT_THAT(events("connection.opened"), ElementsAre(HasSubstr("\"purpose\":\"call\"")));
}

TEST_F(RefreshTokens, TheRefreshTokenNeverLeaves) {
  EXPECT_THAT(process.tokens.fresh(domain::Actor::system(), kWorkspace, connect(1h), "call"), SizeIs(1));
  server.answers(200, token_answer("at-2", "rt-2"));
  EXPECT_THAT(process.tokens.fresh(domain::Actor::system(), kWorkspace, connect(1s), "call"), SizeIs(1));
}

TEST_F(RefreshTokens, AConnectionWithoutOAuthIsOpenedAsItIs) {
  domain::Connection plain = support::connection(4711);
  plain.references.clear();
  vault::Fields fields;
  fields.emplace("refresh_token", Secret("a name is a name"));
  const auto closed = vault.seal(plain, fields);
  store.transact(
      [&](store::Transaction& tx) { tx.connections().insert(plain, closed, support::event_in(kWorkspace)); });
  const auto opened = process.tokens.fresh(domain::Actor::system(), kWorkspace, plain.id, "call");
  EXPECT_EQ(opened.at("refresh_token").reveal(), "a name is a name");
  EXPECT_EQ(refresh(plain.id, Force::kNow).outcome, Outcome::kFresh);
}

TEST_F(RefreshTokens, ATokenInsideTheLeewayOfItsIntegrationIsRenewedFirst) {
  const auto id = connect(301s);
  EXPECT_EQ(sent_with(id), "at-1");
  clock.advance(1s);
  server.answers(200, token_answer("at-2", "rt-2"));
  EXPECT_EQ(sent_with(id), "at-2");
  ASSERT_EQ(server.count(), 1U);
  const auto seen = server.seen().front();
  EXPECT_EQ(seen.url, "https://auth.acme.example/token");
  EXPECT_THAT(seen.authorization, HasSubstr("Basic "));
  EXPECT_THAT(seen.body, AllOf(HasSubstr("grant_type=refresh_token"), HasSubstr("refresh_token=rt-1")));
  EXPECT_EQ(kept(id), "2 access_token:at-2 refresh_token:rt-2");
  EXPECT_EQ(state(id), ConnectionState::kActive);
  EXPECT_EQ(account(id).expires_at, clock.now() + 1h);
  EXPECT_EQ(account(id).version, 2);
}

TEST_F(RefreshTokens, WhatWasOpenedForTheRefreshAndWhatCameOfItIsRecorded) {
  const auto id = connect(1s);
  server.answers(200, token_answer("at-2", "rt-2"));
  refresh(id);
  EXPECT_THAT(events("connection.refresh_started"),
              ElementsAre(AllOf(HasSubstr("\"fence\":\"1\""), HasSubstr("\"purpose\":\"refresh\""))));
  EXPECT_THAT(events("connection.refreshed"),
              ElementsAre(AllOf(HasSubstr("\"rotated\":\"yes\""), HasSubstr("\"version\":\"2\""),
                                HasSubstr("access_token:2:"), HasSubstr("refresh_token:2:"))));
}

TEST_F(RefreshTokens, NoTokenStandsInAnyEvent) {
  const auto good = connect(1s);
  server.answers(200, token_answer("at-2", "rt-2"));
  refresh(good);
  server.answers(400, error_answer("invalid_grant"));
  refresh(connect(1s));
  EXPECT_THAT(events(), ::testing::Each(Not(::testing::AnyOf(HasSubstr("at-1"), HasSubstr("at-2"), HasSubstr("rt-1"),
                                                             HasSubstr("rt-2"), HasSubstr("hush-1")))));
}

TEST_F(RefreshTokens, TheOldRefreshTokenIsKeptWhenNoNewOneComes) {
  const auto id = connect(1s);
  server.answers(200, token_answer("at-2", {}, 60));
  refresh(id);
  EXPECT_EQ(kept(id), "2 access_token:at-2 refresh_token:rt-1");
  EXPECT_THAT(events("connection.refreshed"), ElementsAre(HasSubstr("\"rotated\":\"no\"")));
  clock.advance(60s);
  refresh(id);
  EXPECT_EQ(kept(id), "3 access_token:at-2 refresh_token:rt-1");
}

TEST_F(RefreshTokens, GrantedScopesFollowTheAnswerWhenItNamesThem) {
  const auto id = connect(1s);
  server.answers(200, token_answer("at-2"));
  refresh(id);
  EXPECT_THAT(account(id).granted, ElementsAre("files.read", "files.write"));
  server.answers(200, R"({"token_type":"bearer","access_token":"at-3","expires_in":60,"scope":"files.read"})");
  clock.advance(1h);
  refresh(id);
  EXPECT_THAT(account(id).granted, ElementsAre("files.read"));
  const auto told = events("connection.refreshed");
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_THAT(told[0], Not(HasSubstr("shortfall"))) << "nothing has changed";
  EXPECT_THAT(told[1], AllOf(HasSubstr(R"("granted":"1")"), HasSubstr(R"("shortfall":"1")")));
}

TEST_F(RefreshTokens, TheResourceIsRepeated) {
  const auto id = connect(1s, {.auth_template = "gone", .resource = "https://api.acme.example/mcp"});
  server.answers(200, token_answer("at-2"));
  refresh(id);
  EXPECT_THAT(server.seen().front().body, HasSubstr("resource=https%3A%2F%2Fapi.acme.example%2Fmcp"));
}

TEST_F(RefreshTokens, ATokenWithoutAnEndIsRenewedOnDemandOnly) {
  const auto id = connect(0s);
  clock.advance(24h * 365);
  EXPECT_EQ(sent_with(id), "at-1");
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(server.count(), 0U);
  server.answers(200, R"({"token_type":"Bearer","access_token":"at-2"})");
  EXPECT_EQ(refresh(id, Force::kNow).outcome, Outcome::kRefreshed);
  EXPECT_EQ(account(id).expires_at, Instant());
}

TEST_F(RefreshTokens, ATokenShorterThanTheLeewayIsUsedForHalfItsLife) {
  const auto id = connect(1s);
  server.answers(200, token_answer("at-2", {}, 100));
  EXPECT_EQ(sent_with(id), "at-2");
  clock.advance(49s);
  EXPECT_EQ(sent_with(id), "at-2");
  EXPECT_EQ(server.count(), 1U);
  clock.advance(1s);
  sent_with(id);
  EXPECT_EQ(server.count(), 2U);
}

TEST_F(RefreshTokens, ClientCredentialsAreMintedAgain) {
  const auto machine = make_client(domain::OAuthGrant::kClientCredentials);
  const auto id = connect(1s, machine, {.refresh_token = ""});
  server.answers(200, token_answer("at-2", "a-refresh-token-nobody-asked-for"));
  EXPECT_EQ(sent_with(id), "at-2");
  EXPECT_THAT(server.seen().front().body, AllOf(HasSubstr("grant_type=client_credentials"), HasSubstr("files.read")));
  EXPECT_EQ(kept(id), "2 access_token:at-2");
}

TEST_F(RefreshTokens, WhatCannotBeRenewedWorksToItsEndAndNoLonger) {
  const auto id = connect(60s, {.refresh_token = ""});
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(refresh(id, Force::kNow).outcome, Outcome::kFresh);
  EXPECT_EQ(sent_with(id), "at-1");
  clock.advance(60s);
  EXPECT_EQ(reason_of([&] { sent_with(id); }), "reauth_required");
  EXPECT_EQ(state(id), ConnectionState::kNeedsReauth);
  EXPECT_EQ(account(id).problem, "no_refresh_token");
  EXPECT_EQ(server.count(), 0U);
}

TEST_F(RefreshTokens, WithItsClientRemovedATokenWorksToItsEnd) {
  const auto id = connect(60s);
  store.transact([&](store::Transaction& tx) {
    return tx.oauth_clients().remove(kWorkspace, acme.id, clock.now(), support::event_in(kWorkspace));
  });
  EXPECT_EQ(sent_with(id), "at-1");
  clock.advance(60s);
  EXPECT_EQ(refresh(id).problem, "client_removed");
  EXPECT_EQ(server.count(), 0U);
}

TEST_F(RefreshTokens, A038_InvalidGrantNeedsAPersonAndRetriesStop) {
  const auto id = connect(60s);
  server.answers(400, error_answer("invalid_grant", "Token has been revoked."));
  const auto refused = refused_by([&] { sent_with(id); });
  EXPECT_EQ(refused.reason, "reauth_required");
  EXPECT_THAT(refused.message, HasSubstr("does not accept its refresh token"));
  EXPECT_EQ(state(id), ConnectionState::kNeedsReauth);
  EXPECT_EQ(account(id).problem, "invalid_grant");
  EXPECT_EQ(account(id).problem_words, "Token has been revoked.");
  EXPECT_THAT(events("connection.refresh_rejected"), ElementsAre(HasSubstr("Token has been revoked.")));

  EXPECT_EQ(reason_of([&] { sent_with(id); }), "reauth_required");
  EXPECT_EQ(refresh(id, Force::kNow).outcome, Outcome::kNeedsReauth);
  clock.advance(24h);
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(server.count(), 1U);
  EXPECT_EQ(process.tokens.counts().rejected, 1U);
}

TEST_F(RefreshTokens, AnAgentLearnsWhatToDoNext) {
  const auto id = connect(1s);
  server.answers(400, error_answer("invalid_grant"));
  try {
    sent_with(id);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConflict);
    EXPECT_EQ(error.recovery(), "oauth.start");
  }
}

// What passes, what an admin has to mend, and what is no answer at all: the token is kept.
struct Failure {
  std::string name;
  std::function<void(AuthServer&)> set_up;
  std::string problem;
};
class A039_RefreshThatFails : public TokensTest, public ::testing::WithParamInterface<Failure> {};

TEST_P(A039_RefreshThatFails, KeepsTheTokenAndPutsOff) {
  const auto id = connect(60s);
  GetParam().set_up(server);
  EXPECT_EQ(sent_with(id), "at-1");
  EXPECT_EQ(state(id), ConnectionState::kActive);
  EXPECT_EQ(kept(id), "1 access_token:at-1 refresh_token:rt-1");
  EXPECT_EQ(account(id).problem, GetParam().problem);
  EXPECT_EQ(account(id).failures, 1);

  EXPECT_EQ(sent_with(id), "at-1");  // not asked again before its time
  EXPECT_EQ(server.count(), 1U);

  clock.advance(60s);
  process.tokens.refresh(kWorkspace, id, Force::kWhenDue);
  EXPECT_EQ(server.count(), 2U);
  const auto refused = refused_by([&] { sent_with(id); });
  EXPECT_EQ(refused.reason, "refresh_failed");
  EXPECT_EQ(refused.code, ErrorCode::kUnavailable);
  ASSERT_TRUE(refused.wait);
  EXPECT_EQ(clock.now() + *refused.wait, std::chrono::ceil<std::chrono::seconds>(account(id).next_try_at));

  server.answers(200, token_answer("at-2", "rt-2"));
  clock.advance(2min);
  EXPECT_EQ(sent_with(id), "at-2");
  EXPECT_EQ(account(id).failures, 0);
  EXPECT_EQ(account(id).problem, "");
}

INSTANTIATE_TEST_SUITE_P(
    Refusals, A039_RefreshThatFails,
    ::testing::Values(
        Failure{"ServerError", [](AuthServer& s) { s.answers(500, "{}"); }, "server_error"},
        Failure{"Busy", [](AuthServer& s) { s.answers(503, error_answer("temporarily_unavailable")); },
                "temporarily_unavailable"},
        Failure{"TooMany", [](AuthServer& s) { s.answers(429, "{}"); }, "rate_limited"},
        Failure{"TimeOut", [](AuthServer& s) { s.fails_with("upstream_timeout"); }, "upstream_timeout"},
        Failure{"NoWay", [](AuthServer& s) { s.fails_with("upstream_unreachable"); }, "upstream_unreachable"},
        Failure{"Page", [](AuthServer& s) { s.answers(200, "<html>"); }, "bad_answer"},
        Failure{"Redirect", [](AuthServer& s) { s.answers(302, ""); }, "redirect_refused"},
        Failure{"WrongClient", [](AuthServer& s) { s.answers(401, error_answer("invalid_client")); }, "invalid_client"},
        Failure{"TooEarly", [](AuthServer& s) { s.answers(400, error_answer("invalid_request")); }, "invalid_request"}),
    [](const auto& tried) { return tried.param.name; });

TEST_F(RefreshTokens, AnEarlyRefreshRefusedInTheProvidersOwnWordsKeepsTheToken) {
  const auto early = connect(60s);
  server.answers(400, error_answer("invalid_refresh_token"));
  EXPECT_EQ(sent_with(early), "at-1");
  clock.advance(61s);
  EXPECT_EQ(refresh(early).outcome, Outcome::kNeedsReauth);
}

TEST_F(RefreshTokens, A039_TheWaitGrowsWithEachFailureToAnHour) {
  const auto id = connect(1s);
  server.answers(500, "{}");
  const std::vector<std::chrono::seconds> nominal{30s, 60s, 120s, 240s, 480s, 960s, 1920s, 3600s, 3600s};
  for (const auto wait : nominal) {
    EXPECT_EQ(refresh(id).outcome, Outcome::kPutOff);
    const auto until = account(id).next_try_at - clock.now();
    EXPECT_GE(until, wait * 4 / 5);
    EXPECT_LE(until, wait * 6 / 5);
    clock.advance(until);
  }
}

TEST_F(RefreshTokens, A039_TheWaitsOfTwoConnectionsDiffer) {
  server.answers(500, "{}");
  const auto one = connect(1s);
  const auto other = connect(1s);
  refresh(one);
  refresh(other);
  EXPECT_NE(account(one).next_try_at, account(other).next_try_at);
}

TEST_F(RefreshTokens, A039_TheServersOwnWaitIsHonoured) {
  const auto id = connect(1s);
  server.answers([](const AuthServer::Seen&) { return AuthServer::answer(429, "{}", "600"); });
  refresh(id);
  EXPECT_GE(account(id).next_try_at, clock.now() + 600s);
  clock.advance(590s);
  refresh(id, Force::kNow);
  EXPECT_EQ(server.count(), 1U);
}

TEST_F(RefreshTokens, A039_AServerThatIsDownIsLeftAloneForAWhile) {
  server.answers(503, "{}");
  for (int i = 0; i < 5; ++i) refresh(connect(1s));
  EXPECT_EQ(server.count(), 5U);
  const auto sixth = connect(1s);
  EXPECT_EQ(refresh(sixth).problem, "provider_paused");
  EXPECT_EQ(server.count(), 5U);

  // Others are not held responsible.
  const auto elsewhere = connect(1s, make_client(domain::OAuthGrant::kAuthorizationCode, "auth.zen.example"), Wish());
  refresh(elsewhere);
  EXPECT_EQ(server.count(), 6U);

  // Then one is let through, and the next only after what came of it.
  clock.advance(30s);
  refresh(connect(1s));
  refresh(connect(1s));
  EXPECT_EQ(server.count(), 7U);
  clock.advance(30s);
  server.answers(200, token_answer("at-2"));
  refresh(connect(1s));
  refresh(connect(1s));
  EXPECT_EQ(server.count(), 9U);
}

TEST_F(RefreshTokens, AForcedRefreshIsDoneAtMostEveryThirtySeconds) {
  const auto id = connect(1h);
  server.answers(200, token_answer("at-2"));
  EXPECT_EQ(refresh(id, Force::kNow).outcome, Outcome::kRefreshed);
  clock.advance(29s);
  EXPECT_EQ(refresh(id, Force::kNow).outcome, Outcome::kFresh);
  clock.advance(1s);
  EXPECT_EQ(refresh(id, Force::kNow).outcome, Outcome::kRefreshed);
}

TEST_F(RefreshTokens, ARemovedConnectionAndAnotherWorkspacesAreNotRefreshed) {
  const auto id = connect(1s);
  EXPECT_EQ(reason_of([&] { process.tokens.refresh(support::kOtherWorkspace, id, Force::kNow); }),
            "unknown_connection");
  remove(id);
  EXPECT_EQ(reason_of([&] { sent_with(id); }), "connection_revoked");
  EXPECT_EQ(reason_of([&] { refresh(id, Force::kNow); }), "connection_revoked");
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(server.count(), 0U);
}

TEST_F(RefreshTokens, ABrokenSealIsPutOffAndSaid) {
  const auto id = connect(60s);
  store.transact([&](store::Transaction& tx) {
    auto other = tx.connections().find(kWorkspace, id).value();
    other.base_url = "https://elsewhere.example";
    auto bound = tx.oauth_accounts().find(kWorkspace, id).value();
    bound.version = 2;
    // Sealed for another place, as a row moved by hand would be.
    const std::vector<domain::SealedField> moved{{"access_token", 2, "1.AAAA"}, {"refresh_token", 2, "1.AAAA"}};
    return tx.oauth_accounts().reconnect(other, bound, moved, support::event_in(kWorkspace));
  });
  EXPECT_EQ(refresh(id, Force::kNow).problem, "seal_broken");
  EXPECT_EQ(account(id).problem, "seal_broken");
  EXPECT_EQ(server.count(), 0U);
}

class RefreshJob : public TokensTest {};

TEST_F(RefreshJob, RenewsBeforeAnybodyWaits) {
  const auto soon = connect(300s);
  const auto later = connect(361s);  // past the leeway and the widest spread
  server.answers(200, token_answer("at-2"));
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(account(soon).version, 2);
  EXPECT_EQ(account(later).version, 1);
}

TEST_F(RefreshJob, SpreadsWhatEndsTogether) {
  server.answers(200, token_answer("at-2"));
  for (int i = 0; i < 16; ++i) connect(330s);
  process.tokens.refresh_due(kWorkspace);
  const auto at_once = server.count();
  EXPECT_GT(at_once, 0U);
  EXPECT_LT(at_once, 16U);
  clock.advance(30s);
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(server.count(), 16U);
}

TEST_F(RefreshJob, AsksForTwentyInARunAndIsNotHeldUpByThoseItCannotRenew) {
  server.answers(200, token_answer("at-2"));
  for (int i = 0; i < 25; ++i) connect(5s, {.refresh_token = ""});
  for (int i = 0; i < 25; ++i) connect(10s);
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(server.count(), 20U);
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(server.count(), 25U);
}

TEST_F(RefreshJob, ASlowProviderMakesNoRunLong) {
  for (int i = 0; i < 5; ++i) connect(5s);
  server.answers([&](const AuthServer::Seen&) {
    clock.advance(10s);
    return AuthServer::answer(503, "");
  });
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(server.count(), 2U);
}

TEST_F(RefreshJob, OneBadAccountDoesNotKeepTheOthersWaiting) {
  const auto bad = connect(1s);
  const auto good = connect(2s);
  server.answers([n = std::make_shared<std::atomic<int>>(0)](const AuthServer::Seen&) {
    return (*n)++ == 0 ? AuthServer::answer(400, error_answer("invalid_grant"))
                       : AuthServer::answer(200, token_answer("at-2"));
  });
  process.tokens.refresh_due(kWorkspace);
  EXPECT_EQ(state(bad), ConnectionState::kNeedsReauth);
  EXPECT_EQ(account(good).version, 2);
}

}  // namespace
}  // namespace countersign::oauth
