// How the grant of a login gets out: to whom, how often, and how long.
#include "handoff/login_fixture.h"

namespace countersign::handoff {
namespace {

using domain::Scope;
using domain::ScopeSet;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class LoginGrantTest : public LoginTest {
 protected:
  MintedLogin allowed() {
    auto minted = logins.mint(request());
    allow(minted);
    return minted;
  }
  std::string token_of(const MintedLogin& minted) {
    const auto grant = release(minted);
    return grant ? text(grant->token) : "";
  }
  std::string release_refused(const MintedLogin& minted) {
    return reason_of([&] { release(minted); });
  }
  // Asked for over MCP and allowed at the same machine; the code for `client connect`.
  std::string code_of_a_model() {
    const auto minted = logins.mint(model_request());
    allow(minted);
    return card(minted).return_code;
  }
  ReleasedGrant connect(std::string_view code, std::string_view address = kElsewhere) {
    return logins.connect(code, address);
  }
  Refused connect_refused(std::string_view code, std::string_view address = kElsewhere) {
    return refused_by([&] { connect(code, address); });
  }
};

TEST_F(LoginGrantTest, TheProgramThatAskedGetsAGrantThatWorks) {
  const auto minted = allowed();
  const auto grant = release(minted);
  ASSERT_TRUE(grant);
  const auto agent = grants.authenticate(grant->token.reveal());
  EXPECT_EQ(agent.id, grant->agent.id);
  EXPECT_EQ(agent.owner, kAda);
  EXPECT_EQ(agent.scopes, (ScopeSet{Scope::kRead}));
  EXPECT_EQ(agent.name, "claude on laptop");
  EXPECT_EQ(agent.expires_at, clock.now() + kMonth);
  EXPECT_EQ(login(minted).grant, agent.id);
}

TEST_F(LoginGrantTest, TheGrantAndItsReleaseAreOnRecord) {
  const auto minted = allowed();
  release(minted);
  EXPECT_THAT(events("agent.created"), ElementsAre(HasSubstr(minted.handoff.id.text())));
  EXPECT_THAT(events("handoff.released"), ElementsAre(HasSubstr(login(minted).grant.text())));
}

TEST_F(LoginGrantTest, ALifeIsCountedFromTheYes) {
  const auto minted = logins.mint(request());
  logins.allow(acting(kAda), minted.link_token, kAgentsMachine, {{Scope::kRead}, 1h});
  const Instant allowed_at = clock.now();
  clock.advance(9min);
  EXPECT_EQ(release(minted)->agent.expires_at, allowed_at + 1h);
}

TEST_F(LoginGrantTest, NothingIsReleasedBeforeTheYes) {
  const auto minted = logins.mint(request());
  EXPECT_FALSE(release(minted));
  logins.open(acting(kAda), minted.link_token, kAgentsMachine, "");
  EXPECT_FALSE(release(minted));
  logins.deny(acting(kAda), minted.link_token);
  EXPECT_FALSE(release(minted));
  EXPECT_EQ(count_agents(), 0U);
}

TEST_F(LoginGrantTest, OnlyTheRightVerifierFetchesIt) {
  const auto minted = allowed();
  for (const std::string& wrong : {std::string(), std::string(43, 'a'), std::string(kVerifier) + "a",
                                   minted.handoff.user_code, crypto::s256_challenge(Secret::copy_of(kVerifier))}) {
    EXPECT_EQ(reason_of([&] {
                logins.release(minted.session_request_id, {Secret::copy_of(wrong), ""});
              }),
              "wrong_verifier")
        << wrong;
  }
  EXPECT_EQ(count_agents(), 0U);
}

TEST_F(LoginGrantTest, AWrongVerifierDoesNotLearnTheState) {
  const auto minted = logins.mint(request());
  const auto attempt = [&] {
    return refused_by([&] { logins.release(minted.session_request_id, {Secret(std::string(43, 'a')), "BBBB"}); });
  };
  const auto before = attempt();
  allow_from_elsewhere(minted);
  const auto after = attempt();
  EXPECT_EQ(before.message, after.message);
  EXPECT_EQ(login(minted).wrong_codes, 0) << "the return code was not even looked at";
}

TEST_F(LoginGrantTest, TheVerifierWeGaveWorksAndIsNobodyElses) {
  auto asked = model_request();
  asked.for_program = true;
  const auto mine = logins.mint(asked);
  const auto other = logins.mint(asked);
  allow(mine);
  const auto proof_with = [](const std::optional<Secret>& verifier) {
    return LoginProof{Secret::copy_of(verifier.value().reveal()), ""};
  };
  EXPECT_EQ(reason_of([&] { logins.release(mine.session_request_id, proof_with(other.verifier)); }), "wrong_verifier");
  EXPECT_TRUE(logins.release(mine.session_request_id, proof_with(mine.verifier)));
}

TEST_F(LoginGrantTest, ALostAnswerIsGivenAgainForAMinute) {
  const auto minted = allowed();
  const std::string token = token_of(minted);
  clock.advance(59'999ms);
  EXPECT_EQ(token_of(minted), token);
  EXPECT_EQ(count_agents(), 1U);
  clock.advance(1ms);
  EXPECT_EQ(release_refused(minted), "grant_released");
}

TEST_F(LoginGrantTest, AfterItsFirstUseItIsNotGivenAgain) {
  const auto minted = allowed();
  const std::string token = token_of(minted);
  grants.authenticate(token);
  EXPECT_EQ(release_refused(minted), "grant_released");
  grants.write_last_used();
  EXPECT_EQ(release_refused(minted), "grant_released");
}

TEST_F(LoginGrantTest, ARevokedOrRotatedOneIsNotGivenAgain) {
  const auto revoked = allowed();
  token_of(revoked);
  grants.revoke(acting(kAda), login(revoked).grant);
  EXPECT_EQ(release_refused(revoked), "grant_released");
  const auto rotated = allowed();
  token_of(rotated);
  grants.rotate(acting(kAda), login(rotated).grant, 0s);
  EXPECT_EQ(release_refused(rotated), "grant_released");
}

TEST_F(LoginGrantTest, WhatNobodyFetchesIsNeverMade) {
  const auto minted = allowed();
  clock.advance(10min);
  EXPECT_EQ(release_refused(minted), "grant_released");
  EXPECT_EQ(status(minted), LoginStatus::kActive) << "an end is an end";
  EXPECT_EQ(count_agents(), 0U);
}

TEST_F(LoginGrantTest, ItCanBeFetchedUntilThen) {
  const auto minted = allowed();
  clock.advance(10min - 1ms);
  EXPECT_EQ(release_refused(minted), "");
}

TEST_F(LoginGrantTest, NoGrantForSomebodyWhoIsDisabledByThen) {
  const auto minted = allowed();
  disable(kAda);
  EXPECT_EQ(release_refused(minted), "owner_disabled");
  EXPECT_EQ(count_agents(), 0U);
  EXPECT_FALSE(login(minted).grant.valid());
}

// A009: the same answer for two that fetch at once.
TEST_F(LoginGrantTest, A009_TwoWhoFetchAtOnceGetOneGrant) {
  const auto minted = allowed();
  std::string first;
  const InterruptedClock late(clock, [&] { first = token_of(minted); });
  const Logins slower(store, ring, grants, late, random, ids, options());
  const auto second = slower.release(minted.session_request_id, proof());
  ASSERT_TRUE(second);
  EXPECT_EQ(text(second->token), first);
  EXPECT_EQ(count_agents(), 1U);
}

TEST_F(LoginGrantTest, TheReturnCodeSetsItFree) {
  const auto minted = logins.mint(request());
  const std::string code = allow_from_elsewhere(minted);
  const auto grant = release(minted, code);
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->agent.owner, kAda);
  EXPECT_EQ(status(minted), LoginStatus::kActive);
  EXPECT_EQ(token_of(minted), text(grant->token)) << "and is not needed twice";
}

TEST_F(LoginGrantTest, TheReturnCodeCanComeBackByItself) {
  const auto minted = logins.mint(request());
  std::string code = allow_from_elsewhere(minted);
  for (char& c : code) c = c == '-' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto after = logins.return_code(minted.session_request_id, code);
  EXPECT_EQ(after.status, LoginStatus::kActive);
  EXPECT_FALSE(after.return_code_awaited);
  EXPECT_TRUE(release(minted));
}

TEST_F(LoginGrantTest, TheReturnCodeOfAnotherLoginIsWrong) {
  const auto mine = logins.mint(request());
  const auto other = logins.mint(request());
  allow_from_elsewhere(mine);
  const std::string code = allow_from_elsewhere(other);
  EXPECT_EQ(reason_of([&] { logins.return_code(mine.session_request_id, code); }), "wrong_return_code");
  EXPECT_EQ(status(mine), LoginStatus::kPending);
}

TEST_F(LoginGrantTest, WrongReturnCodesLockToo) {
  const auto minted = logins.mint(request());
  const std::string code = allow_from_elsewhere(minted);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(reason_of([&] { release(minted, another(code)); }), "wrong_return_code");
  }
  EXPECT_EQ(machine(minted), domain::kLocked);
  EXPECT_FALSE(release(minted, code));
  EXPECT_EQ(card(minted, kElsewhere).return_code, "");
}

TEST_F(LoginGrantTest, ACodeBeforeTheYesDoesNothing) {
  const auto minted = logins.mint(request());
  type_code(minted, minted.handoff.user_code);
  EXPECT_EQ(logins.return_code(minted.session_request_id, "BBBB-BBBB-BBBB").status, LoginStatus::kPending);
  EXPECT_EQ(login(minted).wrong_codes, 0);
}

TEST_F(LoginGrantTest, WhatAModelAskedForGoesOutByClientConnectAlone) {
  const auto minted = logins.mint(model_request());
  allow(minted);
  EXPECT_EQ(status(minted), LoginStatus::kActive);
  EXPECT_EQ(release_refused(minted), "wrong_verifier");
  const auto shown = card(minted);
  EXPECT_TRUE(shown.code_for_client);
  const auto grant = connect(shown.return_code);
  EXPECT_EQ(grants.authenticate(grant.token.reveal()).owner, kAda);
  EXPECT_EQ(card(minted).return_code, "") << "it has served";
}

TEST_F(LoginGrantTest, ClientConnectAlsoBringsTheCodeBack) {
  const auto minted = logins.mint(model_request());
  const std::string code = allow_from_elsewhere(minted);
  EXPECT_EQ(status(minted), LoginStatus::kPending);
  connect(code);
  EXPECT_EQ(status(minted), LoginStatus::kActive);
}

TEST_F(LoginGrantTest, ACodeThatWasGivenBackToTheModelStillConnects) {
  const auto minted = logins.mint(model_request());
  const std::string code = allow_from_elsewhere(minted);
  EXPECT_EQ(logins.return_code(minted.session_request_id, code).status, LoginStatus::kActive);
  EXPECT_EQ(card(minted, kElsewhere).return_code, code);
  connect(code);
}

// Else whoever asked could fetch with the verifier what the person took for a login of their own client.
TEST_F(LoginGrantTest, TheCodeOfAProgramDoesNotConnect) {
  const auto minted = logins.mint(request());
  const std::string code = allow_from_elsewhere(minted);
  EXPECT_EQ(connect_refused(code).reason, "unknown_code");
  EXPECT_EQ(status(minted), LoginStatus::kPending);
}

TEST_F(LoginGrantTest, ConnectingAgainGivesTheSameGrantForAMinute) {
  const std::string code = code_of_a_model();
  const std::string token = text(connect(code).token);
  EXPECT_EQ(text(connect(code).token), token);
  clock.advance(60s);
  EXPECT_EQ(connect_refused(code).reason, "unknown_code");
}

TEST_F(LoginGrantTest, UnknownUsedAndExpiredCodesLookAlike) {
  const auto unknown = connect_refused("BBBB-BBBB-BBBB");
  EXPECT_EQ(unknown.reason, "unknown_code");
  const std::string used = code_of_a_model();
  grants.authenticate(connect(used).token.reveal());
  const std::string expired = code_of_a_model();
  clock.advance(10min);
  const auto late = logins.mint(model_request());
  const std::string never_back = allow_from_elsewhere(late);
  const auto denied = logins.mint(model_request());
  const std::string taken_back = allow_from_elsewhere(denied);
  logins.deny(acting(kAda), denied.link_token);
  clock.advance(10min);
  for (const std::string& code : {used, expired, never_back, taken_back, std::string(), std::string(5'000, 'B')}) {
    clock.advance(1min);
    const auto refused = connect_refused(code);
    EXPECT_EQ(refused.code, ErrorCode::kNotFound);
    EXPECT_EQ(refused.message, unknown.message) << code.substr(0, 20);
  }
}

TEST_F(LoginGrantTest, CodesCannotBeGuessedFast) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(connect_refused("BBBB-BBBB-BBBB").reason, "unknown_code");
  const std::string code = code_of_a_model();
  const auto refused = connect_refused(code);
  EXPECT_EQ(refused.reason, "code_cap") << "even with the right one";
  EXPECT_GE(refused.wait.value_or(0s), 1s);
  EXPECT_EQ(connect_refused(code, "192.0.2.1").reason, "") << "from another address";
}

TEST_F(LoginGrantTest, CodesCannotBeGuessedFastByManyAtOnce) {
  int looked_at = 0;
  for (int i = 0; i < 150; ++i) {
    looked_at += connect_refused("BBBB-BBBB-BBBB", "192.0.2." + std::to_string(i)).reason == "unknown_code" ? 1 : 0;
  }
  EXPECT_EQ(looked_at, 100);
}

// A013: what is revoked is not kept alive by the handoff that made it.
TEST_F(LoginGrantTest, A013_ARevokedGrantIsDead) {
  const auto minted = allowed();
  const std::string token = token_of(minted);
  grants.revoke(acting(kAda), login(minted).grant);
  EXPECT_EQ(reason_of([&] { grants.authenticate(token); }), "bad_token");
}

TEST_F(LoginGrantTest, NoTokenAndNoCodeIsEverOnRecord) {
  const auto minted = logins.mint(model_request());
  const std::string code = allow_from_elsewhere(minted);
  const std::string token = text(connect(code).token);
  for (const std::string& event : events()) {
    EXPECT_THAT(event, ::testing::Not(HasSubstr(token.substr(token.size() - 43))));
    EXPECT_THAT(event, ::testing::Not(HasSubstr(code)));
    EXPECT_THAT(event, ::testing::Not(HasSubstr(minted.handoff.user_code)));
  }
}

}  // namespace
}  // namespace countersign::handoff
