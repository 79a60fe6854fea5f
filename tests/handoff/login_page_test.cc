// The person's side of a login, and what makes a relayed link worthless.
#include "handoff/login_fixture.h"

namespace countersign::handoff {
namespace {

using domain::Scope;
using domain::ScopeSet;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class LoginPageTest : public LoginTest {
 protected:
  std::string allow_refused(const MintedLogin& minted, const Allowance& wanted,
                            std::string_view address = kAgentsMachine) {
    return reason_of([&] { logins.allow(acting(kAda), minted.link_token, address, wanted); });
  }
  std::string code_refused(const MintedLogin& minted, std::string_view code, std::string_view address = kElsewhere) {
    return reason_of([&] { type_code(minted, code, address); });
  }
  bool same_machine(std::string_view asked_from, std::string_view address, bool loopback_only = false) {
    auto chosen = options();
    chosen.loopback_only = loopback_only;
    chosen.proxies = proxies;
    const auto some = with(chosen);
    const auto minted = some.mint(request(asked_from));
    const bool same = !some.look(acting(kAda), minted.link_token, address).type_code;
    some.cancel(minted.session_request_id);
    return same;
  }

  std::vector<std::string> proxies;
};

// A010: a mail scanner follows every link.
TEST_F(LoginPageTest, A010_LookingChangesNothing) {
  const auto minted = logins.mint(request());
  const auto before = events();
  EXPECT_TRUE(card(minted, kElsewhere).type_code);
  EXPECT_FALSE(card(minted, kAgentsMachine).type_code);
  EXPECT_EQ(events(), before);
  EXPECT_FALSE(login(minted).remote);
  EXPECT_FALSE(stored(minted.handoff.id).subject.valid());
}

TEST_F(LoginPageTest, OnTheAgentsOwnMachineOneClickIsEnough) {
  const auto minted = logins.mint(request());
  allow(minted);
  EXPECT_EQ(machine(minted), domain::kCompleted);
  const auto after = state(minted);
  EXPECT_EQ(after.status, LoginStatus::kActive);
  EXPECT_FALSE(after.return_code_awaited);
  ASSERT_TRUE(after.approved_by);
  EXPECT_EQ(after.approved_by->id, kAda);
  EXPECT_EQ(after.login.granted, (ScopeSet{Scope::kRead}));
  EXPECT_EQ(card(minted).return_code, "");
}

TEST_F(LoginPageTest, AllowingIsOnRecordWithWhatWasAllowed) {
  allow(logins.mint(request()));
  EXPECT_THAT(events("handoff.allowed"),
              ElementsAre(HasSubstr(R"("lifetime":"2592000","return_code":"not_needed","scopes":"read")")));
  EXPECT_THAT(events("handoff.opened"), SizeIs(1));
  EXPECT_THAT(events("handoff.completed"), ElementsAre(HasSubstr("person:")));
}

// A001: the attacker's agent makes a link, somebody else opens it at home.
TEST_F(LoginPageTest, A001_ALinkFromAnotherMachineAsksForTheCode) {
  const auto minted = logins.mint(request());
  EXPECT_EQ(allow_refused(minted, allowance(), kElsewhere), "user_code_needed");
  EXPECT_EQ(code_refused(minted, ""), "wrong_user_code");
  EXPECT_EQ(code_refused(minted, another(minted.handoff.user_code)), "wrong_user_code");
  EXPECT_EQ(machine(minted), domain::kPending);
  EXPECT_FALSE(stored(minted.handoff.id).subject.valid());
  EXPECT_FALSE(release(minted));
}

// A003: the attacker relays the code too, and the victim does everything the page asks for.
TEST_F(LoginPageTest, A003_LinkAndCodeTogetherWinNothing) {
  const auto minted = logins.mint(request());
  allow_from_elsewhere(minted);
  EXPECT_EQ(machine(minted), domain::kOpened);
  EXPECT_EQ(status(minted), LoginStatus::kPending);
  EXPECT_TRUE(state(minted).return_code_awaited);
  EXPECT_FALSE(release(minted)) << "the verifier alone fetches nothing";
  EXPECT_EQ(reason_of([&] { release(minted, "BBBB-BBBB-BBBB"); }), "wrong_return_code");
  clock.advance(600s);
  EXPECT_EQ(status(minted), LoginStatus::kExpired);
  EXPECT_FALSE(release(minted));
  EXPECT_EQ(count_agents(), 0U);
}

TEST_F(LoginPageTest, TheReturnCodeIsShownToThePersonAloneAndOnlyAfterAllow) {
  const auto minted = logins.mint(request());
  type_code(minted, minted.handoff.user_code);
  EXPECT_EQ(card(minted, kElsewhere).return_code, "");
  EXPECT_FALSE(card(minted, kElsewhere).allowed);
  allow(minted, kElsewhere);
  const auto shown = card(minted, kElsewhere);
  EXPECT_THAT(shown.return_code, SizeIs(14));
  EXPECT_TRUE(shown.allowed);
  EXPECT_FALSE(shown.code_for_client);
  EXPECT_THAT(login(minted).return_code_hash, ::testing::Not(HasSubstr(shown.return_code)));
  for (const std::string& event : events()) EXPECT_THAT(event, ::testing::Not(HasSubstr(shown.return_code)));
  clock.advance(600s);
  EXPECT_EQ(card(minted, kElsewhere).return_code, "");
}

TEST_F(LoginPageTest, TheCodeIsReadAsPeopleTypeIt) {
  const auto minted = logins.mint(request());
  std::string typed = " " + minted.handoff.user_code + " ";
  typed.erase(typed.find('-'), 1);
  for (char& c : typed) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  typed.insert(3, "- ");
  EXPECT_EQ(code_refused(minted, typed), "");
  EXPECT_EQ(machine(minted), domain::kOpened);
  EXPECT_TRUE(login(minted).remote);
  EXPECT_FALSE(card(minted, kElsewhere).type_code) << "typed already";
}

// A018: five tries, for good.
TEST_F(LoginPageTest, A018_TheFifthWrongCodeLocks) {
  const auto minted = logins.mint(request());
  const std::string wrong = another(minted.handoff.user_code);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(code_refused(minted, wrong), "wrong_user_code");
  EXPECT_EQ(machine(minted), domain::kPending);
  EXPECT_EQ(code_refused(minted, wrong), "wrong_user_code");
  EXPECT_EQ(machine(minted), domain::kLocked);
  EXPECT_EQ(code_refused(minted, minted.handoff.user_code), "handoff_locked");
  EXPECT_EQ(status(minted), LoginStatus::kCancelled);
  EXPECT_THAT(events("handoff.code_refused"), SizeIs(5));
  EXPECT_THAT(events("handoff.locked"), SizeIs(1));
}

// A018: a hundred tries at once are five all the same.
TEST_F(LoginPageTest, A018_ATryThatBeganBeforeTheLockIsTooLate) {
  const auto minted = logins.mint(request());
  const InterruptedClock late(clock, [&] {
    for (int i = 0; i < 5; ++i) code_refused(minted, another(minted.handoff.user_code));
  });
  const Logins at_once(store, ring, grants, late, random, ids, options());
  EXPECT_EQ(reason_of([&] { at_once.open(acting(kAda), minted.link_token, kElsewhere, minted.handoff.user_code); }),
            "handoff_locked");
  EXPECT_EQ(machine(minted), domain::kLocked);
}

TEST_F(LoginPageTest, WhoContinuesFirstIsTheSubject) {
  const auto minted = logins.mint(request());
  logins.open(acting(kAda), minted.link_token, kAgentsMachine, "");
  EXPECT_EQ(stored(minted.handoff.id).subject, kAda);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(reason_of([&] { card(minted, kAgentsMachine, kBob); }), "not_yours");
    EXPECT_EQ(reason_of([&] { allow(minted, kAgentsMachine, kBob); }), "not_yours");
    EXPECT_EQ(reason_of([&] { logins.deny(acting(kBob), minted.link_token); }), "not_yours");
    EXPECT_EQ(reason_of([&] { allow(minted, kAgentsMachine, kCarl); }), "not_yours") << "an admin neither";
  }
  EXPECT_THAT(events("handoff.refused"), SizeIs(2)) << "one for each person";
  EXPECT_EQ(reason_of([&] { allow(minted); }), "");
}

// Between Bob's look and his write Ada continues.
TEST_F(LoginPageTest, OfTwoWhoContinueAtOnceOneWins) {
  const auto minted = logins.mint(request());
  const InterruptedClock late(clock, [&] { logins.open(acting(kAda), minted.link_token, kAgentsMachine, ""); });
  const Logins bobs(store, ring, grants, late, random, ids, options());
  EXPECT_EQ(reason_of([&] { bobs.open(acting(kBob), minted.link_token, kAgentsMachine, ""); }), "handoff_opened");
  EXPECT_EQ(stored(minted.handoff.id).subject, kAda);
}

// A009: two tabs.
TEST_F(LoginPageTest, A009_ASecondAllowIsNoSecondGrant) {
  const auto minted = logins.mint(request());
  allow(minted);
  EXPECT_EQ(allow_refused(minted, allowance()), "handoff_completed");
  const auto remote = logins.mint(request());
  allow_from_elsewhere(remote);
  EXPECT_EQ(allow_refused(remote, {{Scope::kUse}, kMonth}, kElsewhere), "login_allowed");
  EXPECT_EQ(login(remote).granted, (ScopeSet{Scope::kRead})) << "the first word counts";
}

// A011: the agent gives up while the person decides.
TEST_F(LoginPageTest, A011_WhatWasCancelledCannotBeAllowed) {
  const auto minted = logins.mint(request());
  const InterruptedClock late(clock, [&] { logins.cancel(minted.session_request_id); });
  const Logins slow(store, ring, grants, late, random, ids, options());
  type_code(minted, minted.handoff.user_code);
  EXPECT_EQ(reason_of([&] { slow.allow(acting(kAda), minted.link_token, kElsewhere, allowance()); }),
            "handoff_cancelled");
  EXPECT_EQ(login(minted).allowed_at, Instant());
  EXPECT_EQ(status(minted), LoginStatus::kCancelled);
  EXPECT_EQ(allow_refused(minted, allowance(), kElsewhere), "handoff_cancelled");
}

TEST_F(LoginPageTest, AllowingNeedsAFreshProofOfWhoItIs) {
  const auto minted = logins.mint(request());
  auto stale = acting(kAda);
  stale.verified_at = clock.now() - domain::kFreshFor;
  EXPECT_EQ(reason_of([&] { logins.allow(stale, minted.link_token, kAgentsMachine, allowance()); }), "step_up_needed");
  EXPECT_EQ(machine(minted), domain::kPending);
}

TEST_F(LoginPageTest, NoMoreIsAllowedThanWasAskedFor) {
  const auto minted = logins.mint(request());  // read use
  EXPECT_EQ(allow_refused(minted, {{Scope::kRead, Scope::kChange}, kMonth}), "bad_scope");
  EXPECT_EQ(allow_refused(minted, {{}, kMonth}), "bad_scope");
  EXPECT_EQ(allow_refused(minted, {{Scope::kRead, Scope::kUse}, kMonth}), "");
}

TEST_F(LoginPageTest, AGrantLivesAsLongAsTheOperatorAllows) {
  auto week = options();
  week.longest_grant = std::chrono::hours(24 * 7);
  const auto some = with(week);
  const auto minted = some.mint(request());
  const auto offered = some.look(acting(kAda), minted.link_token, kAgentsMachine).lifetimes;
  EXPECT_THAT(offered, ElementsAre(1h, 24h, 24h * 7));
  for (const std::chrono::seconds wrong : {std::chrono::seconds(kMonth), 0s, -1s, 3'601s}) {
    EXPECT_EQ(reason_of([&] {
                some.allow(acting(kAda), minted.link_token, kAgentsMachine, {{Scope::kRead}, wrong});
              }),
              "bad_lifetime")
        << wrong.count();
  }
  EXPECT_THAT(card(minted).lifetimes, SizeIs(5));
}

TEST_F(LoginPageTest, WhoOpenedHereAndAllowsElsewhereTypesTheCode) {
  const auto minted = logins.mint(request());
  logins.open(acting(kAda), minted.link_token, kAgentsMachine, "");
  EXPECT_EQ(allow_refused(minted, allowance(), kElsewhere), "user_code_needed");
  EXPECT_TRUE(card(minted, kElsewhere).type_code);
  EXPECT_EQ(code_refused(minted, another(minted.handoff.user_code)), "wrong_user_code");
  type_code(minted, minted.handoff.user_code);
  allow(minted, kElsewhere);
  EXPECT_TRUE(state(minted).return_code_awaited);
}

TEST_F(LoginPageTest, WhoTypedTheCodeOnceCarriesTheReturnCodeFromWherever) {
  const auto minted = logins.mint(request());
  type_code(minted, minted.handoff.user_code);
  allow(minted, kAgentsMachine);
  EXPECT_TRUE(state(minted).return_code_awaited);
}

TEST_F(LoginPageTest, WithAlwaysEverybodyTypesAndCarries) {
  const auto strict = with(options(ReturnCode::kAlways));
  const auto minted = strict.mint(request());
  EXPECT_TRUE(strict.look(acting(kAda), minted.link_token, kAgentsMachine).type_code);
  EXPECT_EQ(reason_of([&] { strict.allow(acting(kAda), minted.link_token, kAgentsMachine, allowance()); }),
            "user_code_needed");
  strict.open(acting(kAda), minted.link_token, kAgentsMachine, minted.handoff.user_code);
  strict.allow(acting(kAda), minted.link_token, kAgentsMachine, allowance());
  EXPECT_TRUE(state(minted).return_code_awaited);
}

TEST_F(LoginPageTest, WithNeverTheCodeIsStillTypedFromElsewhere) {
  const auto kind = with(options(ReturnCode::kNever));
  const auto minted = kind.mint(request());
  EXPECT_EQ(reason_of([&] { kind.allow(acting(kAda), minted.link_token, kElsewhere, allowance()); }),
            "user_code_needed");
  kind.open(acting(kAda), minted.link_token, kElsewhere, minted.handoff.user_code);
  kind.allow(acting(kAda), minted.link_token, kElsewhere, allowance());
  EXPECT_EQ(status(minted), LoginStatus::kActive);
}

TEST_F(LoginPageTest, OneMachineIsOneAddressThatIsNoLoopback) {
  EXPECT_TRUE(same_machine("203.0.113.9", "203.0.113.9"));
  EXPECT_TRUE(same_machine("203.0.113.9", "::ffff:203.0.113.9"));
  EXPECT_TRUE(same_machine("2001:db8::1", "2001:DB8:0::1"));
  EXPECT_FALSE(same_machine("203.0.113.9", "203.0.113.10"));
  EXPECT_FALSE(same_machine("2001:db8::1", "2001:db8::2"));
  EXPECT_FALSE(same_machine("127.0.0.1", "127.0.0.1")) << "a proxy that nobody listed";
  EXPECT_FALSE(same_machine("::1", "::1"));
  EXPECT_FALSE(same_machine("0.0.0.0", "0.0.0.0"));
  EXPECT_FALSE(same_machine("", "")) << "unknown";
  EXPECT_FALSE(same_machine("unknown", "unknown"));
}

TEST_F(LoginPageTest, AnAddressOfAProxyTellsNobodyApart) {
  proxies = {"192.0.2.7", "2001:DB8:0::7"};
  EXPECT_FALSE(same_machine("192.0.2.7", "192.0.2.7")) << "whoever came, it did not say";
  EXPECT_FALSE(same_machine("::ffff:192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(same_machine("2001:db8::7", "2001:db8::7"));
  EXPECT_TRUE(same_machine("203.0.113.9", "203.0.113.9"));
}

TEST_F(LoginPageTest, OnALaptopTheMachineIsItself) {
  EXPECT_TRUE(same_machine("127.0.0.1", "127.0.0.1", true));
  EXPECT_TRUE(same_machine("::1", "127.0.0.1", true));
  EXPECT_FALSE(same_machine("127.0.0.1", "203.0.113.9", true));
  EXPECT_FALSE(same_machine("203.0.113.9", "203.0.113.9", true));
}

TEST_F(LoginPageTest, DeniedExpiredCancelledAndLockedAreToldApart) {
  const auto denied = logins.mint(request());
  logins.deny(acting(kAda), denied.link_token);
  EXPECT_EQ(status(denied), LoginStatus::kDenied);
  const auto cancelled = logins.mint(request());
  EXPECT_EQ(logins.cancel(cancelled.session_request_id).status, LoginStatus::kCancelled);
  EXPECT_EQ(logins.cancel(cancelled.session_request_id).status, LoginStatus::kCancelled) << "asked twice";
  EXPECT_EQ(reason_of([&] { logins.cancel(denied.session_request_id); }), "handoff_declined");
  const auto expired = logins.mint(request());
  clock.advance(600s);
  EXPECT_EQ(status(expired), LoginStatus::kExpired);
  EXPECT_EQ(status(denied), LoginStatus::kDenied) << "for good";
  EXPECT_EQ(allow_refused(expired, allowance()), "handoff_expired");
}

TEST_F(LoginPageTest, WhoAllowedMayStillThinkBetterOfIt) {
  const auto minted = logins.mint(request());
  const std::string code = allow_from_elsewhere(minted);
  logins.deny(acting(kAda), minted.link_token);
  EXPECT_EQ(logins.return_code(minted.session_request_id, code).status, LoginStatus::kDenied);
  EXPECT_FALSE(release(minted, code));
}

TEST_F(LoginPageTest, AnotherWorkspaceDoesNotHaveIt) {
  const auto minted = logins.mint(request());
  auto stranger = acting(kAda);
  stranger.workspace = support::kOtherWorkspace;
  EXPECT_EQ(reason_of([&] { logins.look(stranger, minted.link_token, kAgentsMachine); }), "unknown_handoff");
}

}  // namespace
}  // namespace countersign::handoff
