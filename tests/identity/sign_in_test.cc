// The ways in. What follows a sign-in is in presence_test.cc, throttling in throttle_test.cc.
#include "identity/sign_in.h"

#include <time.h>

#include <algorithm>
#include <barrier>
#include <thread>

#include "base/encoding.h"
#include "crypto/token.h"
#include "fixture.h"
#include "support/captured_log.h"

namespace countersign::identity {
namespace {

class SignInTest : public IdentityTest {
 protected:
  std::string link_for(PersonId person, seconds lifetime = minutes(10)) {
    return std::string(people.make_link(admin, workspace, person, lifetime).reveal());
  }
  Refused refused_link(const std::string& link) {
    return refusal_of([&] { follow(link); });
  }
  domain::Person add_disabled(std::string login) {
    domain::Person person;
    person.id = ids.next<PersonId>();
    person.workspace = workspace;
    person.login = std::move(login);
    person.display_name = person.login;
    person.password_hash = passwords.hash(secret(kPassword));
    person.disabled = true;
    person.created_at = clock.now();
    store.transact([&](store::Transaction& tx) {
      tx.people().insert(person, {workspace, clock.now(), admin, "person.created", person.id.text(), {}, {}});
    });
    return person;
  }
};

TEST_F(SignInTest, RightPasswordBeginsASession) {
  const auto person = add_person();
  const auto signed_in = sign_in_as("  ADA ");
  EXPECT_EQ(signed_in.person.id, person.id);
  EXPECT_TRUE(signed_in.cookie.reveal().starts_with("cs_session_"));
  EXPECT_TRUE(sign_in.present(signed_in.cookie.reveal()));

  const auto rows = audit("sign_in.succeeded");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].row.facts, R"({"how":"password"})");
  EXPECT_EQ(rows[0].row.actor, "person:" + person.id.text());
  ASSERT_EQ(audit("session.started").size(), 1U);
  EXPECT_EQ(audit("session.started")[0].row.object, signed_in.session.id.text());
}

TEST_F(SignInTest, EverySignInIsANewSession) {
  add_person();
  const auto first = sign_in_as("ada");
  const auto second = sign_in_as("ada");
  EXPECT_NE(first.session.id, second.session.id);
  EXPECT_TRUE(sign_in.present(first.cookie.reveal()));
  EXPECT_TRUE(sign_in.present(second.cookie.reveal()));
}

TEST_F(SignInTest, A095_EveryFailureLooksTheSame) {
  add_person("ada");
  add_person("linkonly", "");
  add_disabled("gone");
  const auto refused = [&](std::string_view login, std::string_view password) {
    return refusal_of([&] { sign_in_as(login, password); });
  };
  const Refused expected = refused("ada", "not the right one");
  EXPECT_EQ(expected.code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(expected.reason, "wrong_login");
  EXPECT_EQ(refused("nobody", kPassword), expected);
  EXPECT_EQ(refused("gone", kPassword), expected);
  EXPECT_EQ(refused("linkonly", kPassword), expected);
  EXPECT_EQ(refused("linkonly", ""), expected);
  EXPECT_EQ(refused("", kPassword), expected);
  EXPECT_EQ(refused("not a login!", kPassword), expected);
  EXPECT_EQ(refused(std::string(5000, 'a'), kPassword), expected);
  EXPECT_EQ(refused(std::string_view("\xFF\0", 2), kPassword), expected);
  // What stands in for the missing hash is nobody's password.
  EXPECT_EQ(refused("nobody", "nobody has this one"), expected);
}

// Processor time of the whole program: what an observer's stopwatch shows, without the machine's other work.
TEST_F(SignInTest, A095_UnknownLoginCostsAsMuchAsAKnownOne) {
  PasswordWorker dear(crypto::PasswordCost{2, std::size_t{16} << 20U});
  const std::string hash = dear.hash(secret(kPassword));
  const auto cost = [&](std::string_view stored) {
    timespec begin{};
    timespec end{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    EXPECT_FALSE(dear.verify(stored, secret("not the right one")));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    return static_cast<double>(end.tv_sec - begin.tv_sec) * 1e9 + static_cast<double>(end.tv_nsec - begin.tv_nsec);
  };
  double known = cost(hash);
  double unknown = cost("");
  for (int i = 0; i < 6; ++i) {  // the least of some turns: what else goes on in the machine only adds to it
    known = std::min(known, cost(hash));
    unknown = std::min(unknown, cost(""));
  }
  EXPECT_LT(unknown, known * 1.5);
  EXPECT_GT(unknown, known / 1.5);
}

TEST_F(SignInTest, FailureIsRecordedWithDigestsAndNeverWithWhatWasTyped) {
  const auto person = add_person();
  EXPECT_EQ(wrong("ada"), "wrong_login");
  EXPECT_EQ(wrong("My-Password-In-The-Wrong-Box"), "wrong_login");
  EXPECT_EQ(wrong("ada"), "wrong_login");
  const auto rows = audit("sign_in.failed");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].row.object, person.id.text());
  EXPECT_EQ(rows[1].row.object, "");
  EXPECT_EQ(rows[0].row.actor, "anonymous");
  EXPECT_EQ(rows[0].row.facts, rows[2].row.facts) << "the same login from the same address can be recognised";
  EXPECT_NE(rows[0].row.facts, rows[1].row.facts);
  EXPECT_EQ(bytes_on_disk().find("Wrong-Box"), std::string::npos);
  EXPECT_EQ(bytes_on_disk().find("wrong-box"), std::string::npos);
  EXPECT_EQ(bytes_on_disk().find(kHome), std::string::npos);
}

