// Removed means removed at the provider, too, as soon as it can be reached; here it means so at once.
#include "oauth/revoker.h"

#include "handoff/connections.h"
#include "oauth/tokens_fixture.h"

namespace countersign::oauth {
namespace {

using domain::ConnectionState;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Revoking : public TokensTest {
 protected:
  ConnectionId removed(const domain::OAuthClient& by, const Wish& wish = {}) {
    const auto id = connect(1h, by, wish);
    EXPECT_TRUE(remove(id));
    return id;
  }
  ConnectionId removed() { return removed(acme); }
  domain::Revocation revocation(ConnectionId id) { return process.revoker.state(kWorkspace, id).value(); }
  domain::Revocation attempt(ConnectionId id) { return process.revoker.attempt(kWorkspace, id).value(); }
};

TEST_F(Revoking, A045_RemovalIsEffectiveAtOnceWhileTheProviderIsDown) {
  server.fails_with("upstream_unreachable");
  const auto id = connect(1h);
  const handoff::Connections connections(store, clock);
  connections.remove(acting(kAda), id);
  EXPECT_EQ(state(id), ConnectionState::kRevoked);
  EXPECT_EQ(reason_of([&] { sent_with(id); }), "connection_revoked");
  EXPECT_EQ(reason_of([&] { vault.open(domain::Actor::system(), kWorkspace, id, "call", bindings); }),
            "connection_revoked");
  EXPECT_EQ(server.count(), 0U);  // nobody waits for the provider

  EXPECT_EQ(attempt(id).problem, "upstream_unreachable");
  const auto open = process.revoker.open(acting(kAda));
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open.front().first.id, id);

  server.answers(200, "");
  clock.advance(1min);
  process.revoker.revoke_due();
  EXPECT_TRUE(revocation(id).confirmed);
  EXPECT_THAT(process.revoker.open(acting(kAda)), IsEmpty());
  EXPECT_THAT(sealed(id), IsEmpty());
}

// A program that is told to stop waits for the run.
TEST_F(Revoking, ASlowProviderMakesNoRunLong) {
  for (int i = 0; i < 5; ++i) removed();
  server.answers([&](const AuthServer::Seen&) {
    clock.advance(10s);
    return AuthServer::answer(503, "");
  });
  process.revoker.revoke_due();
  EXPECT_EQ(server.count(), 2U);
  process.revoker.revoke_due();
  EXPECT_EQ(server.count(), 4U) << "the others have their turn";
}

TEST_F(Revoking, TheRefreshTokenGoesFirst) {
  const auto id = removed();
  server.answers(200, "");
  EXPECT_TRUE(attempt(id).confirmed);
  const auto seen = server.seen();
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[0].url, "https://auth.acme.example/revoke");
  EXPECT_THAT(seen[0].authorization, HasSubstr("Basic "));
  EXPECT_THAT(seen[0].body, AllOf(HasSubstr("token=rt-1"), HasSubstr("token_type_hint=refresh_token")));
  EXPECT_THAT(seen[1].body, AllOf(HasSubstr("token=at-1"), HasSubstr("token_type_hint=access_token")));
  EXPECT_THAT(events("connection.revocation_confirmed"), ElementsAre(HasSubstr("\"attempts\":\"1\"")));
  EXPECT_THAT(sealed(id), IsEmpty());
}

TEST_F(Revoking, TheAccessTokenWaitsUntilTheRefreshTokenIsGone) {
  const auto id = removed();
  server.answers(503, "");
  EXPECT_FALSE(attempt(id).confirmed);
  EXPECT_EQ(server.count(), 1U);
  EXPECT_THAT(sealed(id), SizeIs(2));
}

TEST_F(Revoking, WithoutARefreshTokenTheAccessTokenIsRevoked) {
  const auto id = removed(acme, {.refresh_token = ""});
  server.answers(200, "");
  EXPECT_TRUE(attempt(id).confirmed);
  EXPECT_THAT(server.seen(), SizeIs(1));
}

TEST_F(Revoking, WhereTheAccessTokenIsTheProofOneCallIsAll) {
  const auto id = removed(acme, {.auth_template = "bearer"});
  server.answers(200, "");
  EXPECT_TRUE(attempt(id).confirmed);
  ASSERT_THAT(server.seen(), SizeIs(1));
  EXPECT_EQ(server.seen().front().authorization, "Bearer at-1");
}

TEST_F(Revoking, IsTriedAgainAfterAMinuteFiveThirtyAndThenEachHour) {
  const auto id = removed();
  server.answers(503, "");
  for (const auto wait : {0min, 1min, 5min, 30min, 60min, 60min}) {
    if (wait > 0min) {
      clock.advance(wait - 1ms);
      process.revoker.revoke_due();
      clock.advance(1ms);
    }
    const auto before = server.count();
    process.revoker.revoke_due();
    process.revoker.revoke_due();
    EXPECT_EQ(server.count(), before + 1) << wait.count();
  }
  EXPECT_EQ(server.count(), 6U);
  EXPECT_EQ(revocation(id).attempts, 6);
  EXPECT_THAT(events("connection.revocation_put_off"), SizeIs(6));
}

