// What comes in at a webhook's address: what is taken, what is not, and what is remembered of either.
#include "webhook/fixture.h"

namespace countersign::webhook {
namespace {

class Inbound : public HookTest {};

TEST_F(Inbound, ASignedDeliveryIsTakenAndKept) {
  const auto hook = connect();
  EXPECT_EQ(deliver(hook, "msg_1", R"({"type":"a"})"), DeliveryVerdict::kAccepted);
  EXPECT_EQ(deliver(hook, "msg_2", R"({"type":"b"})"), DeliveryVerdict::kAccepted);
  const auto found = kept(hook);
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].body, R"({"type":"b"})") << "newest first";
  EXPECT_EQ(found[1].body, R"({"type":"a"})");
  EXPECT_EQ(found[1].content_type, "application/json");
  EXPECT_EQ(found[1].size, 12U);
  EXPECT_EQ(found[1].received_at, clock.now());
}

TEST_F(Inbound, ARepetitionIsAnsweredTheSameAndKeptOnce) {
  const auto hook = connect();
  const Headers headers = standard("msg_1", "one");
  EXPECT_EQ(take(token_of(hook), headers, "one"), DeliveryVerdict::kAccepted);
  EXPECT_EQ(take(token_of(hook), headers, "one"), DeliveryVerdict::kRepeated);
  clock.advance(2min);
  EXPECT_EQ(deliver(hook, "msg_1", "one"), DeliveryVerdict::kRepeated) << "signed anew by the sender";
  EXPECT_THAT(kept(hook), SizeIs(1));
  EXPECT_EQ(hooks.turned(acting(kAda), hook.id).repeated, 2U);
}

