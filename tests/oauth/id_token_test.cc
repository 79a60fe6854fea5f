// Who signed in, as the provider signed it: abuse cases 41 and 42.
#include "oauth/id_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "crypto/jose.h"
#include "support/fake_clock.h"
#include "vault/scripted_client.h"

namespace countersign::oauth::id_token {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using vault::ScriptedClient;

constexpr std::string_view kIssuer = "https://login.acme.example/tenant";
constexpr std::string_view kKeysAt = "https://login.acme.example/keys";
constexpr std::string_view kClientId = "client-7";
constexpr std::string_view kNonce = "nonce-of-this-flow";

std::string set_of(const crypto::SigningKeyPair& key) { return R"({"keys":[)" + key.public_jwk + "]}"; }

std::string b64(std::string_view text) { return base64url(as_bytes(text)); }

class IdTokenTest : public ::testing::Test {
 protected:
  IdTokenTest() {
    server.issuer = kIssuer;
    server.jwks_uri = kKeysAt;
    source.from = domain::AccountFrom::kIdToken;
    source.label = {"/email", "/name"};
  }

  double now() const { return std::chrono::duration<double>(clock.now().time_since_epoch()).count(); }

  // What a careful provider says.
  Json claims() const {
    return {{"iss", kIssuer},  {"aud", kClientId},           {"sub", "user-1"}, {"exp", now() + 300}, {"iat", now()},
            {"nonce", kNonce}, {"email", "ada@acme.example"}};
  }
  Json claims_with(std::string_view name, Json value) const {
    Json changed = claims();
    changed[std::string(name)] = std::move(value);
    return changed;
  }
  Json claims_without(const std::string& name) const {
    Json changed = claims();
    changed.erase(name);
    return changed;
  }
  std::string token(const Json& of) const { return token_by(key, dump_json(of)); }
  static std::string token_by(const crypto::SigningKeyPair& signer, std::string_view payload) {
    return std::string(crypto::sign_es256(signer.private_key, "JWT", payload).reveal());
  }

  Account account_of(const std::string& text) const {
    return tokens.check(Secret::copy_of(text), server, source, {server.issuer, kClientId, nonce});
  }
  // The rule that was broken; "taken" when none was.
  std::string outcome_of(const std::string& text) const {
    try {
      account_of(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUpstream);
      EXPECT_EQ(error.reason(), "bad_id_token");
      EXPECT_THAT(error.what(), Not(HasSubstr("user-1"))) << "nothing of the token is told";
      EXPECT_THAT(error.what(), Not(HasSubstr(std::string(kNonce))));
      return error.detail();
    }
    return "taken";
  }
  std::string outcome(const Json& of) const { return outcome_of(token(of)); }
  // By a key that nobody publishes; each has another `kid`.
  std::string stranger() const { return token_by(crypto::new_es256_key(), dump_json(claims())); }

