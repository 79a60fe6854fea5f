// Signatures of others, checked here; ours, checked by OpenSSL.
#include "crypto/jose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "crypto/mac.h"
#include "crypto/openssl_jws.h"

namespace countersign::crypto {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kPayload = R"({"sub":"1"})";

// Made once: a key of RSA takes its time.
const Pkey& rsa() {
  static const Pkey key = rsa_key(2048);
  return key;
}
const Pkey& other_rsa() {
  static const Pkey key = rsa_key(2048);
  return key;
}
const Pkey& p256() {
  static const Pkey key = ec_key("P-256");
  return key;
}

std::string word_for(const CheckedJws& checked) {
  EXPECT_EQ(checked.payload.empty(), checked.verdict != JwsVerdict::kValid) << "only a valid one has a payload";
  switch (checked.verdict) {
    case JwsVerdict::kValid:
      return "valid";
    case JwsVerdict::kMalformed:
      return "malformed";
    case JwsVerdict::kBadAlgorithm:
      return "bad algorithm";
    case JwsVerdict::kUnknownKey:
      return "unknown key";
    case JwsVerdict::kBadSignature:
      return "bad signature";
  }
  return "";
}
std::string verdict(std::string_view compact, std::string_view jwks) { return word_for(verify_jws(compact, jwks)); }

std::string header(std::string_view alg, std::string_view more = "") {
  return R"({"alg":")" + std::string(alg) + "\"" + std::string(more) + "}";
}
std::string rs256(std::string_view more = "") { return jws_by("RS256", rsa(), header("RS256", more), kPayload); }
std::string es256() { return jws_by("ES256", p256(), header("ES256"), kPayload); }
std::string rsa_set(std::string_view more = "") { return set_of({rsa_jwk(rsa(), more)}); }
std::string ec_set() { return set_of({ec_jwk(p256(), "P-256")}); }