TEST_F(Inbound, AnotherConnectionsSecretSignsNothingHere) {
  const auto hook = connect();
  const auto other = connect({.secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"});
  EXPECT_EQ(take(token_of(other), standard("msg_1", "one"), "one"), DeliveryVerdict::kBadSignature);
  EXPECT_EQ(deliver(hook, "msg_1", "one"), DeliveryVerdict::kAccepted);
  EXPECT_THAT(kept(other), IsEmpty());
}

TEST_F(Inbound, AWrongSignatureWritesNothing) {
  const auto hook = connect();
  EXPECT_EQ(take(token_of(hook), standard("msg_1", "one"), "two"), DeliveryVerdict::kBadSignature);
  EXPECT_THAT(kept(hook), IsEmpty());
  const Turned turned = hooks.turned(acting(kAda), hook.id);
  EXPECT_EQ(turned.bad_signature, 1U);
  EXPECT_EQ(turned.last_at, clock.now());
  EXPECT_EQ(deliver(hook, "msg_1", "one"), DeliveryVerdict::kAccepted) << "nor does it use up the id";
}

TEST_F(Inbound, TimesMoreThanFiveMinutesOffAreTooOld) {
  const auto hook = connect();
  EXPECT_EQ(deliver(hook, "a", "x", 300s), DeliveryVerdict::kAccepted);
  EXPECT_EQ(deliver(hook, "b", "x", -300s), DeliveryVerdict::kAccepted);
  EXPECT_EQ(deliver(hook, "c", "x", 301s), DeliveryVerdict::kStale);
  EXPECT_EQ(deliver(hook, "d", "x", -301s), DeliveryVerdict::kStale);
  EXPECT_EQ(take(token_of(hook), standard("e", "x", 301s), "y"), DeliveryVerdict::kBadSignature)
      << "who cannot sign is told nothing about time";
  EXPECT_EQ(hooks.turned(acting(kAda), hook.id).stale, 2U);
  EXPECT_THAT(kept(hook), SizeIs(2));
}

TEST_F(Inbound, ACaughtDeliveryIsOfNoUseLater) {
  const auto hook = connect();
  const Headers caught = standard("msg_1", "one");
  EXPECT_EQ(take(token_of(hook), caught, "one"), DeliveryVerdict::kAccepted);
  for (int minute = 0; minute < 30; ++minute) {
    clock.advance(1min);
    EXPECT_NE(take(token_of(hook), caught, "one"), DeliveryVerdict::kAccepted) << minute;
  }
  EXPECT_THAT(kept(hook), SizeIs(1));
}

TEST_F(Inbound, HeadersThatAreNotWhatTheyHaveToBeAreMalformed) {
  const auto hook = connect();
  const Headers good = standard("msg_1", "one");
  for (const char* name : {"webhook-id", "webhook-timestamp", "webhook-signature"}) {
    Headers without = good, twice = good, empty = good;
    std::erase_if(without, [&](const http::Header& header) { return header.name == name; });
    for (http::Header& header : empty) {
      if (header.name == name) header.value.clear();
    }
    twice.push_back({name, "x"});
    EXPECT_EQ(take(token_of(hook), without, "one"), DeliveryVerdict::kMalformed) << name;
    EXPECT_EQ(take(token_of(hook), twice, "one"), DeliveryVerdict::kMalformed) << name;
    if (name != std::string_view("webhook-signature")) {
      EXPECT_EQ(take(token_of(hook), empty, "one"), DeliveryVerdict::kMalformed) << name;
    }
  }
  for (const char* time : {"-1", "+1", "1e9", "0x10", "1614265330.5", " 1614265330", "1614265330123"}) {
    Headers bad = good;
    bad[1].value = time;
    EXPECT_EQ(take(token_of(hook), bad, "one"), DeliveryVerdict::kMalformed) << time;
  }
  EXPECT_EQ(hooks.turned(acting(kAda), hook.id).malformed, 15U);
  EXPECT_THAT(kept(hook), IsEmpty());
}

// "a.1" + "2" and "a" + "1.2" are one signed text: with a dot in the id a part could move from one to the other.
TEST_F(Inbound, AnIdWithADotIsMalformedHoweverItIsSigned) {
  const auto hook = connect();
  for (const std::string& id :
       {std::string("msg.1"), std::string("a b"), std::string(201, 'a'), std::string("\xc3\xa4")}) {
    EXPECT_EQ(deliver(hook, id, "one"), DeliveryVerdict::kMalformed) << id;
  }
  EXPECT_EQ(deliver(hook, std::string(200, 'a'), "one"), DeliveryVerdict::kAccepted);
}

TEST_F(Inbound, AnyBytesAreABodyAndTheFirstOfThemAreKept) {
  const auto hook = connect();
  const std::string bytes("\0\xff{\r\n", 5);
  EXPECT_EQ(deliver(hook, "a", bytes), DeliveryVerdict::kAccepted);
  const std::string large(100'000, 'x');
  EXPECT_EQ(deliver(hook, "b", large), DeliveryVerdict::kAccepted);
  EXPECT_EQ(deliver(hook, "c", ""), DeliveryVerdict::kAccepted);
  EXPECT_THAT(bodies(hook), ElementsAre("", std::string(domain::kDeliveryKept, 'x'), bytes));
  EXPECT_EQ(kept(hook)[1].size, 100'000U);
}

TEST_F(Inbound, BodyHmacIsTakenOncePerBodyWhateverItsId) {
  const auto hook = connect({.integration = "git", .secret = std::string(kGitSecret)});
  EXPECT_EQ(take(token_of(hook), git("d-1", "one"), "one"), DeliveryVerdict::kAccepted);
  EXPECT_EQ(take(token_of(hook), git("d-1", "one"), "one"), DeliveryVerdict::kRepeated);
  EXPECT_EQ(take(token_of(hook), git("d-2", "one"), "one"), DeliveryVerdict::kRepeated) << "the id is not signed";
  EXPECT_EQ(take(token_of(hook), git("d-2", "another"), "another"), DeliveryVerdict::kAccepted);
  EXPECT_THAT(bodies(hook), ElementsAre("another", "one"));
  EXPECT_EQ(take(token_of(hook), git("d-3", "one"), "two"), DeliveryVerdict::kBadSignature);
  Headers nameless = git("d-4", "one");
  nameless.pop_back();
  EXPECT_EQ(take(token_of(hook), nameless, "one"), DeliveryVerdict::kMalformed);

  const auto bare = connect({.integration = "git", .form = "bare", .secret = std::string(kGitSecret)});
  const std::string signature = git("", "one")[0].value.substr(7);
  EXPECT_EQ(take(token_of(bare), {{"x-sig", signature}}, "one"), DeliveryVerdict::kAccepted);
  std::string upper = signature;
  std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
  EXPECT_EQ(take(token_of(bare), {{"x-sig", upper}}, "one"), DeliveryVerdict::kRepeated) << "the same, written anew";
  EXPECT_EQ(take(token_of(bare), {{"x-sig", signature + "," + upper}}, "one"), DeliveryVerdict::kRepeated);
}

TEST_F(Inbound, AnAddressCannotBeMadeUpOrMoved) {
  const auto hook = connect();
  const auto other = connect({.secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"});
  const std::string token = token_of(hook);
  std::string changed = token;
  changed.back() = changed.back() == 'A' ? 'E' : 'A';
  for (const std::string& bad :
       {std::string(), std::string("x"), token.substr(0, 13), token.substr(0, 14), token + "A", changed, hook.id.text(),
        token_of(other).substr(0, 13) + token.substr(13), std::string(5000, 'a')}) {
    EXPECT_EQ(reason_of([&] { take(bad, standard("msg_1", "one"), "one"); }), "unknown_address") << bad;
  }
}

TEST_F(Inbound, RemovingTheConnectionClosesItsAddressAndTakesItsDeliveries) {
  const auto hook = connect();
  const std::string token = token_of(hook);
  EXPECT_EQ(deliver(hook, "msg_1", "one"), DeliveryVerdict::kAccepted);
  connections.remove(acting(kAda), hook.id);
  EXPECT_EQ(reason_of([&] { take(token, standard("msg_2", "two"), "two"); }), "unknown_address");
  EXPECT_THAT(kept(hook), IsEmpty());
  EXPECT_EQ(hooks.address_of(stored(hook.id)), "");
}

// Between the look and the write.
TEST_F(Inbound, ADeliveryThatMeetsTheRemovalIsNotKept) {
  const auto hook = connect();
  const handoff::InterruptedClock interrupted(clock, [&] { connections.remove(acting(kAda), hook.id); });
  const Webhooks slow{store, catalog, vault, bindings, receiver, ring, interrupted, ids, {kWorkspace, ""}};
  http::Request request;
  request.headers = standard("msg_1", "one");
  append(request.body, "one");
  EXPECT_EQ(reason_of([&] { slow.take(token_of(hook), request); }), "unknown_address");
  EXPECT_THAT(kept(hook), IsEmpty());
}

TEST_F(Inbound, AConnectionThatIsNoWebhookHasNoAddress) {
  auto connection = support::connection(77, "plain");
  connection.integration = "any";
  connection.references.clear();
  connection.auth_template = "key";
  EXPECT_EQ(hooks.address_of(connection), "");
  connection.auth_template = "hook";
  EXPECT_NE(hooks.address_of(connection), "");
  connection.references = {{"signing_secret", "env", "X"}};
  EXPECT_EQ(hooks.address_of(connection), "") << "nobody fetches a secret because a stranger knocks";
  connection.references.clear();
  connection.integration = "gone";
  EXPECT_EQ(hooks.address_of(connection), "");
}

TEST_F(Inbound, AFloodOfForgeriesFillsNothingAndKeepsNobodyOut) {
  const auto hook = connect();
  EXPECT_EQ(deliver(hook, "first", "kept"), DeliveryVerdict::kAccepted);
  clock.advance(1h);
  const Headers forged = standard("msg", "one", 0s, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
  const auto knocks = events();
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    if (reason_of([&] { take(token_of(hook), forged, "one"); }) == "too_many_deliveries") ++refused;
  }
  EXPECT_EQ(refused, 880);
  EXPECT_EQ(hooks.turned(acting(kAda), hook.id).bad_signature, 120U);
  EXPECT_EQ(deliver(hook, "second", "genuine"), DeliveryVerdict::kAccepted);
  EXPECT_THAT(bodies(hook), ElementsAre("genuine", "kept"));
  EXPECT_EQ(events(), knocks) << "strangers leave no line in the record";
  clock.advance(1min);
  EXPECT_EQ(take(token_of(hook), forged, "one"), DeliveryVerdict::kBadSignature);
}

TEST_F(Inbound, AFloodOfGenuineOnesIsToldToWait) {
  const auto hook = connect();
  const auto other = connect();
  for (int i = 0; i < 120; ++i) EXPECT_EQ(deliver(hook, std::to_string(i), "x"), DeliveryVerdict::kAccepted);
  const auto refused = handoff::refused_by([&] { deliver(hook, "120", "x"); });
  EXPECT_EQ(refused.reason, "too_many_deliveries");
  EXPECT_EQ(refused.code, ErrorCode::kRateLimited);
  EXPECT_EQ(refused.wait, 1s);
  EXPECT_EQ(deliver(other, "120", "x"), DeliveryVerdict::kAccepted) << "each address for itself";
  clock.advance(1s);
  EXPECT_EQ(deliver(hook, "120", "x"), DeliveryVerdict::kAccepted) << "the one refused was not lost";
  EXPECT_THAT(kept(hook), SizeIs(domain::kDeliveriesKept));
}

TEST_F(Inbound, WhoMaySeeTheConnectionSeesWhatCame) {
  const auto mine = connect();
  const auto orgs = connect({.owner = domain::OwnerKind::kOrg});
  EXPECT_EQ(reason_of([&] { hooks.deliveries(acting(kAda), mine.id); }), "");
  EXPECT_EQ(reason_of([&] { hooks.deliveries(acting(kBob), mine.id); }), "unknown_connection");
  EXPECT_EQ(reason_of([&] { hooks.turned(acting(kBob), mine.id); }), "unknown_connection");
  EXPECT_EQ(reason_of([&] { hooks.deliveries(acting(kBob), orgs.id); }), "");
  EXPECT_EQ(reason_of([&] { hooks.deliveries(acting(kAda), ConnectionId(1)); }), "unknown_connection");
}

}  // namespace
}  // namespace countersign::webhook