TEST_F(Revoking, IsGivenUpAfterAWeekAndTheTokensAreShredded) {
  const auto id = removed();
  server.answers(503, "");
  process.revoker.revoke_due();
  for (clock.advance(domain::kRevokeWithin - 30min); clock.now() < stored(id).updated_at + domain::kRevokeWithin;) {
    process.revoker.revoke_due();
    EXPECT_THAT(sealed(id), SizeIs(2));
    clock.advance(10min);
  }
  process.revoker.revoke_due();
  EXPECT_NE(revocation(id).settled_at, Instant());
  EXPECT_FALSE(revocation(id).confirmed);
  EXPECT_THAT(sealed(id), IsEmpty());
  EXPECT_THAT(events("connection.revocation_given_up"), SizeIs(1));
  const auto asked = server.count();
  clock.advance(24h);
  process.revoker.revoke_due();
  EXPECT_EQ(attempt(id).settled_at, revocation(id).settled_at);
  EXPECT_EQ(server.count(), asked);
}

TEST_F(Revoking, AProviderThatCannotRevokeIsNotAskedAndItIsSaid) {
  auto mute = make_client();
  mute.server.revocation_endpoint.clear();
  mute.id = ids.next<OAuthClientId>();
  mute.slug = "mute";
  insert(mute);
  const auto id = removed(mute);
  EXPECT_EQ(attempt(id).problem, "no_revocation_endpoint");
  EXPECT_FALSE(revocation(id).confirmed);
  EXPECT_THAT(sealed(id), IsEmpty());
  EXPECT_EQ(server.count(), 0U);
}

TEST_F(Revoking, WithTheClientsSecretGoneNothingCanBeDoneAndItIsSaid) {
  const auto id = removed();
  store.transact([&](store::Transaction& tx) {
    return tx.oauth_clients().remove(kWorkspace, acme.id, clock.now(), support::event_in(kWorkspace));
  });
  EXPECT_EQ(attempt(id).problem, "client_removed");
  EXPECT_FALSE(revocation(id).confirmed);
  EXPECT_THAT(sealed(id), IsEmpty());
  EXPECT_EQ(server.count(), 0U);
}

TEST_F(Revoking, ARefusalForGoodIsNotRepeated) {
  const auto id = removed();
  server.answers(404, "");
  attempt(id);
  EXPECT_NE(revocation(id).settled_at, Instant());
  EXPECT_THAT(events("connection.revocation_given_up"), SizeIs(1));
}

TEST_F(Revoking, A045_WhoDiedWhileAskingIsFollowedWhenTheLeaseIsOver) {
  const auto id = removed();
  store.transact([&](store::Transaction& tx) {
    tx.audit().record(support::event_in(kWorkspace));
    return tx.revocations().claim(kWorkspace, id, clock.now(), clock.now() + 60s);
  });
  server.answers(200, "");
  process.revoker.revoke_due();
  attempt(id);
  EXPECT_EQ(server.count(), 0U);
  clock.advance(60s);
  process.revoker.revoke_due();
  EXPECT_TRUE(revocation(id).confirmed);
}

TEST_F(Revoking, TheOpeningOfTheTokensIsRecordedAndTheirTextIsNot) {
  const auto id = removed();
  server.answers(503, "");
  attempt(id);
  EXPECT_THAT(events("connection.opened"), ElementsAre(HasSubstr("\"purpose\":\"revocation\"")));
  EXPECT_THAT(events(), ::testing::Each(::testing::Not(::testing::AnyOf(HasSubstr("rt-1"), HasSubstr("at-1")))));
}

TEST_F(Revoking, OnlyWhoMaySeeAConnectionIsShownThatItIsOpen) {
  const auto adas = removed();
  const auto orgs = removed(acme, {.owner = domain::Owner::org()});
  EXPECT_THAT(process.revoker.open(acting(kAda)), SizeIs(2));
  const auto bobs_view = process.revoker.open(acting(kBob));
  ASSERT_THAT(bobs_view, SizeIs(1));
  EXPECT_EQ(bobs_view.front().first.id, orgs);
  EXPECT_NE(orgs, adas);
}

TEST_F(Revoking, WhatDidNotComeByOAuthIsShreddedAtOnceAndNotQueued) {
  domain::Connection plain = support::connection(4711);
  plain.references.clear();
  store.transact([&](store::Transaction& tx) {
    tx.connections().insert(plain, support::sealed_fields(), support::event_in(kWorkspace));
  });
  EXPECT_TRUE(remove(plain.id));
  EXPECT_THAT(sealed(plain.id), IsEmpty());
  EXPECT_EQ(process.revoker.attempt(kWorkspace, plain.id), std::nullopt);
}

TEST_F(Revoking, IsQueuedOnceHoweverOftenItIsRemoved) {
  const auto id = removed();
  EXPECT_FALSE(remove(id));
  server.answers(200, "");
  process.revoker.revoke_due();
  EXPECT_FALSE(remove(id));
  EXPECT_TRUE(revocation(id).confirmed);
  EXPECT_THAT(events("connection.removed"), ElementsAre(HasSubstr("\"revocation\":\"queued\"")));
}

TEST_F(Revoking, APersonsYesToAnAgentsWishQueuesItToo) {
  const auto id = connect(1h);
  const auto minted = handoffs.mint_removal(agent_of(kAda), id, "");
  handoffs.confirm(acting(kAda), minted.link_token);
  EXPECT_EQ(state(id), ConnectionState::kRevoked);
  server.answers(200, "");
  EXPECT_TRUE(attempt(id).confirmed);
}

}  // namespace
}  // namespace countersign::oauth