// RFC 7515 appendix A.3.
TEST(Jws, ThePublishedExampleIsValid) {
  constexpr std::string_view kCompact =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn"
      "VlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
  constexpr std::string_view kSet =
      R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
      R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";
  const CheckedJws checked = verify_jws(kCompact, kSet);
  EXPECT_EQ(word_for(checked), "valid");
  EXPECT_EQ(checked.payload, "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
}

TEST(Jws, EveryAllowedAlgorithmIsChecked) {
  for (const char* alg : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) {
    const CheckedJws checked = verify_jws(jws_by(alg, rsa(), header(alg), kPayload), rsa_set());
    EXPECT_EQ(word_for(checked), "valid") << alg;
    EXPECT_EQ(checked.payload, kPayload);
    EXPECT_EQ(verdict(jws_by(alg, other_rsa(), header(alg), kPayload), rsa_set()), "bad signature") << alg;
  }
  constexpr std::array<std::array<const char*, 2>, 3> kCurves{
      {{"ES256", "P-256"}, {"ES384", "P-384"}, {"ES512", "P-521"}}};
  for (const auto& [alg, curve] : kCurves) {
    const Pkey key = ec_key(curve);
    EXPECT_EQ(verdict(jws_by(alg, key, header(alg), kPayload), set_of({ec_jwk(key, curve)})), "valid") << alg;
    EXPECT_EQ(verdict(jws_by(alg, ec_key(curve), header(alg), kPayload), set_of({ec_jwk(key, curve)})), "bad signature")
        << alg;
  }
}

TEST(Jws, AnAlgorithmIsNotExchangedForItsKin) {
  EXPECT_EQ(verdict(jws_by("PS256", rsa(), header("RS256"), kPayload), rsa_set()), "bad signature");
  EXPECT_EQ(verdict(jws_by("RS256", rsa(), header("PS256"), kPayload), rsa_set()), "bad signature");
  EXPECT_EQ(verdict(jws_by("RS256", rsa(), header("RS512"), kPayload), rsa_set()), "bad signature");
}

// --- abuse case 41 ---

TEST(Jws, A041_NoneIsNoAlgorithm) {
  const std::string right = unb64(rs256().substr(rs256().rfind('.') + 1));
  for (const char* alg : {"none", "None", "NONE", "nOnE", "", "RS256 ", "rs256", "EdDSA", "RSA1_5", "dir"}) {
    for (const std::string& signature : {std::string(), right}) {
      EXPECT_EQ(verdict(jws_with(header(alg), kPayload, signature), rsa_set()), "bad algorithm") << alg;
    }
  }
  for (const char* no_text : {"{}", R"({"alg":null})", R"({"alg":["RS256"]})", R"({"alg":256})"}) {
    EXPECT_EQ(verdict(jws_by("RS256", rsa(), no_text, kPayload), rsa_set()), "bad algorithm") << no_text;
  }
}

std::string pem_of(const Pkey& key) {
  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(memory, key.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(memory);
  return pem;
}
std::string signed_by_hmac(std::string_view alg, std::string_view key) {
  const std::string input = b64(header(alg)) + "." + b64(kPayload);
  std::string mac(64, '\0');
  unsigned size = 0;
  HMAC(digest_for(alg), key.data(), static_cast<int>(key.size()), bytes_of(std::string_view(input)), input.size(),
       bytes_of(mac), &size);
  return jws_with(header(alg), kPayload, mac.substr(0, size));
}

TEST(Jws, A041_APublicKeyIsNoSecretOfAnHmac) {
  for (const char* alg : {"HS256", "HS384", "HS512"}) {
    for (const std::string& key : {pem_of(rsa()), number_of(rsa(), "n"), rsa_jwk(rsa()), rsa_set(), std::string("k")}) {
      EXPECT_EQ(verdict(signed_by_hmac(alg, key), rsa_set()), "bad algorithm") << alg;
      const std::string oct = R"({"kty":"oct","k":")" + b64(key) + "\"}";
      EXPECT_EQ(verdict(signed_by_hmac(alg, key), set_of({oct})), "bad algorithm") << alg;
    }
  }
  EXPECT_EQ(verdict(rs256(), set_of({R"({"kty":"oct","k":"AAAA"})"})), "unknown key");
}

TEST(Jws, A041_KidIsComparedAsTextAndUsedForNothingElse) {
  for (const char* kid : {"/dev/null", "../../../../etc/passwd", "1' OR '1'='1", "https://evil.example/keys", "%31",
                          "*", "1 ", "", "\\u0031\\u0020"}) {
    const std::string more = R"(,"kid":")" + std::string(kid) + "\"";
    EXPECT_EQ(verdict(rs256(more), rsa_set(R"(,"kid":"1")")), "unknown key") << kid;
    EXPECT_EQ(verdict(rs256(more), rsa_set()), "unknown key") << kid << " names no key that has no name";
    EXPECT_EQ(verdict(rs256(more), rsa_set(more)), "valid") << kid << " is a name like any other";
  }
  for (const char* no_text : {"1", "null", R"(["1"])", R"({"a":"1"})"}) {
    EXPECT_EQ(verdict(rs256(R"(,"kid":)" + std::string(no_text)), rsa_set(R"(,"kid":1)")), "malformed") << no_text;
  }
}

TEST(Jws, A041_AHeaderBringsNoKeyAlong) {
  const std::string own = rsa_jwk(rsa());
  for (const std::string& more : {R"(,"jku":"https://evil.example/keys")" + std::string(), R"(,"jwk":)" + own,
                                  ",\"x5u\":\"https://evil.example\"" + std::string(),
                                  R"(,"x5c":["AAAA"])" + std::string(), R"(,"crit":["exp"],"exp":1)" + std::string(),
                                  R"(,"crit":[])" + std::string(), R"(,"jku":null)" + std::string()}) {
    EXPECT_EQ(verdict(rs256(more), rsa_set()), "malformed") << more;
  }
  EXPECT_EQ(verdict(rs256(R"(,"typ":"JWT","x5t":"AAAA","cty":"x","made_up":{"a":[1]})"), rsa_set()), "valid");
}