  support::FakeClock clock;
  crypto::SigningKeyPair key = crypto::new_es256_key();
  std::string jwks = set_of(key);
  int status = 200;
  ScriptedClient client{[this](const std::string&) { return ScriptedClient::answer(status, jwks); }};
  IdTokens tokens{client, clock};
  domain::OAuthServer server;
  domain::AccountSource source;
  std::string nonce{kNonce};
};

constexpr std::string_view kNoKey = "the provider's key set has no key for it";
constexpr std::string_view kMalformed = "it is no signed token, or its header asks for what we do not do";

TEST_F(IdTokenTest, ATokenThatKeepsEveryRuleNamesTheAccount) {
  const Account account = account_of(token(claims()));
  EXPECT_EQ(account.id, "user-1");
  EXPECT_EQ(account.label, "ada@acme.example");
}

TEST_F(IdTokenTest, KeysAreAskedForWithinLimits) {
  outcome(claims());
  ASSERT_EQ(client.sent.size(), 1U);
  EXPECT_EQ(client.sent[0].method, http::Method::kGet);
  EXPECT_EQ(client.sent[0].url, kKeysAt);
  EXPECT_THAT(client.sent[0].headers, ElementsAre("Accept: application/jwk-set+json, application/json"));
  EXPECT_EQ(client.sent[0].limits.body_bytes, 64U * 1024);
  EXPECT_EQ(client.sent[0].limits.total, 10s);
}

// --- abuse case 41: the signature ---

TEST_F(IdTokenTest, A041_UnsignedIsRefused) {
  EXPECT_EQ(outcome_of(b64(R"({"alg":"none"})") + "." + b64(dump_json(claims())) + "."),
            "its algorithm is none that a public key checks");
}

TEST_F(IdTokenTest, A041_SignedWithThePublicKeyAsASecretIsRefused) {
  EXPECT_EQ(outcome_of(b64(R"({"alg":"HS256"})") + "." + b64(dump_json(claims())) + "." + b64(std::string(32, 'm'))),
            "its algorithm is none that a public key checks");
}

TEST_F(IdTokenTest, A041_KidThatIsAPathIsJustUnknown) {
  Json jwk = parse_json(key.private_key.reveal());
  jwk["kid"] = "../../../dev/null";
  const crypto::SigningKeyPair renamed{Secret::copy_of(dump_json(jwk)), ""};
  EXPECT_EQ(outcome_of(token_by(renamed, dump_json(claims()))), kNoKey);
  for (const auto& sent : client.sent) EXPECT_EQ(sent.url, kKeysAt);
}

TEST_F(IdTokenTest, A041_AUrlInTheHeaderIsNotFollowed) {
  const std::string good = token(claims());
  for (const char* member : {"jku", "x5u"}) {
    const std::string header = R"({"alg":"ES256",")" + std::string(member) + R"(":"https://evil.example/keys"})";
    EXPECT_EQ(outcome_of(b64(header) + good.substr(good.find('.'))), kMalformed);
  }
  for (const auto& sent : client.sent) EXPECT_EQ(sent.url, kKeysAt);
}

TEST_F(IdTokenTest, A041_OtherClaimsUnderTheSameSignatureAreRefused) {
  const std::string good = token(claims());
  const std::string forged =
      good.substr(0, good.find('.') + 1) + b64(dump_json(claims_with("sub", "user-2"))) + good.substr(good.rfind('.'));
  EXPECT_EQ(outcome_of(forged), "its signature is wrong");
}

TEST_F(IdTokenTest, A041_SignedByAnotherKeyIsRefused) {
  EXPECT_EQ(outcome_of(stranger()), kNoKey);
  Json jwk = parse_json(crypto::new_es256_key().private_key.reveal());
  jwk["kid"] = parse_json(key.public_jwk).at("kid");
  EXPECT_EQ(outcome_of(token_by({Secret::copy_of(dump_json(jwk)), ""}, dump_json(claims()))), "its signature is wrong");
}

TEST_F(IdTokenTest, A041_WhatIsNoTokenIsRefused) {
  for (const char* text : {"", "x", "a.b.c", "..", "eyJhbGciOiJFUzI1NiJ9"})
    EXPECT_EQ(outcome_of(text), kMalformed) << text;
}

TEST_F(IdTokenTest, A041_SignedNonsenseIsRefused) {
  for (const char* text : {"x", "[]", "null", "\"user-1\"", R"({"sub":"user-1","sub":"user-2"})"}) {
    EXPECT_EQ(outcome_of(token_by(key, text)), "its claims are no JSON object") << text;
  }
}

// --- abuse case 41: the times ---

TEST_F(IdTokenTest, A041_AnExpiredTokenIsRefused) {
  EXPECT_EQ(outcome(claims_with("exp", now() - 59)), "taken");
  for (const double ago : {60.0, 61.0, 1e9, 1e300}) {
    EXPECT_EQ(outcome(claims_with("exp", now() - ago)), "it has expired") << ago;
  }
  EXPECT_EQ(outcome(claims_with("exp", 1e300)), "taken");
  const std::string kept = token(claims());
  clock.advance(301s + 60s);
  EXPECT_EQ(outcome_of(kept), "it has expired");
}

TEST_F(IdTokenTest, A041_ATokenFromTheFutureIsRefused) {
  EXPECT_EQ(outcome(claims_with("iat", now() + 60)), "taken");
  for (const double ahead : {61.0, 1e9, 1e300}) {
    EXPECT_EQ(outcome(claims_with("iat", now() + ahead)), "iat is in the future") << ahead;
  }
}

TEST_F(IdTokenTest, A041_AnOldTokenIsRefusedThoughItHasNotExpired) {
  EXPECT_EQ(outcome(claims_with("iat", now() - 86'400)), "taken");
  EXPECT_EQ(outcome(claims_with("iat", now() - 86'401)), "iat is too long ago");
  EXPECT_EQ(outcome(claims_with("iat", 0)), "iat is too long ago");
}

TEST_F(IdTokenTest, A041_TimesAreNumbersAndNeverMissing) {
  for (const char* name : {"exp", "iat"}) {
    EXPECT_EQ(outcome(claims_without(name)), "a time is missing or no number");
    for (const Json& odd : {Json(nullptr), Json(true), Json(std::to_string(now())), Json::array({now()})}) {
      EXPECT_EQ(outcome(claims_with(name, odd)), "a time is missing or no number") << name << dump_json(odd);
    }
  }
}

// --- abuse case 41: from whom, for whom ---

TEST_F(IdTokenTest, A041_AnotherIssuerIsRefused) {
  for (const char* iss :
       {"https://login.acme.example/tenant/", "https://login.acme.example/Tenant", "https://login.acme.example",
        "https://login.acme.example:443/tenant", "https://evil.example/tenant", ""}) {
    EXPECT_EQ(outcome(claims_with("iss", iss)), "iss is not the server's issuer") << iss;
  }
  EXPECT_EQ(outcome(claims_without("iss")), "iss is not the server's issuer");
  EXPECT_EQ(outcome(claims_with("iss", Json::array({kIssuer}))), "iss is not the server's issuer");
  server.issuer.clear();
  EXPECT_EQ(outcome(claims_with("iss", "")), "iss is not the server's issuer") << "no issuer is nobody's";
}

TEST_F(IdTokenTest, A041_ATokenForAnotherClientIsRefused) {
  for (const Json& aud :
       {Json("client-8"), Json("client-7 "), Json(""), Json(nullptr), Json(7), Json::array(), Json::array({"client-8"}),
        Json::array({"client-8", "client-9"}), Json::array({Json::array({kClientId})}), Json{{"client-7", true}}}) {
    EXPECT_EQ(outcome(claims_with("aud", aud)), "aud is not this client") << dump_json(aud);
    Json with_azp = claims_with("aud", aud);
    with_azp["azp"] = kClientId;
    EXPECT_EQ(outcome(with_azp), "aud is not this client") << dump_json(aud);
  }
  EXPECT_EQ(outcome(claims_without("aud")), "aud is not this client");
  EXPECT_EQ(outcome(claims_with("aud", Json::array({kClientId}))), "taken");
}

TEST_F(IdTokenTest, A041_BesideOthersItMustHaveBeenMadeForUs) {
  Json shared = claims_with("aud", Json::array({"client-8", kClientId}));
  EXPECT_EQ(outcome(shared), "aud is not this client") << "who is client-8?";
  shared["azp"] = "client-8";
  EXPECT_EQ(outcome(shared), "azp is not this client");
  shared["azp"] = kClientId;
  EXPECT_EQ(outcome(shared), "taken");
}

TEST_F(IdTokenTest, A041_AnotherAuthorizedPartyIsRefused) {
  EXPECT_EQ(outcome(claims_with("azp", kClientId)), "taken");
  for (const Json& azp : {Json("client-8"), Json(""), Json(nullptr), Json::array({kClientId})}) {
    EXPECT_EQ(outcome(claims_with("azp", azp)), "azp is not this client") << dump_json(azp);
  }
}

// --- abuse case 41: replay ---

TEST_F(IdTokenTest, A041_ATokenOfAnotherFlowIsRefused) {
  const std::string of_this_flow = token(claims());
  nonce = "nonce-of-the-next-flow";
  EXPECT_EQ(outcome_of(of_this_flow), "nonce is not the one that was sent");
  nonce = kNonce;
  for (const Json& odd : {Json(""), Json("nonce-of-this-flow "), Json("Nonce-of-this-flow"), Json(nullptr), Json(1)}) {
    EXPECT_EQ(outcome(claims_with("nonce", odd)), "nonce is not the one that was sent") << dump_json(odd);
  }
  EXPECT_EQ(outcome(claims_without("nonce")), "nonce is not the one that was sent");
}

TEST_F(IdTokenTest, WhereNoNonceWasSentNoneIsCompared) {
  nonce.clear();
  EXPECT_EQ(outcome(claims()), "taken");
  EXPECT_EQ(outcome(claims_without("nonce")), "taken");
}

// --- the account ---

TEST_F(IdTokenTest, AnAccountHasAnIdThatCanBeKept) {
  EXPECT_EQ(outcome(claims_with("sub", std::string(255, 's'))), "taken");
  for (const Json& odd : {Json(std::string(256, 's')), Json(""), Json(7), Json(nullptr), Json::array({"user-1"})}) {
    EXPECT_EQ(outcome(claims_with("sub", odd)), "sub is missing or too long") << dump_json(odd);
  }
  EXPECT_EQ(outcome(claims_without("sub")), "sub is missing or too long");
}

TEST_F(IdTokenTest, TheLabelIsTheFirstTextAndFitsOnALine) {
  Json hostile = claims_with("email", 7);
  EXPECT_EQ(account_of(token(hostile)).label, "");
  hostile["name"] = "Ada\r\n\u202e<b>" + std::string(300, 'x');
  EXPECT_EQ(account_of(token(hostile)).label, "Ada<b>" + std::string(114, 'x'));
  source.label.clear();
  EXPECT_EQ(account_of(token(claims())).label, "");
}

// --- abuse case 42 ---

TEST_F(IdTokenTest, A042_WhoSawTheOldKeysIsGivenWhatSomebodyElseJustFetched) {
  const KeySets sets{client, clock};
  const KeySet old = sets.get(kKeysAt);
  clock.advance(61s);
  jwks = "new";
  EXPECT_EQ(sets.newer(kKeysAt, old).jwks, "new");
  EXPECT_EQ(sets.newer(kKeysAt, old).jwks, "new");
  EXPECT_EQ(client.sent.size(), 2U);
}

TEST_F(IdTokenTest, A042_RotatedKeysAreFoundWithoutWaiting) {
  EXPECT_EQ(outcome(claims()), "taken");
  clock.advance(61s);
  key = crypto::new_es256_key();
  jwks = set_of(key);
  EXPECT_EQ(outcome(claims()), "taken");
  EXPECT_EQ(outcome(claims()), "taken");
  EXPECT_EQ(client.sent.size(), 2U);
}

TEST_F(IdTokenTest, A042_AFloodOfUnknownKeysAsksOnceAMinute) {
  for (int i = 0; i < 200; ++i) EXPECT_EQ(outcome_of(stranger()), kNoKey);
  EXPECT_EQ(client.sent.size(), 1U);
  for (std::size_t minute = 1; minute <= 3; ++minute) {
    clock.advance(59'999ms);
    for (int i = 0; i < 20; ++i) outcome_of(stranger());
    EXPECT_EQ(client.sent.size(), minute);
    clock.advance(1ms);
    for (int i = 0; i < 20; ++i) outcome_of(stranger());
    EXPECT_EQ(client.sent.size(), minute + 1);
  }
  EXPECT_EQ(outcome(claims()), "taken") << "who has a known key is not held up";
}

TEST_F(IdTokenTest, A042_AFloodThatGetsNoAnswerAsksOnceAMinuteToo) {
  EXPECT_EQ(outcome(claims()), "taken");
  clock.advance(61s);
  status = 503;
  EXPECT_EQ(outcome_of(stranger()), "the key set was answered with status 503");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(outcome_of(stranger()), kNoKey);
  EXPECT_EQ(client.sent.size(), 2U);
  EXPECT_EQ(outcome(claims()), "taken") << "the keys of before are kept";
}

TEST_F(IdTokenTest, A042_OneProvidersFloodDoesNotHoldUpAnother) {
  for (int i = 0; i < 5; ++i) outcome_of(stranger());
  server.jwks_uri = "https://login.other.example/keys";
  EXPECT_EQ(outcome(claims()), "taken");
  EXPECT_EQ(client.sent.size(), 2U);
}

TEST_F(IdTokenTest, A042_AKeyThatWasTakenBackIsRefusedWithinTheHour) {
  const std::string by_old_key = token(claims_with("exp", now() + 86'400));
  EXPECT_EQ(outcome_of(by_old_key), "taken");
  jwks = set_of(crypto::new_es256_key());
  clock.advance(59min + 59s);
  EXPECT_EQ(outcome_of(by_old_key), "taken");
  EXPECT_EQ(client.sent.size(), 1U);
  clock.advance(1s);
  EXPECT_EQ(outcome_of(by_old_key), kNoKey);
  EXPECT_EQ(client.sent.size(), 2U);
}

TEST_F(IdTokenTest, AFailedFetchIsNotRemembered) {
  status = 404;
  EXPECT_EQ(outcome(claims()), "the key set was answered with status 404");
  status = 302;
  EXPECT_EQ(outcome(claims()), "the key set was answered with status 302");
  status = 200;
  EXPECT_EQ(outcome(claims()), "taken");
}

TEST_F(IdTokenTest, WhatTheNetworkDoesPassesThrough) {
  ScriptedClient silent(ScriptedClient::failing(ErrorCode::kUpstream, "upstream_timeout"));
  const IdTokens others{silent, clock};
  for (int i = 0; i < 2; ++i) {
    try {
      others.check(Secret::copy_of(token(claims())), server, source, {kIssuer, kClientId, kNonce});
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.reason(), "upstream_timeout");
    }
  }
  EXPECT_EQ(silent.sent.size(), 2U) << "whoever waited for the first may ask again";
}

TEST_F(IdTokenTest, WithoutAPlaceForKeysNothingIsTaken) {
  server.jwks_uri.clear();
  EXPECT_EQ(outcome(claims()), "the server says nowhere which keys it signs with");
  EXPECT_TRUE(client.sent.empty());
}

TEST_F(IdTokenTest, SixtyFourKeySetsAreRememberedAndTheOldestGoes) {
  const auto ask = [&](int provider) {
    server.jwks_uri = "https://" + std::to_string(provider) + ".example/keys";
    EXPECT_EQ(outcome(claims()), "taken");
    clock.advance(1ms);
  };
  for (int i = 0; i < 65; ++i) ask(i);
  EXPECT_EQ(client.sent.size(), 65U);
  for (int i = 1; i < 65; ++i) ask(i);
  EXPECT_EQ(client.sent.size(), 65U);
  ask(0);
  EXPECT_EQ(client.sent.size(), 66U);
}

// The scripted one is not for threads. Takes long enough to answer that somebody else would have asked as well.
class SlowProvider final : public http::Client {
 public:
  http::ClientResponse send(http::ClientRequest) override {
    const int before = ++requests;
    for (int i = 0; i < 20'000 && requests == before; ++i) std::this_thread::yield();
    return ScriptedClient::answer(200, jwks);
  }
  std::atomic<int> requests = 0;
  std::string jwks;
};

TEST_F(IdTokenTest, A042_OfManyAtTheSameMomentOneAsks) {
  SlowProvider provider;
  provider.jwks = jwks;
  const IdTokens shared{provider, clock};
  const auto all_at_once = [&] {
    const std::string text = token(claims());
    std::atomic<int> taken = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        try {
          shared.check(Secret::copy_of(text), server, source, {kIssuer, kClientId, kNonce});
          ++taken;
        } catch (const Error&) {  // not counted
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return taken.load();
  };
  EXPECT_EQ(all_at_once(), 8);
  EXPECT_EQ(provider.requests, 1);
  clock.advance(2min);
  key = crypto::new_es256_key();
  provider.jwks = set_of(key);
  EXPECT_EQ(all_at_once(), 8) << "nobody is turned away because somebody else is asking already";
  EXPECT_EQ(provider.requests, 2);
}

}  // namespace
}  // namespace countersign::oauth::id_token
