#include "crypto/jose.h"

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "crypto/jose_handles.h"

namespace countersign::crypto {
namespace {

constexpr std::size_t kLargestJws = 16 * 1024;
constexpr std::size_t kLargestSet = 64 * 1024;
constexpr std::size_t kMostKeys = 50;
constexpr std::size_t kFewestRsaBits = 2048;
constexpr std::size_t kMostRsaBits = 8192;  // above it a signature costs more than it proves
constexpr std::size_t kLongestExponent = 4;

using Bytes = std::vector<std::byte>;

// What we take, and the key it needs (RFC 7518 section 3.1). cjose knows `none` and HMAC as well, looks at no curve
// and at no length of a signature: all of that is decided here.
struct Algorithm {
  std::string_view name;
  std::string_view kty;
  std::string_view curve = {};
  cjose_jwk_ec_curve curve_id = CJOSE_JWK_EC_INVALID;
  std::size_t coordinate = 0;  // bytes; a signature is two of them (section 3.4)
};
constexpr std::array<Algorithm, 9> kAlgorithms{{{"RS256", "RSA"},
                                                {"RS384", "RSA"},
                                                {"RS512", "RSA"},
                                                {"PS256", "RSA"},
                                                {"PS384", "RSA"},
                                                {"PS512", "RSA"},
                                                {"ES256", "EC", "P-256", CJOSE_JWK_EC_P_256, 32},
                                                {"ES384", "EC", "P-384", CJOSE_JWK_EC_P_384, 48},
                                                {"ES512", "EC", "P-521", CJOSE_JWK_EC_P_521, 66}}};

// A header may bring no key along and point to none, and asks for nothing that we would have to understand
// (RFC 7515 sections 4.1.2 to 4.1.6 and 4.1.11).
constexpr std::array<const char*, 5> kForbidden{"crit", "jku", "jwk", "x5u", "x5c"};

std::optional<Json> parse(std::string_view text, std::size_t limit) {
  JsonLimits limits;
  limits.bytes = limit;
  try {
    return parse_json(text, limits);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// nullptr when there is none, or no text.
const std::string* text_in(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get_ptr<const std::string*>() : nullptr;
}

// Absent, or this very text.
bool absent_or(const Json& object, const char* member, std::string_view wanted) {
  if (!object.contains(member)) return true;
  const std::string* text = text_in(object, member);
  return text && *text == wanted;
}

// --- the three parts and the header ---

struct Parts {
  std::string_view header, payload, signature;
};
std::optional<Parts> split(std::string_view compact) {
  const auto first = compact.find('.');
  const auto second = compact.find('.', first == std::string_view::npos ? first : first + 1);
  if (compact.size() > kLargestJws || second == std::string_view::npos) return std::nullopt;
  if (compact.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{compact.substr(0, first), compact.substr(first + 1, second - first - 1), compact.substr(second + 1)};
}

std::optional<Json> read_header(std::string_view part) {
  const auto bytes = parse_base64url(part);
  if (!bytes) return std::nullopt;
  auto header = parse(as_text(*bytes), kLargestJws);
  if (!header || !header->is_object()) return std::nullopt;
  for (const char* member : kForbidden) {
    if (header->contains(member)) return std::nullopt;
  }
  if (header->contains("kid") && !text_in(*header, "kid")) return std::nullopt;
  return header;
}

// nullptr when it is none of ours.
const Algorithm* algorithm_of(const Json& header) {
  const std::string* name = text_in(header, "alg");
  const auto found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                  [&](const Algorithm& one) { return name && one.name == *name; });
  return found == kAlgorithms.end() ? nullptr : &*found;
}

bool has_content(const Parts& parts, const Algorithm& algorithm) {
  const auto payload = parse_base64url(parts.payload);
  const auto signature = parse_base64url(parts.signature);
  if (!payload || payload->empty() || !signature || signature->empty()) return false;
  return algorithm.coordinate == 0 || signature->size() == 2 * algorithm.coordinate;
}

// --- the key ---

std::uint8_t* octets(Bytes& bytes) { return reinterpret_cast<std::uint8_t*>(bytes.data()); }

Bytes bytes_in(const Json& key, const char* member) {
  const std::string* text = text_in(key, member);
  auto bytes = text ? parse_base64url(*text) : std::nullopt;
  return bytes ? std::move(*bytes) : Bytes();
}

// An unsigned number without the zeros in front, which some providers write.
Bytes number_in(const Json& key, const char* member) {
  Bytes bytes = bytes_in(key, member);
  bytes.erase(bytes.begin(), std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{}; }));
  return bytes;
}

std::size_t bits_of(const Bytes& number) {
  if (number.empty()) return 0;
  return number.size() * 8 - static_cast<std::size_t>(std::countl_zero(std::to_integer<unsigned char>(number.front())));
}

// Of the public numbers alone: whatever else stands in the set never reaches the library.
Jwk rsa_key(const Json& key) {
  Bytes n = number_in(key, "n");
  Bytes e = number_in(key, "e");
  if (bits_of(n) < kFewestRsaBits || bits_of(n) > kMostRsaBits) return nullptr;
  const bool odd = !e.empty() && (e.back() & std::byte{1}) == std::byte{1};
  if (!odd || e.size() > kLongestExponent || bits_of(e) < 2) return nullptr;  // with 1 every signature is right
  cjose_jwk_rsa_keyspec spec{};
  spec.n = octets(n);
  spec.nlen = n.size();
  spec.e = octets(e);
  spec.elen = e.size();
  return Jwk(cjose_jwk_create_RSA_spec(&spec, nullptr));
}

Jwk ec_key(const Json& key, const Algorithm& algorithm) {
  const std::string* curve = text_in(key, "crv");
  Bytes x = bytes_in(key, "x");
  Bytes y = bytes_in(key, "y");
  if (!curve || *curve != algorithm.curve) return nullptr;
  if (x.size() != algorithm.coordinate || y.size() != algorithm.coordinate) return nullptr;
  cjose_jwk_ec_keyspec spec{};
  spec.crv = algorithm.curve_id;
  spec.x = octets(x);
  spec.xlen = x.size();
  spec.y = octets(y);
  spec.ylen = y.size();
  return Jwk(cjose_jwk_create_EC_spec(&spec, nullptr));
}

// Empty for a key that this signature cannot be of. An `oct` key has no place in a public set and fits nothing.
Jwk fitting(const Json& key, const Json& header, const Algorithm& algorithm) {
  if (!key.is_object()) return nullptr;
  const std::string* kid = text_in(header, "kid");
  const std::string* own = text_in(key, "kid");
  if (kid && (!own || *own != *kid)) return nullptr;
  const std::string* kty = text_in(key, "kty");
  if (!kty || *kty != algorithm.kty) return nullptr;
  if (!absent_or(key, "use", "sig") || !absent_or(key, "alg", algorithm.name)) return nullptr;
  return algorithm.kty == "RSA" ? rsa_key(key) : ec_key(key, algorithm);
}

// The only one that fits: with two the signature would be tried against a key that nobody named.
Jwk find_key(std::string_view jwks, const Json& header, const Algorithm& algorithm) {
  const auto set = parse(jwks, kLargestSet);
  if (!set || !set->is_object()) return nullptr;
  const auto keys = set->find("keys");
  if (keys == set->end() || !keys->is_array() || keys->size() > kMostKeys) return nullptr;
  Jwk found;
  for (const Json& key : *keys) {
    Jwk one = fitting(key, header, algorithm);
    if (one && found) return nullptr;
    if (one) found = std::move(one);
  }
  return found;
}

CheckedJws refused(JwsVerdict verdict) { return {verdict, {}}; }

CheckedJws check_signature(std::string_view compact, const Jwk& key) {
  const Jws jws(cjose_jws_import(compact.data(), compact.size(), nullptr));
  if (!jws) return refused(JwsVerdict::kMalformed);
  if (!cjose_jws_verify(jws.get(), key.get(), nullptr)) return refused(JwsVerdict::kBadSignature);
  std::uint8_t* payload = nullptr;  // the JWS owns it
  std::size_t size = 0;
  if (!cjose_jws_get_plaintext(jws.get(), &payload, &size, nullptr)) return refused(JwsVerdict::kMalformed);
  return {JwsVerdict::kValid, std::string(reinterpret_cast<const char*>(payload), size)};
}

}  // namespace

CheckedJws verify_jws(std::string_view compact, std::string_view jwks) {
  wipe_jose_memory();
  const auto parts = split(compact);
  const auto header = parts ? read_header(parts->header) : std::nullopt;
  if (!header) return refused(JwsVerdict::kMalformed);
  const Algorithm* algorithm = algorithm_of(*header);
  if (!algorithm) return refused(JwsVerdict::kBadAlgorithm);
  if (!has_content(*parts, *algorithm)) return refused(JwsVerdict::kMalformed);
  const Jwk key = find_key(jwks, *header, *algorithm);
  if (!key) return refused(JwsVerdict::kUnknownKey);
  return check_signature(compact, key);
}

}  // namespace countersign::crypto