TEST(Jws, A041_ThePartsAreExactlyThree) {
  const std::string good = rs256();
  const auto first = good.find('.');
  const auto last = good.rfind('.');
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("..."), good.substr(0, last),
        good.substr(first + 1), good + ".", good + "." + good.substr(last + 1), "." + good, good.substr(0, last + 1),
        good.substr(0, first + 1) + good.substr(last), good.substr(first), good + "=", good + "==", " " + good,
        good + "\n", good.substr(0, first) + "\n" + good.substr(first), good + std::string(1, '\0'),
        good.substr(0, last) + "." + good.substr(last + 1, 10) + "+/" + good.substr(last + 13)}) {
    EXPECT_EQ(verdict(bad, rsa_set()), "malformed") << bad;
  }
  EXPECT_EQ(verdict(jws_with(header("none"), kPayload, "") + ".", rsa_set()), "malformed") << "before it is read";
  const std::string rest = good.substr(first);
  for (const char* no_object :
       {"", "[]", "null", "\"RS256\"", "{", "{\"alg\":\"RS256\",\"alg\":\"RS256\"}", "{\"alg\":\"RS256\"}x",
        "\xef\xbb\xbf{\"alg\":\"RS256\"}", "{\"alg\":\"RS256\",\"a\":\"\xff\"}"}) {
    EXPECT_EQ(verdict(b64(no_object) + rest, rsa_set()), "malformed") << no_object;
  }
  // Every cut, wherever it is: no piece of a good one is good.
  for (std::size_t size = 0; size < good.size(); size += 7) {
    EXPECT_NE(verdict(good.substr(0, size), rsa_set()), "valid") << size;
  }
}

TEST(Jws, A041_AnySwappedPartIsABadSignature) {
  const std::string good = rs256();
  const auto first = good.find('.');
  const auto last = good.rfind('.');
  EXPECT_EQ(verdict(good, rsa_set()), "valid");
  EXPECT_EQ(verdict(good.substr(0, first + 1) + b64(R"({"sub":"2"})") + good.substr(last), rsa_set()), "bad signature");
  EXPECT_EQ(verdict(b64(header("RS256", R"(,"typ":"JWT")")) + good.substr(first), rsa_set()), "bad signature");
  const std::string other = jws_by("RS256", rsa(), header("RS256"), R"({"sub":"2"})");
  EXPECT_EQ(verdict(good.substr(0, last) + other.substr(other.rfind('.')), rsa_set()), "bad signature");
  EXPECT_EQ(verdict(good.substr(0, last) + "." + b64(std::string(256, '\0')), rsa_set()), "bad signature");
  EXPECT_EQ(verdict(good.substr(0, last) + "." + b64(std::string(4000, '\x7f')), rsa_set()), "bad signature");
}

TEST(Jws, A041_AnotherKeyDoesNotFit) {
  EXPECT_EQ(verdict(jws_by("RS256", other_rsa(), header("RS256"), kPayload), rsa_set()), "bad signature");
  EXPECT_EQ(verdict(rs256(), ec_set()), "unknown key");
  EXPECT_EQ(verdict(es256(), rsa_set()), "unknown key");
}

TEST(Jws, A041_ShortRsaKeysArePassedOver) {
  const Pkey weak = rsa_key(1024);
  const std::string compact = jws_by("RS256", weak, header("RS256", R"(,"kid":"w")"), kPayload);
  EXPECT_EQ(verdict(compact, set_of({rsa_jwk(weak, R"(,"kid":"w")")})), "unknown key");
  const std::string zeros = std::string(200, '\0') + number_of(weak, "n");
  EXPECT_EQ(verdict(compact, set_of({rsa_jwk(zeros, number_of(weak, "e"), R"(,"kid":"w")")})), "unknown key");
}

