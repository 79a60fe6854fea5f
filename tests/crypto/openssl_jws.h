// The other side of a signature, on OpenSSL: keys, JSON Web Keys and compact signatures as a provider would make
// them, right or wrong.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/encoding.h"

namespace countersign::crypto {

struct FreeEvp {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using Pkey = std::unique_ptr<EVP_PKEY, FreeEvp>;
using Number = std::unique_ptr<BIGNUM, FreeEvp>;

inline unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
inline const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
inline std::string b64(std::string_view bytes) { return base64url(as_bytes(bytes)); }
inline std::string unb64(std::string_view text) {
  const auto bytes = parse_base64url(text);
  return bytes ? std::string(as_text(*bytes)) : std::string();
}

inline Pkey rsa_key(unsigned bits) { return Pkey(EVP_RSA_gen(bits)); }
inline Pkey ec_key(const char* curve) { return Pkey(EVP_EC_gen(curve)); }

// A key with this public point and no private part.
inline Pkey ec_public_key(const char* curve, std::string_view x, std::string_view y) {
  const std::string point = "\x04" + std::string(x) + std::string(y);
  OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0);
  OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  OSSL_PARAM* params = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
  EVP_PKEY* key = nullptr;
  EXPECT_EQ(EVP_PKEY_fromdata_init(context), 1);
  EXPECT_EQ(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(build);
  return Pkey(key);
}

inline std::string number_of(const Pkey& key, const char* name) {
  BIGNUM* raw = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key.get(), name, &raw), 1);
  const Number number(raw);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
  BN_bn2bin(raw, bytes_of(bytes));
  return bytes;
}

// {"kty":…}; `more` is put in behind it: R"(,"kid":"1")".
inline std::string rsa_jwk(std::string_view n, std::string_view e, std::string_view more = "") {
  return R"({"kty":"RSA","n":")" + b64(n) + R"(","e":")" + b64(e) + "\"" + std::string(more) + "}";
}
inline std::string rsa_jwk(const Pkey& key, std::string_view more = "") {
  return rsa_jwk(number_of(key, "n"), number_of(key, "e"), more);
}
inline std::string ec_jwk(const Pkey& key, std::string_view curve, std::string_view more = "") {
  std::string point(140, '\0');
  std::size_t size = 0;
  EXPECT_EQ(EVP_PKEY_get_octet_string_param(key.get(), "encoded-pub-key", bytes_of(point), point.size(), &size), 1);
  const std::size_t half = (size - 1) / 2;
  return R"({"kty":"EC","crv":")" + std::string(curve) + R"(","x":")" + b64(point.substr(1, half)) + R"(","y":")" +
         b64(point.substr(1 + half, half)) + "\"" + std::string(more) + "}";
}
inline std::string set_of(std::initializer_list<std::string> keys) {
  std::string text;
  for (const std::string& key : keys) text += (text.empty() ? "" : ",") + key;
  return R"({"keys":[)" + text + "]}";
}

inline const EVP_MD* digest_for(std::string_view alg) {
  return alg.ends_with("256") ? EVP_sha256() : alg.ends_with("384") ? EVP_sha384() : EVP_sha512();
}

// RFC 7518 section 3.4: R and S side by side, where OpenSSL has a DER sequence.
inline std::string raw_ecdsa(const std::string& der, std::size_t coordinate) {
  const unsigned char* at = bytes_of(std::string_view(der));
  const std::unique_ptr<ECDSA_SIG, FreeEvp> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string raw(2 * coordinate, '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes_of(raw), static_cast<int>(coordinate));
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes_of(raw) + coordinate, static_cast<int>(coordinate));
  return raw;
}
inline std::string der_ecdsa(const std::string& raw) {
  const std::unique_ptr<ECDSA_SIG, FreeEvp> signature(ECDSA_SIG_new());
  const int half = static_cast<int>(raw.size() / 2);
  const unsigned char* at = bytes_of(std::string_view(raw));
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(at, half, nullptr), BN_bin2bn(at + half, half, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

// What the algorithm makes of `input`, as OpenSSL writes it: DER for ECDSA.
inline std::string openssl_sign(std::string_view alg, const Pkey& key, std::string_view input) {
  const std::unique_ptr<EVP_MD_CTX, FreeEvp> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(context.get(), &options, digest_for(alg), nullptr, key.get()), 1);
  if (alg.starts_with("PS")) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST), 1);
  }
  std::string signature(1100, '\0');
  std::size_t size = signature.size();
  EXPECT_EQ(EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(input), input.size()), 1);
  signature.resize(size);
  return signature;
}
inline bool openssl_verify_es256(const Pkey& key, std::string_view input, const std::string& raw) {
  const std::unique_ptr<EVP_MD_CTX, FreeEvp> context(EVP_MD_CTX_new());
  EXPECT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()), 1);
  const std::string der = der_ecdsa(raw);
  return EVP_DigestVerify(context.get(), bytes_of(std::string_view(der)), der.size(), bytes_of(input), input.size()) ==
         1;
}

inline std::string jws_with(std::string_view header, std::string_view payload, std::string_view signature) {
  return b64(header) + "." + b64(payload) + "." + b64(signature);
}
// Signed by `key` with `alg`, whatever the header says.
inline std::string jws_by(std::string_view alg, const Pkey& key, std::string_view header, std::string_view payload) {
  std::string signature = openssl_sign(alg, key, b64(header) + "." + b64(payload));
  if (alg.starts_with("ES")) {
    signature = raw_ecdsa(signature, alg == "ES256" ? 32 : alg == "ES384" ? 48 : 66);
  }
  return jws_with(header, payload, signature);
}

}  // namespace countersign::crypto
