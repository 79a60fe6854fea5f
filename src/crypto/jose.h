// JSON Web Signatures (RFC 7515) as OAuth needs them: checking an ID token against the provider's keys, and signing
// a client assertion (RFC 7523) with a key of our own. On cjose. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace countersign::crypto {

enum class JwsVerdict {
  kValid,
  kMalformed,     // not three parts, no JSON header, critical extensions, a key or URL inside the header
  kBadAlgorithm,  // anything but RS256, PS256, ES256 and their longer kin: never `none`, never an HMAC
  kUnknownKey,    // no key of the set has this `kid` (or, without one, fits alone): worth one refetch
  kBadSignature,
};
struct CheckedJws {
  JwsVerdict verdict = JwsVerdict::kMalformed;
  std::string payload;  // of a valid one; else empty
};
// `jwks` is the provider's JSON Web Key Set, hostile text of at most 64 KiB; keys it does not understand are passed
// over. `kid` is compared as text and used for nothing else.
CheckedJws verify_jws(std::string_view compact, std::string_view jwks);

struct SigningKeyPair {
  Secret private_key;      // JSON Web Key, P-256
  std::string public_jwk;  // JSON; with `kid` (RFC 7638 thumbprint), `use` and `alg`
};
SigningKeyPair new_es256_key();
// Header {"alg":"ES256","kid":…,"typ":typ}. Throws kInternal `bad_signing_key`.
Secret sign_es256(const Secret& private_key, std::string_view typ, std::string_view payload);

}  // namespace countersign::crypto