// With an exponent of 1 the padded digest is its own signature.
TEST(Jws, AnExponentThatProvesNothingIsPassedOver) {
  const std::string input = b64(header("RS256")) + "." + b64(kPayload);
  const std::string digest = std::string(as_text(sha256(input)));
  const std::string prefix("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20", 19);
  const std::string padded = std::string("\0\1", 2) + std::string(256 - 3 - 51, '\xff') + '\0' + prefix + digest;
  const std::string forged = jws_with(header("RS256"), kPayload, padded);
  const std::string n = number_of(rsa(), "n");
  for (const std::string& e : {std::string("\1"), std::string("\0\1", 2), std::string(), std::string("\0", 1),
                               std::string("\2"), std::string("\1\0\0\0\1", 5)}) {
    EXPECT_EQ(verdict(forged, set_of({rsa_jwk(n, e)})), "unknown key");
  }
}

TEST(Jws, AnEcdsaSignatureIsTwoNumbersOfItsCurve) {
  const std::string input = b64(header("ES256")) + "." + b64(kPayload);
  const auto with = [&](const std::string& signature) { return verdict(input + "." + b64(signature), ec_set()); };
  EXPECT_EQ(with(openssl_sign("ES256", p256(), input)), "malformed") << "DER";
  EXPECT_EQ(with(std::string(64, '\0')), "bad signature") << "r = s = 0 fits any key where nobody looks";
  EXPECT_EQ(with(std::string(64, '\xff')), "bad signature");
  const std::string raw = raw_ecdsa(openssl_sign("ES256", p256(), input), 32);
  EXPECT_EQ(with(raw), "valid");
  EXPECT_EQ(with('\0' + raw.substr(0, 32) + '\0' + raw.substr(32)), "malformed") << "longer numbers";
  EXPECT_EQ(with(raw.substr(0, 63)), "malformed");
}

TEST(Jws, ACurveBelongsToItsAlgorithm) {
  const Pkey p384 = ec_key("P-384");
  EXPECT_EQ(verdict(jws_by("ES256", p384, header("ES256"), kPayload), set_of({ec_jwk(p384, "P-384")})), "unknown key");
  EXPECT_EQ(verdict(jws_by("ES384", p256(), header("ES384"), kPayload), ec_set()), "unknown key");
  EXPECT_EQ(verdict(es256(), set_of({ec_jwk(p384, "P-256")})), "unknown key") << "named another curve than it is of";
  EXPECT_EQ(verdict(es256(), set_of({ec_jwk(p256(), "secp256k1")})), "unknown key") << "as long, and another one";
  std::string longer = ec_jwk(p256(), "P-256");
  const auto x = longer.find(R"("x":")") + 5;
  longer.replace(x, 43, b64('\0' + unb64(longer.substr(x, 43))));
  EXPECT_EQ(verdict(es256(), set_of({longer})), "unknown key") << "RFC 7518 section 6.2.1.2";
  const std::string nowhere = R"({"kty":"EC","crv":"P-256","x":")" + b64(std::string(32, '\1')) + R"(","y":")" +
                              b64(std::string(32, '\1')) + "\"}";
  EXPECT_EQ(verdict(es256(), set_of({nowhere})), "unknown key") << "no point of the curve";
}

// --- choosing the key ---

TEST(Jws, WithoutAKidOnlyASingleFittingKeyIsTried) {
  const std::string mine = rsa_jwk(rsa(), R"(,"kid":"1")");
  const std::string other = rsa_jwk(other_rsa(), R"(,"kid":"2")");
  EXPECT_EQ(verdict(rs256(), set_of({mine})), "valid");
  EXPECT_EQ(verdict(rs256(), set_of({ec_jwk(p256(), "P-256"), mine})), "valid");
  EXPECT_EQ(verdict(rs256(), set_of({mine, other})), "unknown key");
  EXPECT_EQ(verdict(rs256(R"(,"kid":"1")"), set_of({other, mine})), "valid");
  EXPECT_EQ(verdict(rs256(R"(,"kid":"2")"), set_of({other, mine})), "bad signature");
  EXPECT_EQ(verdict(rs256(R"(,"kid":"3")"), set_of({other, mine})), "unknown key");
  const std::string same_name = rsa_jwk(other_rsa(), R"(,"kid":"1")");
  EXPECT_EQ(verdict(rs256(R"(,"kid":"1")"), set_of({same_name, mine})), "unknown key");
}

