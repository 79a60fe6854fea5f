// Asking for a login: anybody may, so nothing that is asked is believed and everything is capped.
#include <set>

#include "handoff/codes.h"
#include "handoff/links.h"
#include "handoff/login_fixture.h"
#include "handoff/login_limits.h"

namespace countersign::handoff {
namespace {

using domain::Scope;
using domain::ScopeSet;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class LoginMintTest : public LoginTest {
 protected:
  MintedLogin mint_as(std::string identifier) {
    auto asked = request();
    asked.agent_identifier = std::move(identifier);
    return logins.mint(asked);
  }
  ScopeSet asked_by(std::string scope) {
    auto asked = request();
    asked.scope = std::move(scope);
    return login(logins.mint(asked)).asked;
  }
  // Gives each up at once, so that it is the asking that is counted and not what is open.
  std::size_t mint_until_refused(std::string_view address, Refused& refused) {
    for (std::size_t minted = 0; minted < 200; ++minted) {
      refused = refused_by([&] { logins.cancel(logins.mint(request(address)).session_request_id); });
      if (!refused.reason.empty()) return minted;
    }
    return 200;
  }
};

TEST_F(LoginMintTest, ANewLoginIsPendingAndAnybodys) {
  const auto minted = logins.mint(request());
  const auto handoff = stored(minted.handoff.id);
  EXPECT_EQ(handoff.kind, domain::HandoffKind::kLogin);
  EXPECT_EQ(handoff.state, domain::kPending);
  EXPECT_FALSE(handoff.agent.valid());
  EXPECT_FALSE(handoff.subject.valid());
  EXPECT_EQ(handoff.expires_at - handoff.created_at, 600s);
  EXPECT_EQ(status(minted), LoginStatus::kPending);
  EXPECT_EQ(login(minted).asked, (ScopeSet{Scope::kRead, Scope::kUse}));
  EXPECT_EQ(login(minted).asked_from, kAgentsMachine);
  EXPECT_FALSE(minted.verifier) << "it brought its own challenge";
}

TEST_F(LoginMintTest, MintingIsOnRecord) {
  logins.mint(request());
  EXPECT_THAT(events("handoff.created"),
              ElementsAre(R"(anonymous {"kind":"login","scopes":"read use"} | claude on laptop)"));
}

TEST_F(LoginMintTest, TheNameIsCleaned) {
  EXPECT_EQ(login(mint_as("  claude ")).agent_identifier, "claude");
  EXPECT_EQ(login(mint_as("")).agent_identifier, "An agent");
  EXPECT_EQ(login(mint_as("   ")).agent_identifier, "An agent");
  EXPECT_EQ(login(mint_as(" \u00a0 ")).agent_identifier, "An agent") << "a blank that is no space";
  EXPECT_EQ(reason_of([&] { mint_as("a\nb"); }), "bad_name");
  EXPECT_EQ(reason_of([&] { mint_as("\x1b[2J"); }), "bad_name");
  EXPECT_EQ(reason_of([&] { mint_as(std::string(101, 'a')); }), "bad_name");
  EXPECT_EQ(reason_of([&] { mint_as("\xff"); }), "bad_name");
}

TEST_F(LoginMintTest, ScopesAreUnderstoodInBothVocabularies) {
  EXPECT_EQ(asked_by(""), ScopeSet::usual());
  EXPECT_EQ(asked_by("content_only"), ScopeSet::usual());
  EXPECT_EQ(asked_by("admin"), ScopeSet::all());
  EXPECT_EQ(asked_by("use  read"), (ScopeSet{Scope::kRead, Scope::kUse}));
  EXPECT_EQ(asked_by("content_only change"), ScopeSet::all());
}

TEST_F(LoginMintTest, AnUnknownScopeIsRefusedAndTheKnownOnesNamed) {
  const auto refused = refused_by([&] { asked_by("read root"); });
  EXPECT_EQ(refused.reason, "bad_scope");
  EXPECT_THAT(refused.message, AllOf(HasSubstr("read connect change use"), HasSubstr("content_only")));
}

TEST_F(LoginMintTest, ACodeChallengeIsExactlyADigest) {
  for (const char* bad :
       {"x", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"}) {
    auto asked = request();
    asked.code_challenge = bad;
    EXPECT_EQ(reason_of([&] { logins.mint(asked); }), "bad_code_challenge") << bad;
  }
}

TEST_F(LoginMintTest, OnlyAProgramIsGivenAVerifier) {
  auto program = model_request();
  program.for_program = true;
  EXPECT_TRUE(logins.mint(program).verifier);
  EXPECT_FALSE(logins.mint(model_request()).verifier) << "a model reads that answer";
  EXPECT_FALSE(login(logins.mint(model_request())).verifier_held);
}

// A006: 256 bits, and one answer for everything that is none.
TEST_F(LoginMintTest, A006_AForgedIdIsUnknownWhateverIsWrongWithIt) {
  const auto minted = logins.mint(request());
  const auto other = logins.mint(request());
  const std::string& id = minted.session_request_id;
  EXPECT_EQ(id.substr(0, 3), "as_");
  EXPECT_THAT(id.substr(id.find('.') + 1), SizeIs(43));
  const auto unknown = refused_by([&] { logins.get("as_"); });
  EXPECT_EQ(unknown.reason, "unknown_auth_session");
  std::string changed = id;
  changed[20] = changed[20] == 'A' ? 'B' : 'A';
  const auto of_nothing = session_request_id(ring, HandoffId(77));  // well made, of a row that is not there
  for (const std::string& forged :
       {std::string(), changed, id + "A", id.substr(3), "as_" + minted.link_token,
        id.substr(0, 17) + other.session_request_id.substr(17), minted.link_token, of_nothing}) {
    const auto refused = refused_by([&] { logins.get(forged); });
    EXPECT_EQ(refused.code, unknown.code) << forged;
    EXPECT_EQ(refused.message, unknown.message) << forged;
    EXPECT_EQ(reason_of([&] { logins.release(forged, proof()); }), "unknown_auth_session") << forged;
    EXPECT_EQ(reason_of([&] { logins.cancel(forged); }), "unknown_auth_session") << forged;
  }
}

TEST_F(LoginMintTest, TheAskersIdIsNoDoorForAPerson) {
  const auto minted = logins.mint(request());
  EXPECT_EQ(reason_of([&] { logins.look(acting(kAda), minted.session_request_id.substr(3), kElsewhere); }),
            "unknown_handoff");
}

// A019: sessions side by side have nothing in common that could be mixed up.
TEST_F(LoginMintTest, A019_ParallelLoginsHaveCodesOfTheirOwn) {
  std::set<std::string> codes;
  for (int i = 0; i < 5; ++i) {
    const auto minted = logins.mint(request());
    codes.insert(minted.handoff.user_code);
    codes.insert(return_code(ring, minted.handoff.id));
    codes.insert(minted.session_request_id);
    codes.insert(minted.link_token);
  }
  EXPECT_THAT(codes, SizeIs(20));
}

TEST_F(LoginMintTest, CodesAreInTheAlphabetOfTheRfc) {
  for (int i = 1; i <= 300; ++i) {
    EXPECT_THAT(new_user_code(random), ::testing::MatchesRegex("[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}"));
    EXPECT_THAT(return_code(ring, HandoffId(i)),
                ::testing::MatchesRegex("[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}"));
  }
}

TEST_F(LoginMintTest, AskingIsCappedPerAddressAndMinute) {
  Refused refused;
  EXPECT_EQ(mint_until_refused(kAgentsMachine, refused), 10U);
  EXPECT_EQ(refused.reason, "login_cap");
  EXPECT_EQ(refused.code, ErrorCode::kRateLimited);
  EXPECT_GE(refused.wait.value_or(0s), 1s);
  EXPECT_EQ(reason_of([&] { logins.mint(request(kElsewhere)); }), "") << "somebody else's fault";
}

TEST_F(LoginMintTest, ANetworkOfOneHouseholdIsOneAddress) {
  for (int i = 0; i < 10; ++i) logins.mint(request("2001:db8::" + std::to_string(i + 1)));
  EXPECT_EQ(reason_of([&] { logins.mint(request("2001:db8::ffff")); }), "login_cap");
  EXPECT_EQ(reason_of([&] { logins.mint(request("2001:db8:1::1")); }), "");
}

TEST_F(LoginMintTest, AskingIsCappedInAllPerMinute) {
  std::size_t minted = 0;
  for (int i = 0; i < 100; ++i) {
    minted += reason_of([&] { logins.mint(request("192.0.2." + std::to_string(i))); }).empty() ? 1U : 0U;
  }
  EXPECT_EQ(minted, 60U);
  clock.advance(1s);
  EXPECT_EQ(reason_of([&] { logins.mint(request("192.0.2.200")); }), "");
}

TEST_F(LoginMintTest, OpenOnesAreCappedPerAddressHoweverSlowlyTheyCome) {
  std::size_t minted = 0;
  for (int i = 0; i < 20; ++i) {
    minted += reason_of([&] { logins.mint(request()); }).empty() ? 1U : 0U;
    clock.advance(20s);
  }
  EXPECT_EQ(minted, 10U);
  clock.advance(600s);
  EXPECT_EQ(reason_of([&] { logins.mint(request()); }), "") << "the old ones have expired";
}

TEST_F(LoginMintTest, OpenOnesAreCappedInAll) {
  auto narrow = options();
  narrow.most_open = 3;
  const auto few = with(narrow);
  const auto first = few.mint(request("192.0.2.1"));
  few.mint(request("192.0.2.2"));
  few.mint(request("192.0.2.3"));
  EXPECT_EQ(reason_of([&] { few.mint(request("192.0.2.4")); }), "login_cap");
  few.cancel(first.session_request_id);
  EXPECT_EQ(reason_of([&] { few.mint(request("192.0.2.5")); }), "");
}

TEST_F(LoginMintTest, LookingTooOftenSlowsOneDown) {
  const auto minted = logins.mint(request());
  EXPECT_EQ(logins.interval_of(minted.handoff.id), 2s);
  logins.keep_pace(state(minted));
  clock.advance(1'800ms);  // a tenth is forgiven
  logins.keep_pace(state(minted));
  clock.advance(1'799ms);
  const auto refused = refused_by([&] { logins.keep_pace(state(minted)); });
  EXPECT_EQ(refused.reason, "slow_down");
  EXPECT_EQ(refused.wait, 7s);
  EXPECT_EQ(logins.interval_of(minted.handoff.id), 7s);
  clock.advance(5s);
  EXPECT_EQ(reason_of([&] { logins.keep_pace(state(minted)); }), "") << "counted from the last one that was answered";
}

TEST_F(LoginMintTest, WhoGoesOnAtItsOwnPaceIsSlowedDownButDoesNotStarve) {
  const auto minted = logins.mint(request());
  std::size_t answered = 0;
  for (int i = 0; i < 300; ++i) {
    answered += reason_of([&] { logins.keep_pace(state(minted)); }).empty() ? 1U : 0U;
    clock.advance(1s);
  }
  EXPECT_GE(answered, 5U);
  EXPECT_LE(answered, 10U);
  EXPECT_EQ(logins.interval_of(minted.handoff.id), 60s);
}

TEST_F(LoginMintTest, AnEndIsToldAtAnyPace) {
  const auto minted = logins.mint(request());
  logins.keep_pace(state(minted));
  logins.deny(acting(kAda), minted.link_token);
  EXPECT_EQ(reason_of([&] { logins.keep_pace(state(minted)); }), "");
}

TEST_F(LoginMintTest, TheTableOfPacesIsBounded) {
  LoginPace pace(clock);
  for (int i = 1; i <= 10'050; ++i) pace.look(HandoffId(i));
  EXPECT_EQ(pace.size(), 10'000U);
  EXPECT_EQ(reason_of([&] { pace.look(HandoffId(10'050)); }), "slow_down");
  EXPECT_EQ(reason_of([&] { pace.look(HandoffId(1)); }), "") << "the oldest was forgotten";
}

TEST_F(LoginMintTest, WhatStrangersLeaveBehindIsForgottenAfterADay) {
  const auto left = logins.mint(request());
  const auto cancelled = logins.mint(request());
  logins.cancel(cancelled.session_request_id);
  const auto allowed = logins.mint(request());
  allow(allowed);
  clock.advance(24h + 10min);  // a day after its end
  logins.prune();
  EXPECT_EQ(reason_of([&] { state(left); }), "unknown_auth_session");
  EXPECT_EQ(reason_of([&] { state(cancelled); }), "unknown_auth_session");
  EXPECT_EQ(status(allowed), LoginStatus::kActive);
  EXPECT_THAT(events("handoff.pruned"), ElementsAre(HasSubstr(R"("count":"2")")));
}

TEST_F(LoginMintTest, NothingIsForgottenBeforeADay) {
  const auto left = logins.mint(request());
  clock.advance(23h);
  logins.prune();
  EXPECT_EQ(status(left), LoginStatus::kExpired);
}

}  // namespace
}  // namespace countersign::handoff