TEST_F(SignInTest, HashIsMadeAnewWhenTheCostRises) {
  const auto person = add_person();
  PasswordWorker dearer(crypto::PasswordCost{2, 16 * 1024});
  SignIn later(store, keys, dearer, clock, random, ids);
  const Origin from_home{std::string(kHome), ""};
  later.with_password(workspace, "ada", secret(kPassword), from_home);
  const std::string improved = people.get(workspace, person.id).password_hash;
  EXPECT_NE(improved, person.password_hash);
  EXPECT_FALSE(dearer.outdated(improved));
  later.with_password(workspace, "ada", secret(kPassword), from_home);
  EXPECT_EQ(people.get(workspace, person.id).password_hash, improved) << "once is enough";
  EXPECT_EQ(refusal_of([&] { later.with_password(workspace, "ada", secret("not this one"), from_home); }).reason,
            "wrong_login");
}

TEST_F(SignInTest, LinkLetsItsPersonInOnce) {
  const auto person = add_person("ada", "");
  const std::string link = link_for(person.id);
  EXPECT_TRUE(link.starts_with("cs_signin_"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(sign_in.owner_of_link(link)) << "looking uses nothing up (abuse case 10)";
  EXPECT_TRUE(audit("sign_in.succeeded").empty());

  const auto signed_in = follow(link);
  EXPECT_EQ(signed_in.person.id, person.id);
  EXPECT_TRUE(sign_in.present(signed_in.cookie.reveal()));
  EXPECT_FALSE(sign_in.owner_of_link(link));
  EXPECT_EQ(refused_link(link).reason, "link_used");
  EXPECT_EQ(refused_link(link).code, ErrorCode::kPermissionDenied);

  const auto rows = audit("sign_in.succeeded");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_NE(rows[0].row.facts.find(R"("how":"link")"), std::string::npos);
  EXPECT_EQ(audit("sign_in_link.created").size(), 1U);
}

TEST_F(SignInTest, LinkWorksUntilItsEndAndNotAtIt) {
  const auto person = add_person();
  const std::string first = link_for(person.id, seconds(600));
  const std::string second = link_for(person.id, seconds(600));
  clock.advance(seconds(600) - milliseconds(1));
  EXPECT_TRUE(sign_in.owner_of_link(first));
  follow(first);
  clock.advance(milliseconds(1));
  EXPECT_FALSE(sign_in.owner_of_link(second));
  EXPECT_EQ(refused_link(second).reason, "link_expired");
  EXPECT_EQ(refused_link(first).reason, "link_used") << "told apart also afterwards";
}

TEST_F(SignInTest, LinkThatNeverWasIsNotFoundInOneWay) {
  const auto person = add_person();
  const std::string good = link_for(person.id);
  const std::string other = link_for(person.id);
  const Refused expected = refused_link("");
  EXPECT_EQ(expected.code, ErrorCode::kNotFound);
  EXPECT_EQ(expected.reason, "bad_link");
  EXPECT_EQ(refused_link(std::string(sign_in_as("ada").cookie.reveal())), expected);
  const std::size_t secret_at = good.size() - 43;
  EXPECT_EQ(refused_link(other.substr(0, secret_at) + good.substr(secret_at)), expected);
  EXPECT_TRUE(sign_in.owner_of_link(good));
}

TEST_F(SignInTest, LinkOfADisabledPersonFailsLikeAnExpiredOne) {
  const auto gone = add_disabled("gone");
  const std::string link = link_for(gone.id);
  EXPECT_FALSE(sign_in.owner_of_link(link));
  const Refused disabled = refused_link(link);
  EXPECT_EQ(disabled.reason, "link_expired");

  // Disabling makes links void: that shows as little.
  const auto boss = add_person();
  const auto bob = add_person("bob", "");
  const std::string of_bob = link_for(bob.id);
  accounts.disable(acting(boss), bob.id);
  EXPECT_EQ(refused_link(of_bob), disabled);

  const std::string old = link_for(boss.id, seconds(1));
  clock.advance(seconds(1));
  EXPECT_EQ(refused_link(old), disabled);
}

TEST_F(SignInTest, A005_LinkNamesItsOwnerAndItsPurposeBeforeItIsUsed) {
  const auto person = add_person("ada", "");
  const std::string link =
      text(people.make_link(admin, workspace, person.id, minutes(1), domain::LinkPurpose::kRecovery));
  const auto owner = sign_in.owner_of_link(link);
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->person.login, "ada");
  EXPECT_EQ(owner->purpose, domain::LinkPurpose::kRecovery);
}

TEST_F(SignInTest, SigningInByLinkMakesNothingElseVoid) {
  const auto person = add_person();
  const auto here = sign_in_as("ada");
  const std::string first = link_for(person.id);
  const std::string second = link_for(person.id);
  follow(first);
  EXPECT_TRUE(sign_in.owner_of_link(second));
  EXPECT_TRUE(sign_in.present(here.cookie.reveal()));
  EXPECT_NO_THROW(sign_in_as("ada"));
}

TEST_F(SignInTest, SessionRemembersWhereItBeganWithTheBrowserCut) {
  const auto person = add_person();
  const auto browser_of = [&](std::string user_agent) {
    const auto id =
        sign_in.with_password(workspace, "ada", secret(kPassword), {"2001:db8::7", std::move(user_agent)}).session.id;
    const auto row = store.read([&](const store::Snapshot& at) { return *at.sessions().find(id); });
    EXPECT_EQ(row.address, "2001:db8::7");
    EXPECT_EQ(row.verified_at, clock.now());
    return row.browser;
  };
  EXPECT_EQ(browser_of("Mozilla/5.0 (X11)"), "Mozilla/5.0 (X11)");
  EXPECT_EQ(browser_of(""), "");
  std::string umlauts;
  for (int i = 0; i < 201; ++i) umlauts += "\xC3\xA4";
  EXPECT_EQ(browser_of(umlauts), umlauts.substr(0, 400)) << "characters are counted, and none is cut in two";
  EXPECT_EQ(browser_of(std::string("a\xFF\0b\x1B\xC3", 6) + "c\xE2\x82"), "abc") << "hostile bytes stop no sign-in";
}

TEST_F(SignInTest, A098_PasswordChangedWhileItWasComparedLetsNobodyIn) {
  const auto person = add_person();
  const InterruptedClock interrupted(
      clock, [&] { people.set_password(admin, workspace, person.id, secret("another-harbour-tuba")); });
  SignIn slow(store, keys, passwords, interrupted, random, ids);
  const auto begin = [&] { slow.with_password(workspace, "ada", secret(kPassword), {std::string(kHome), ""}); };
  EXPECT_EQ(refusal_of(begin).reason, "wrong_login");
  EXPECT_TRUE(audit("session.started").empty());
}

TEST_F(SignInTest, A098_PersonDisabledWhileTheyWereSigningInIsNotLetIn) {
  const auto person = add_person();
  const auto boss = add_person("boss");
  const InterruptedClock interrupted(clock, [&] { accounts.disable(acting(boss), person.id); });
  SignIn slow(store, keys, passwords, interrupted, random, ids);
  const auto begin = [&] { slow.with_password(workspace, "ada", secret(kPassword), {std::string(kHome), ""}); };
  EXPECT_EQ(refusal_of(begin).reason, "wrong_login");
  EXPECT_TRUE(audit("session.started").empty()) << "or it would come alive when the account is enabled";
}

TEST_F(SignInTest, A009_OfThirtyTwoAtOnceOneUsesTheLink) {
  const std::string link = link_for(add_person("ada", "").id);
  constexpr int kThreads = 32;
  std::barrier start(kThreads);
  std::atomic<int> in{0};
  std::atomic<int> used{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      const std::string reason = refused_link(link).reason;
      if (reason.empty()) ++in;
      if (reason == "link_used") ++used;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(in, 1);
  EXPECT_EQ(used, kThreads - 1);
  EXPECT_EQ(audit("sign_in.succeeded").size(), 1U);
  EXPECT_EQ(audit("session.started").size(), 1U);
}

TEST_F(SignInTest, CanaryPasswordIsNowhereOnDiskOrInWhatIsLogged) {
  constexpr std::string_view kCanary = "canary-9fQ2xWvB7t!";
  support::CapturedLog log;
  const auto person = add_person("ada", kCanary);
  const auto signed_in = sign_in_as("ada", kCanary);
  const std::string link = link_for(person.id);
  for (int i = 0; i < 8; ++i) {
    try {
      sign_in_as(i % 2 == 0 ? "nobody" : kCanary, kCanary);
    } catch (const Error& error) {
      log.write(LogLevel::kWarning, error.what(), {{"message", error.message()}, {"detail", error.detail()}});
    }
  }
  const std::string disk = bytes_on_disk();
  ASSERT_NE(disk.find("argon2id"), std::string::npos) << "the search proves that it sees the file";
  const std::string cookie(signed_in.cookie.reveal());
  for (const std::string& canary : {std::string(kCanary), base64url(as_bytes(kCanary)), hex(as_bytes(kCanary)), cookie,
                                    cookie.substr(cookie.size() - 43), link, link.substr(link.size() - 43)}) {
    EXPECT_EQ(disk.find(canary), std::string::npos) << canary;
    EXPECT_EQ(log.text().find(canary), std::string::npos) << canary;
  }
}

}  // namespace
}  // namespace countersign::identity