TEST(Jws, AKeyForAnotherUseOrAlgorithmIsPassedOver) {
  for (const char* good : {"", R"(,"use":"sig")", R"(,"alg":"RS256")", R"(,"use":"sig","alg":"RS256","x5c":["A"])"}) {
    EXPECT_EQ(verdict(rs256(), rsa_set(good)), "valid") << good;
  }
  for (const char* bad : {R"(,"use":"enc")", R"(,"use":"")", R"(,"use":null)", R"(,"use":["sig"])", R"(,"alg":"RS512")",
                          R"(,"alg":"PS256")", R"(,"alg":"HS256")", R"(,"alg":null)"}) {
    EXPECT_EQ(verdict(rs256(), rsa_set(bad)), "unknown key") << bad;
  }
}

TEST(Jws, WhatIsNoKeyIsPassedOver) {
  const std::string mine = rsa_jwk(rsa());
  const std::string n = b64(number_of(rsa(), "n"));
  for (const std::string& odd :
       {std::string("1"), std::string("null"), std::string("[]"), std::string("{}"), std::string(R"({"kty":"OKP"})"),
        std::string(R"({"kty":7})"), std::string(R"({"kty":"RSA"})"), std::string(R"({"kty":"RSA","n":1,"e":"AQAB"})"),
        R"({"kty":"RSA","e":"AQAB","n":")" + n + "=\"}", R"({"kty":"RSA","n":")" + n + "\"}",
        R"({"e":"AQAB","n":")" + n + "\"}", R"({"kty":"oct","k":"AAAA","e":"AQAB","n":")" + n + "\"}",
        std::string(R"({"kty":"EC","crv":"P-256","x":"","y":""})")}) {
    EXPECT_EQ(verdict(rs256(), set_of({odd, mine})), "valid") << odd;
    EXPECT_EQ(verdict(rs256(), set_of({odd})), "unknown key") << odd;
  }
}

TEST(Jws, AKeyWithZerosInFrontIsTheSameKey) {
  EXPECT_EQ(verdict(rs256(), set_of({rsa_jwk('\0' + number_of(rsa(), "n"), '\0' + number_of(rsa(), "e"))})), "valid");
}

TEST(Jws, ASetOrATokenBeyondTheLimitsIsRefused) {
  const std::string mine = rsa_jwk(rsa());
  const auto set_with = [&](int others, std::size_t padding) {
    std::string text = R"({"pad":")" + std::string(padding, 'x') + R"(","keys":[)";
    for (int i = 0; i < others; ++i) text += "{},";
    return text + mine + "]}";
  };
  EXPECT_EQ(verdict(rs256(), set_with(49, 0)), "valid");
  EXPECT_EQ(verdict(rs256(), set_with(50, 0)), "unknown key");
  const std::size_t room = 64 * 1024 - set_with(0, 0).size();
  EXPECT_EQ(verdict(rs256(), set_with(0, room)), "valid");
  EXPECT_EQ(verdict(rs256(), set_with(0, room + 1)), "unknown key");
  for (const char* no_set : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":null})", "<html>", "\"keys\""}) {
    EXPECT_EQ(verdict(rs256(), no_set), "unknown key") << no_set;
  }
  EXPECT_EQ(verdict(jws_by("RS256", rsa(), header("RS256"), std::string(11'900, 'x')), rsa_set()), "valid");
  EXPECT_EQ(verdict(jws_by("RS256", rsa(), header("RS256"), std::string(12'100, 'x')), rsa_set()), "malformed");
}

// --- our own key ---

Pkey public_key_of(const SigningKeyPair& pair) {
  const Json jwk = parse_json(pair.public_jwk);
  return ec_public_key("P-256", unb64(jwk.at("x").get<std::string>()), unb64(jwk.at("y").get<std::string>()));
}

TEST(SigningKeyPair, SaysInPublicWhatOthersNeedAndNoMore) {
  const SigningKeyPair pair = new_es256_key();
  const Json jwk = parse_json(pair.public_jwk);
  std::vector<std::string> members;
  for (const auto& [name, value] : jwk.items()) members.push_back(name);
  EXPECT_THAT(members, ::testing::ElementsAre("alg", "crv", "kid", "kty", "use", "x", "y"));
  EXPECT_EQ(jwk.at("alg"), "ES256");
  EXPECT_EQ(jwk.at("use"), "sig");
  EXPECT_TRUE(parse_json(pair.private_key.reveal()).contains("d"));
  EXPECT_NE(new_es256_key().public_jwk, pair.public_jwk);
}

// RFC 7638 section 3.1, by OpenSSL.
TEST(SigningKeyPair, IsNamedByItsThumbprint) {
  const SigningKeyPair pair = new_es256_key();
  const Json jwk = parse_json(pair.public_jwk);
  const std::string text = R"({"crv":"P-256","kty":"EC","x":")" + jwk.at("x").get<std::string>() + R"(","y":")" +
                           jwk.at("y").get<std::string>() + "\"}";
  std::string digest(32, '\0');
  EVP_Digest(text.data(), text.size(), bytes_of(digest), nullptr, EVP_sha256(), nullptr);
  EXPECT_EQ(jwk.at("kid"), b64(digest));
  EXPECT_EQ(parse_json(pair.private_key.reveal()).at("kid"), b64(digest));
}

TEST(SigningKeyPair, OpenSslTakesWhatItSigns) {
  const SigningKeyPair pair = new_es256_key();
  const Pkey key = public_key_of(pair);
  for (const std::size_t size : {1, 2, 3, 100, 4000}) {
    const std::string payload(size, 'p');
    const Secret compact = sign_es256(pair.private_key, "JWT", payload);
    const std::string text(compact.reveal());
    const auto first = text.find('.');
    const auto last = text.rfind('.');
    EXPECT_EQ(unb64(text.substr(first + 1, last - first - 1)), payload);
    EXPECT_TRUE(openssl_verify_es256(key, text.substr(0, last), unb64(text.substr(last + 1))));
    EXPECT_FALSE(openssl_verify_es256(key, text.substr(0, last) + "A", unb64(text.substr(last + 1))));
    EXPECT_EQ(verdict(text, R"({"keys":[)" + pair.public_jwk + "]}"), "valid");
    EXPECT_EQ(verdict(text, R"({"keys":[)" + new_es256_key().public_jwk + "]}"), "unknown key");
  }
}

TEST(SigningKeyPair, TheHeaderNamesKeyAndType) {
  const SigningKeyPair pair = new_es256_key();
  const Secret compact = sign_es256(pair.private_key, "client-authentication+jwt", "{}");
  const std::string text(compact.reveal());
  const Json made = parse_json(unb64(text.substr(0, text.find('.'))));
  const Json expected{
      {"alg", "ES256"}, {"kid", parse_json(pair.public_jwk).at("kid")}, {"typ", "client-authentication+jwt"}};
  EXPECT_EQ(made, expected);
}

TEST(SigningKeyPair, WhatCannotSignIsADefectAndNeverRepeated) {
  const SigningKeyPair pair = new_es256_key();
  Json without_d = parse_json(pair.private_key.reveal());
  without_d.erase("d");
  Json without_kid = parse_json(pair.private_key.reveal());
  without_kid.erase("kid");
  const std::string p384 = ec_jwk(ec_key("P-384"), "P-384", R"(,"kid":"canary")");
  for (const std::string& bad :
       {std::string(), std::string("canary"), std::string("{}"), dump_json(without_d), dump_json(without_kid), p384,
        rsa_jwk(rsa(), R"(,"kid":"canary")"), std::string(R"({"kty":"oct","k":"AAAA","kid":"canary"})")}) {
    try {
      sign_es256(Secret::copy_of(bad), "JWT", "{}");
      FAIL() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInternal);
      EXPECT_EQ(error.reason(), "bad_signing_key");
      EXPECT_THAT(error.what(), Not(HasSubstr("canary")));
    }
  }
}

}  // namespace
}  // namespace countersign::crypto
